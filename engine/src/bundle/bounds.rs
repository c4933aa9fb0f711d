//! How much a bundle may hold.

use std::collections::BTreeSet;

use crate::bundle::{BundleError, Content};
use crate::condition::Condition;
use crate::limits::Limits;

/// Whether a content keeps within the limits.
pub(super) fn check(content: &Content, limits: &Limits) -> Result<(), BundleError> {
    let features = content.servers.values().map(|server| {
        [server.tools.len(), server.prompts.len(), server.resources.len()]
            .into_iter()
            .fold(0, usize::saturating_add)
    });
    let grouped = content.client_groups.values().map(BTreeSet::len);
    let versions = content.terms.values().map(|terms| terms.versions.len());
    for (what, count) in [
        ("policies", content.cedar.policies.len()),
        ("entities", content.cedar.entities.len()),
        ("servers", content.servers.len()),
        ("tools, prompts and resources", features.fold(0, usize::saturating_add)),
        ("groups", content.groups.len()),
        ("clients", content.clients.len()),
        ("groups of clients", content.client_groups.len()),
        ("clients in groups", grouped.fold(0, usize::saturating_add)),
        ("registrations", content.registrations.len()),
        ("capabilities", content.capabilities.len()),
        ("consents", content.terms.len()),
        ("versions of consents", versions.fold(0, usize::saturating_add)),
        ("rules", content.rules.len()),
    ] {
        if count > limits.bundle_entries {
            return Err(BundleError::TooMany { what, count, limit: limits.bundle_entries });
        }
    }
    let conditions = content.capabilities.values().filter_map(|one| one.condition.as_ref());
    let mut conditions =
        conditions.chain(content.rules.values().filter_map(|one| one.when.as_ref()));
    match conditions.any(|condition| is_deeper(condition, limits.condition_depth)) {
        true => Err(BundleError::TooDeep { limit: limits.condition_depth }),
        false => Ok(()),
    }
}

/// Whether `and` and `or` nest deeper than `depth`.
fn is_deeper(condition: &Condition, depth: usize) -> bool {
    match condition {
        Condition::Atom(_) => false,
        Condition::All(parts) | Condition::Any(parts) => match depth.checked_sub(1) {
            None => true,
            Some(depth) => parts.iter().any(|part| is_deeper(part, depth)),
        },
    }
}
