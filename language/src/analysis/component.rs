//! Components: attributes that have to do with one another, and the values that they can have
//! together.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{Attribute, Operand, Test, Value};
use serde_json::Value as Json;

use crate::analysis::candidates::{Among, Candidate, Seen, candidates, read};
use crate::analysis::equality::pools;
use crate::analysis::maximal::{Set, maximal, undominated};
use crate::analysis::variable::{Held, Variable, Witness};
use crate::analysis::wish::Wish;
use crate::analysis::{Budget, Undecided, integers};

/// Values for every variable of a component, and the wishes that they make come true.
pub(super) type Solution = (Set, Witness);

/// Some wishes, by number, and the variables that they are about.
pub(super) struct Component<'w> {
    wishes: Vec<(usize, &'w Wish)>,
    variables: Vec<Domain>,
    links: Vec<Link>,
}

/// A variable with the values that it may have.
struct Domain {
    variable: Variable,
    candidates: Vec<Candidate>,
}

/// What holds between two variables, by their place in the component.
enum Link {
    /// A wish that compares two operands, read of every candidate beforehand.
    Compared { wish: usize, one: Read, other: Read, equal: bool, without_value: bool },
    /// The second is an argument within the first, so it is only there if the first is an object.
    Within(usize, usize),
    /// Both are there or neither: a user has an issuer and a subject.
    Together(usize, usize),
    /// The age and the lifetime of a credential: it has not ended yet, and who does not know when it
    /// was issued knows neither.
    Lasting(usize, usize),
}

/// What an operand reads of each candidate of its variable.
struct Read {
    variable: usize,
    values: Vec<Seen>,
}

/// The variables of some wishes, in groups that have nothing to do with one another.
pub(super) fn split(wishes: &[Wish]) -> Vec<BTreeSet<Variable>> {
    let mut groups: Vec<BTreeSet<Variable>> = Vec::new();
    for wish in wishes {
        let mut joined: BTreeSet<Variable> = Variable::of_wish(wish).into_iter().collect();
        groups.retain(|group| {
            let apart = !group.iter().any(|one| joined.iter().any(|other| related(one, other)));
            if !apart {
                joined.extend(group.iter().cloned());
            }
            apart
        });
        groups.push(joined);
    }
    groups
}

/// The numbers that the age of a credential and its lifetime are compared with, where both are read:
/// they bound each other.
fn times(wishes: &[&Wish]) -> Result<Option<BTreeSet<i64>>, Undecided> {
    let mut found = BTreeSet::new();
    let mut read = BTreeSet::new();
    let mut compared = false;
    for wish in wishes {
        let attribute = &wish.atom.operand.attribute;
        if !matches!(attribute, Attribute::TokenAge | Attribute::TokenLifetime) {
            continue;
        }
        read.insert(attribute);
        match &wish.atom.test {
            Test::Present => {}
            Test::SameAs(_) => compared = true,
            test => found.extend(integers::constants(test)?),
        }
    }
    // How many values of an interval are enough is not known then.
    if compared && read.len() == 2 {
        return Err(Undecided::Unknown);
    }
    Ok(Some(found).filter(|_| read.len() == 2))
}

fn related(one: &Variable, other: &Variable) -> bool {
    match (one, other) {
        (Variable::Argument(one), Variable::Argument(other)) => {
            one.starts_with(other) || other.starts_with(one)
        }
        (Variable::Attribute(one), Variable::Attribute(other)) => {
            let of_user =
                |one: &Attribute| matches!(one, Attribute::UserIssuer | Attribute::UserSubject);
            let of_times =
                |one: &Attribute| matches!(one, Attribute::TokenAge | Attribute::TokenLifetime);
            one == other || of_user(one) && of_user(other) || of_times(one) && of_times(other)
        }
        (Variable::Computed(..), Variable::Computed(..)) => one == other,
        _ => false,
    }
}

