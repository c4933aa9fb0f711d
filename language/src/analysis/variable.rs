//! Variables: what a call may say freely, and what it says.

use std::collections::BTreeMap;

use placet_engine::condition::{Argument, Attribute, Function, Value};
use serde_json::Value as Json;

use crate::analysis::assignment::Assignment;
use crate::analysis::wish::Wish;

/// Something that a call may say freely.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// An argument by its path: whatever type it is read at, it has one value.
    Argument(Vec<String>),
    /// A fact that is computed from an argument. What it can be is not known, so it is as free as
    /// the argument is, and of it.
    Computed(Function, Vec<String>),
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
            Attribute::Argument(Argument { computed: None, path, .. }) => {
                Self::Argument(path.clone())
            }
            Attribute::Argument(Argument { computed: Some(function), path, .. }) => {
                Self::Computed(function.clone(), path.clone())
            }
            other => Self::Attribute(other.clone()),
        }
    }

    /// The variables that a wish is about: one, or two that are compared.
    pub(super) fn of_wish(wish: &Wish) -> Vec<Self> {
        wish.atom.operands().map(|operand| Self::of(&operand.attribute)).collect()
    }

    /// Whether it is an argument or follows from one, and so can be chosen by the caller.
    pub(super) fn is_of_arguments(&self) -> bool {
        match self {
            Self::Argument(_) | Self::Computed(..) => true,
            Self::Attribute(_) => false,
        }
    }
}

impl Witness {
    /// Sets what is said of a variable.
    pub(super) fn say(&mut self, variable: Variable, held: Held) {
        self.0.insert(variable, held);
    }

    /// The call's values. A reference becomes the value that its attribute has here.
    pub fn assignment(&self) -> Assignment {
        let mut assignment = Assignment::default();
        for (variable, held) in &self.0 {
            if let (Variable::Attribute(attribute), Held::Value(value)) = (variable, held) {
                assignment.attributes.insert(attribute.clone(), value.clone());
            }
        }
        // INVARIANT: a path comes after those that it begins with, so an object is there before its
        // members.
        for (variable, held) in &self.0 {
            let json = match held {
                Held::Json(json) => Some(json.clone()),
                Held::Same(attribute) => assignment.attributes.get(attribute).and_then(as_json),
                Held::Absent | Held::Value(_) => None,
            };
            let Some(json) = json else { continue };
            match variable {
                Variable::Argument(path) => assignment.set(path, json),
                Variable::Computed(function, path) => assignment.compute(function, path, json),
                Variable::Attribute(_) => {}
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
