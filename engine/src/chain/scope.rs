//! The scope: does the token stand for what the capability needs?

use std::collections::BTreeSet;

use crate::bundle::Capability;
use crate::decision::{Lack, Remedy};
use crate::facts::Facts;
use crate::reason::Reason;

/// The set of scopes that suffices and is nearest to what the token holds: fewest missing, then
/// fewest, then first by name. What is implied is not left out: which scopes imply others is the
/// server's to know, and a challenge names what the operation needs. `None` where the client may
/// request none of the sets, so that no token of its would do.
pub(crate) fn nearest<'a>(
    capability: &'a Capability,
    facts: &Facts<'_>,
) -> Option<&'a BTreeSet<String>> {
    let missing = |set: &BTreeSet<String>| {
        set.iter().filter(|one| !facts.scopes.contains(one.as_str())).count()
    };
    let may_be_had = |set: &&BTreeSet<String>| {
        let bound = facts.requestable.as_ref();
        bound.is_none_or(|all| set.iter().all(|scope| all.contains(scope.as_str())))
    };
    capability.needs.iter().filter(may_be_had).min_by_key(|set| (missing(set), set.len()))
}

pub(crate) fn judge(capability: &Capability, facts: &Facts<'_>) -> Option<Lack> {
    let Some(set) = nearest(capability, facts) else {
        return Some(lack(
            BTreeSet::new(),
            String::from("the client may request no set of scopes that suffices"),
        ));
    };
    let missing: Vec<&str> =
        set.iter().map(String::as_str).filter(|scope| !facts.scopes.contains(scope)).collect();
    if missing.is_empty() {
        return None;
    }
    Some(lack(set.clone(), format!("the token lacks scope {}", missing.join(", "))))
}

fn lack(scopes: BTreeSet<String>, detail: String) -> Lack {
    Lack { reason: Reason::ScopeInsufficient, detail, remedy: Remedy::InsufficientScope { scopes } }
}
