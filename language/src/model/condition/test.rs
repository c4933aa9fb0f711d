//! Tests: an operator and its right side, checked against the operand's type.

use std::collections::BTreeSet;
use std::net::IpAddr;

use placet_engine::condition::{Literal, Operand, Quantifier, Test};
use placet_engine::glob::Glob;
use placet_engine::network::Network;
use placet_engine::view::path;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::check::Checker;
use crate::model::condition::Tools;
use crate::model::condition::types::Type;
use crate::source::Span;
use crate::syntax::ast::{self, Members, Operator, Value};
use crate::syntax::text::{unescape, unescape_pattern};

impl Checker<'_> {
    /// The test, and whether the operator negates it.
    pub(super) fn test(
        &self,
        test: &ast::Test,
        operand: &Operand,
        kind: Type,
        tools: &Tools,
    ) -> Result<(Test, bool), Diagnostic> {
        let Some((operator, _)) = &test.operator else {
            return match kind {
                Type::Boolean => Ok((Test::Equals(Literal::Boolean(true)), false)),
                _ => Err(Diagnostic::error(
                    Code::TypeMismatch,
                    format!("{} is not a condition by itself", quoted(operand)),
                )
                .at(self.sources, test.operand.span, format!("this is {}", kind.name()))
                .help("compare it: `==`, `in`, `<`, `has`, `like`, `under`, `is present`")),
            };
        };
        let operator = self.resolved(operator)?;
        let checked = match &operator {
            Operator::Equal(value) | Operator::NotEqual(value) => {
                self.equality(&test.operand, operand, kind, value, test.quantifier, tools)?
            }
            Operator::Less(value) => Test::LessThan(self.bound(test, operand, kind, value)?),
            Operator::LessEqual(value) => Test::AtMost(self.bound(test, operand, kind, value)?),
            Operator::Greater(value) => Test::MoreThan(self.bound(test, operand, kind, value)?),
            Operator::GreaterEqual(value) => Test::AtLeast(self.bound(test, operand, kind, value)?),
            Operator::In(Members::List(list)) | Operator::NotIn(Members::List(list)) => {
                if list.values.is_empty() {
                    return Err(Diagnostic::error(Code::ValueEmpty, "nothing is in an empty list")
                        .at(self.sources, list.span, "empty")
                        .help("name what may be meant, or leave the test out"));
                }
                let mut literals = BTreeSet::new();
                for value in &list.values {
                    literals.insert(self.literal(&test.operand, operand, kind, value)?);
                }
                Test::OneOf(literals.into_iter().collect())
            }
            // A named list was resolved above.
            Operator::In(Members::Named(name)) | Operator::NotIn(Members::Named(name)) => {
                return Err(self.names.constants.unknown(self.sources, name));
            }
            Operator::Has(value) | Operator::NotHas(value) => match (kind, value) {
                (Type::Strings, Value::Text(text)) => Test::Has(unescape(&text.raw)),
                (Type::Strings, other) => {
                    return Err(self.mismatch(other.span(), "a text in quotes", operand, kind));
                }
                _ => return Err(self.not_for(test, operand, kind, "has", "sets of strings")),
            },
            Operator::Like(value) | Operator::NotLike(value) => match (kind, value) {
                (Type::Text | Type::Path, Value::Text(text)) => {
                    Test::Like(Glob::parse(&unescape_pattern(&text.raw)))
                }
                (Type::Text | Type::Path, other) => {
                    return Err(self.mismatch(other.span(), "a pattern in quotes", operand, kind));
                }
                _ => return Err(self.not_for(test, operand, kind, "like", "strings")),
            },
            Operator::Under(value) | Operator::NotUnder(value) => {
                self.below(test, operand, kind, value)?
            }
            Operator::Is(word) => match word.text.as_str() {
                "present" => Test::Present,
                "absent" => return Ok((Test::Present, true)),
                _ => {
                    let help = did_you_mean(&word.text, ["present", "absent"]);
                    return Err(Diagnostic::error(
                        Code::ValuePresence,
                        format!("`is {}` is no test", word.text),
                    )
                    .at(self.sources, word.span, "not known")
                    .help(help.unwrap_or_else(|| {
                        String::from(
                            "write `is present` or `is absent`; values are compared with `==`",
                        )
                    })));
                }
            },
        };
        let negated = matches!(
            operator,
            Operator::NotEqual(_)
                | Operator::NotIn(_)
                | Operator::NotHas(_)
                | Operator::NotLike(_)
                | Operator::NotUnder(_)
        );
        Ok((checked, negated))
    }

    fn equality(
        &self,
        written: &ast::Operand,
        operand: &Operand,
        kind: Type,
        value: &Value,
        quantifier: Option<(Quantifier, Span)>,
        tools: &Tools,
    ) -> Result<Test, Diagnostic> {
        let Value::Operand(other) = value else {
            return self.literal(written, operand, kind, value).map(Test::Equals);
        };
        let (other_operand, other_kind) = self.operand(other, false, false, tools)?;
        let comparable = matches!(kind, Type::Text | Type::Path | Type::Boolean | Type::Integer);
        if kind != other_kind || !comparable {
            let why = match kind == other_kind {
                true => format!("{} cannot be compared with another attribute", kind.name()),
                false => format!("this is {}", other_kind.name()),
            };
            return Err(Diagnostic::error(Code::TypeMismatch, "these two cannot be compared")
                .at(self.sources, other.span, why)
                .at(self.sources, written.span, format!("this is {}", kind.name()))
                .help(
                    "two attributes are compared if both are strings, booleans, integers or paths",
                ));
        }
        if let Some((_, span)) = quantifier {
            return Err(Diagnostic::error(
                Code::TypeMismatch,
                "elements are compared with constants only",
            )
            .at(self.sources, other.span, "another attribute")
            .at(self.sources, span, "speaks of elements"));
        }
        Ok(Test::SameAs(other_operand))
    }

    /// A constant of the operand's type.
    fn literal(
        &self,
        written: &ast::Operand,
        operand: &Operand,
        kind: Type,
        value: &Value,
    ) -> Result<Literal, Diagnostic> {
        let wrong = || self.mismatch(value.span(), kind.example(), operand, kind);
        match (kind, value) {
            (Type::Text, Value::Text(text)) => Ok(Literal::String(unescape(&text.raw))),
            (Type::Path, Value::Text(text)) => self.folder(text).map(Literal::String),
            (Type::Registration, Value::Text(text)) => {
                let word = unescape(&text.raw);
                let known = ["preregistered", "metadata_document", "dynamic"];
                if known.contains(&word.as_str()) {
                    return Ok(Literal::String(word));
                }
                let diagnostic = wrong();
                Err(match did_you_mean(&word, known) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                })
            }
            (Type::Address, Value::Text(text)) => {
                let address = unescape(&text.raw).parse::<IpAddr>().map_err(|_| wrong())?;
                Ok(Literal::Address(address.to_canonical()))
            }
            (Type::Boolean, Value::Boolean(value, _)) => Ok(Literal::Boolean(*value)),
            (Type::Integer | Type::Duration | Type::Instant, _) => {
                self.number(kind, value).unwrap_or_else(|| Err(wrong())).map(Literal::Integer)
            }
            (Type::Strings, _) => Err(Diagnostic::error(
                Code::TypeMismatch,
                format!("{} is a set of strings", quoted(operand)),
            )
            .at(self.sources, written.span, "cannot be compared as a whole")
            .help("ask for an element with `has`, or judge them with `all` or `any`")),
            _ => Err(wrong()),
        }
    }

    /// A number of the right kind; `None` if the value is of another.
    fn number(&self, kind: Type, value: &Value) -> Option<Result<i64, Diagnostic>> {
        match (kind, value) {
            (Type::Integer, Value::Integer(number)) => Some(self.integer(number)),
            (Type::Duration, Value::Duration(duration)) => Some(self.seconds(duration)),
            (Type::Instant, Value::Instant(instant)) => {
                let text = match instant.digits.contains('T') {
                    true => instant.digits.clone(),
                    false => format!("{}T00:00:00Z", instant.digits),
                };
                let parsed = text.parse::<jiff::Timestamp>().ok();
                // `now` is in whole seconds; half a second could only be rounded the wrong way.
                let whole = parsed.filter(|instant| instant.subsec_nanosecond() == 0);
                Some(whole.map(jiff::Timestamp::as_second).ok_or_else(|| {
                    Diagnostic::error(Code::ValueInstant, "there is no such instant")
                        .at(self.sources, instant.span, "not a second of the calendar")
                        .help("write `2026-12-31` or `2026-12-31T12:00:00Z`")
                }))
            }
            _ => None,
        }
    }

    fn bound(
        &self,
        test: &ast::Test,
        operand: &Operand,
        kind: Type,
        value: &Value,
    ) -> Result<i64, Diagnostic> {
        if !matches!(kind, Type::Integer | Type::Duration | Type::Instant) {
            return Err(self.not_for(
                test,
                operand,
                kind,
                "<",
                "numbers, lengths of time and instants",
            ));
        }
        let wrong = || self.mismatch(value.span(), kind.example(), operand, kind);
        if let Value::Operand(_) = value {
            return Err(wrong().help("two attributes are compared with `==` and `!=` only"));
        }
        self.number(kind, value).unwrap_or_else(|| Err(wrong()))
    }

    fn below(
        &self,
        test: &ast::Test,
        operand: &Operand,
        kind: Type,
        value: &Value,
    ) -> Result<Test, Diagnostic> {
        match (kind, value) {
            (Type::Path, Value::Text(text)) => self.folder(text).map(Test::UnderFolder),
            (Type::Address, Value::Text(text)) => {
                let network = unescape(&text.raw);
                Network::parse(&network).map(Test::UnderNetwork).ok_or_else(|| {
                    let is_range = network.contains('/');
                    let wrong =
                        self.mismatch(text.span, "a network such as \"10.0.0.0/8\"", operand, kind);
                    match is_range {
                        true => wrong.help(
                            "write the network's first address and how many bits are fixed, with \
                             nothing set beyond them: `\"10.0.0.0/8\"`, and not `\"10.0.0.1/8\"`",
                        ),
                        false => wrong,
                    }
                })
            }
            (Type::Path | Type::Address, other) => {
                Err(self.mismatch(other.span(), kind.example(), operand, kind))
            }
            _ => Err(self.not_for(test, operand, kind, "under", "paths and IP addresses")),
        }
    }

    /// A folder in the one form that a path view can yield.
    fn folder(&self, text: &ast::Text) -> Result<String, Diagnostic> {
        let raw = unescape(&text.raw);
        let normal = path(&raw);
        if normal.as_ref() == Some(&raw) {
            return Ok(raw);
        }
        let diagnostic = Diagnostic::error(Code::ValuePath, "no path has this form").at(
            self.sources,
            text.span,
            "never equal to a normal path",
        );
        Err(match normal {
            Some(normal) => diagnostic.help(format!("write \"{normal}\"")),
            None => diagnostic.help(
                "a path starts with `/` and has no `..`, `%`, backslash or control character",
            ),
        })
    }

    fn mismatch(&self, span: Span, wanted: &str, operand: &Operand, kind: Type) -> Diagnostic {
        Diagnostic::error(
            Code::TypeMismatch,
            format!("`{operand}` is {}, and this is not", kind.name()),
        )
        .at(self.sources, span, "does not fit")
        .help(format!("write {wanted}"))
    }

    fn not_for(
        &self,
        test: &ast::Test,
        operand: &Operand,
        kind: Type,
        operator: &str,
        of: &str,
    ) -> Diagnostic {
        Diagnostic::error(Code::TypeMismatch, format!("`{operator}` is a test of {of}")).at(
            self.sources,
            test.operand.span,
            format!("`{operand}` is {}", kind.name()),
        )
    }
}

fn quoted(operand: &Operand) -> String {
    format!("`{operand}`")
}
