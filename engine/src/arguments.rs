//! Arguments as conditions read them.

use serde_json::{Map, Value as Json};

use crate::call::Fact;
use crate::condition::{Argument, ArgumentType, Attribute, Operand, Value};
use crate::json;

/// The arguments of a call, and the facts that were computed from them, as conditions read them.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'a> {
    /// The arguments.
    pub given: &'a Map<String, Json>,
    /// What was computed from them.
    pub facts: &'a [Fact],
}

impl<'a> Arguments<'a> {
    /// The value of an operand that is an argument, or `None` where it has none.
    pub fn value(&self, operand: &Operand) -> Option<Value> {
        let Attribute::Argument(argument) = &operand.attribute else { return None };
        let value = match (argument.kind, self.raw(argument)?) {
            (ArgumentType::Strings, Json::Array(items)) => {
                let members = items.iter().map(|item| item.as_str().map(str::to_owned));
                Value::Strings(members.collect::<Option<Vec<_>>>()?)
            }
            (kind, raw) => scalar(raw, kind)?,
        };
        viewed(operand, value)
    }

    /// The elements of an argument, each with its value; `None` where it is no array.
    pub fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>> {
        let Attribute::Argument(argument) = &operand.attribute else { return None };
        let items = self.raw(argument)?.as_array()?;
        let element = |item| viewed(operand, scalar(item, argument.kind)?);
        Some(items.iter().map(element).collect())
    }

    /// Whether the argument is there and is not `null`.
    pub fn is_present(&self, argument: &Argument) -> bool {
        self.raw(argument).is_some_and(|value| !value.is_null())
    }

    /// The value as the call has it.
    pub(crate) fn raw(&self, argument: &Argument) -> Option<&'a Json> {
        let Some(function) = &argument.computed else { return self.at(&argument.path) };
        let is_it = |fact: &&Fact| fact.function == *function && fact.argument == argument.path;
        let mut found = self.facts.iter().filter(is_it);
        // Of two it cannot be said which is meant.
        found.next().filter(|_| found.next().is_none()).map(|fact| &fact.value)
    }

    /// The argument at a path.
    pub(crate) fn at(&self, path: &[String]) -> Option<&'a Json> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.given.get(first)?, |value, name| value.get(name))
    }
}

fn scalar(raw: &Json, kind: ArgumentType) -> Option<Value> {
    match (kind, raw) {
        (ArgumentType::String, Json::String(text)) => Some(Value::String(text.clone())),
        (ArgumentType::Boolean, Json::Bool(value)) => Some(Value::Boolean(*value)),
        (ArgumentType::Integer, Json::Number(number)) => json::integer(number).map(Value::Integer),
        _ => None,
    }
}

/// What an operand reads of its attribute's value.
pub(crate) fn viewed(operand: &Operand, value: Value) -> Option<Value> {
    match (operand.view, value) {
        (None, value) => Some(value),
        (Some(view), Value::String(raw)) => view.of(&raw),
        (Some(_), _) => None,
    }
}
