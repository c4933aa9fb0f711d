//! Facts: what a component computes of an argument, with the component pinned by its digest.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::condition::{Argument, ArgumentType, Function};

use crate::catalogue::Kind;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::files::resolve;
use crate::model::check::Checker;
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::text::unescape;

/// A fact that conditions may read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    /// What computes it.
    pub(crate) function: Function,
    /// The argument that it is computed from.
    pub(crate) path: Vec<String>,
    /// What comes out.
    pub(crate) kind: Kind,
}

/// How a WebAssembly component starts, as the component model has it: `\0asm`, a version, a layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Whether a file is a component.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(COMPONENT)
}

impl Checker<'_> {
    /// The facts by the names that conditions call them, and the components by their files.
    pub(crate) fn check_facts(&mut self) {
        let declared: Vec<(String, &ast::Fact, Span)> = self
            .names
            .facts
            .iter()
            .map(|(name, fact, span)| (name.to_owned(), *fact, span))
            .collect();
        let mut computed: BTreeMap<(String, Vec<String>), (Digest, Kind, Span)> = BTreeMap::new();
        let mut unusable = BTreeSet::new();
        for (name, written, span) in declared {
            self.fact_space(&written.space);
            self.fact_function(&written.function);
            let path = self.fact_argument(&written.argument);
            let kind = self.fact_kind(&written.kind);
            let component = self.component(&written.component, &mut unusable);
            let (Some(path), Some(kind), Some(component)) = (path, kind, component) else {
                continue;
            };
            let function = Function { component, name: written.function.text.clone() };
            let key = (function.name.clone(), path.clone());
            match computed.get(&key) {
                Some((other, _, first)) if *other != function.component => {
                    let argument = Argument {
                        computed: Some(function.clone()),
                        path: path.clone(),
                        kind: ArgumentType::String,
                    };
                    let message = format!("two components compute `{argument}`");
                    let diagnostic = Diagnostic::error(Code::FactName, message)
                        .at(self.sources, span, "computed by another component than the other")
                        .at(self.sources, *first, "computed here too")
                        .help(
                            "explanations and cases call a fact by its function and its argument: \
                             take one of the two, or give its function another name",
                        );
                    self.say(diagnostic);
                    continue;
                }
                Some((_, other, first)) if *other != kind => {
                    let message = format!("the same fact is {kind} and {other}");
                    let diagnostic = Diagnostic::error(Code::FactType, message)
                        .at(self.sources, span, format!("{kind} here"))
                        .at(self.sources, *first, format!("{other} here"))
                        .help("one function of one argument has values of one type: take one of the two");
                    self.say(diagnostic);
                    continue;
                }
                Some(_) => {}
                None => {
                    computed.insert(key, (function.component.clone(), kind.clone(), span));
                }
            }
            self.facts.insert(name, Fact { function, path, kind });
        }
    }

    /// The word before the dot must not start something else that conditions read.
    fn fact_space(&mut self, space: &ast::Name) {
        const ROOTS: [&str; 6] = ["args", "call", "client", "now", "token", "user"];
        if ROOTS.contains(&space.text.as_str()) {
            let message = format!("`{}.…` is something else that conditions read", space.text);
            let diagnostic = Diagnostic::error(Code::FactName, message)
                .at(self.sources, space.span, "already has a meaning")
                .help("give the component another name, such as `sql.kind`");
            self.say(diagnostic);
        }
    }

    /// Explanations and cases call a fact by its function, so that must not read like a view.
    fn fact_function(&mut self, function: &ast::Name) {
        if ["path", "url"].contains(&function.text.as_str()) {
            let message = format!("`{}(…)` is a view of an argument", function.text);
            let diagnostic = Diagnostic::error(Code::FactName, message)
                .at(self.sources, function.span, "already has a meaning")
                .help("have the component give its function another name");
            self.say(diagnostic);
        }
    }

    fn fact_argument(&mut self, written: &ast::Operand) -> Option<Vec<String>> {
        let names: Vec<String> = written.path.iter().map(|name| name.text.clone()).collect();
        match names.split_first() {
            Some((root, path)) if root == "args" && !path.is_empty() && written.view.is_none() => {
                Some(path.to_vec())
            }
            _ => {
                let diagnostic =
                    Diagnostic::error(Code::FactArgument, "a fact is computed from an argument")
                        .at(self.sources, written.span, "this is none")
                        .help("name one: `on args.query`, `on args.parent.page_id`");
                self.say(diagnostic);
                None
            }
        }
    }

    fn fact_kind(&mut self, written: &ast::Name) -> Option<Kind> {
        const KINDS: [&str; 4] = ["string", "boolean", "integer", "strings"];
        Some(match written.text.as_str() {
            "string" => Kind::String,
            "boolean" => Kind::Boolean,
            "integer" => Kind::Integer,
            "strings" => Kind::Array(Box::new(Kind::String)),
            other => {
                let help = did_you_mean(other, KINDS).unwrap_or_else(|| {
                    String::from(
                        "write `is string`, `is boolean`, `is integer`, or `is strings` for a set \
                         of strings",
                    )
                });
                let message = format!("`{other}` is no type that a fact can have");
                let diagnostic = Diagnostic::error(Code::FactType, message)
                    .at(self.sources, written.span, "not known")
                    .help(help);
                self.say(diagnostic);
                return None;
            }
        })
    }

    /// The file of a fact's component and its digest, where it can be used.
    pub(crate) fn component_of(&self, written: &ast::Fact) -> Option<(String, &Digest)> {
        let text = &written.component;
        let file = resolve(self.sources.path(text.span.file), &unescape(&text.raw));
        self.components.get(&file).map(|digest| (file, digest))
    }

    /// The digest of a component's bytes. One that cannot be used is told once.
    fn component(
        &mut self,
        written: &ast::Text,
        unusable: &mut BTreeSet<String>,
    ) -> Option<Digest> {
        let file = resolve(self.sources.path(written.span.file), &unescape(&written.raw));
        if let Some(known) = self.components.get(&file) {
            return Some(known.clone());
        }
        let read =
            self.files.read(&file, self.limits.component_bytes).and_then(
                |bytes| match is_component(&bytes) {
                    true => Ok(Digest::of_bytes(&bytes)),
                    false => Err(String::from("it is no WebAssembly component")),
                },
            );
        match read {
            Ok(digest) => {
                self.components.insert(file, digest.clone());
                Some(digest)
            }
            Err(_) if !unusable.insert(file.clone()) => None,
            Err(why) => {
                let message = format!("the component `{file}` cannot be used: {why}");
                let diagnostic = Diagnostic::error(Code::FactComponent, message)
                    .at(self.sources, written.span, "named here")
                    .help(
                        "name the file of a component that exports `placet:facts/compute`; the page on \
                         facts in the reference says how to make one",
                    );
                self.say(diagnostic);
                None
            }
        }
    }
}
