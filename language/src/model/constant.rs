//! Constants: values and lists that conditions name instead of repeating them.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::source::Span;
use crate::syntax::ast::{Constant, List, Members, Name, Operator, Value};

/// The words that start what a condition reads. A constant of such a name would never be meant.
const ROOTS: [&str; 4] = ["args", "call", "now", "token"];

impl<'a> Checker<'a> {
    pub(crate) fn check_constants(&mut self) {
        let declared: Vec<(String, &'a Constant, Span)> = self
            .names
            .constants
            .iter()
            .map(|(name, constant, span)| (name.to_owned(), *constant, span))
            .collect();
        for (name, constant, span) in declared {
            if ROOTS.contains(&name.as_str()) {
                let diagnostic = Diagnostic::error(
                    Code::NameRepeated,
                    format!("`{name}` is something that conditions read"),
                )
                .at(self.sources, span, "already has a meaning")
                .help("give the constant another name");
                self.say(diagnostic);
            }
            let values = match constant {
                Constant::One(value) => std::slice::from_ref(value),
                Constant::Many(list) => list.values.as_slice(),
            };
            for value in values {
                if let Value::Operand(operand) = value {
                    let diagnostic = Diagnostic::error(
                        Code::ValueConstant,
                        "a constant is written out",
                    )
                    .at(self.sources, operand.span, "not a constant")
                    .help("write a text in quotes, a number, a length of time, an instant, `true` or `false`");
                    self.say(diagnostic);
                }
            }
        }
    }

    /// The operator with its constants' values in place of their names.
    pub(crate) fn resolved(&self, operator: &Operator) -> Result<Operator, Diagnostic> {
        Ok(match operator {
            Operator::Equal(value) => Operator::Equal(self.one(value)?),
            Operator::NotEqual(value) => Operator::NotEqual(self.one(value)?),
            Operator::Less(value) => Operator::Less(self.one(value)?),
            Operator::LessEqual(value) => Operator::LessEqual(self.one(value)?),
            Operator::Greater(value) => Operator::Greater(self.one(value)?),
            Operator::GreaterEqual(value) => Operator::GreaterEqual(self.one(value)?),
            Operator::In(members) => Operator::In(Members::List(self.many(members)?)),
            Operator::NotIn(members) => Operator::NotIn(Members::List(self.many(members)?)),
            Operator::Has(value) => Operator::Has(self.one(value)?),
            Operator::NotHas(value) => Operator::NotHas(self.one(value)?),
            Operator::Like(value) => Operator::Like(self.one(value)?),
            Operator::NotLike(value) => Operator::NotLike(self.one(value)?),
            Operator::Under(value) => Operator::Under(self.one(value)?),
            Operator::NotUnder(value) => Operator::NotUnder(self.one(value)?),
            Operator::Is(word) => Operator::Is(word.clone()),
        })
    }

    fn one(&self, value: &Value) -> Result<Value, Diagnostic> {
        let Some((name, constant)) = self.named(value) else { return Ok(value.clone()) };
        match constant {
            Constant::One(value) => Ok(value.clone()),
            Constant::Many(_) => {
                Err(Diagnostic::error(Code::TypeMismatch, format!("`{}` is a list", name.text))
                    .at(self.sources, name.span, "one value should stand here")
                    .help(format!("write `in {}`", name.text)))
            }
        }
    }

    fn many(&self, members: &Members) -> Result<List, Diagnostic> {
        match members {
            Members::List(list) => {
                let values = list.values.iter().map(|value| self.one(value));
                Ok(List { values: values.collect::<Result<_, _>>()?, span: list.span })
            }
            Members::Named(name) => match self.names.constants.find(self.sources, name)? {
                Constant::Many(list) => Ok(list.clone()),
                Constant::One(_) => Err(Diagnostic::error(
                    Code::TypeMismatch,
                    format!("`{}` is one value", name.text),
                )
                .at(self.sources, name.span, "a list should stand here")
                .help(format!("write `== {}`", name.text))),
            },
        }
    }

    /// The constant that a value names, if it names one.
    fn named<'v>(&self, value: &'v Value) -> Option<(&'v Name, &'a Constant)> {
        let Value::Operand(operand) = value else { return None };
        let [name] = operand.path.as_slice() else { return None };
        if operand.view.is_some() {
            return None;
        }
        self.names.constants.get(&name.text).map(|constant| (name, *constant))
    }
}
