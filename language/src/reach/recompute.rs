//! Facts by another version's components: the same function of the same argument, computed by other
//! bytes.

use std::collections::BTreeMap;
use std::rc::Rc;

use placet_engine::Digest;
use placet_engine::condition::{Atom, Attribute, Condition, Function, Operand, Test};

use crate::reach::slice::Slice;

/// By function and argument, the component that computes it.
type Components = BTreeMap<(String, Vec<String>), Digest>;

impl Slice {
    /// The slice with what it reads computed as in another one, as far as that reads it too.
    pub(crate) fn computed_as_in(mut self, other: &Self) -> Self {
        let components = other.components();
        if components.is_empty() {
            return self;
        }
        let recompute = |condition: &mut Option<Rc<Condition>>| {
            if let Some(condition) = condition {
                *condition = Rc::new(recomputed(condition, &components));
            }
        };
        for (path, _) in &mut self.paths {
            recompute(&mut path.condition);
            recompute(&mut path.when);
        }
        for (bound, _) in self.denies.iter_mut().chain(&mut self.requires) {
            recompute(&mut bound.when);
        }
        self
    }

    fn components(&self) -> Components {
        let atoms = self.conditions().flat_map(|condition| condition.atoms());
        let read = atoms.flat_map(Atom::arguments).filter_map(|argument| {
            let Function { component, name } = argument.computed.as_ref()?;
            Some(((name.clone(), argument.path.clone()), component.clone()))
        });
        read.collect()
    }
}

fn recomputed(condition: &Condition, components: &Components) -> Condition {
    let parts = |all: &[Condition]| all.iter().map(|one| recomputed(one, components)).collect();
    match condition {
        Condition::All(all) => Condition::All(parts(all)),
        Condition::Any(any) => Condition::Any(parts(any)),
        Condition::Atom(atom) => Condition::Atom(Atom {
            operand: operand(&atom.operand, components),
            test: match &atom.test {
                Test::SameAs(other) => Test::SameAs(operand(other, components)),
                test => test.clone(),
            },
            ..atom.clone()
        }),
    }
}

fn operand(operand: &Operand, components: &Components) -> Operand {
    let mut operand = operand.clone();
    if let Attribute::Argument(argument) = &mut operand.attribute
        && let Some(function) = &mut argument.computed
        && let Some(component) = components.get(&(function.name.clone(), argument.path.clone()))
    {
        function.component.clone_from(component);
    }
    operand
}
