//! Spaces: all that wishes can come to, put together from components that are independent.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::analysis::component::{Component, Solution, split};
use crate::analysis::easy::easy;
use crate::analysis::maximal::maximal;
use crate::analysis::variable::{Variable, Witness};
use crate::analysis::wish::{Formula, Wish};
use crate::analysis::{Budget, Undecided};

/// What the wishes of some formulas can come to.
#[derive(Debug, Clone)]
pub struct Space {
    numbers: Rc<BTreeMap<Wish, usize>>,
    /// Of each component the maximal sets of wishes.
    parts: Vec<Rc<Vec<Solution>>>,
}

/// A formula over numbers.
#[derive(Clone)]
enum Numbered {
    All(Vec<Numbered>),
    Any(Vec<Numbered>),
    Wish(usize),
    /// A wish that the space does not know.
    Unknown,
}

impl Numbered {
    fn holds(&self, is_met: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(is_met)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(is_met)),
            Self::Wish(number) => is_met(*number),
            Self::Unknown => false,
        }
    }

    fn wishes(&self, into: &mut BTreeSet<usize>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.wishes(into)),
            Self::Wish(number) => {
                into.insert(*number);
            }
            Self::Unknown => {}
        }
    }
}

impl Space {
    /// The space of the wishes of these formulas, in which everything can be chosen.
    ///
    /// # Errors
    ///
    /// [`Undecided`] where it cannot be told what can come true together.
    pub fn new(formulas: &[&Formula], budget: &Budget) -> Result<Self, Undecided> {
        let (numbers, wishes) = numbered(formulas);
        let mut parts = Vec::new();
        for variables in split(&wishes) {
            let is_own =
                |wish: &Wish| Variable::of_wish(wish).iter().any(|one| variables.contains(one));
            let own = wishes.iter().cloned().enumerate().filter(|(_, wish)| is_own(wish));
            let (own_numbers, own): (Vec<usize>, Vec<Wish>) = own.unzip();
            let solutions = budget.solutions.recall(&own, || match easy(&variables, &own) {
                Some(solution) => Ok(vec![solution]),
                None => Component::new(&variables, &own, budget)?.solutions(budget),
            })?;
            // They are known by the numbers that the wishes have among their own.
            let numbered = |(met, witness): &Solution| {
                let met = met.iter().filter_map(|own| own_numbers.get(*own)).copied().collect();
                (met, witness.clone())
            };
            parts.push(Rc::new(solutions.iter().map(numbered).collect()));
        }
        Ok(Self { numbers, parts })
    }

    /// The space for each way in which the caller can be, as far as that makes a difference: in each
    /// only the arguments can be chosen, and may be references to what the caller is.
    ///
    /// # Errors
    ///
    /// [`Undecided`] as for [`Space::new`].
    pub fn by_caller(formulas: &[&Formula], budget: &Budget) -> Result<Vec<Self>, Undecided> {
        let (numbers, wishes) = numbered(formulas);
        let mut spaces = vec![Self { numbers, parts: Vec::new() }];
        for variables in split(&wishes) {
            let ways = match easy(&variables, &wishes) {
                Some(solution) => vec![vec![solution]],
                None => Component::new(&variables, &wishes, budget)?.solutions_by_caller(budget)?,
            };
            let ways: Vec<_> = ways.into_iter().map(Rc::new).collect();
            let mut extended = Vec::new();
            for space in &spaces {
                for way in &ways {
                    budget.spend(1)?;
                    let mut space = space.clone();
                    space.parts.push(Rc::clone(way));
                    extended.push(space);
                }
            }
            spaces = extended;
        }
        Ok(spaces)
    }

    /// The number of a wish; `None` where the space does not know it.
    pub(crate) fn number_of(&self, wish: &Wish) -> Option<usize> {
        self.numbers.get(wish).copied()
    }

    /// The numbers of all wishes.
    pub(crate) fn wish_numbers(&self) -> Vec<usize> {
        self.numbers.values().copied().collect()
    }

    /// What can come true, for each component all maximal sets of wishes by number: any one of the
    /// first together with any one of the second, and so on.
    pub(crate) fn outcomes(&self) -> Vec<Vec<BTreeSet<usize>>> {
        let of = |part: &Rc<Vec<Solution>>| part.iter().map(|(met, _)| met.clone()).collect();
        self.parts.iter().map(of).collect()
    }

    /// Of each component the first solution that makes those of these wishes come true that any does.
    pub(crate) fn simplest(&self, wanted: &BTreeSet<usize>) -> Witness {
        let mut chosen = Vec::new();
        for part in &self.parts {
            let own: BTreeSet<usize> =
                part.iter().flat_map(|(met, _)| met.intersection(wanted)).copied().collect();
            chosen.push(part.iter().position(|(met, _)| own.is_subset(met)).unwrap_or(0));
        }
        self.witness(&chosen)
    }

