//! Conditions: operands resolved, both sides typed, negation pushed to the atoms.

use std::collections::BTreeSet;
use std::net::IpAddr;

use placet_engine::condition::{
    Argument, ArgumentType, Atom, Attribute, Condition, Literal, Operand, Quantifier, Test,
};
use placet_engine::glob::Glob;
use placet_engine::network::Network;
use placet_engine::view::View;

use crate::catalogue::{Kind, Parameter};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::check::Checker;
use crate::source::Span;
use crate::syntax::ast::{self, Expression, Operator, Value};
use crate::syntax::text::{unescape, unescape_pattern};

/// The tools that a condition must fit, by server.
type Tools = [(String, BTreeSet<String>)];

/// What an operand holds, as far as tests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Path,
    Boolean,
    Integer,
    Duration,
    Instant,
    Address,
    Registration,
    Strings,
    /// Something whose presence alone can be asked for.
    Opaque,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Registration => "a kind of registration",
            Self::Path => "a path",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Duration => "a length of time",
            Self::Instant => "an instant",
            Self::Address => "an IP address",
            Self::Strings => "a set of strings",
            Self::Opaque => "of a type that conditions cannot read",
        }
    }

    /// How a constant of the type is written.
    fn example(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Path => "an absolute path in quotes, such as \"/srv/data\"",
            Self::Boolean => "`true` or `false`",
            Self::Integer => "an integer, such as 5",
            Self::Duration => "a length of time, such as `15 minutes`",
            Self::Instant => "an instant, such as `2026-12-31` or `2026-12-31T12:00:00Z`",
            Self::Address => "an IP address in quotes, such as \"10.1.2.3\"",
            Self::Registration => "\"preregistered\", \"metadata_document\" or \"dynamic\"",
            Self::Strings | Self::Opaque => "nothing",
        }
    }
}

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

    /// The test, and whether the operator negates it.
    fn test(
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
        let checked = match operator {
            Operator::Equal(value) | Operator::NotEqual(value) => {
                self.equality(&test.operand, operand, kind, value, test.quantifier, tools)?
            }
            Operator::Less(value) => Test::LessThan(self.bound(test, operand, kind, value)?),
            Operator::LessEqual(value) => Test::AtMost(self.bound(test, operand, kind, value)?),
            Operator::Greater(value) => Test::MoreThan(self.bound(test, operand, kind, value)?),
            Operator::GreaterEqual(value) => Test::AtLeast(self.bound(test, operand, kind, value)?),
            Operator::In(list) | Operator::NotIn(list) => {
                if list.values.is_empty() {
                    return Err(Diagnostic::error(
                        Code::ValueInvalid,
                        "nothing is in an empty list",
                    )
                    .at(self.sources, list.span, "empty")
                    .help("name what may be meant, or leave the test out"));
                }
                let mut literals = BTreeSet::new();
                for value in &list.values {
                    literals.insert(self.literal(&test.operand, operand, kind, value)?);
                }
                Test::OneOf(literals.into_iter().collect())
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
                        Code::ValueInvalid,
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
                    Diagnostic::error(Code::ValueInvalid, "there is no such instant")
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
                    self.mismatch(text.span, "a network such as \"10.0.0.0/8\"", operand, kind)
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
        let normal = View::Path.of(&raw);
        if normal.as_ref() == Some(&raw) {
            return Ok(raw);
        }
        let diagnostic = Diagnostic::error(Code::ValueInvalid, "no path has this form").at(
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

    /// An operand and its type. `elements`: the operand stands under `all` or `any`.
    fn operand(
        &self,
        written: &ast::Operand,
        elements: bool,
        presence: bool,
        tools: &Tools,
    ) -> Result<(Operand, Type), Diagnostic> {
        let view = match &written.view {
            None => None,
            Some(name) if name.text == "path" => Some(View::Path),
            Some(name) => {
                let help = did_you_mean(&name.text, ["path"]);
                return Err(Diagnostic::error(
                    Code::NameUnknown,
                    format!("there is no view `{}`", name.text),
                )
                .at(self.sources, name.span, "not known")
                .help(help.unwrap_or_else(|| String::from("the views are `path(…)`"))));
            }
        };
        let root = written.path.first().map(|name| name.text.as_str()).unwrap_or_default();
        let (attribute, kind) = if root == "args" {
            self.argument(written, elements, presence, tools)?
        } else {
            self.attribute(written, elements)?
        };
        if view.is_some() && (presence || kind != Type::Text) {
            let why = match presence {
                true => String::from("presence is asked of the argument itself"),
                false => format!("this is {}", kind.name()),
            };
            return Err(Diagnostic::error(Code::TypeMismatch, "a view reads a string")
                .at(self.sources, written.span, why)
                .help("leave `path(…)` out here"));
        }
        if view.is_some() && !matches!(attribute, Attribute::Argument(_)) {
            return Err(Diagnostic::error(Code::TypeMismatch, "only arguments name paths")
                .at(self.sources, written.span, "not an argument")
                .help("compare it as it is: `==`, `in`, `like`"));
        }
        let kind = if view.is_some() { Type::Path } else { kind };
        Ok((Operand { view, attribute }, kind))
    }

    fn attribute(
        &self,
        written: &ast::Operand,
        elements: bool,
    ) -> Result<(Attribute, Type), Diagnostic> {
        const KNOWN: [(&str, Attribute, Type); 10] = [
            ("call.address", Attribute::CallAddress, Type::Address),
            ("client.id", Attribute::ClientId, Type::Text),
            ("client.registration", Attribute::ClientRegistration, Type::Registration),
            ("now", Attribute::Now, Type::Instant),
            ("token.acr", Attribute::TokenAcr, Type::Text),
            ("token.age", Attribute::TokenAge, Type::Duration),
            ("token.auth_age", Attribute::TokenAuthAge, Type::Duration),
            ("token.lifetime", Attribute::TokenLifetime, Type::Duration),
            ("user.issuer", Attribute::UserIssuer, Type::Text),
            ("user.subject", Attribute::UserSubject, Type::Text),
        ];
        let names: Vec<&str> = written.path.iter().map(|name| name.text.as_str()).collect();
        let path = names.join(".");
        let found = KNOWN.iter().find(|(name, _, _)| *name == path);
        let Some((_, attribute, kind)) = found else {
            let diagnostic =
                Diagnostic::error(Code::NameUnknown, format!("there is nothing called `{path}`"))
                    .at(self.sources, written.span, "not known to conditions");
            let known = KNOWN.iter().map(|(name, _, _)| *name);
            return Err(if matches!(path.as_str(), "token.scopes" | "scopes" | "consents") {
                diagnostic.help(
                    "scopes and consents are judged by `needs` and `under`, never in a condition",
                )
            } else {
                diagnostic.help(did_you_mean(&path, known).unwrap_or_else(|| {
                    let names: Vec<String> =
                        KNOWN.iter().map(|(name, _, _)| format!("`{name}`")).collect();
                    format!("conditions read the tool's arguments (`args.…`), {}", names.join(", "))
                }))
            });
        };
        if elements {
            return Err(Diagnostic::error(Code::TypeMismatch, format!("`{path}` has no elements"))
                .at(self.sources, written.span, format!("this is {}", kind.name()))
                .help("leave `all` or `any` out"));
        }
        Ok((attribute.clone(), *kind))
    }

    fn argument(
        &self,
        written: &ast::Operand,
        elements: bool,
        presence: bool,
        tools: &Tools,
    ) -> Result<(Attribute, Type), Diagnostic> {
        let path: Vec<String> = written.path.iter().skip(1).map(|name| name.text.clone()).collect();
        if path.is_empty() {
            return Err(Diagnostic::error(Code::ArgumentUnknown, "which argument?")
                .at(self.sources, written.span, "names none")
                .help("name one: `args.owner`"));
        }
        let shown = written.path.iter().skip(1).map(|name| name.text.as_str());
        let shown = shown.collect::<Vec<_>>().join(".");
        let mut agreed: Option<(&str, &Kind)> = None;
        let mut typed = 0_usize;
        for (server, names) in tools {
            let Some(catalogue) = self.servers.get(server).map(|server| &server.catalogue) else {
                continue;
            };
            for name in names {
                let Some(tool) = catalogue.tools.get(name) else { continue };
                let Ok(arguments) = &tool.arguments else { continue };
                typed = typed.saturating_add(1);
                let Some(parameter) = lookup(arguments, &path).map(|(parameter, _)| parameter)
                else {
                    return Err(self.no_argument(written, name, arguments, &path, tools));
                };
                match agreed {
                    None => agreed = Some((name, &parameter.kind)),
                    Some((_, kind)) if *kind == parameter.kind || presence => {}
                    Some((first, kind)) => {
                        return Err(Diagnostic::error(
                            Code::ArgumentType,
                            format!("`{shown}` is not the same in all of these tools"),
                        )
                        .at(
                            self.sources,
                            written.span,
                            format!("{kind} in `{first}`, {} in `{name}`", parameter.kind),
                        )
                        .help("write a rule or a capability for each kind of tool"));
                    }
                }
            }
        }
        let Some((tool, kind)) = agreed else {
            let untyped = tools.iter().any(|(_, names)| !names.is_empty()) && typed == 0;
            let diagnostic = Diagnostic::error(
                Code::CatalogueUntyped,
                match untyped {
                    true => "no tool here has a schema that says what its arguments are",
                    false => "there is no tool here whose argument this could be",
                },
            )
            .at(self.sources, written.span, "cannot be read");
            return Err(match untyped {
                true => diagnostic.help("leave the condition out, or leave the tools out"),
                false => diagnostic,
            });
        };
        let kind = match (kind, elements) {
            _ if presence => (ArgumentType::String, Type::Opaque),
            (Kind::String, false) => (ArgumentType::String, Type::Text),
            (Kind::Boolean, false) => (ArgumentType::Boolean, Type::Boolean),
            (Kind::Integer, false) => (ArgumentType::Integer, Type::Integer),
            (Kind::Array(element), false) if **element == Kind::String => {
                (ArgumentType::Strings, Type::Strings)
            }
            (Kind::Array(element), true) => match **element {
                Kind::String => (ArgumentType::String, Type::Text),
                Kind::Boolean => (ArgumentType::Boolean, Type::Boolean),
                _ => (ArgumentType::Integer, Type::Integer),
            },
            (kind, true) => {
                return Err(Diagnostic::error(
                    Code::ArgumentType,
                    format!("`{shown}` has no elements"),
                )
                .at(self.sources, written.span, format!("it is {kind} in `{tool}`"))
                .help("leave `all` or `any` out"));
            }
            (Kind::Array(_), false) => {
                return Err(Diagnostic::error(Code::ArgumentType, format!("`{shown}` is {kind}"))
                    .at(self.sources, written.span, "cannot be judged as a whole")
                    .help("judge its elements: start with `all` or `any`"));
            }
            (kind, false) => {
                return Err(Diagnostic::error(Code::ArgumentType, format!("`{shown}` is {kind}"))
                    .at(self.sources, written.span, format!("so the schema of `{tool}` says"))
                    .help("only strings, booleans, integers and arrays of them can be judged"));
            }
        };
        Ok((Attribute::Argument(Argument { path, kind: kind.0 }), kind.1))
    }

    fn no_argument(
        &self,
        written: &ast::Operand,
        tool: &str,
        arguments: &std::collections::BTreeMap<String, Parameter>,
        path: &[String],
        tools: &Tools,
    ) -> Diagnostic {
        let shown = path.join(".");
        let having: Vec<String> = tools
            .iter()
            .filter_map(|(server, names)| Some((self.servers.get(server)?, names)))
            .flat_map(|(server, names)| {
                names.iter().filter(|name| {
                    let tool = server.catalogue.tools.get(*name);
                    let arguments = tool.and_then(|tool| tool.arguments.as_ref().ok());
                    arguments.is_some_and(|arguments| lookup(arguments, path).is_some())
                })
            })
            .map(|name| format!("`{name}`"))
            .collect();
        let diagnostic = Diagnostic::error(
            Code::ArgumentUnknown,
            format!("tool `{tool}` has no argument `{shown}`"),
        )
        .at(self.sources, written.span, format!("not an argument of `{tool}`"));
        if !having.is_empty() {
            let only: Vec<&str> = having.iter().take(5).map(String::as_str).collect();
            return diagnostic.help(format!(
                "only some of the tools here have it ({}{}): a condition must fit all of them, so \
                 move those tools into a capability of their own",
                only.join(", "),
                if having.len() > only.len() { ", …" } else { "" }
            ));
        }
        let known = arguments.keys().map(String::as_str);
        diagnostic.help(did_you_mean(&shown, known).unwrap_or_else(|| {
            let names: Vec<String> = arguments.keys().map(|name| format!("`{name}`")).collect();
            match names.is_empty() {
                true => format!("`{tool}` takes no arguments"),
                false => format!("`{tool}` takes {}", names.join(", ")),
            }
        }))
    }

    /// Warns of tools on whose arguments nothing can be asked: there the condition counts against
    /// the call.
    pub(crate) fn untyped(&mut self, expressions: &[&Expression], tools: &Tools) {
        let (mut read, mut asked) = (Vec::new(), Vec::new());
        for expression in expressions {
            operands(expression, &mut read, &mut asked);
        }
        read.extend(asked);
        let reads_argument =
            |operand: &&&ast::Operand| operand.path.first().is_some_and(|root| root.text == "args");
        let Some(span) = read.iter().find(reads_argument).map(|operand| operand.span) else {
            return;
        };
        let mut warnings = Vec::new();
        for (server, names) in tools {
            let Some(catalogue) = self.servers.get(server).map(|server| &server.catalogue) else {
                continue;
            };
            for name in names {
                let tool = catalogue.tools.get(name);
                let Some(Err(why)) = tool.map(|tool| &tool.arguments) else { continue };
                warnings.push(
                    Diagnostic::error(
                        Code::CatalogueUntyped,
                        format!("the arguments of tool `{name}` cannot be judged: {why}"),
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
    pub(crate) fn absences(&mut self, expressions: &[&Expression], tools: &Tools) {
        let (mut read, mut present) = (Vec::new(), Vec::new());
        for expression in expressions {
            operands(expression, &mut read, &mut present);
        }
        let names = |operand: &ast::Operand| -> Vec<String> {
            operand.path.iter().map(|name| name.text.clone()).collect()
        };
        let mut asked: BTreeSet<Vec<String>> = present.into_iter().map(names).collect();
        for operand in read {
            let names = names(operand);
            if names.first().is_none_or(|root| root != "args") || asked.contains(&names) {
                continue;
            }
            let path = names.get(1..).unwrap_or_default();
            let optional = tools.iter().find_map(|(server, tools)| {
                let catalogue = &self.servers.get(server)?.catalogue;
                tools.iter().find(|name| {
                    let tool = catalogue.tools.get(*name);
                    let arguments = tool.and_then(|tool| tool.arguments.as_ref().ok());
                    arguments
                        .and_then(|arguments| lookup(arguments, path))
                        .is_some_and(|(_, required)| !required)
                })
            });
            let Some(tool) = optional else { continue };
            let text = self.text_at(operand.span);
            let path = text.split_once('(').map_or(text, |(_, inner)| inner.trim_end_matches(')'));
            let diagnostic = Diagnostic::error(
                Code::DenyOptional,
                format!("`{tool}` may be called without `{}`", path.trim_start_matches("args.")),
            )
            .at(self.sources, operand.span, "what if it is absent?")
            .help(format!(
                "an absent value makes this `deny` hold; say what you mean: \
                 `{path} is present and …` to deny only when it is given, or \
                 `{path} is absent or …` to deny without it too"
            ));
            asked.insert(names);
            self.say(diagnostic);
        }
    }
}

/// The parameter at a path, and whether every call must have it.
fn lookup<'p>(
    arguments: &'p std::collections::BTreeMap<String, Parameter>,
    path: &[String],
) -> Option<(&'p Parameter, bool)> {
    let (first, rest) = path.split_first()?;
    let parameter = arguments.get(first)?;
    if rest.is_empty() {
        return Some((parameter, parameter.required));
    }
    match &parameter.kind {
        Kind::Object(members) => {
            let (inner, required) = lookup(members, rest)?;
            Some((inner, required && parameter.required))
        }
        _ => None,
    }
}

/// Collects the operands that are read, and those whose presence is asked for.
fn operands<'e>(
    expression: &'e Expression,
    read: &mut Vec<&'e ast::Operand>,
    asked: &mut Vec<&'e ast::Operand>,
) {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            for part in parts {
                operands(part, read, asked);
            }
        }
        Expression::Not(inner) => operands(inner, read, asked),
        Expression::Test(test) => {
            if let Some((Operator::Is(_), _)) = test.operator {
                asked.push(&test.operand);
                return;
            }
            read.push(&test.operand);
            if let Some((
                Operator::Equal(Value::Operand(other)) | Operator::NotEqual(Value::Operand(other)),
                _,
            )) = &test.operator
            {
                read.push(other);
            }
        }
    }
}

fn quoted(operand: &Operand) -> String {
    format!("`{operand}`")
}

impl Checker<'_> {
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
