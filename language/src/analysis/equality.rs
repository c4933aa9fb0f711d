//! Equality: the values that are enough to tell whether attributes can be equal or different.
//!
//! Operands that are compared, directly or through others, share one pool of values: of each class of
//! values that the tests of any of them tell apart, as many as there are operands, or all where
//! there are fewer. Whatever values the operands have, values of the pool pass the same tests and
//! are equal and different in the same way.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{Argument, ArgumentType, Attribute, Literal, Operand, Test, Value};
use placet_engine::view::View;

use crate::analysis::candidates::{Compared, least, string_tests, value_test};
use crate::analysis::strings::{Viewed, classes};
use crate::analysis::variable::Variable;
use crate::analysis::wish::Wish;
use crate::analysis::{Budget, Undecided, integers};

/// What the operands of some wishes are compared with.
#[derive(Debug, Default)]
pub(super) struct Pools {
    /// By variable.
    pub(super) compared: BTreeMap<Variable, Compared>,
    /// Variables of which other values may matter as well.
    pub(super) open: BTreeSet<Variable>,
}

/// What is compared has one of these types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    String,
    Integer,
    Boolean,
}

fn type_of(operand: &Operand) -> Result<Type, Undecided> {
    match (&operand.attribute, operand.view) {
        (Attribute::Argument(Argument { kind: ArgumentType::String, .. }), view) => {
            Ok(match view {
                Some(View::UrlPort) => Type::Integer,
                _ => Type::String,
            })
        }
        (Attribute::Argument(Argument { kind: ArgumentType::Integer, .. }), None) => {
            Ok(Type::Integer)
        }
        (Attribute::Argument(Argument { kind: ArgumentType::Boolean, .. }), None) => {
            Ok(Type::Boolean)
        }
        (
            Attribute::UserIssuer
            | Attribute::UserSubject
            | Attribute::ClientId
            | Attribute::ClientRegistration
            | Attribute::TokenAcr,
            None,
        ) => Ok(Type::String),
        (
            Attribute::TokenAge
            | Attribute::TokenAuthAge
            | Attribute::TokenLifetime
            | Attribute::ConfirmationAge
            | Attribute::Now,
            None,
        ) => Ok(Type::Integer),
        _ => Err(Undecided::Unknown),
    }
}

/// The pools of what some wishes compare.
pub(super) fn pools(wishes: &[&Wish], budget: &Budget) -> Result<Pools, Undecided> {
    let mut pools = Pools::default();
    let groups = groups(wishes)?;
    for group in &groups {
        let mut types = group.iter().map(type_of);
        let kind = types.next().unwrap_or(Err(Undecided::Unknown))?;
        for other in types {
            if other? != kind {
                return Err(Undecided::Unknown);
            }
        }
        let around = Group { operands: group, wishes, budget };
        let (values, closed) = match kind {
            Type::Boolean => (BTreeSet::from([Value::Boolean(false), Value::Boolean(true)]), true),
            Type::Integer => around.integers()?,
            Type::String => around.strings()?,
        };
        for operand in group {
            let variable = Variable::of(&operand.attribute);
            if !closed {
                pools.open.insert(variable.clone());
            }
            let compared = pools.compared.entry(variable).or_default();
            compared.entry(operand.view).or_default().extend(values.iter().cloned());
        }
    }
    // Equal normal forms say little of the raw strings: where both are asked of, more may matter.
    for (variable, compared) in &pools.compared {
        let raw_test = atoms_of(wishes, variable)
            .any(|wish| wish.atom.operand.view.is_none() && is_string_test(wish));
        let views = compared.keys().any(Option::is_some);
        if views && (raw_test || compared.contains_key(&None)) {
            pools.open.insert(variable.clone());
        }
    }
    // What is equal to something open is open as well.
    for group in &groups {
        let variables: BTreeSet<Variable> =
            group.iter().map(|operand| Variable::of(&operand.attribute)).collect();
        if !variables.is_disjoint(&pools.open) {
            pools.open.extend(variables);
        }
    }
    Ok(pools)
}

/// The wishes that read a variable as a whole.
fn atoms_of<'w>(wishes: &'w [&'w Wish], variable: &'w Variable) -> impl Iterator<Item = &'w Wish> {
    wishes.iter().copied().filter(move |wish| {
        wish.atom.quantifier.is_none() && Variable::of(&wish.atom.operand.attribute) == *variable
    })
}

/// Whether a wish asks something of a string's value itself.
fn is_string_test(wish: &Wish) -> bool {
    let string = match &wish.atom.operand.attribute {
        Attribute::Argument(argument) => argument.kind == ArgumentType::String,
        _ => true,
    };
    let same = matches!(&wish.atom.test, Test::SameAs(other) if *other != wish.atom.operand);
    string && wish.atom.test != Test::Present && !same
}

