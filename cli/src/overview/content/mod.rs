//! What stands on the page of an overview.

mod changes;
mod clients;
mod consents;
mod first;
mod matrix;
mod rules;
mod scopes;
mod tokens;
mod uncovered;
mod words;

use placet_language::overview::Overview;

use crate::output::{counted, plural};
use crate::overview::document::{Block, Document, Fact, Inline, Section};

/// What a consent is found by within the page.
pub(super) fn consent_id(index: usize) -> String {
    format!("consent-{index}")
}

/// What a capability is found by within the page.
pub(super) fn capability_id(index: usize) -> String {
    format!("capability-{index}")
}

/// How many servers the title names.
const NAMED: usize = 4;

pub(super) fn document(overview: &Overview) -> Document {
    let mut title = Inline::text("What the policy exposes: ");
    for (index, server) in overview.servers.iter().take(NAMED).enumerate() {
        if index > 0 {
            title = title.and(", ");
        }
        title = title.and_code(server.name.clone());
    }
    let more = overview.servers.len().saturating_sub(NAMED);
    if more > 0 {
        title = title.and(format!(" and {}", counted(more, "more server")));
    }
    let sections = vec![
        first::section(overview),
        Section { id: "map", title: "Where consents lead", blocks: vec![Block::Map] },
        matrix::section(overview),
        consents::section(overview),
        clients::section(overview),
        scopes::section(overview),
        tokens::section(overview),
        rules::section(overview),
        uncovered::section(overview),
        changes::section(overview),
        changes::findings(overview),
    ];
    Document { title, facts: facts(overview), sections }
}

fn facts(overview: &Overview) -> Vec<Fact> {
    let features = overview.servers.iter().map(|one| one.tools.saturating_add(one.prompts));
    let features = features.fold(0, usize::saturating_add);
    let inside = features.saturating_sub(overview.uncovered.features.len());
    let fact = |about, what: String| Fact { about, what: Inline::text(what) };
    let prompts = overview.servers.iter().any(|one| one.prompts > 0);
    let changed = match &overview.since_lock {
        None => String::from("there is no lock"),
        Some(changes) if changes.is_empty() => String::from("nothing"),
        Some(changes) => counted(changes.len(), "change"),
    };
    vec![
        fact(
            if prompts { "Tools and prompts" } else { "Tools" },
            format!(
                "{inside} of {features} in {}",
                plural(overview.capabilities.len(), "capability", "capabilities")
            ),
        ),
        fact("Consents", overview.consents.len().to_string()),
        fact(
            "Clients",
            format!(
                "{} by name, {}",
                overview.clients.len(),
                match overview.registrations.len() {
                    0 => String::from("no others"),
                    more => format!("others by {}", plural(more, "statement", "statements")),
                }
            ),
        ),
        fact("Since the lock", changed),
        Fact { about: "Policy", what: Inline::code(overview.policy.to_string()) },
    ]
}
