//! Alternatives: `anyOf`, in any order.

use serde_json::Value;

use crate::catalogue::drift::Direction;
use crate::catalogue::drift::place::Place;
use crate::catalogue::drift::schema::Walk;

impl<'s> Walk<'s> {
    /// An alternative is more if it takes what no single one of the others took.
    pub(super) fn alternatives(&mut self, old: &'s [Value], new: &'s [Value], place: &Place) {
        let matrix: Vec<Vec<Direction>> = old
            .iter()
            .map(|was| {
                let pairs = (0_usize..).zip(new);
                pairs.map(|(index, is)| self.between(was, is, &place.member(index))).collect()
            })
            .collect();
        let against = |index: usize| matrix.iter().filter_map(move |row| row.get(index));
        let olds = || (0_usize..).zip(old).zip(&matrix);
        let news = || (0_usize..).zip(new);
        let lost: Vec<(usize, &Value)> = olds()
            .filter(|(_, row)| row.iter().all(|one| one.is_narrowing()))
            .map(|(old, _)| old)
            .collect();
        let won: Vec<(usize, &Value)> =
            news().filter(|(at, _)| against(*at).all(|one| one.is_widening())).collect();
        if lost.is_empty() && won.is_empty() {
            return;
        }
        // Where one alternative changed and all others are there still, the change in it is told.
        let mut old_left =
            olds().filter(|(_, row)| !row.contains(&Direction::Neutral)).map(|(old, _)| old);
        let mut new_left =
            news().filter(|(at, _)| !against(*at).any(|one| *one == Direction::Neutral));
        let changed = (old_left.next(), old_left.next(), new_left.next(), new_left.next());
        if let (Some((row, was)), None, Some((column, is)), None) = changed {
            let direction = matrix.get(row).and_then(|row| row.get(column)).copied();
            if direction == Some(Direction::of(!won.is_empty(), !lost.is_empty())) {
                return self.schema(was, is, &place.member(column));
            }
        }
        for (index, was) in lost {
            self.say(Direction::Narrows, &place.member(index), Some(was), None);
        }
        for (index, is) in won {
            self.say(Direction::Widens, &place.member(index), None, Some(is));
        }
    }
}
