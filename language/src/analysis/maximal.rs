//! Maximal sets: of wishes that can come true together, those to which none can be added.

use std::collections::{BTreeSet, HashSet};

use crate::analysis::{Budget, Undecided};

/// A set of wishes, by number.
pub(super) type Set = BTreeSet<usize>;

/// All maximal sets among `count` wishes, with what makes each come true.
///
/// `found` says what makes a set come true, with all the wishes that it makes come true. The sets
/// that can come true are closed under taking wishes away. A maximal set that is not known has a
/// wish outside of each that is, so these are added to a seed one after another until it can no
/// longer come true, or is in no known set and grows into another.
pub(super) fn maximal<W>(
    count: usize,
    budget: &Budget,
    mut found: impl FnMut(&Set) -> Result<Option<(Set, W)>, Undecided>,
) -> Result<Vec<(Set, W)>, Undecided> {
    let mut known: Vec<(Set, W)> = Vec::new();
    let mut impossible: Vec<Set> = Vec::new();
    let mut seen: HashSet<Set> = HashSet::new();
    let mut seeds = vec![Set::new()];
    while let Some(seed) = seeds.pop() {
        budget.spend(known.len().saturating_add(impossible.len()).saturating_add(1))?;
        if impossible.iter().any(|one| one.is_subset(&seed)) {
            continue;
        }
        let within = known.iter().find(|(set, _)| seed.is_subset(set));
        if let Some((set, _)) = within {
            for wish in (0..count).filter(|wish| !set.contains(wish)) {
                let mut next = seed.clone();
                next.insert(wish);
                if seen.insert(next.clone()) {
                    seeds.push(next);
                }
            }
            continue;
        }
        let Some((mut set, mut witness)) = found(&seed)? else {
            impossible.push(seed);
            continue;
        };
        for wish in 0..count {
            if set.contains(&wish) {
                continue;
            }
            let mut more = set.clone();
            more.insert(wish);
            if impossible.iter().any(|one| one.is_subset(&more)) {
                continue;
            }
            match found(&more)? {
                Some(grown) => (set, witness) = grown,
                None => impossible.push(more),
            }
        }
        known.push((set, witness));
        seeds.push(seed);
    }
    Ok(known)
}

/// Those whose set is in no other's; of equal ones the first.
pub(super) fn undominated<W>(all: Vec<(Set, W)>) -> Vec<(Set, W)> {
    let mut kept: Vec<(Set, W)> = Vec::new();
    for (set, witness) in all {
        if kept.iter().any(|(other, _)| set.is_subset(other)) {
            continue;
        }
        kept.retain(|(other, _)| !other.is_subset(&set));
        kept.push((set, witness));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_maximal_sets_are_found(all in prop::collection::vec(prop::collection::btree_set(0..6_usize, 0..6), 1..8)) {
            let found = maximal(6, &Budget::default(), |seed| {
                Ok(all.iter().find(|set| seed.is_subset(set)).map(|set| (set.clone(), ())))
            });
            let found: BTreeSet<Set> = found.unwrap().into_iter().map(|(set, ())| set).collect();
            let expected = undominated(all.into_iter().map(|set| (set, ())).collect());
            prop_assert_eq!(found, expected.into_iter().map(|(set, ())| set).collect());
        }
    }
}
