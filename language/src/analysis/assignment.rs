//! Assignments: what a call says, as far as conditions read it.

use std::collections::BTreeMap;

use placet_engine::Arguments;
use placet_engine::call::Fact;
use placet_engine::condition::{Attribute, Function, Operand, Value, Values};
use serde_json::{Map, Value as Json};

/// The arguments of a call, and what else conditions read of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assignment {
    /// The arguments.
    pub arguments: Map<String, Json>,
    /// The facts that are computed from them.
    pub facts: Vec<Fact>,
    /// Everything else that has a value.
    pub attributes: BTreeMap<Attribute, Value>,
}

impl Assignment {
    /// An assignment of arguments alone.
    pub(super) fn of(arguments: Json) -> Self {
        match arguments {
            Json::Object(arguments) => Self { arguments, ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Sets an argument, and makes what it stands in objects.
    pub(super) fn set(&mut self, path: &[String], value: Json) {
        fn into(object: &mut Map<String, Json>, path: &[String], value: Json) {
            let Some((first, rest)) = path.split_first() else { return };
            if rest.is_empty() {
                object.insert(first.clone(), value);
                return;
            }
            let inner = object.entry(first.clone()).or_insert(Json::Null);
            if !inner.is_object() {
                *inner = Json::Object(Map::new());
            }
            if let Json::Object(inner) = inner {
                into(inner, rest, value);
            }
        }
        into(&mut self.arguments, path, value);
    }

    /// Sets a fact.
    pub(super) fn compute(&mut self, function: &Function, argument: &[String], value: Json) {
        let (function, argument) = (function.clone(), argument.to_vec());
        self.facts.push(Fact { function, argument, value });
    }

    fn read(&self) -> Arguments<'_> {
        Arguments { given: &self.arguments, facts: &self.facts }
    }
}

impl Values for Assignment {
    fn value(&self, operand: &Operand) -> Option<Value> {
        match &operand.attribute {
            Attribute::Argument(_) => self.read().value(operand),
            other => match (operand.view, self.attributes.get(other)?) {
                (None, value) => Some(value.clone()),
                (Some(view), Value::String(raw)) => view.of(raw),
                (Some(_), _) => None,
            },
        }
    }

    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>> {
        self.read().elements(operand)
    }

    fn is_present(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Argument(argument) => self.read().is_present(argument),
            other => self.attributes.contains_key(other),
        }
    }
}
