//! Tools of which both sides say the same: compared once, and shown to be so for each.

use std::mem::discriminant;

use crate::diff::compare::{Difference, Pair, Side, Wanted, confirmed_by};

impl Pair<'_> {
    /// Whether whatever was found of one holds of the other, with another name and definition.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        // What fits a set of patterns is more than a name.
        let is_named = self.resource.is_none() && other.resource.is_none();
        let is_redefined = |pair: &Self| {
            pair.old.is_some_and(|old| old.definition.digest != pair.new.definition.digest)
        };
        is_named
            && discriminant(self.feature) == discriminant(other.feature)
            && is_redefined(self) == is_redefined(other)
            && self.new.says_the_same_of_another(other.new)
            && match (self.old, other.old) {
                (Some(one), Some(other)) => one.says_the_same_of_another(other),
                (None, None) => true,
                _ => false,
            }
    }
}

/// The differences of a pair, from those of one that is like it; `None` unless both engines judge every
/// call as they judged the other one's.
pub(super) fn retold(
    differences: &[Difference],
    pair: &Pair<'_>,
    (old, new): (Side<'_>, Side<'_>),
    wanted: Wanted,
) -> Option<Vec<Difference>> {
    let retell = |known: &Difference| {
        let mut difference = known.clone();
        let call = &mut difference.call;
        call.target = pair.feature.name();
        if call.tool_digest.is_some() {
            call.tool_digest.clone_from(&pair.new.definition.digest);
            difference.context.tool_digest.clone_from(&call.tool_digest);
        }
        if let Some(mut confirmation) = call.confirmation.take() {
            confirmation.operation = new.engine.operation_digest(call).ok()?;
            call.confirmation = Some(confirmation);
        }
        let rules = |of: &Difference| -> Vec<String> {
            new.engine.decide(&of.call).rules.into_iter().map(|rule| rule.id).collect()
        };
        let reason = |of: &Difference| {
            old.engine.decide(&confirmed_by(&of.call, new.engine, old.engine)).reason
        };
        let is_same = reason(&difference) == reason(known) && rules(&difference) == rules(known);
        (is_same && wanted.is_shown(&difference.call, old, new)).then_some(difference)
    };
    differences.iter().map(retell).collect()
}
