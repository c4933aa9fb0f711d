//! A consent grants more than what was locked.

use std::collections::BTreeSet;

use placet_engine::bundle::{Coverage, OnChange};

use crate::lint::list;
use crate::lint::rules::prelude::*;
use crate::lower::coverage::coverage;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentGrown,
    level: Level::Warning,
    serves: &[(Mcp, "MCP02"), (Agentic, "ASI03"), (Practices, "Scope Minimization"), (Csf, "ID.RA-07")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(lock) = &subject.policy.lock else { return };
    for consent in &subject.consents {
        let Some(stale) = stale(subject, lock, consent) else { continue };
        let granted: Vec<_> = consent
            .is
            .grants
            .iter()
            .filter_map(|name| subject.policy.capabilities.get_key_value(name))
            .collect();
        let mut grown: Option<BTreeSet<String>> = None;
        for version in stale {
            let covered = match coverage(subject.policy, &subject.held, lock, version, &granted) {
                Coverage::Whole => return,
                Coverage::Part(part) => part,
            };
            let open = granted.iter().flat_map(|(name, capability)| {
                let covered = covered.get(*name);
                capability.features.iter().filter_map(move |feature| {
                    let id = placet_engine::ids::feature(&capability.server, feature);
                    (!covered.is_some_and(|ids| ids.contains(&id))).then(|| feature.name())
                })
            });
            let open: BTreeSet<String> = open.collect();
            // Of several reviewed versions, what none of them covers.
            grown = Some(match grown {
                None => open,
                Some(known) => known.intersection(&open).cloned().collect(),
            });
        }
        let Some(grown) = grown.filter(|grown| !grown.is_empty()) else { continue };
        let name = &consent.name.text;
        let after = match consent.is.on_change {
            OnChange::AskAgain => "every user with a receipt for the former terms is asked again",
            OnChange::Keep => "users with a receipt keep what they were shown, and the rest is denied",
            OnChange::Extend => {
                "`on change extend`: receipts for the former terms cover this too, and nobody is asked"
            }
        };
        found.say_anywhere(
            consent.name.span,
            format!("`{name}` grants more than what was locked: {}", list(&grown)),
            "grew, or rests on what grew, since the lock was written",
            format!("{after}; review it and run `placet lock`"),
        );
    }
}
