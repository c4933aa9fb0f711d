//! Needs that ask for a scope which another one stands for.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rules::prelude::*;
use crate::source::Span;
use crate::syntax::ast::{CapabilityClause, Text};
use crate::syntax::text::unescape;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeRedundant,
    level: Level::Warning,
    serves: &[(Practices, "Scope Minimization"), (Nhi, "NHI5"), (Rfc, "RFC 6750"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        let Some(server) = subject.policy.servers.get(&capability.is.server) else { continue };
        for clause in capability.clauses {
            let CapabilityClause::Needs(sets, _) = clause else { continue };
            let closed: Vec<BTreeSet<String>> = sets
                .iter()
                .map(|set| {
                    let scopes = set.iter().map(|text| unescape(&text.raw));
                    scopes.flat_map(|scope| stands_for(&server.scopes, &scope)).collect()
                })
                .collect();
            let mut left: Vec<Vec<&Text>> = Vec::new();
            let mut said: Vec<(Span, String, &str)> = Vec::new();
            for (place, set) in sets.iter().enumerate() {
                // Whoever holds this alternative holds all of another one.
                let other = sets.iter().enumerate().find(|(other, texts)| {
                    let covered = closed.get(place).is_some_and(|held| {
                        texts.iter().all(|text| held.contains(&unescape(&text.raw)))
                    });
                    let same = closed.get(*other) == closed.get(place);
                    *other != place && covered && (!same || *other < place)
                });
                if let (Some((_, other)), Some(first)) = (other, set.first()) {
                    let what = format!("{} stands for {}", names(set), names(other));
                    said.push((first.span, what, "an alternative for nothing"));
                    continue;
                }
                let mut kept: Vec<&Text> = Vec::new();
                for text in set {
                    let scope = unescape(&text.raw);
                    let by = set.iter().find(|one| {
                        let one = unescape(&one.raw);
                        one != scope && stands_for(&server.scopes, &one).contains(&scope)
                    });
                    let again = kept.iter().any(|one| unescape(&one.raw) == scope);
                    match by {
                        Some(by) => {
                            let what = format!("{} stands for \"{scope}\"", names(std::slice::from_ref(by)));
                            said.push((text.span, what, "asked for besides"));
                        }
                        None if again => {
                            let what = format!("\"{scope}\" stands there twice");
                            said.push((text.span, what, "asked for besides"));
                        }
                        None => kept.push(text),
                    }
                }
                left.push(kept);
            }
            let needed: Vec<String> = left
                .iter()
                .map(|set| {
                    let texts = set.iter().map(|text| format!("\"{}\"", text.raw));
                    texts.collect::<Vec<_>>().join(" and ")
                })
                .collect();
            let written = sets.iter().flatten().map(|text| text.span).reduce(Span::to);
            let fix = written.map(|written| found.fix(written, &needed.join(" or ")));
            for (place, what, label) in said {
                let finding = found.say(
                    place,
                    format!("`{}` needs more than necessary: {what}", capability.name.text),
                    label,
                    format!("write `needs {}`", needed.join(" or ")),
                );
                if let Some(finding) = finding {
                    finding.fix.clone_from(&fix);
                }
            }
        }
    }
}

fn names(set: &[Text]) -> String {
    set.iter().map(|text| format!("\"{}\"", text.raw)).collect::<Vec<_>>().join(" and ")
}

/// A scope and all that it implies.
fn stands_for(scopes: &BTreeMap<String, BTreeSet<String>>, scope: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![scope.to_owned()];
    while let Some(next) = left.pop() {
        if found.insert(next.clone()) {
            left.extend(scopes.get(&next).into_iter().flatten().cloned());
        }
    }
    found
}
