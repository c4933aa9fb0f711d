//! Candidates: finitely many values of a variable, one for each way in which its wishes can come
//! true.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{ArgumentType, Atom, Attribute, Literal, Operand, Test, Value};
use placet_engine::view::View;
use serde_json::json;

use crate::analysis::maximal::Set;
use crate::analysis::strings::{Class, Viewed, classes};
use crate::analysis::variable::{Held, Variable, Witness};
use crate::analysis::wish::Wish;
use crate::analysis::{Budget, Undecided, addresses, arrays, integers};

/// A value that a variable may have.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) held: Held,
    /// The wishes about this variable alone that come true.
    pub(super) met: Set,
    /// Of a value that there may not be: what is read of it through each view that is compared. `None`:
    /// there is such a value for sure, and it can be read.
    pub(super) seen: Option<BTreeMap<Option<View>, Seen>>,
}

impl Candidate {
    /// Whether there is such a value for sure.
    pub(super) fn is_sure(&self) -> bool {
        self.seen.is_none()
    }
}

/// What is read of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// No value, or this one.
    Value(Option<Value>),
    /// One that is not among those that the variable is compared with.
    Other,
}

/// The values that a variable is compared with, read through a view or as it is.
pub(super) type Compared = BTreeMap<Option<View>, BTreeSet<Value>>;

/// The wishes about one variable, with their numbers.
pub(super) type Unary<'w> = [(usize, &'w Wish)];

/// What the other variables of a component make of one.
pub(super) struct Among<'a> {
    pub(super) compared: &'a Compared,
    /// Values that are not among those compared may turn out equal to one another.
    pub(super) open: bool,
    /// An argument within this one is asked of too.
    pub(super) holds_members: bool,
    /// The numbers that a credential's age and lifetime are compared with, where both are read.
    pub(super) times: Option<&'a BTreeSet<i64>>,
}

/// The candidates of a variable.
pub(super) fn candidates(
    variable: &Variable,
    wishes: &Unary<'_>,
    among: &Among<'_>,
    budget: &Budget,
) -> Result<Vec<Candidate>, Undecided> {
    let Among { compared, open, holds_members, times } = *among;
    let mut finder = Finder { variable, wishes, compared, open, times, budget, found: Vec::new() };
    match variable {
        Variable::Argument(_) | Variable::Computed(..) => finder.argument(holds_members)?,
        Variable::Attribute(attribute) => finder.attribute(attribute)?,
    }
    Ok(finder.found)
}

/// The tests of a string, each once.
pub(super) fn string_tests<'w>(atoms: impl IntoIterator<Item = &'w Atom>) -> Vec<Viewed> {
    let tests: BTreeSet<Viewed> = atoms.into_iter().filter_map(string_test).collect();
    tests.into_iter().collect()
}

/// What an atom asks of a string by itself. That it is the same as itself is settled by whether it
/// has a value, which every test tells.
fn string_test(atom: &Atom) -> Option<Viewed> {
    let view = atom.operand.view;
    match &atom.test {
        Test::Present => None,
        Test::SameAs(other) if *other == atom.operand => Some((view, value_test(view))),
        Test::SameAs(_) => None,
        test => Some((view, test.clone())),
    }
}

/// Where each test stands in a list.
type Places = BTreeMap<Viewed, usize>;

fn places(tests: &[Viewed]) -> Places {
    tests.iter().cloned().enumerate().map(|(at, test)| (test, at)).collect()
}

/// A test that no value passes.
pub(super) fn value_test(view: Option<View>) -> Test {
    match view {
        Some(View::UrlPort) => Test::LessThan(i64::MIN),
        _ => Test::OneOf(Vec::new()),
    }
}

struct Finder<'f> {
    variable: &'f Variable,
    wishes: &'f Unary<'f>,
    compared: &'f Compared,
    open: bool,
    times: Option<&'f BTreeSet<i64>>,
    budget: &'f Budget,
    found: Vec<Candidate>,
}

