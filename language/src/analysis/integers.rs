//! Integers: one of each interval that the tests tell apart, and more where more are asked for.

use std::collections::BTreeSet;

use placet_engine::condition::{Literal, Test};

use crate::analysis::Undecided;

/// The numbers at which a test's answer may change.
pub(super) fn constants(test: &Test) -> Result<Vec<i64>, Undecided> {
    let of = |literal: &Literal| match literal {
        Literal::Integer(number) => Ok(*number),
        _ => Err(Undecided::Unknown),
    };
    match test {
        Test::Equals(literal) => of(literal).map(|number| vec![number]),
        Test::OneOf(literals) => literals.iter().map(of).collect(),
        Test::LessThan(bound)
        | Test::AtMost(bound)
        | Test::MoreThan(bound)
        | Test::AtLeast(bound) => Ok(vec![*bound]),
        _ => Err(Undecided::Unknown),
    }
}

/// Whether a number passes a test of numbers.
pub(super) fn passes(test: &Test, number: i64) -> bool {
    let is = |literal: &Literal| *literal == Literal::Integer(number);
    match test {
        Test::Equals(literal) => is(literal),
        Test::OneOf(literals) => literals.iter().any(is),
        Test::LessThan(bound) => number < *bound,
        Test::AtMost(bound) => number <= *bound,
        Test::MoreThan(bound) => number > *bound,
        Test::AtLeast(bound) => number >= *bound,
        _ => false,
    }
}

/// Every constant from `least` to `greatest`, and of each interval between two up to `each` numbers:
/// those nearest to zero, because an integer beyond ±2⁵³ has no digest.
pub(super) fn representatives(
    constants: &BTreeSet<i64>,
    least: i64,
    greatest: i64,
    each: usize,
) -> BTreeSet<i64> {
    let within: Vec<i64> =
        constants.iter().copied().filter(|one| (least..=greatest).contains(one)).collect();
    let mut found: BTreeSet<i64> = within.iter().copied().collect();
    let starts = std::iter::once(Some(least)).chain(within.iter().map(|one| one.checked_add(1)));
    let ends = within.iter().map(|one| one.checked_sub(1)).chain([Some(greatest)]);
    for (start, end) in starts.zip(ends) {
        let (Some(start), Some(end)) = (start, end) else { continue };
        let (mut above, mut below) = if start > 0 {
            (Some(start), None)
        } else if end < 0 {
            (None, Some(end))
        } else {
            (Some(0), Some(-1))
        };
        for _ in 0..each {
            above = above.filter(|one| *one <= end);
            below = below.filter(|one| *one >= start);
            match (above, below) {
                (Some(number), _) => {
                    found.insert(number);
                    above = number.checked_add(1);
                }
                (None, Some(number)) => {
                    found.insert(number);
                    below = number.checked_sub(1);
                }
                (None, None) => break,
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interval_has_its_numbers() {
        let constants = BTreeSet::from([0, 2, 10]);
        let found = |least, each| representatives(&constants, least, 20, each);
        assert_eq!(found(-20, 1), BTreeSet::from([-1, 0, 1, 2, 3, 10, 11]));
        assert_eq!(found(0, 2), BTreeSet::from([0, 1, 2, 3, 4, 10, 11, 12]));
        let ends = BTreeSet::from([i64::MIN, i64::MAX]);
        assert_eq!(
            representatives(&ends, i64::MIN, i64::MAX, 1),
            BTreeSet::from([i64::MIN, 0, i64::MAX])
        );
    }
}
