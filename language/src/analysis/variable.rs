//! Variables: what a call may say freely, and what it says.

use std::collections::BTreeMap;

use placet_engine::condition::{Attribute, Operand, Test, Value};
use serde_json::{Map, Value as Json};

use crate::analysis::assignment::Assignment;
use crate::analysis::wish::Wish;

/// Something that a call may say freely.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// An argument by its path: whatever type it is read at, it has one value.
    Argument(Vec<String>),
    /// Another attribute.
    Attribute(Attribute),
}

/// What a call says of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// Nothing.
    Absent,
    /// This argument.
    Json(Json),
    /// This value of another attribute.
    Value(Value),
    /// An argument that is the same as another attribute, whatever that is.
    Same(Attribute),
}

/// What makes wishes come true.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Witness(pub BTreeMap<Variable, Held>);

impl Variable {
    pub(super) fn of(attribute: &Attribute) -> Self {
        match attribute {
            Attribute::Argument(argument) => Self::Argument(argument.path.clone()),
            other => Self::Attribute(other.clone()),
        }
    }

    /// The variables that a wish is about: one, or two that are compared.
    pub(super) fn of_wish(wish: &Wish) -> Vec<Self> {
        operands(wish).map(|operand| Self::of(&operand.attribute)).collect()
    }
}

/// What a wish's atom reads.
pub(super) fn operands(wish: &Wish) -> impl Iterator<Item = &Operand> {
    let other = match &wish.atom.test {
        Test::SameAs(other) => Some(other),
        _ => None,
    };
    std::iter::once(&wish.atom.operand).chain(other)
}

impl Witness {
    /// Sets what is said of a variable.
    pub(super) fn say(&mut self, variable: Variable, held: Held) {
        self.0.insert(variable, held);
    }

    /// The call's values. A reference becomes the value that its attribute has here.
    pub fn assignment(&self) -> Assignment {
        let mut assignment = Assignment { arguments: Map::new(), attributes: BTreeMap::new() };
        for (variable, held) in &self.0 {
            if let (Variable::Attribute(attribute), Held::Value(value)) = (variable, held) {
                assignment.attributes.insert(attribute.clone(), value.clone());
            }
        }
        // INVARIANT: a path comes after those that it begins with, so an object is there before its
        // members.
        for (variable, held) in &self.0 {
            let Variable::Argument(path) = variable else { continue };
            let json = match held {
                Held::Json(json) => Some(json.clone()),
                Held::Same(attribute) => assignment.attributes.get(attribute).and_then(as_json),
                Held::Absent | Held::Value(_) => None,
            };
            if let Some(json) = json {
                assignment.set(path, json);
            }
        }
        assignment
    }
}

fn as_json(value: &Value) -> Option<Json> {
    match value {
        Value::String(text) => Some(Json::from(text.as_str())),
        Value::Boolean(value) => Some(Json::from(*value)),
        Value::Integer(value) => Some(Json::from(*value)),
        Value::Address(_) | Value::Strings(_) => None,
    }
}