    fn number(&self, formula: &Formula) -> Numbered {
        let parts = |all: &[Formula]| all.iter().map(|one| self.number(one)).collect();
        match formula {
            Formula::All(all) => Numbered::All(parts(all)),
            Formula::Any(any) => Numbered::Any(parts(any)),
            Formula::Wish(wish) => {
                self.numbers.get(wish).map_or(Numbered::Unknown, |number| Numbered::Wish(*number))
            }
        }
    }

    /// What makes a formula hold, if anything does.
    ///
    /// # Errors
    ///
    /// [`Undecided::OverBudget`].
    pub fn find(&self, formula: &Formula, budget: &Budget) -> Result<Option<Witness>, Undecided> {
        let chosen = self.choose(&self.number(formula), budget)?;
        Ok(chosen.map(|chosen| self.witness(&chosen)))
    }

    /// What makes `required` hold together with each maximal set of `wanted` with which it can.
    ///
    /// # Errors
    ///
    /// [`Undecided::OverBudget`].
    pub fn maximal(
        &self,
        required: &Formula,
        wanted: &[Formula],
        budget: &Budget,
    ) -> Result<Vec<Witness>, Undecided> {
        let wanted: Vec<Numbered> = wanted.iter().map(|one| self.number(one)).collect();
        let found = maximal(wanted.len(), budget, |set| {
            let mut all = vec![self.number(required)];
            all.extend(set.iter().filter_map(|at| wanted.get(*at)).cloned());
            let Some(chosen) = self.choose(&Numbered::All(all), budget)? else { return Ok(None) };
            let met = self.met(&chosen);
            let holding = wanted
                .iter()
                .enumerate()
                .filter(|(_, one)| one.holds(&|wish| met.contains(&wish)))
                .map(|(at, _)| at);
            Ok(Some((holding.collect(), self.witness(&chosen))))
        })?;
        Ok(found.into_iter().map(|(_, witness)| witness).collect())
    }

    fn met(&self, chosen: &[usize]) -> BTreeSet<usize> {
        let solutions = self.parts.iter().zip(chosen).filter_map(|(part, at)| part.get(*at));
        solutions.flat_map(|(met, _)| met.iter().copied()).collect()
    }

    fn witness(&self, chosen: &[usize]) -> Witness {
        let mut witness = Witness::default();
        for (part, at) in self.parts.iter().zip(chosen) {
            let values = part.get(*at).into_iter().flat_map(|(_, values)| values.0.clone());
            witness.0.extend(values);
        }
        witness
    }

    /// A solution of each component, by number, so that a formula holds.
    fn choose(&self, formula: &Numbered, budget: &Budget) -> Result<Option<Vec<usize>>, Undecided> {
        let mut read = BTreeSet::new();
        formula.wishes(&mut read);
        // Where the formula reads nothing, or there is no choice, the first solution does.
        let mut chosen: Vec<usize> = vec![0; self.parts.len()];
        let mut open = Vec::new();
        let mut met: BTreeSet<usize> = BTreeSet::new();
        for (at, part) in self.parts.iter().enumerate() {
            let Some((first, _)) = part.first() else { return Ok(None) };
            let possible: BTreeSet<usize> =
                part.iter().flat_map(|(met, _)| met.intersection(&read)).copied().collect();
            let wanted: BTreeSet<usize> = first.intersection(&read).copied().collect();
            if wanted == possible {
                met.extend(wanted);
            } else {
                open.push((at, possible));
            }
        }
        let found = self.descend(formula, &open, &met, &mut chosen, budget)?;
        Ok(found.then_some(chosen))
    }

    fn descend(
        &self,
        formula: &Numbered,
        open: &[(usize, BTreeSet<usize>)],
        met: &BTreeSet<usize>,
        chosen: &mut Vec<usize>,
        budget: &Budget,
    ) -> Result<bool, Undecided> {
        budget.spend(1)?;
        // What is still open may turn out as well as it can.
        let may_be = |wish: usize| {
            met.contains(&wish) || open.iter().any(|(_, possible)| possible.contains(&wish))
        };
        if !formula.holds(&may_be) {
            return Ok(false);
        }
        let Some(((at, _), rest)) = open.split_first() else { return Ok(true) };
        let solutions = self.parts.get(*at).map(|part| part.as_slice()).unwrap_or_default();
        for (number, (of_solution, _)) in solutions.iter().enumerate() {
            if let Some(place) = chosen.get_mut(*at) {
                *place = number;
            }
            let met = met.union(of_solution).copied().collect();
            if self.descend(formula, rest, &met, chosen, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The wishes of some formulas, each once, with their numbers.
fn numbered(formulas: &[&Formula]) -> (Rc<BTreeMap<Wish, usize>>, Vec<Wish>) {
    let distinct: BTreeSet<&Wish> = formulas.iter().flat_map(|one| one.wishes()).collect();
    let wishes: Vec<Wish> = distinct.into_iter().cloned().collect();
    let numbers = wishes.iter().cloned().enumerate().map(|(at, wish)| (wish, at)).collect();
    (Rc::new(numbers), wishes)
}
