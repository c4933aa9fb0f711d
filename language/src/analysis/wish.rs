//! Wishes: what an atom shall be.

use placet_engine::condition::{Atom, Condition, Side, Test, Values};

/// That an atom, judged on one side, be true or false.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    /// The atom.
    pub atom: Atom,
    /// The side on which it is judged, which says what it is over no value.
    pub side: Side,
    /// What it shall be.
    pub wanted: bool,
}

impl Wish {
    /// Whether it comes true.
    pub(super) fn is_met(&self, values: &impl Values) -> bool {
        self.atom.holds(values, self.side) == self.wanted
    }

    /// Whether it comes true where the test of the value, if there is one, says this.
    pub(super) fn is_met_by(&self, outcome: Option<bool>) -> bool {
        let holds = match outcome {
            Some(passes) => passes != self.atom.negated,
            None => self.side.without_value(),
        };
        holds == self.wanted
    }

    /// Whether it comes true where there is no value at all.
    pub(super) fn is_met_by_nothing(&self) -> bool {
        match self.atom.test {
            Test::Present => self.atom.negated == self.wanted,
            _ => self.is_met_by(None),
        }
    }
}

/// Something that more wishes coming true never makes false.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Formula {
    /// Every one holds; of none: true.
    All(Vec<Formula>),
    /// At least one holds; of none: false.
    Any(Vec<Formula>),
    /// The wish comes true.
    Wish(Wish),
}

impl Formula {
    /// What holds always.
    pub const ALWAYS: Self = Self::All(Vec::new());

    /// That a condition, judged on one side, be true or false.
    pub fn of(condition: &Condition, side: Side, wanted: bool) -> Self {
        let parts = |all: &[Condition]| all.iter().map(|one| Self::of(one, side, wanted)).collect();
        match condition {
            Condition::Atom(atom) => Self::Wish(Wish { atom: atom.clone(), side, wanted }),
            Condition::All(all) if wanted => Self::All(parts(all)),
            Condition::Any(any) if !wanted => Self::All(parts(any)),
            Condition::All(parts_of) | Condition::Any(parts_of) => Self::Any(parts(parts_of)),
        }
    }

    /// Every wish, left to right.
    pub fn wishes(&self) -> Vec<&Wish> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::wishes).collect(),
            Self::Wish(wish) => vec![wish],
        }
    }
}
