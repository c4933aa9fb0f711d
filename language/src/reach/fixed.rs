//! Conditions where some of what they read is known.

use std::collections::BTreeMap;

use placet_engine::condition::{
    Argument, Atom, Attribute, Condition, Literal, Operand, Side, Test, Value, Values,
};

/// Attributes of a call that are known: to have a value, or to have none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fixed(BTreeMap<Attribute, Option<Value>>);

impl Fixed {
    pub(crate) fn set(&mut self, attribute: Attribute, value: Option<Value>) {
        self.0.insert(attribute, value);
    }

    pub(crate) fn text(&mut self, attribute: Attribute, text: &str) {
        self.set(attribute, Some(Value::String(text.to_owned())));
    }

    pub(crate) fn is_known(&self, attribute: &Attribute) -> bool {
        self.0.contains_key(attribute)
    }

    /// A condition with what is known settled: of no atom where that settles it, an empty
    /// [`Condition::All`] where it holds, an empty [`Condition::Any`] where it does not.
    pub(crate) fn settle(&self, condition: &Condition, side: Side) -> Condition {
        match condition {
            Condition::All(parts) => {
                let mut kept = Vec::new();
                for part in parts.iter().map(|part| self.settle(part, side)) {
                    match part {
                        Condition::Any(none) if none.is_empty() => return Condition::Any(none),
                        Condition::All(all) => kept.extend(all),
                        part => kept.push(part),
                    }
                }
                single(kept, Condition::All)
            }
            Condition::Any(parts) => {
                let mut kept = Vec::new();
                for part in parts.iter().map(|part| self.settle(part, side)) {
                    match part {
                        Condition::All(all) if all.is_empty() => return Condition::All(all),
                        Condition::Any(any) => kept.extend(any),
                        part => kept.push(part),
                    }
                }
                single(kept, Condition::Any)
            }
            Condition::Atom(atom) => self.atom(atom, side),
        }
    }

    fn atom(&self, atom: &Atom, side: Side) -> Condition {
        let known = |operand: &Operand| self.is_known(&operand.attribute);
        match &atom.test {
            Test::SameAs(other) if known(&atom.operand) != known(other) => {
                // INVARIANT: attributes that are known are no arguments, so there is no quantifier
                // over the known one.
                let (known, open) = match known(other) {
                    true => (other, &atom.operand),
                    false => (&atom.operand, other),
                };
                match self.value(known).and_then(literal) {
                    None => constant(side.without_value()),
                    Some(literal) => Condition::Atom(Atom {
                        quantifier: atom.quantifier,
                        operand: open.clone(),
                        test: Test::Equals(literal),
                        negated: atom.negated,
                    }),
                }
            }
            _ if known(&atom.operand) => constant(atom.holds(self, side)),
            _ => Condition::Atom(atom.clone()),
        }
    }
}

fn single(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.pop().unwrap_or(join(Vec::new())),
        _ => join(parts),
    }
}

/// A condition that always or never holds.
pub(crate) fn constant(value: bool) -> Condition {
    if value { Condition::All(Vec::new()) } else { Condition::Any(Vec::new()) }
}

fn literal(value: Value) -> Option<Literal> {
    match value {
        Value::String(text) => Some(Literal::String(text)),
        Value::Boolean(value) => Some(Literal::Boolean(value)),
        Value::Integer(value) => Some(Literal::Integer(value)),
        Value::Address(address) => Some(Literal::Address(address)),
        Value::Strings(_) => None,
    }
}

impl Values for Fixed {
    fn value(&self, operand: &Operand) -> Option<Value> {
        let value = self.0.get(&operand.attribute)?.as_ref()?;
        match (operand.view, value) {
            (None, value) => Some(value.clone()),
            (Some(view), Value::String(text)) => view.of(text),
            (Some(_), _) => None,
        }
    }

    fn elements(&self, _: &Operand) -> Option<Vec<Option<Value>>> {
        None
    }

    fn is_present(&self, attribute: &Attribute) -> bool {
        self.0.get(attribute).is_some_and(Option::is_some)
    }
}

/// Arguments, each with the quantifier under which it is read.
pub(crate) type Integers =
    std::collections::BTreeSet<(Option<placet_engine::condition::Quantifier>, Argument)>;

/// The arguments that some conditions read as integers. Facts are no part of a call's digest, so however
/// large one is makes no difference.
pub(crate) fn integers<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Integers {
    use placet_engine::condition::{ArgumentType, Quantifier};
    let operands = conditions.into_iter().flat_map(Condition::atoms).flat_map(|atom| {
        let quantifier = atom.quantifier.map(|_| Quantifier::Any);
        atom.operands().enumerate().map(move |(at, operand)| {
            // Only the first of two that are compared stands under the quantifier.
            (quantifier.filter(|_| at == 0), operand)
        })
    });
    operands
        .filter_map(|(quantifier, operand)| match &operand.attribute {
            Attribute::Argument(argument)
                if argument.kind == ArgumentType::Integer && argument.computed.is_none() =>
            {
                Some((quantifier, argument.clone()))
            }
            _ => None,
        })
        .collect()
}
