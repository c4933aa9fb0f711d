//! A consent that says something else than what was locked, and grants no more.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::bundle::{Access, Coverage};

use crate::lint::rules::prelude::*;
use crate::lock::{self, Grant, Version};
use crate::lower::coverage::coverage;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentReworded,
    level: Level::Warning,
    serves: &[(Agentic, "ASI09"), (Csf, "ID.RA-07"), (Practices, "Confused Deputy Problem")],
    by: By::Lint,
    check,
};

/// What users are shown of what a version grants: the description, the access and the condition of each
/// capability.
fn shown(
    version: &Version,
    grants: &BTreeMap<Digest, Grant>,
) -> BTreeSet<(String, Option<Access>, Option<String>)> {
    let granted = version.grants.iter().filter_map(|digest| grants.get(digest));
    let shown = granted.map(|grant| {
        let condition = grant.condition.as_ref().map(ToString::to_string);
        (grant.description.clone(), grant.access, condition)
    });
    shown.collect()
}

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
        let is_whole = |version: &&Version| {
            coverage(subject.policy, &subject.held, lock, version, &granted) == Coverage::Whole
        };
        let Some(version) = stale.into_iter().find(is_whole) else { continue };
        let changed = [
            (version.text != consent.is.text, "its text"),
            (version.purposes != consent.is.purposes, "its purposes"),
            (version.lasts != consent.is.lasts, "how long it lasts"),
        ];
        let changed: Vec<&str> =
            changed.iter().filter(|(differs, _)| *differs).map(|(_, what)| *what).collect();
        let mut today = BTreeMap::new();
        let name = consent.name.text.as_str();
        let is = lock::version(subject.policy, &subject.held, name, consent.is, &mut today);
        let what = match changed.is_empty() {
            // What only tools take or say of themselves is no word that a user read.
            true if shown(version, &lock.grants) == shown(&is, &today) => continue,
            true => String::from("what its capabilities say"),
            false => changed.join(" and "),
        };
        found.say_anywhere(
            consent.name.span,
            format!("`{}` is not what was locked: {what} changed", consent.name.text),
            "users with a receipt were shown something else",
            "if they may keep what they agreed to, run `placet lock`; if they must see this, declare a \
             consent of another name",
        );
    }
}