impl<'w> Component<'w> {
    /// The component of some variables, all of whose wishes are among those given.
    pub(super) fn new(
        variables: &BTreeSet<Variable>,
        wishes: &'w [Wish],
        budget: &Budget,
    ) -> Result<Self, Undecided> {
        let own: Vec<(usize, &Wish)> = wishes
            .iter()
            .enumerate()
            .filter(|(_, wish)| Variable::of_wish(wish).iter().any(|one| variables.contains(one)))
            .collect();
        let all: Vec<&Wish> = own.iter().map(|(_, wish)| *wish).collect();
        let pools = pools(&all, budget)?;
        let nothing = BTreeMap::new();
        let times = times(&all)?;
        let mut domains = Vec::new();
        for variable in variables {
            let unary: Vec<(usize, &Wish)> = own
                .iter()
                .filter(|(_, wish)| Variable::of_wish(wish).iter().all(|one| one == variable))
                .copied()
                .collect();
            let within = |other: &Variable| match (variable, other) {
                (Variable::Argument(outer), Variable::Argument(inner)) => {
                    inner.len() > outer.len() && inner.starts_with(outer)
                }
                _ => false,
            };
            let holds_members = variables.iter().any(within);
            let compared = pools.compared.get(variable).unwrap_or(&nothing);
            let open = pools.open.contains(variable);
            let among = Among { compared, open, holds_members, times: times.as_ref() };
            let mut found = candidates(variable, &unary, &among, budget)?;
            found.sort_by_key(|candidate| !candidate.is_sure());
            domains.push(Domain { variable: variable.clone(), candidates: found });
        }
        let mut component = Self { wishes: own, variables: domains, links: Vec::new() };
        component.links = component.links();
        Ok(component)
    }

    fn links(&self) -> Vec<Link> {
        let at = |variable: &Variable| {
            self.variables.iter().position(|domain| domain.variable == *variable)
        };
        let reading = |operand: &Operand| {
            let variable = at(&Variable::of(&operand.attribute))?;
            let domain = self.variables.get(variable)?;
            let values = domain
                .candidates
                .iter()
                .map(|candidate| seen(&domain.variable, candidate, operand));
            Some(Read { variable, values: values.collect() })
        };
        let mut links = Vec::new();
        for (number, wish) in &self.wishes {
            let Test::SameAs(other) = &wish.atom.test else { continue };
            let of = Variable::of_wish(wish);
            if of.first() == of.last() {
                continue;
            }
            if let (Some(one), Some(other)) = (reading(&wish.atom.operand), reading(other)) {
                links.push(Link::Compared {
                    wish: *number,
                    one,
                    other,
                    equal: wish.is_met_by(Some(true)),
                    without_value: wish.is_met_by(None),
                });
            }
        }
        for (outer, domain) in self.variables.iter().enumerate() {
            for (inner, other) in self.variables.iter().enumerate() {
                match (&domain.variable, &other.variable) {
                    (Variable::Argument(one), Variable::Argument(two))
                        if two.len() > one.len() && two.starts_with(one) =>
                    {
                        links.push(Link::Within(outer, inner));
                    }
                    (
                        Variable::Attribute(Attribute::UserIssuer),
                        Variable::Attribute(Attribute::UserSubject),
                    ) => links.push(Link::Together(outer, inner)),
                    (
                        Variable::Attribute(Attribute::TokenAge),
                        Variable::Attribute(Attribute::TokenLifetime),
                    ) => links.push(Link::Lasting(outer, inner)),
                    _ => {}
                }
            }
        }
        links
    }

    /// Every maximal set of wishes that come true together, with values.
    pub(super) fn solutions(&self, budget: &Budget) -> Result<Vec<Solution>, Undecided> {
        self.solutions_with(&BTreeMap::new(), budget)
    }

