//! Conditions: operands resolved, both sides typed, negation pushed to the atoms.

mod absence;
mod operand;
mod test;
mod types;

use std::collections::BTreeSet;

use placet_engine::condition::{Atom, Attribute, Condition, Quantifier};
use placet_engine::view::View;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::model::condition::types::Type;
use crate::syntax::ast::{self, Expression, Operator};

/// The tools that a condition must fit, by server.
type Tools = [(String, BTreeSet<String>)];

/// A condition in normal form: nested lists flattened, sorted, each part once.
pub(crate) fn conjunction(conditions: Vec<Condition>) -> Option<Condition> {
    join(conditions, true)
}

fn join(conditions: Vec<Condition>, all: bool) -> Option<Condition> {
    let mut parts = BTreeSet::new();
    for condition in conditions {
        match condition {
            Condition::All(nested) if all => parts.extend(nested),
            Condition::Any(nested) if !all => parts.extend(nested),
            other => {
                parts.insert(other);
            }
        }
    }
    let mut parts: Vec<Condition> = parts.into_iter().collect();
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ if all => Some(Condition::All(parts)),
        _ => Some(Condition::Any(parts)),
    }
}

impl<'a> Checker<'a> {
    /// A condition or its negation, or `None` once what is wrong with it is said.
    pub(crate) fn condition(
        &mut self,
        expression: &Expression,
        negate: bool,
        tools: &Tools,
    ) -> Option<Condition> {
        match expression {
            Expression::Not(inner) => self.condition(inner, !negate, tools),
            Expression::And(parts) | Expression::Or(parts) => {
                let all = matches!(expression, Expression::And(_)) != negate;
                let conditions: Vec<Option<Condition>> =
                    parts.iter().map(|part| self.condition(part, negate, tools)).collect();
                join(conditions.into_iter().collect::<Option<Vec<_>>>()?, all)
            }
            // A capability has no tools only if that was reported; what its arguments are would be a
            // second message about one mistake.
            Expression::Test(test)
                if test.operand.path.first().is_some_and(|root| root.text == "args")
                    && !tools.is_empty()
                    && tools.iter().all(|(_, names)| names.is_empty()) =>
            {
                None
            }
            Expression::Test(test) => {
                let atom = self.atom(test, negate, tools);
                self.keep(atom).map(Condition::Atom)
            }
        }
    }

    fn atom(&self, test: &ast::Test, negate: bool, tools: &Tools) -> Result<Atom, Diagnostic> {
        let presence = matches!(test.operator, Some((Operator::Is(_), _)));
        let under = matches!(test.operator, Some((Operator::Under(_) | Operator::NotUnder(_), _)));
        let quantifier = test.quantifier.map(|(quantifier, _)| quantifier);
        let (mut operand, mut kind) =
            self.operand(&test.operand, quantifier.is_some(), presence, tools)?;
        let is_argument = matches!(operand.attribute, Attribute::Argument(_));
        if under && kind == Type::Text && is_argument {
            // `under` always judges the normal form: by text alone it would be walked round.
            operand.view = Some(View::Path);
            kind = Type::Path;
        }
        let always = matches!(
            operand.attribute,
            Attribute::UserIssuer
                | Attribute::UserSubject
                | Attribute::ClientId
                | Attribute::ClientRegistration
                | Attribute::Now
        );
        if presence && always {
            return Err(Diagnostic::error(
                Code::TypeMismatch,
                format!("`{operand}` is always present"),
            )
            .at(self.sources, test.span, "says nothing")
            .help("leave the test out"));
        }
        if presence && let Some((_, span)) = test.quantifier {
            return Err(Diagnostic::error(
                Code::TypeMismatch,
                "presence is asked of an argument, not of its elements",
            )
            .at(self.sources, span, "leave this out"));
        }
        let (checked, negated) = self.test(test, &operand, kind, tools)?;
        let quantifier = match (quantifier, negate) {
            (Some(Quantifier::All), true) => Some(Quantifier::Any),
            (Some(Quantifier::Any), true) => Some(Quantifier::All),
            (quantifier, _) => quantifier,
        };
        Ok(Atom { quantifier, operand, test: checked, negated: negated != negate })
    }
}
