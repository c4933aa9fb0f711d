//! Operands: what a path leads to, and its type.

use std::collections::BTreeMap;

use placet_engine::bundle::Feature;
use placet_engine::condition::{Argument, ArgumentType, Attribute, Operand};
use placet_engine::view::View;

use crate::catalogue::{Kind, Parameter};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::check::Checker;
use crate::model::condition::Tools;
use crate::model::condition::types::Type;
use crate::model::fact::Fact;
use crate::syntax::ast::{self, Operator, Value};

/// How messages call something, and who says of what type it is.
struct Named {
    shown: String,
    given_by: String,
}

impl Checker<'_> {
    /// An operand and its type. `elements`: the operand stands under `all` or `any`.
    pub(super) fn operand(
        &self,
        written: &ast::Operand,
        elements: bool,
        presence: bool,
        tools: &Tools,
    ) -> Result<(Operand, Type), Diagnostic> {
        let view = self.view(written)?;
        let root = written.path.first().map(|name| name.text.as_str()).unwrap_or_default();
        let (attribute, kind) = if root == "args" {
            self.argument(written, elements, presence, tools)?
        } else if let Some(fact) = self.fact(written) {
            self.computed(written, fact, (elements, presence), tools)?
        } else {
            self.attribute(written, elements)
                .map_err(|wrong| self.or_an_argument(written, tools, wrong))?
        };
        if view.is_some() && (presence || kind != Type::Text) {
            let why = match presence {
                true => String::from("presence is asked of the argument itself"),
                false => format!("this is {}", kind.name()),
            };
            return Err(Diagnostic::error(Code::TypeMismatch, "a view reads a string")
                .at(self.sources, written.span, why)
                .help("leave the view out here"));
        }
        if view.is_some() && !matches!(attribute, Attribute::Argument(_)) {
            return Err(Diagnostic::error(Code::TypeMismatch, "only arguments are read by a view")
                .at(self.sources, written.span, "not an argument")
                .help("compare it as it is: `==`, `in`, `like`"));
        }
        let kind = match view {
            None => kind,
            Some(View::Path) => Type::Path,
            Some(View::UrlScheme | View::UrlHost) => Type::Text,
            Some(View::UrlPort) => Type::Integer,
        };
        Ok((Operand { view, attribute }, kind))
    }

    fn view(&self, written: &ast::Operand) -> Result<Option<View>, Diagnostic> {
        const VIEWS: [View; 4] = [View::Path, View::UrlScheme, View::UrlHost, View::UrlPort];
        let Some(function) = &written.view else { return Ok(None) };
        let part = written.part.as_ref();
        let part_text = part.map(|part| format!(".{}", part.text)).unwrap_or_default();
        let mut named =
            VIEWS.into_iter().filter(|view| view.function() == function.text).peekable();
        if named.peek().is_none() {
            let help = did_you_mean(&function.text, ["path", "url"]);
            return Err(Diagnostic::error(
                Code::ViewUnknown,
                format!("there is no view `{}`", function.text),
            )
            .at(self.sources, function.span, "not known")
            .help(help.unwrap_or_else(|| {
                String::from(
                    "the views are `path(…)`, `url(…).scheme`, `url(…).host` and `url(…).port`",
                )
            })));
        }
        if let Some(view) = named.find(|view| view.part() == part_text) {
            return Ok(Some(view));
        }
        let (span, label) = match part {
            Some(part) => (part.span, "no part of it"),
            None => (written.span, "which part of it?"),
        };
        let help = match function.text.as_str() {
            "path" => "a path is read as a whole: `path(…) under \"/srv\"`",
            _ => "write `url(…).scheme`, `url(…).host` or `url(…).port`",
        };
        let name = &function.text;
        Err(Diagnostic::error(Code::ViewUnknown, format!("view `{name}` is not read like this"))
            .at(self.sources, span, label)
            .help(help))
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
            if let Some(constant) = self.names.constants.get(&path) {
                let operator = match constant {
                    ast::Constant::One(_) => "==",
                    ast::Constant::Many(_) => "in",
                };
                return Err(Diagnostic::error(
                    Code::TypeMismatch,
                    format!("`{path}` is a constant, and a test starts with what a call brings"),
                )
                .at(self.sources, written.span, "the same in every call")
                .help(format!("put it on the other side: `args.… {operator} {path}`")));
            }
            let diagnostic =
                Diagnostic::error(Code::NameUnknown, format!("there is nothing called `{path}`"))
                    .at(self.sources, written.span, "not known to conditions");
            let constants = self.names.constants.iter().map(|(name, _, _)| name);
            let facts = self.names.facts.iter().map(|(name, _, _)| name);
            let known = KNOWN.iter().map(|(name, _, _)| *name).chain(constants).chain(facts);
            return Err(
                if matches!(
                    path.as_str(),
                    "token.scope" | "token.scopes" | "scope" | "scopes" | "consent" | "consents"
                ) {
                    diagnostic.help(
                    "scopes and consents are judged by `needs` and `under`, never in a condition",
                )
                } else {
                    diagnostic.help(did_you_mean(&path, known).unwrap_or_else(|| {
                        let names: Vec<String> =
                            KNOWN.iter().map(|(name, _, _)| format!("`{name}`")).collect();
                        format!(
                            "conditions read the tool's arguments (`args.…`), {}",
                            names.join(", ")
                        )
                    }))
                },
            );
        };
        if elements {
            return Err(Diagnostic::error(Code::TypeMismatch, format!("`{path}` has no elements"))
                .at(self.sources, written.span, format!("this is {}", kind.name()))
                .help("leave `all` or `any` out"));
        }
        Ok((attribute.clone(), *kind))
    }

    /// Suggests the argument of the same name where there is one: `args` was left out, or called as
    /// another language calls it.
    fn or_an_argument(
        &self,
        written: &ast::Operand,
        tools: &Tools,
        wrong: Diagnostic,
    ) -> Diagnostic {
        const ROOTS: [&str; 4] = ["call", "client", "token", "user"];
        let names: Vec<String> = written.path.iter().map(|name| name.text.clone()).collect();
        let known = names.first().is_some_and(|root| ROOTS.contains(&root.as_str()));
        if wrong.code != Code::NameUnknown || known {
            return wrong;
        }
        let is_argument = |path: &[String]| {
            tools.iter().any(|(server, features)| {
                let catalogue = self.servers.get(server).map(|server| &server.catalogue);
                features.iter().any(|feature| {
                    let arguments = catalogue.and_then(|one| one.arguments(feature));
                    let arguments = arguments.and_then(Result::ok);
                    arguments.is_some_and(|arguments| lookup(arguments, path).is_some())
                })
            })
        };
        let mut tails = (0..names.len()).filter_map(|skipped| names.get(skipped..));
        match tails.find(|path| is_argument(path)) {
            Some(path) => wrong.help(format!("did you mean `args.{}`?", path.join("."))),
            None => wrong,
        }
    }

    /// The fact that a path names, if it names one.
    pub(super) fn fact(&self, written: &ast::Operand) -> Option<&Fact> {
        let [space, function] = written.path.as_slice() else { return None };
        let name = format!("{}.{}", space.text, function.text);
        let fact = self.facts.get(&name)?;
        self.facts_read.borrow_mut().insert(name);
        Some(fact)
    }

    /// Whether a test reads a fact that is declared in a way that was reported.
    pub(super) fn is_fact_without_meaning(&self, test: &ast::Test) -> bool {
        let other = match &test.operator {
            Some((Operator::Equal(Value::Operand(other)), _))
            | Some((Operator::NotEqual(Value::Operand(other)), _)) => Some(other),
            _ => None,
        };
        std::iter::once(&test.operand).chain(other).any(|operand| {
            let [space, function] = operand.path.as_slice() else { return false };
            let name = format!("{}.{}", space.text, function.text);
            self.names.facts.get(&name).is_some() && !self.facts.contains_key(&name)
        })
    }

    /// Whether an operand is an argument, or computed from one.
    pub(super) fn is_of_arguments(&self, written: &ast::Operand) -> bool {
        written.path.first().is_some_and(|root| root.text == "args") || self.fact(written).is_some()
    }

    /// A fact, whose argument all of these tools must have.
    fn computed(
        &self,
        written: &ast::Operand,
        fact: &Fact,
        (elements, presence): (bool, bool),
        tools: &Tools,
    ) -> Result<(Attribute, Type), Diagnostic> {
        let Fact { function, path, kind } = fact;
        // A host that computes nothing would meet it.
        if presence {
            let argument = path.join(".");
            return Err(Diagnostic::error(
                Code::TypeMismatch,
                "whether a fact is there is no question for a condition",
            )
            .at(self.sources, written.span, "absent too where nobody computed it")
            .help(format!("ask it of the argument: `args.{argument} is present`")));
        }
        // Whatever type it has.
        self.agreed(written, path, true, tools)?;
        let named = Named {
            shown: written.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("."),
            given_by: String::from("the policy"),
        };
        let (argument_type, kind) = self.typed(written, kind, elements, false, &named)?;
        let computed = Some(function.clone());
        let argument = Argument { computed, path: path.clone(), kind: argument_type };
        Ok((Attribute::Argument(argument), kind))
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
        let (tool, kind) = self.agreed(written, &path, presence, tools)?;
        let named = Named { shown: path.join("."), given_by: tool.to_string() };
        let (argument_type, kind) = self.typed(written, kind, elements, presence, &named)?;
        Ok((Attribute::Argument(Argument::given(path, argument_type)), kind))
    }

    /// A tool, and what the argument is in it as in all the others; with `any_type` it may be
    /// something else in those.
    fn agreed<'t>(
        &'t self,
        written: &ast::Operand,
        path: &[String],
        any_type: bool,
        tools: &'t Tools,
    ) -> Result<(&'t Feature, &'t Kind), Diagnostic> {
        let shown = path.join(".");
        let mut agreed: Option<(&Feature, &Kind)> = None;
        let mut typed = 0_usize;
        for (server, names) in tools {
            let Some(catalogue) = self.servers.get(server).map(|server| &server.catalogue) else {
                continue;
            };
            for name in names {
                let Some(Ok(arguments)) = catalogue.arguments(name) else { continue };
                typed = typed.saturating_add(1);
                let Some(parameter) = lookup(arguments, path).map(|(parameter, _)| parameter)
                else {
                    return Err(self.no_argument(written, name, arguments, path, tools));
                };
                match agreed {
                    None => agreed = Some((name, &parameter.kind)),
                    Some((_, kind)) if *kind == parameter.kind || any_type => {}
                    Some((first, kind)) => {
                        return Err(Diagnostic::error(
                            Code::ArgumentType,
                            format!("`{shown}` is not the same in all of these tools"),
                        )
                        .at(
                            self.sources,
                            written.span,
                            format!("{kind} in {first}, {} in {name}", parameter.kind),
                        )
                        .help("write a rule or a capability for each kind of tool"));
                    }
                }
            }
        }
        agreed.ok_or_else(|| {
            let untyped = tools.iter().any(|(_, names)| !names.is_empty()) && typed == 0;
            let diagnostic = Diagnostic::error(
                Code::CatalogueUntyped,
                match untyped {
                    true => "no tool here has a schema that says what its arguments are",
                    false => "there is no tool here whose argument this could be",
                },
            )
            .at(self.sources, written.span, "cannot be read");
            match untyped {
                true => diagnostic.help("leave the condition out, or leave the tools out"),
                false => diagnostic,
            }
        })
    }

    /// The types at which something of a schema's type is read.
    fn typed(
        &self,
        written: &ast::Operand,
        kind: &Kind,
        elements: bool,
        presence: bool,
        named: &Named,
    ) -> Result<(ArgumentType, Type), Diagnostic> {
        let Named { shown, given_by } = named;
        Ok(match (kind, elements) {
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
            (Kind::Other, _) => {
                return Err(Diagnostic::error(
                    Code::ArgumentType,
                    format!("`{shown}` cannot be judged"),
                )
                .at(self.sources, written.span, format!("by its type in {given_by}"))
                .help(unreadable_type(shown)));
            }
            (kind, true) => {
                return Err(Diagnostic::error(
                    Code::ArgumentType,
                    format!("`{shown}` has no elements"),
                )
                .at(self.sources, written.span, format!("it is {kind} in {given_by}"))
                .help("leave `all` or `any` out"));
            }
            (Kind::Array(_), false) => {
                return Err(Diagnostic::error(Code::ArgumentType, format!("`{shown}` is {kind}"))
                    .at(self.sources, written.span, "cannot be judged as a whole")
                    .help("judge its elements: start with `all` or `any`"));
            }
            (kind, false) => {
                return Err(Diagnostic::error(Code::ArgumentType, format!("`{shown}` is {kind}"))
                    .at(self.sources, written.span, format!("so the schema of {given_by} says"))
                    .help("only strings, booleans, integers and arrays of them can be judged"));
            }
        })
    }

    fn no_argument(
        &self,
        written: &ast::Operand,
        tool: &Feature,
        arguments: &BTreeMap<String, Parameter>,
        path: &[String],
        tools: &Tools,
    ) -> Diagnostic {
        let shown = path.join(".");
        let having: Vec<String> = tools
            .iter()
            .filter_map(|(server, names)| Some((self.servers.get(server)?, names)))
            .flat_map(|(server, names)| {
                names.iter().filter(|name| {
                    let arguments = server.catalogue.arguments(name).and_then(Result::ok);
                    arguments.is_some_and(|arguments| lookup(arguments, path).is_some())
                })
            })
            .map(|feature| format!("`{}`", feature.name()))
            .collect();
        let diagnostic = Diagnostic::error(
            Code::ArgumentUnknown,
            match tool {
                Feature::Resources(_) => String::from("a resource is read without arguments"),
                tool => format!("{tool} has no argument `{shown}`"),
            },
        )
        .at(self.sources, written.span, format!("not an argument of {tool}"));
        if !having.is_empty() {
            let only: Vec<&str> = having.iter().take(5).map(String::as_str).collect();
            return diagnostic.help(format!(
                "only some of the tools here have it ({}{}): a condition must fit all of them, so \
                 move those tools into a capability of their own",
                only.join(", "),
                if having.len() > only.len() { ", …" } else { "" }
            ));
        }
        if let Some(outer) = unreadable(arguments, path) {
            return diagnostic.help(unreadable_type(&outer));
        }
        let known = arguments.keys().map(String::as_str);
        diagnostic.help(did_you_mean(&shown, known).unwrap_or_else(|| {
            let names: Vec<String> = arguments.keys().map(|name| format!("`{name}`")).collect();
            match names.is_empty() {
                true => format!("{tool} takes no arguments"),
                false => format!("{tool} takes {}", names.join(", ")),
            }
        }))
    }
}

fn unreadable_type(argument: &str) -> String {
    format!(
        "`{argument}` is of a type that conditions cannot read, such as a list of objects, or an \
         object in one call and a text in another; so what is in it cannot be judged"
    )
}

/// The part of a path that leads to something of no type that conditions read.
fn unreadable(arguments: &BTreeMap<String, Parameter>, path: &[String]) -> Option<String> {
    let outer = (1..path.len()).filter_map(|length| path.get(..length));
    let mut found = outer.filter(|outer| {
        lookup(arguments, outer).is_some_and(|(parameter, _)| parameter.kind == Kind::Other)
    });
    found.next().map(|outer| outer.join("."))
}

/// The parameter at a path, and whether every call must have it.
pub(super) fn lookup<'p>(
    arguments: &'p BTreeMap<String, Parameter>,
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