    /// The solutions for each way in which the attributes of the caller can be: what the caller is
    /// has to be taken as it comes, and only the arguments can be chosen.
    pub(super) fn solutions_by_caller(
        &self,
        budget: &Budget,
    ) -> Result<Vec<Vec<Solution>>, Undecided> {
        let mut callers: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new()];
        for (at, domain) in self.variables.iter().enumerate() {
            if domain.variable.is_of_arguments() {
                continue;
            }
            let mut extended = Vec::new();
            for caller in &callers {
                for candidate in 0..domain.candidates.len() {
                    budget.spend(1)?;
                    let mut caller = caller.clone();
                    caller.insert(at, candidate);
                    extended.push(caller);
                }
            }
            callers = extended;
        }
        let mut all: Vec<Vec<Solution>> = Vec::new();
        for caller in callers {
            let mut solutions = Vec::new();
            for (met, witness) in self.solutions_with(&caller, budget)? {
                solutions.push((met, self.by_reference(witness, &caller)?));
            }
            if !solutions.is_empty() && !all.contains(&solutions) {
                all.push(solutions);
            }
        }
        Ok(all)
    }

    /// Arguments that are what the caller is become references, and the caller is left out.
    fn by_reference(
        &self,
        witness: Witness,
        caller: &BTreeMap<usize, usize>,
    ) -> Result<Witness, Undecided> {
        let mut values: Vec<(Attribute, Value)> = Vec::new();
        for (at, candidate) in caller {
            let Some(domain) = self.variables.get(*at) else { continue };
            let held = domain.candidates.get(*candidate).map(|one| &one.held);
            if let (Variable::Attribute(attribute), Some(Held::Value(value))) =
                (&domain.variable, held)
            {
                values.push((attribute.clone(), value.clone()));
            }
        }
        let compared: BTreeSet<&Operand> = self
            .wishes
            .iter()
            .filter(|(_, wish)| matches!(wish.atom.test, Test::SameAs(_)))
            .flat_map(|(_, wish)| wish.atom.operands())
            .collect();
        let mut abstracted = Witness::default();
        for (variable, held) in witness.0 {
            if !variable.is_of_arguments() {
                continue;
            }
            let mut held = held;
            for operand in &compared {
                if Variable::of(&operand.attribute) != variable {
                    continue;
                }
                let value = read(&variable, &held, operand);
                let same = values.iter().find(|(_, one)| Some(one) == value.as_ref());
                match (same, operand.view) {
                    (None, _) => {}
                    (Some((attribute, _)), None) => held = Held::Same(attribute.clone()),
                    // Which string a view reads that from cannot be said beforehand.
                    (Some(_), Some(_)) => return Err(Undecided::Unknown),
                }
                if matches!(held, Held::Same(_)) {
                    break;
                }
            }
            abstracted.say(variable, held);
        }
        Ok(abstracted)
    }

    fn solutions_with(
        &self,
        fixed: &BTreeMap<usize, usize>,
        budget: &Budget,
    ) -> Result<Vec<Solution>, Undecided> {
        if let ([only], true) = (&self.variables[..], fixed.is_empty()) {
            return self.of_one(only);
        }
        let numbers: Vec<usize> = self.wishes.iter().map(|(number, _)| *number).collect();
        let found = maximal(numbers.len(), budget, |wanted| {
            let wanted: Set = wanted.iter().filter_map(|at| numbers.get(*at)).copied().collect();
            let Some(witness) = self.search(&wanted, fixed, budget)? else { return Ok(None) };
            let met = self.judged(&witness);
            if !wanted.is_subset(&met) {
                return Err(Undecided::Disagreement);
            }
            let places = numbers.iter().enumerate().filter(|(_, number)| met.contains(number));
            Ok(Some((places.map(|(at, _)| at).collect(), witness)))
        })?;
        let back = |set: Set| set.iter().filter_map(|at| numbers.get(*at)).copied().collect();
        Ok(found.into_iter().map(|(set, witness)| (back(set), witness)).collect())
    }

    /// The solutions of a component of one variable: its candidates, but for those that others
    /// outdo.
    fn of_one(&self, domain: &Domain) -> Result<Vec<Solution>, Undecided> {
        let solution = |candidate: &Candidate| {
            let mut witness = Witness::default();
            witness.say(domain.variable.clone(), candidate.held.clone());
            (candidate.met.clone(), (witness, candidate.is_sure()))
        };
        // INVARIANT: sure ones come first, so one that is not sure stays only if no sure one does as
        // much.
        let kept = undominated(domain.candidates.iter().map(solution).collect());
        kept.into_iter()
            .map(|(met, (witness, sure))| match sure {
                true => Ok((met, witness)),
                false => Err(Undecided::Unknown),
            })
            .collect()
    }

    /// The wishes that a witness makes come true, as the engine judges them.
    fn judged(&self, witness: &Witness) -> Set {
        let values = witness.assignment();
        let met = self.wishes.iter().filter(|(_, wish)| wish.is_met(&values));
        met.map(|(number, _)| *number).collect()
    }

    /// Values that make all of these wishes come true.
    fn search(
        &self,
        wanted: &Set,
        fixed: &BTreeMap<usize, usize>,
        budget: &Budget,
    ) -> Result<Option<Witness>, Undecided> {
        if self.is_contradictory(wanted) {
            return Ok(None);
        }
        for sure in [true, false] {
            let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
            for (at, domain) in self.variables.iter().enumerate() {
                let own: Vec<usize> = self
                    .wishes
                    .iter()
                    .filter(|(number, wish)| {
                        wanted.contains(number)
                            && Variable::of_wish(wish).iter().all(|one| *one == domain.variable)
                    })
                    .map(|(number, _)| *number)
                    .collect();
                let fits = |(number, candidate): &(usize, &Candidate)| {
                    fixed.get(&at).is_none_or(|only| only == number)
                        && (candidate.is_sure() || !sure)
                        && own.iter().all(|wish| candidate.met.contains(wish))
                };
                let fitting = domain.candidates.iter().enumerate().filter(fits);
                open.push((at, fitting.map(|(number, _)| number).collect()));
            }
            if !sure
                && self.variables.iter().all(|one| one.candidates.iter().all(Candidate::is_sure))
            {
                return Ok(None);
            }
            open.sort_by_key(|(_, fitting)| fitting.len());
            let mut chosen = BTreeMap::new();
            if self.assign(&open, &mut chosen, wanted, budget)? {
                return match sure {
                    true => Ok(Some(self.witness(&chosen))),
                    false => Err(Undecided::Unknown),
                };
            }
        }
        Ok(None)
    }

    /// Whether two operands are wanted to be both equal and different.
    fn is_contradictory(&self, wanted: &Set) -> bool {
        let mut equal: BTreeMap<BTreeSet<&Operand>, bool> = BTreeMap::new();
        self.wishes.iter().filter(|(number, _)| wanted.contains(number)).any(|(_, wish)| {
            // Without values both may come true.
            if !matches!(wish.atom.test, Test::SameAs(_)) || wish.is_met_by(None) {
                return false;
            }
            let wants = wish.is_met_by(Some(true));
            *equal.entry(wish.atom.operands().collect()).or_insert(wants) != wants
        })
    }

    fn witness(&self, chosen: &BTreeMap<usize, usize>) -> Witness {
        let mut witness = Witness::default();
        for (at, candidate) in chosen {
            let Some(domain) = self.variables.get(*at) else { continue };
            if let Some(candidate) = domain.candidates.get(*candidate) {
                witness.say(domain.variable.clone(), candidate.held.clone());
            }
        }
        witness
    }

    fn assign(
        &self,
        open: &[(usize, Vec<usize>)],
        chosen: &mut BTreeMap<usize, usize>,
        wanted: &Set,
        budget: &Budget,
    ) -> Result<bool, Undecided> {
        let Some(((at, fitting), rest)) = open.split_first() else { return Ok(true) };
        for candidate in fitting {
            budget.spend(1)?;
            chosen.insert(*at, *candidate);
            if self.links.iter().all(|link| self.holds(link, *at, chosen, wanted))
                && self.assign(rest, chosen, wanted, budget)?
            {
                return Ok(true);
            }
        }
        chosen.remove(at);
        Ok(false)
    }

    /// Whether a link may hold, now that a variable has a value.
    fn holds(
        &self,
        link: &Link,
        changed: usize,
        chosen: &BTreeMap<usize, usize>,
        wanted: &Set,
    ) -> bool {
        let held = |at: &usize| {
            let candidate = self.variables.get(*at)?.candidates.get(*chosen.get(at)?)?;
            Some(candidate)
        };
        let concerns = |one: usize, other: usize| one == changed || other == changed;
        match link {
            Link::Compared { wish, one, other, equal, without_value } => {
                if !wanted.contains(wish) || !concerns(one.variable, other.variable) {
                    return true;
                }
                match (one.of(chosen), other.of(chosen)) {
                    (Some(Seen::Value(None)), _) | (_, Some(Seen::Value(None))) => *without_value,
                    (Some(Seen::Value(one)), Some(Seen::Value(other))) => (one == other) == *equal,
                    (Some(Seen::Value(_)), Some(Seen::Other))
                    | (Some(Seen::Other), Some(Seen::Value(_))) => !equal,
                    // May be equal or not, or not both are chosen yet.
                    _ => true,
                }
            }
            Link::Within(outer, inner) => match (held(outer), held(inner)) {
                (Some(outer), Some(inner)) if is_said(inner) => {
                    matches!(&outer.held, Held::Json(Json::Object(_)))
                }
                _ => true,
            },
            Link::Together(one, other) => match (held(one), held(other)) {
                (Some(one), Some(other)) => is_said(one) == is_said(other),
                _ => true,
            },
            Link::Lasting(age, lifetime) => match (held(age), held(lifetime)) {
                (Some(age), Some(lifetime)) => match (&age.held, &lifetime.held) {
                    (Held::Value(Value::Integer(age)), Held::Value(Value::Integer(lifetime))) => {
                        age < lifetime
                    }
                    (Held::Absent, lifetime) => *lifetime == Held::Absent,
                    _ => true,
                },
                _ => true,
            },
        }
    }
}

impl Read {
    /// What is read of the candidate that is chosen, if one is.
    fn of(&self, chosen: &BTreeMap<usize, usize>) -> Option<&Seen> {
        self.values.get(*chosen.get(&self.variable)?)
    }
}

fn seen(variable: &Variable, candidate: &Candidate, operand: &Operand) -> Seen {
    let unsure = candidate.seen.as_ref().and_then(|seen| seen.get(&operand.view));
    unsure.cloned().unwrap_or_else(|| Seen::Value(read(variable, &candidate.held, operand)))
}

/// Whether something is said.
fn is_said(candidate: &Candidate) -> bool {
    candidate.held != Held::Absent
}
