//! Analysis: which conditions can hold together.
//!
//! Conditions are built from atoms without negation above them, so everything that is asked of them
//! here is a [`Formula`] over [`Wish`]es: that an atom, judged on one side, be true or be false. A
//! [`Space`] finds every maximal set of wishes that some call makes come true, with such a call.
//!
//! Wishes about attributes that have nothing to do with each other are independent, so each
//! component of attributes that are compared with one another is looked at by itself. Within one,
//! every attribute has finitely many values that the wishes tell apart: see the modules for strings,
//! integers, addresses and arrays.
//!
//! INVARIANT: what is found is evaluated with the engine's own [`Atom::holds`], and what cannot be
//! settled, or would take too long, is [`Undecided`]: no answer is a guess.
//!
//! What is left independent: the ages of a token, its lifetime and `now` are free of one another.
//!
//! [`Atom::holds`]: placet_engine::condition::Atom::holds

mod addresses;
mod arrays;
mod assignment;
#[cfg(test)]
mod brute;
mod candidates;
mod component;
mod easy;
mod equality;
mod integers;
mod maximal;
mod path;
mod space;
mod strings;
mod texts;
mod url;
mod variable;
mod wish;
mod words;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use placet_engine::condition::{Condition, Side};

use component::Solution;
use strings::{Class, Viewed};

pub use assignment::Assignment;
pub use space::Space;
pub(crate) use texts::texts;
pub use variable::{Held, Variable, Witness};
pub use wish::{Formula, Wish};

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// The analysis would take more steps than [`Budget`] allows.
    OverBudget,
    /// The conditions compare things in a way that the analysis cannot settle.
    Unknown,
    /// The engine judges what was found otherwise than the analysis: this is a defect of Placet.
    Disagreement,
}

impl fmt::Display for Undecided {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OverBudget => "the conditions are too many to be analysed",
            Self::Unknown => "the conditions compare things in a way that cannot be analysed",
            Self::Disagreement => {
                "the analysis and the engine disagree about a condition: this is a defect of Placet"
            }
        })
    }
}

impl std::error::Error for Undecided {}

/// How many steps an analysis may take (transitions of string machines, values tried, sets looked
/// at), and what it found out on the way.
#[derive(Debug)]
pub struct Budget {
    left: Cell<usize>,
    /// The classes of strings, by the tests.
    classes: Memory<Viewed, Class>,
    /// The solutions of components, by their wishes.
    solutions: Memory<Wish, Solution>,
}

/// What was found before, by what was asked.
#[derive(Debug)]
struct Memory<Asked, Found>(RefCell<BTreeMap<Vec<Asked>, Rc<Vec<Found>>>>);

impl<Asked: Ord + Clone, Found> Memory<Asked, Found> {
    /// What was found of these before, or is found now.
    fn recall(
        &self,
        asked: &[Asked],
        find: impl FnOnce() -> Result<Vec<Found>, Undecided>,
    ) -> Result<Rc<Vec<Found>>, Undecided> {
        let known = self.0.borrow().get(asked).map(Rc::clone);
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Rc::new(find()?);
        self.0.borrow_mut().insert(asked.to_vec(), Rc::clone(&found));
        Ok(found)
    }
}

impl<Asked, Found> Default for Memory<Asked, Found> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl Budget {
    /// So many steps.
    pub fn new(steps: usize) -> Self {
        Self { left: Cell::new(steps), classes: Memory::default(), solutions: Memory::default() }
    }

    /// Starts anew with so many steps, and keeps what was found out.
    pub(crate) fn renew(&self, steps: usize) {
        self.left.set(steps);
    }

    /// The steps that are left.
    pub(crate) fn left(&self) -> usize {
        self.left.get()
    }

    fn spend(&self, steps: usize) -> Result<(), Undecided> {
        self.left.set(self.left.get().checked_sub(steps).ok_or(Undecided::OverBudget)?);
        Ok(())
    }
}

impl Budget {
    /// How many steps an analysis may take by default.
    pub(crate) const STEPS: usize = 2_000_000;
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::STEPS)
    }
}

/// A call for which a formula holds, if there is one.
///
/// # Errors
///
/// [`Undecided`] where that cannot be told.
pub fn satisfiable(formula: &Formula, budget: &Budget) -> Result<Option<Assignment>, Undecided> {
    let space = Space::new(&[formula], budget)?;
    Ok(space.find(formula, budget)?.map(|witness| witness.assignment()))
}

/// Whether every call for which `new` holds is one for which `old` holds, both judged as in an
/// `allow`; `None` holds always.
///
/// # Errors
///
/// [`Undecided`] where that cannot be told.
pub fn implies(
    new: Option<&Condition>,
    old: Option<&Condition>,
    budget: &Budget,
) -> Result<bool, Undecided> {
    let Some(old) = old else { return Ok(true) };
    if new == Some(old) {
        return Ok(true);
    }
    let mut parts = vec![Formula::of(old, Side::Allow, false)];
    parts.extend(new.map(|new| Formula::of(new, Side::Allow, true)));
    Ok(satisfiable(&Formula::All(parts), budget)?.is_none())
}
