//! Absence: what a condition means where a value may be missing.

use std::collections::BTreeSet;

use placet_engine::condition::{Argument, ArgumentType};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::model::condition::Tools;
use crate::model::condition::operand::lookup;
use crate::syntax::ast::{self, Expression, Operator, Value};

impl Checker<'_> {
    /// Warns of tools on whose arguments nothing can be asked: there the condition counts against
    /// the call.
    pub(crate) fn untyped(&mut self, expressions: &[(&Expression, bool)], tools: &Tools) {
        let (mut read, mut asked) = (Vec::new(), Vec::new());
        for (expression, negated) in expressions {
            operands(expression, *negated, &mut read, &mut asked);
        }
        read.extend(asked);
        let mut of_arguments = read.iter().filter(|(operand, _)| self.is_of_arguments(operand));
        let Some(span) = of_arguments.next().map(|(operand, _)| operand.span) else {
            return;
        };
        let mut warnings = Vec::new();
        for (server, names) in tools {
            let Some(catalogue) = self.servers.get(server).map(|server| &server.catalogue) else {
                continue;
            };
            for name in names {
                let Some(Err(why)) = catalogue.arguments(name) else { continue };
                warnings.push(
                    Diagnostic::error(
                        Code::CatalogueUntyped,
                        format!("the arguments of {name} cannot be judged: {why}"),
                    )
                    .warning()
                    .at(self.sources, span, "counts against every call of that tool")
                    .help("an `allow` with this condition never allows the tool, a `deny` always denies it"),
                );
            }
        }
        self.diagnostics.extend(warnings);
    }

    /// A `deny` on an argument that a call may leave out must say what its absence means.
    pub(crate) fn absences(&mut self, expressions: &[(&Expression, bool)], tools: &Tools) {
        let (mut read, mut present) = (Vec::new(), Vec::new());
        for (expression, negated) in expressions {
            operands(expression, *negated, &mut read, &mut present);
        }
        let names = |operand: &ast::Operand| -> Vec<String> {
            operand.path.iter().map(|name| name.text.clone()).collect()
        };
        let present = present.into_iter().map(|(operand, _)| operand);
        let mut asked: BTreeSet<Vec<String>> = present.map(names).collect();
        for (operand, negated) in read {
            let names = names(operand);
            let path = match self.fact(operand) {
                Some(fact) => fact.path.clone(),
                None if names.first().is_some_and(|root| root == "args") => {
                    names.get(1..).unwrap_or_default().to_vec()
                }
                None => continue,
            };
            // Of a fact it is the argument that may be left out: a fact that nobody computed is no
            // reason to let a call through.
            let argument: Vec<String> =
                std::iter::once(String::from("args")).chain(path.iter().cloned()).collect();
            if asked.contains(&argument) {
                continue;
            }
            let optional = tools.iter().find_map(|(server, tools)| {
                let catalogue = &self.servers.get(server)?.catalogue;
                tools.iter().find(|name| {
                    let arguments = catalogue.arguments(name).and_then(Result::ok);
                    arguments
                        .and_then(|arguments| lookup(arguments, &path))
                        .is_some_and(|(_, required)| !required)
                })
            });
            let Some(tool) = optional else { continue };
            let shown = Argument::given(path, ArgumentType::String).to_string();
            let diagnostic = Diagnostic::error(
                Code::DenyOptional,
                format!(
                    "`{}` may be called without `{}`",
                    tool.name(),
                    shown.trim_start_matches("args.")
                ),
            )
            .at(self.sources, operand.span, "what if it is absent?")
            .help(match negated {
                false => format!(
                    "an absent value makes this `deny` hold; say what you mean: \
                     `{shown} is present and …` to deny only when it is given, or \
                     `{shown} is absent or …` to deny without it too"
                ),
                // What is not to be denied.
                true => format!(
                    "an absent value makes this `deny` hold; say what you mean, inside the `unless` or \
                     the `not`: `{shown} is absent or …` to deny only when it is given, or \
                     `{shown} is present and …` to deny without it too"
                ),
            });
            asked.insert(argument);
            self.say(diagnostic);
        }
    }
}

/// Collects the operands that are read, and those whose presence is asked for, each with whether it
/// stands under an odd number of negations.
fn operands<'e>(
    expression: &'e Expression,
    negated: bool,
    read: &mut Vec<(&'e ast::Operand, bool)>,
    asked: &mut Vec<(&'e ast::Operand, bool)>,
) {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            for part in parts {
                operands(part, negated, read, asked);
            }
        }
        Expression::Not(inner) => operands(inner, !negated, read, asked),
        Expression::Test(test) => {
            if let Some((Operator::Is(_), _)) = test.operator {
                asked.push((&test.operand, negated));
                return;
            }
            read.push((&test.operand, negated));
            if let Some((
                Operator::Equal(Value::Operand(other)) | Operator::NotEqual(Value::Operand(other)),
                _,
            )) = &test.operator
            {
                read.push((other, negated));
            }
        }
    }
}
