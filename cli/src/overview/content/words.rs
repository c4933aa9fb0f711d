//! What several sections say in the same words.

use std::collections::BTreeSet;

use placet_engine::bundle::{Otherwise, Source};
use placet_engine::condition::quote;
use placet_language::overview::Rule;

use crate::output::length;
use crate::overview::document::Inline;

/// Scope sets as a policy writes them.
pub(super) fn needs(sets: &BTreeSet<BTreeSet<String>>) -> Inline {
    if sets.iter().any(BTreeSet::is_empty) {
        return Inline::text("no scope");
    }
    let set = |set: &BTreeSet<String>| {
        set.iter().map(|scope| quote(scope)).collect::<Vec<_>>().join(" and ")
    };
    Inline::code(sets.iter().map(set).collect::<Vec<_>>().join(" or "))
}

/// Texts in quotes, or `none`.
pub(super) fn quoted(texts: &BTreeSet<String>, none: &str) -> Inline {
    let texts: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    if texts.is_empty() { Inline::text(none) } else { Inline::code(texts.join(", ")) }
}

/// Clients as a policy writes them.
pub(super) fn via(via: Option<&Vec<String>>) -> Inline {
    match via {
        None => Inline::text("any client"),
        Some(via) => Inline::codes(via, ", ", "no client"),
    }
}

pub(super) fn place(source: &Source) -> String {
    source.to_string()
}

/// A rule in a sentence, after its name.
pub(super) fn rule(rule: &Rule) -> Inline {
    let mut said = Inline::codes(&rule.who, ", ", "users and clients for themselves")
        .and(" through ")
        .then(via(rule.via.as_ref()))
        .and(" to ")
        .then(Inline::codes(&rule.targets, ", ", "nothing"));
    if let Some(when) = &rule.when {
        said = said.and(", when ").and_code(when.clone());
    }
    said
}

/// A rule's name and its place.
pub(super) fn named(rule: &Rule) -> Inline {
    Inline::code(rule.name.clone()).and(format!(" ({})", place(&rule.source)))
}

/// What would meet a requirement.
pub(super) fn otherwise(otherwise: Option<&Otherwise>) -> Inline {
    match otherwise {
        None => Inline::text("it is denied"),
        Some(Otherwise::Reauthenticate { acr, within }) => {
            let within = within.map(|seconds| format!(", at most {} ago", length(seconds)));
            let said = format!("the user logs in again{}", within.unwrap_or_default());
            match acr.is_empty() {
                true => Inline::text(said),
                false => {
                    let acr: Vec<String> = acr.iter().map(|one| quote(one)).collect();
                    Inline::text(format!("{said}, with acr ")).and_code(acr.join(" or "))
                }
            }
        }
        Some(Otherwise::Confirm { within }) => Inline::text(format!(
            "the user confirms this one call, which counts for {}",
            length(*within)
        )),
        Some(Otherwise::Ask { terms }) => {
            Inline::text("the user agrees to consent ").and_code(terms.clone())
        }
    }
}
