//! The order of two columns in which few of the lines between them cross: each in turn is sorted by
//! where its lines lead on the other side (the barycenter heuristic of Sugiyama, Tagawa and Toda), and
//! the best order met is kept.

use std::collections::BTreeMap;

/// How often each side is sorted.
const ROUNDS: usize = 12;

/// Beyond so many lines, crossings are not counted: the last order is taken.
const COUNTED: usize = 2_000;

/// The new place of each on the left, and of each on the right.
pub(super) fn order(
    left: usize,
    right: usize,
    links: &[(usize, usize)],
) -> (Vec<usize>, Vec<usize>) {
    let mut lefts: Vec<usize> = (0..left).collect();
    let mut rights: Vec<usize> = (0..right).collect();
    let backwards: Vec<(usize, usize)> = links.iter().map(|(one, other)| (*other, *one)).collect();
    let mut best: Option<(usize, Vec<usize>, Vec<usize>)> = None;
    for _ in 0..ROUNDS {
        rights = sorted(&rights, &backwards, &lefts);
        lefts = sorted(&lefts, links, &rights);
        let crossings = match links.len() > COUNTED {
            true => 0,
            false => crossings(links, &lefts, &rights),
        };
        if best.as_ref().is_none_or(|(fewest, ..)| crossings < *fewest || links.len() > COUNTED) {
            best = Some((crossings, lefts.clone(), rights.clone()));
        }
        if crossings == 0 {
            break;
        }
    }
    best.map_or((lefts, rights), |(_, lefts, rights)| (lefts, rights))
}

/// The places of one side, sorted by the mean place that its lines lead to. What has no lines comes
/// last.
fn sorted(places: &[usize], links: &[(usize, usize)], others: &[usize]) -> Vec<usize> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (one, other) in links {
        let place = others.get(*other).copied().unwrap_or_default();
        let sum = sums.entry(*one).or_default();
        *sum = (sum.0 + number(place), sum.1 + 1.0);
    }
    let mut by_mean: Vec<(f64, usize, usize)> = places
        .iter()
        .enumerate()
        .map(|(one, place)| {
            let mean = sums.get(&one).map_or(f64::INFINITY, |(sum, count)| sum / count);
            (mean, *place, one)
        })
        .collect();
    by_mean.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let mut moved = vec![0; places.len()];
    for (place, (_, _, one)) in by_mean.into_iter().enumerate() {
        if let Some(slot) = moved.get_mut(one) {
            *slot = place;
        }
    }
    moved
}

/// How many pairs of lines cross.
fn crossings(links: &[(usize, usize)], lefts: &[usize], rights: &[usize]) -> usize {
    let mut placed: Vec<(usize, usize)> = links
        .iter()
        .map(|(one, other)| {
            let place = |all: &[usize], one: usize| all.get(one).copied().unwrap_or_default();
            (place(lefts, *one), place(rights, *other))
        })
        .collect();
    placed.sort_unstable();
    let mut crossings = 0_usize;
    let mut rest = placed.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let over = after.iter().filter(|other| other.0 > first.0 && other.1 < first.1).count();
        crossings = crossings.saturating_add(over);
        rest = after;
    }
    crossings
}

/// A place as a number: there are far fewer than 2³².
pub(super) fn number(place: usize) -> f64 {
    f64::from(u32::try_from(place).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_need_not_cross_do_not() {
        let links = [(0, 3), (1, 2), (2, 1), (3, 0), (0, 2)];
        let (lefts, rights) = order(4, 5, &links);
        assert_eq!(crossings(&links, &lefts, &rights), 0, "{lefts:?} {rights:?}");
        assert_eq!(rights[4], 4, "what nothing leads to comes last");
        let mut places = lefts.clone();
        places.sort_unstable();
        assert_eq!(places, [0, 1, 2, 3]);
    }

    #[test]
    fn nothing_is_in_order() {
        assert_eq!(order(0, 0, &[]), (vec![], vec![]));
        assert_eq!(order(1, 0, &[]), (vec![0], vec![]));
    }
}
