//! Whom and through whom a rule concerns, as a policy writes it.

use std::collections::BTreeSet;

use placet_engine::bundle::{Target, Who};
use placet_engine::condition::quote;

use crate::model::Via;

/// The clients that a rule or a consent speaks of; `None`: any.
pub(super) fn through(via: Option<&BTreeSet<Via>>) -> Option<Vec<String>> {
    let one = |via: &Via| match via {
        Via::Client(name) | Via::Group(name) => name.clone(),
        Via::Registration(kind) => format!("clients where registration is {}", kind.as_str()),
        Via::Domain(domain) => format!("clients where domain is {}", quote(domain)),
    };
    via.map(|via| via.iter().map(one).collect())
}

/// Whom a rule concerns.
pub(super) fn who(who: &BTreeSet<Who>) -> Vec<String> {
    let one = |who: &Who| match who {
        Who::Anyone => String::from("anyone"),
        Who::Machine => String::from("machine"),
        Who::Group(name) => name.clone(),
        Who::User { issuer, subject } => {
            format!("user {} issued by {}", quote(subject), quote(issuer))
        }
    };
    who.iter().map(one).collect()
}

/// What a `deny` forbids, or a `require` guards.
pub(super) fn targets(targets: &BTreeSet<Target>) -> Vec<String> {
    let one = |target: &Target| match target {
        Target::Capability(name) => name.clone(),
        Target::Access(level) => format!("access {level}"),
    };
    targets.iter().map(one).collect()
}