impl Finder<'_> {
    /// The atoms that read the variable at a type and as a whole, and ask something of its value.
    fn at(&self, kind: ArgumentType) -> Vec<&Atom> {
        let atoms = self.wishes.iter().map(|(_, wish)| &wish.atom);
        atoms
            .filter(|atom| {
                atom.quantifier.is_none()
                    && atom.test != Test::Present
                    && matches!(&atom.operand.attribute, Attribute::Argument(one) if one.kind == kind)
            })
            .collect()
    }

    fn compared_strings(&self) -> Vec<Viewed> {
        let tests = self.compared.iter().flat_map(|(view, values)| {
            let literals = values.iter().filter_map(|value| literal(*view, value));
            let tests = literals.map(Test::Equals).chain([value_test(*view)]);
            tests.map(|test| (*view, test))
        });
        tests.collect()
    }

    fn argument(&mut self, holds_members: bool) -> Result<(), Undecided> {
        let strings = self.at(ArgumentType::String);
        let is_compared = |is: fn(&Value) -> bool| {
            self.compared.iter().any(|(view, values)| view.is_some() || values.iter().any(is))
        };
        let text = !strings.is_empty() || is_compared(|one| matches!(one, Value::String(_)));
        let mut tests = string_tests(strings);
        if text {
            for one in self.compared_strings() {
                if !tests.contains(&one) {
                    tests.push(one);
                }
            }
            let places = places(&tests);
            for class in classes(&tests, self.budget)?.iter() {
                self.string(&places, class)?;
            }
        }
        let whole = self.compared.get(&None);
        let mut numbers = BTreeSet::new();
        let integers = self.at(ArgumentType::Integer);
        for atom in &integers {
            if !matches!(atom.test, Test::SameAs(_)) {
                numbers.extend(integers::constants(&atom.test)?);
            }
        }
        let known = whole.into_iter().flatten().filter_map(|value| match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        });
        numbers.extend(known);
        if !integers.is_empty() || !numbers.is_empty() {
            for number in integers::representatives(&numbers, i64::MIN, i64::MAX, 1) {
                self.sure(Held::Json(json!(number)));
            }
        }
        let truth = whole.into_iter().flatten().any(|value| matches!(value, Value::Boolean(_)));
        if truth || !self.at(ArgumentType::Boolean).is_empty() {
            self.sure(Held::Json(json!(true)));
            self.sure(Held::Json(json!(false)));
        }
        let arrays = arrays::arrays(self.wishes, self.budget)?;
        for (array, met) in arrays {
            match met {
                None => self.sure(Held::Json(array)),
                Some(met) => {
                    let seen = Some(BTreeMap::new());
                    self.found.push(Candidate { held: Held::Json(array), met, seen });
                }
            }
        }
        self.sure(Held::Absent);
        if self.found.len() == 1 && !holds_members {
            self.sure(Held::Json(json!("a")));
        }
        // Of no type that is asked for.
        self.sure(Held::Json(json!({})));
        Ok(())
    }

    fn attribute(&mut self, attribute: &Attribute) -> Result<(), Undecided> {
        let tests: Vec<&Atom> = self
            .wishes
            .iter()
            .map(|(_, wish)| &wish.atom)
            .filter(|atom| atom.test != Test::Present)
            .collect();
        let constant = |atom: &&&Atom| !matches!(atom.test, Test::SameAs(_));
        match attribute {
            Attribute::Argument(_) => return Err(Undecided::Unknown),
            Attribute::UserIssuer
            | Attribute::UserSubject
            | Attribute::ClientId
            | Attribute::TokenAcr => {
                let mut tests = string_tests(tests);
                for one in self.compared_strings() {
                    if !tests.contains(&one) {
                        tests.push(one);
                    }
                }
                let places = places(&tests);
                for class in classes(&tests, self.budget)?.iter() {
                    self.string(&places, class)?;
                }
            }
            Attribute::ClientRegistration => {
                for kind in placet_engine::call::Registration::ALL {
                    self.sure(Held::Value(Value::String(kind.as_str().to_owned())));
                }
            }
            Attribute::CallAddress => {
                for address in addresses::representatives(
                    tests.iter().filter(constant).map(|atom| &atom.test),
                )? {
                    self.sure(Held::Value(Value::Address(address)));
                }
            }
            Attribute::TokenAge
            | Attribute::TokenAuthAge
            | Attribute::TokenLifetime
            | Attribute::ConfirmationAge
            | Attribute::Now => {
                let mut numbers = BTreeSet::new();
                for atom in tests.iter().filter(constant) {
                    numbers.extend(integers::constants(&atom.test)?);
                }
                let compared = self.compared.values().flatten().filter_map(|value| match value {
                    Value::Integer(number) => Some(*number),
                    _ => None,
                });
                numbers.extend(compared);
                let least = least(attribute);
                // Of each interval two, the lesser for an age, the greater for a lifetime.
                let is_time = matches!(attribute, Attribute::TokenAge | Attribute::TokenLifetime);
                let times = self.times.filter(|_| is_time);
                numbers.extend(times.into_iter().flatten());
                let each = if times.is_some() { 2 } else { 1 };
                for number in integers::representatives(&numbers, least, i64::MAX, each) {
                    self.sure(Held::Value(Value::Integer(number)));
                }
            }
        }
        let always = matches!(
            attribute,
            Attribute::ClientId | Attribute::ClientRegistration | Attribute::Now
        );
        if !always {
            self.sure(Held::Absent);
        }
        Ok(())
    }

    /// A value that there is, judged by the engine.
    fn sure(&mut self, held: Held) {
        let met = self.met(&held);
        self.found.push(Candidate { held, met, seen: None });
    }

    fn met(&self, held: &Held) -> Set {
        let mut witness = Witness::default();
        witness.say(self.variable.clone(), held.clone());
        let values = witness.assignment();
        self.wishes
            .iter()
            .filter(|(_, wish)| wish.is_met(&values))
            .map(|(number, _)| *number)
            .collect()
    }

    /// A string with what the machines say of it, which the engine must say too.
    fn string(&mut self, tests: &Places, class: &Class) -> Result<(), Undecided> {
        self.budget.spend(self.wishes.len().div_ceil(4))?;
        let outcome = |test: &Viewed| class.outcomes.get(*tests.get(test)?).copied();
        let held = match self.variable {
            Variable::Argument(_) | Variable::Computed(..) => Held::Json(json!(class.text)),
            Variable::Attribute(_) => Held::Value(Value::String(class.text.clone())),
        };
        let judged = self.met(&held);
        let mut met = Set::new();
        for (number, wish) in self.wishes {
            let read = match &wish.atom.operand.attribute {
                Attribute::Argument(argument) => {
                    argument.kind == ArgumentType::String && wish.atom.quantifier.is_none()
                }
                _ => true,
            };
            let test = string_test(&wish.atom).filter(|_| read);
            let is_met = match (test.and_then(|test| outcome(&test)), &wish.atom.test) {
                (Some(outcome), Test::SameAs(_)) => wish.is_met_by(outcome.map(|_| true)),
                (Some(outcome), _) => wish.is_met_by(outcome),
                // Two views of one string: which outcomes go together is known only if the string is.
                (None, Test::SameAs(_)) if !class.sure => true,
                (None, _) => judged.contains(number),
            };
            if is_met {
                met.insert(*number);
            }
        }
        if class.sure && met != judged {
            return Err(Undecided::Disagreement);
        }
        let seen = |(view, values): (&Option<View>, &BTreeSet<Value>)| {
            let equal = |value: &&Value| {
                literal(*view, value)
                    .and_then(|literal| outcome(&(*view, Test::Equals(literal))))
                    .flatten()
                    == Some(true)
            };
            let has_value = outcome(&(*view, value_test(*view))).flatten().is_some();
            let seen = match values.iter().find(equal) {
                Some(value) => Seen::Value(Some(value.clone())),
                None if has_value => Seen::Other,
                None => Seen::Value(None),
            };
            (*view, seen)
        };
        let seen: BTreeMap<Option<View>, Seen> = self.compared.iter().map(seen).collect();
        let other = seen.values().any(|one| *one == Seen::Other);
        if !class.sure || self.open && other {
            let (held, met, seen) = (held.clone(), met.clone(), Some(seen));
            self.found.push(Candidate { held, met, seen });
        }
        if class.sure {
            self.found.push(Candidate { held, met, seen: None });
        }
        Ok(())
    }
}

/// The least that a number of the call can be once the credential is accepted: what ended is not.
pub(super) fn least(attribute: &Attribute) -> i64 {
    match attribute {
        Attribute::Now => i64::MIN,
        Attribute::TokenLifetime => 1,
        _ => 0,
    }
}

/// A value as a constant that a string seen through a view may be equal to.
fn literal(view: Option<View>, value: &Value) -> Option<Literal> {
    match value {
        Value::String(text) => Some(Literal::String(text.clone())),
        Value::Integer(number) if view == Some(View::UrlPort) => Some(Literal::Integer(*number)),
        _ => None,
    }
}

/// What is read of a variable that has this value.
pub(super) fn read(variable: &Variable, held: &Held, operand: &Operand) -> Option<Value> {
    use placet_engine::condition::Values;
    let mut witness = Witness::default();
    witness.say(variable.clone(), held.clone());
    witness.assignment().value(operand)
}
