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
    /// Whether there is such a value for sure. Of one that is not sure, whatever it is compared with
    /// may turn out equal or not.
    pub(super) sure: bool,
}

/// The values that a variable is compared with, read through a view or as it is.
pub(super) type Compared = BTreeMap<Option<View>, BTreeSet<Value>>;

/// The wishes about one variable, with their numbers.
pub(super) type Unary<'w> = [(usize, &'w Wish)];

/// The candidates of a variable.
///
/// `holds_members`: an argument within this one is asked of too. `each`: how many integers of each
/// interval.
pub(super) fn candidates(
    variable: &Variable,
    wishes: &Unary<'_>,
    compared: &Compared,
    holds_members: bool,
    budget: &Budget,
) -> Result<Vec<Candidate>, Undecided> {
    let mut finder = Finder { variable, wishes, compared, budget, found: Vec::new() };
    match variable {
        Variable::Argument(_) => finder.argument(holds_members)?,
        Variable::Attribute(attribute) => finder.attribute(attribute)?,
    }
    Ok(finder.found)
}

/// The tests of a string, each once, and whether any wish asks of one.
pub(super) fn string_tests<'w>(atoms: impl IntoIterator<Item = &'w Atom>) -> Vec<Viewed> {
    let mut tests: Vec<Viewed> = Vec::new();
    for atom in atoms {
        let test = (atom.operand.view, atom.test.clone());
        if !matches!(atom.test, Test::Present | Test::SameAs(_)) && !tests.contains(&test) {
            tests.push(test);
        }
    }
    tests
}

struct Finder<'f> {
    variable: &'f Variable,
    wishes: &'f Unary<'f>,
    compared: &'f Compared,
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
        let literals = self.compared.iter().flat_map(|(view, values)| {
            let literal = |value: &Value| match value {
                Value::String(text) => Some(Literal::String(text.clone())),
                Value::Integer(number) if *view == Some(View::UrlPort) => {
                    Some(Literal::Integer(*number))
                }
                _ => None,
            };
            values.iter().filter_map(literal).map(|one| (*view, Test::Equals(one)))
        });
        literals.collect()
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
            for class in classes(&tests, self.budget)? {
                self.string(&tests, class)?;
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
                    self.found.push(Candidate { held: Held::Json(array), met, sure: false });
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
            .filter(|atom| !matches!(atom.test, Test::Present | Test::SameAs(_)))
            .collect();
        match attribute {
            Attribute::Argument(_) => return Err(Undecided::Unknown),
            Attribute::UserIssuer
            | Attribute::UserSubject
            | Attribute::ClientId
            | Attribute::TokenAcr => {
                let mut tests = string_tests(tests);
                tests.extend(self.compared_strings());
                for class in classes(&tests, self.budget)? {
                    self.string(&tests, class)?;
                }
            }
            Attribute::ClientRegistration => {
                for kind in placet_engine::call::Registration::ALL {
                    self.sure(Held::Value(Value::String(kind.as_str().to_owned())));
                }
            }
            Attribute::CallAddress => {
                for address in addresses::representatives(tests.iter().map(|atom| &atom.test))? {
                    self.sure(Held::Value(Value::Address(address)));
                }
            }
            Attribute::TokenAge
            | Attribute::TokenAuthAge
            | Attribute::TokenLifetime
            | Attribute::ConfirmationAge
            | Attribute::Now => {
                let mut numbers = BTreeSet::new();
                for atom in tests {
                    numbers.extend(integers::constants(&atom.test)?);
                }
                // An age is a length of time.
                let least = if *attribute == Attribute::Now { i64::MIN } else { 0 };
                for number in integers::representatives(&numbers, least, i64::MAX, 1) {
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
        self.found.push(Candidate { held, met, sure: true });
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
    fn string(&mut self, tests: &[Viewed], class: Class) -> Result<(), Undecided> {
        let held = match self.variable {
            Variable::Argument(_) => Held::Json(json!(class.text)),
            Variable::Attribute(_) => Held::Value(Value::String(class.text)),
        };
        let judged = self.met(&held);
        let mut met = Set::new();
        for (number, wish) in self.wishes {
            let one = (wish.atom.operand.view, wish.atom.test.clone());
            let read = match &wish.atom.operand.attribute {
                Attribute::Argument(argument) => {
                    argument.kind == ArgumentType::String && wish.atom.quantifier.is_none()
                }
                _ => true,
            };
            let at = tests.iter().position(|test| *test == one).filter(|_| read);
            let is_met = match at {
                Some(at) => wish.is_met_by(class.outcomes.get(at).copied().flatten()),
                None if !class.sure && matches!(wish.atom.test, Test::SameAs(_)) => true,
                None => judged.contains(number),
            };
            if is_met {
                met.insert(*number);
            }
        }
        if class.sure && met != judged {
            return Err(Undecided::Disagreement);
        }
        self.found.push(Candidate { held, met, sure: class.sure });
        Ok(())
    }
}

/// What is read of a variable that has this value.
pub(super) fn read(variable: &Variable, held: &Held, operand: &Operand) -> Option<Value> {
    use placet_engine::condition::Values;
    let mut witness = Witness::default();
    witness.say(variable.clone(), held.clone());
    witness.assignment().value(operand)
}
