//! Conditions: operands resolved, both sides typed, negation pushed to the atoms.

mod absence;
mod operand;
mod test;
mod types;

use std::collections::BTreeSet;

use placet_engine::bundle::Feature;
use placet_engine::condition::{
    Atom, Attribute, Condition, Literal, Operand, Quantifier, Test, quote,
};
use placet_engine::url;
use placet_engine::view::View;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::model::condition::types::Type;
use crate::syntax::ast::{self, Expression, Operator};

/// The tools that a condition must fit, by server.
type Tools = [(String, BTreeSet<Feature>)];

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
                if self.is_of_arguments(&test.operand)
                    && !tools.is_empty()
                    && tools.iter().all(|(_, names)| names.is_empty()) =>
            {
                None
            }
            Expression::Test(test) if self.is_fact_without_meaning(test) => None,
            Expression::Test(test) => {
                let atom =
                    self.confirmed(test, negate).unwrap_or_else(|| self.atom(test, negate, tools));
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
        if under && kind == Type::Text && is_argument && operand.view.is_none() {
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
        self.reachable_part(test, &operand, &checked)?;
        let quantifier = match (quantifier, negate) {
            (Some(Quantifier::All), true) => Some(Quantifier::Any),
            (Some(Quantifier::Any), true) => Some(Quantifier::All),
            (quantifier, _) => quantifier,
        };
        Ok(Atom { quantifier, operand, test: checked, negated: negated != negate })
    }

    /// A scheme and a host are judged in lower case, so no other constant is ever equal to one.
    fn reachable_part(
        &self,
        test: &ast::Test,
        operand: &Operand,
        checked: &Test,
    ) -> Result<(), Diagnostic> {
        let literals: Vec<&Literal> = match checked {
            Test::Equals(literal) => vec![literal],
            Test::OneOf(literals) => literals.iter().collect(),
            _ => return Ok(()),
        };
        for literal in literals {
            let Literal::String(text) = literal else { continue };
            let normal = match operand.view {
                Some(View::UrlHost) => url::parse(&format!("https://{text}/")).map(|url| url.host),
                Some(View::UrlScheme) => url::parse(&format!("{text}://a/")).map(|url| url.scheme),
                _ => continue,
            };
            if normal.as_ref() == Some(text) {
                continue;
            }
            let diagnostic =
                Diagnostic::error(Code::ValueUrl, format!("`{operand}` is never {}", quote(text)))
                    .at(self.sources, test.span, "no URL has this");
            return Err(match normal {
                Some(normal) => diagnostic.help(format!("write \"{normal}\"")),
                None => diagnostic.help(
                    "a host is ASCII in lower case, without port, user and trailing dot; a scheme \
                     is a word in lower case",
                ),
            });
        }
        Ok(())
    }
}
