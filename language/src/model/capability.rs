//! Capabilities: their tools, access and needs.

use std::collections::BTreeSet;

use placet_engine::bundle::{Access, Credentials};
use placet_engine::condition::quote;
use placet_engine::glob::Glob;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::Capability;
use crate::model::check::{CapabilityDeclaration, Checker};
use crate::source::Span;
use crate::syntax::ast::{CapabilityClause, Pattern, Text};
use crate::syntax::text::{unescape, unescape_pattern};

/// What a pattern stands for.
pub(crate) fn glob(pattern: &Pattern) -> Glob {
    Glob::parse(&unescape_pattern(&pattern.raw))
}

/// What a capability's `needs` clause says.
enum Needs<'a> {
    Scopes(&'a [Vec<Text>], Span),
    Nothing(Option<&'a Text>, Span),
}

impl<'a> Checker<'a> {
    pub(crate) fn check_capabilities(&mut self) {
        let declared: Vec<(String, CapabilityDeclaration<'a>, Span)> = self
            .names
            .capabilities
            .iter()
            .map(|(name, declaration, span)| (name.to_owned(), *declaration, span))
            .collect();
        for (name, declaration, span) in declared {
            if let Some(capability) = self.capability(declaration, span) {
                self.capabilities.insert(name, capability);
            }
        }
    }

    fn capability(
        &mut self,
        declaration: CapabilityDeclaration<'a>,
        name: Span,
    ) -> Option<Capability> {
        let found = self.names.servers.find(self.sources, declaration.server).map(|_| ());
        self.keep(found)?;
        let server = declaration.server.text.as_str();
        let (mut tools, mut access, mut needs, mut condition) = (None, None, None, None);
        for clause in declaration.clauses {
            match clause {
                CapabilityClause::Tools(patterns) => {
                    let span = patterns.first().map_or(name, |first| first.span);
                    self.once(&mut tools, patterns, "tools", span);
                }
                CapabilityClause::Access(level) => {
                    self.once(&mut access, level, "access", level.span);
                }
                CapabilityClause::Needs(sets, span) => {
                    self.once(&mut needs, Needs::Scopes(sets, *span), "needs", *span);
                }
                CapabilityClause::NeedsNothing(because, span) => {
                    let nothing = Needs::Nothing(because.as_ref(), *span);
                    self.once(&mut needs, nothing, "needs", *span);
                }
                CapabilityClause::Where(expression) => {
                    self.once(&mut condition, expression, "where", name);
                }
            }
        }
        let tools = match tools {
            Some(patterns) => self.tools(server, patterns),
            None => {
                let help = "name its tools: `tools a, b_*`";
                self.missing("capability", "tools", name, help);
                BTreeSet::new()
            }
        };
        let access = match access {
            Some(level) => {
                let level = self.access(level);
                self.keep(level)
            }
            None => {
                let help =
                    "say how much harm the tools can do: `access read`, `write` or `destructive`";
                self.missing("capability", "access", name, help);
                None
            }
        };
        let needs = self.needs(server, needs, name);
        let condition = match condition {
            Some(expression) => {
                let tools = [(server.to_owned(), tools.clone())];
                self.untyped(&[expression], &tools);
                self.condition(expression, false, &tools)
            }
            None => None,
        };
        Some(Capability {
            server: server.to_owned(),
            description: self.text(declaration.description),
            tools,
            access: access.unwrap_or(Access::Destructive),
            needs,
            condition,
        })
    }

    fn tools(&mut self, server: &str, patterns: &[Pattern]) -> BTreeSet<String> {
        let mut tools = BTreeSet::new();
        let mut unknown = Vec::new();
        let Some(catalogue) = self.servers.get(server).map(|server| &server.catalogue) else {
            return tools;
        };
        for pattern in patterns {
            let glob = glob(pattern);
            let matching = catalogue.tools.keys().filter(|name| glob.matches(name));
            let matching: Vec<&String> = matching.collect();
            if !matching.is_empty() {
                tools.extend(matching.into_iter().cloned());
                continue;
            }
            // A catalogue that could not be read was reported; one that can has a tool.
            if catalogue.tools.is_empty() {
                continue;
            }
            let diagnostic = if glob.is_literal() {
                let name = unescape(&pattern.raw);
                let known = catalogue.tools.keys().map(String::as_str);
                let help = did_you_mean(&name, known).unwrap_or_else(|| {
                    format!(
                        "its catalogue has {} tools, none spelled like this",
                        catalogue.tools.len()
                    )
                });
                Diagnostic::error(
                    Code::ToolUnknown,
                    format!("`{server}` has no tool {}", quote(&name)),
                )
                .at(self.sources, pattern.span, "not in the catalogue")
                .help(help)
            } else {
                Diagnostic::error(
                    Code::ToolUnknown,
                    format!("no tool of `{server}` fits this pattern"),
                )
                .at(self.sources, pattern.span, "fits nothing")
                .help("`*` stands for any characters; everything else for itself, upper and lower case apart")
            };
            unknown.push(diagnostic);
        }
        self.diagnostics.extend(unknown);
        tools
    }

    fn needs(
        &mut self,
        server: &str,
        needs: Option<Needs<'a>>,
        name: Span,
    ) -> BTreeSet<BTreeSet<String>> {
        let nothing = BTreeSet::from([BTreeSet::new()]);
        let local = matches!(
            self.servers.get(server).map(|server| &server.credentials),
            Some(Credentials::Local { .. })
        );
        match needs {
            None if local => nothing,
            None => {
                self.missing(
                    "capability",
                    "needs",
                    name,
                    "name the scopes that a token must hold: `needs \"read\"`, or \
                     `needs nothing because \"…\"`",
                );
                nothing
            }
            Some(Needs::Scopes(_, span)) if local => {
                let diagnostic =
                    Diagnostic::error(Code::ClauseMisplaced, "a local server has no scopes")
                        .at(self.sources, span, "nothing carries them")
                        .help("leave `needs` out: scopes are in OAuth tokens only");
                self.say(diagnostic);
                nothing
            }
            Some(Needs::Nothing(because, span)) => {
                if because.is_none() && !local {
                    let diagnostic =
                        Diagnostic::error(Code::ClauseMissing, "`needs nothing` has no reason")
                            .at(self.sources, span, "`because` is missing")
                            .help("say why no scope is needed: `needs nothing because \"…\"`");
                    self.say(diagnostic);
                }
                because.map(|because| self.text(because));
                nothing
            }
            Some(Needs::Scopes(sets, _)) => {
                let mut needs = BTreeSet::new();
                for set in sets {
                    let mut scopes = BTreeSet::new();
                    for text in set {
                        let scope = self.known_scope(server, text);
                        scopes.extend(self.keep(scope));
                    }
                    needs.insert(scopes);
                }
                needs
            }
        }
    }
}