/// The operands that are compared with one another, directly or through others.
fn groups(wishes: &[&Wish]) -> Result<Vec<BTreeSet<Operand>>, Undecided> {
    let mut groups: Vec<BTreeSet<Operand>> = Vec::new();
    for wish in wishes {
        let Test::SameAs(other) = &wish.atom.test else { continue };
        if wish.atom.quantifier.is_some() {
            return Err(Undecided::Unknown);
        }
        if *other == wish.atom.operand {
            continue;
        }
        let mut joined = BTreeSet::from([wish.atom.operand.clone(), other.clone()]);
        groups.retain(|group| {
            let apart = group.is_disjoint(&joined);
            if !apart {
                joined.extend(group.iter().cloned());
            }
            apart
        });
        groups.push(joined);
    }
    Ok(groups)
}

/// Operands that are compared with one another.
struct Group<'g> {
    operands: &'g BTreeSet<Operand>,
    wishes: &'g [&'g Wish],
    budget: &'g Budget,
}

impl Group<'_> {
    fn integers(&self) -> Result<(BTreeSet<Value>, bool), Undecided> {
        let mut constants = BTreeSet::new();
        for operand in self.operands {
            let variable = Variable::of(&operand.attribute);
            for wish in atoms_of(self.wishes, &variable) {
                let atom = &wish.atom;
                let same = atom.operand == *operand;
                if same && !matches!(atom.test, Test::SameAs(_) | Test::Present) {
                    constants.extend(integers::constants(&atom.test)?);
                }
            }
            if operand.view == Some(View::UrlPort) {
                constants.extend([0, 65_536]);
            }
            if !matches!(operand.attribute, Attribute::Argument(_)) {
                constants.extend(least(&operand.attribute).checked_sub(1));
            }
        }
        let each = self.operands.len();
        let all = integers::representatives(&constants, i64::MIN, i64::MAX, each);
        Ok((all.into_iter().map(Value::Integer).collect(), true))
    }

    /// The values, and whether no other matters.
    fn strings(&self) -> Result<(BTreeSet<Value>, bool), Undecided> {
        let views: BTreeSet<Option<View>> = self.operands.iter().map(|one| one.view).collect();
        let mut pool = BTreeSet::new();
        let mut closed = true;
        for view in views {
            let (tests, all) = self.tests(view);
            closed &= all;
            closed &= self.fill(&mut pool, view, tests)?;
        }
        Ok((pool.into_iter().map(Value::String).collect(), closed))
    }

    /// What is asked of the values of the group, as seen through one view, and whether that is all.
    fn tests(&self, view: Option<View>) -> (Vec<Viewed>, bool) {
        let mut tests: Vec<Viewed> = vec![(view, value_test(view))];
        let mut all = true;
        for operand in self.operands {
            let variable = Variable::of(&operand.attribute);
            let atoms = atoms_of(self.wishes, &variable).filter(|one| is_string_test(one));
            let of_variable = string_tests(atoms.map(|wish| &wish.atom));
            // A scheme settles the port of a URL that names none.
            let has_port = of_variable.iter().any(|(one, _)| *one == Some(View::UrlPort))
                || self.compares(&variable, View::UrlPort);
            if operand.view == Some(View::UrlScheme) && has_port {
                let schemes = ["http", "https", "ws", "wss", "ftp"];
                let known = schemes.map(|one| Literal::String(one.to_owned()));
                tests.extend(known.map(|one| (view, Test::Equals(one))));
            }
            for (read, test) in of_variable {
                match operand.view {
                    // What is compared is the string itself, so whatever is asked of it counts.
                    None if view.is_none() => tests.push((read, test)),
                    None if read.is_none() => tests.push((view, test)),
                    None => all = false,
                    Some(_) if read == operand.view => tests.push((view, test)),
                    Some(_) => {}
                }
            }
        }
        tests.dedup();
        (tests, all)
    }

    fn compares(&self, variable: &Variable, view: View) -> bool {
        self.wishes.iter().any(|wish| match &wish.atom.test {
            Test::SameAs(other) => [&wish.atom.operand, other].into_iter().any(|operand| {
                operand.view == Some(view) && Variable::of(&operand.attribute) == *variable
            }),
            _ => false,
        })
    }

    /// Adds values to the pool, of each class one in each round, and tells whether classes without
    /// a sure value are left out.
    fn fill(
        &self,
        pool: &mut BTreeSet<String>,
        view: Option<View>,
        tests: Vec<Viewed>,
    ) -> Result<bool, Undecided> {
        let mut closed = true;
        for _ in self.operands {
            let known = pool.iter().map(|text| (view, Test::Equals(Literal::String(text.clone()))));
            let mut all = tests.clone();
            all.extend(known);
            let found = classes(&all, self.budget)?;
            for class in found.iter() {
                let is_known =
                    class.outcomes.iter().skip(tests.len()).any(|outcome| *outcome == Some(true));
                let has_value = class.outcomes.first().copied().flatten().is_some();
                if is_known || !has_value {
                    continue;
                }
                if !class.sure {
                    closed &= found.iter().any(|one| one.sure && one.outcomes == class.outcomes);
                    continue;
                }
                let value = match view {
                    None => Some(Value::String(class.text.clone())),
                    Some(view) => view.of(&class.text),
                };
                match value {
                    Some(Value::String(text)) => pool.insert(text),
                    _ => return Err(Undecided::Disagreement),
                };
            }
        }
        Ok(closed)
    }
}
