//! Capabilities: their tools, prompts and resources, access and needs.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Credentials, Feature};
use placet_engine::condition::quote;
use placet_engine::glob::Glob;
use placet_engine::resource;

use crate::catalogue::{Catalogue, Hints, Tool};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::Capability;
use crate::model::check::{CapabilityDeclaration, Checker};
use crate::source::Span;
use crate::syntax::ast::{
    CapabilityClause, Expression, Hint, Name, Pattern, Selected, Selection, Text,
};
use crate::syntax::text::{unescape, unescape_pattern};

/// What tools say of themselves.
const HINTS: [&str; 4] = ["read_only", "destructive", "idempotent", "open_world"];

/// What a pattern stands for.
pub(crate) fn glob(pattern: &Pattern) -> Glob {
    Glob::parse(&unescape_pattern(&pattern.raw))
}

/// A capability's clauses, each once.
#[derive(Default)]
struct Clauses<'a> {
    tools: Option<&'a Selection>,
    prompts: Option<&'a Selection>,
    resources: Option<&'a [Text]>,
    access: Option<&'a Name>,
    needs: Option<Needs<'a>>,
    condition: Option<&'a Expression>,
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
            if let Some(capability) = self.capability(&name, declaration, span) {
                self.capabilities.insert(name, capability);
            }
        }
    }

    fn capability(
        &mut self,
        called: &str,
        declaration: CapabilityDeclaration<'a>,
        name: Span,
    ) -> Option<Capability> {
        let found = self.names.servers.find(self.sources, declaration.server).map(|_| ());
        self.keep(found)?;
        let server = declaration.server.text.as_str();
        let clauses = self.capability_clauses(declaration.clauses, name);
        let features = self.features((called, server), &clauses, name);
        let patterns: BTreeSet<resource::Pattern> = features
            .iter()
            .filter_map(|feature| match feature {
                Feature::Resources(patterns) => Some(patterns),
                _ => None,
            })
            .flatten()
            .cloned()
            .collect();
        let access = match clauses.access {
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
        let needs = self.needs(server, clauses.needs, name);
        let condition = match clauses.condition {
            Some(expression) => {
                let tools = [(server.to_owned(), features.clone())];
                self.untyped(&[(expression, false)], &tools);
                self.condition(expression, false, &tools)
            }
            None => None,
        };
        Some(Capability {
            server: server.to_owned(),
            description: self.text(declaration.description),
            features,
            patterns,
            access: access.unwrap_or(Access::Destructive),
            needs,
            condition,
        })
    }

    fn capability_clauses(&mut self, written: &'a [CapabilityClause], name: Span) -> Clauses<'a> {
        let mut clauses = Clauses::default();
        for clause in written {
            match clause {
                CapabilityClause::Tools(selection) => {
                    self.once(&mut clauses.tools, selection, "tools", selection.span);
                }
                CapabilityClause::Prompts(selection) => {
                    self.once(&mut clauses.prompts, selection, "prompts", selection.span);
                }
                CapabilityClause::Resources(patterns) => {
                    let span = patterns.first().map_or(name, |first| first.span);
                    self.once(&mut clauses.resources, patterns.as_slice(), "resources", span);
                }
                CapabilityClause::Access(level) => {
                    self.once(&mut clauses.access, level, "access", level.span);
                }
                CapabilityClause::Needs(sets, span) => {
                    self.once(&mut clauses.needs, Needs::Scopes(sets, *span), "needs", *span);
                }
                CapabilityClause::NeedsNothing(because, span) => {
                    let nothing = Needs::Nothing(because.as_ref(), *span);
                    self.once(&mut clauses.needs, nothing, "needs", *span);
                }
                CapabilityClause::Where(expression) => {
                    let span = expression.first_operand().unwrap_or(name);
                    self.once(&mut clauses.condition, expression, "where", span);
                }
            }
        }
        clauses
    }

    /// What the capability holds. Until all patterns are known, each stands for its own resources.
    fn features(
        &mut self,
        of: (&str, &str),
        clauses: &Clauses<'a>,
        name: Span,
    ) -> BTreeSet<Feature> {
        let mut features = BTreeSet::new();
        if clauses.tools.is_none() && clauses.prompts.is_none() && clauses.resources.is_none() {
            let help =
                "name its tools: `tools a, b_*`; or `prompts …`, `resources \"repo://acme/*\"`";
            self.missing("capability", "tools", name, help);
        }
        if let Some(selection) = clauses.tools {
            let (tools, found) = self.selected(of, selection, "tool", |catalogue| &catalogue.tools);
            self.diagnostics.extend(found);
            features.extend(tools.into_iter().map(Feature::Tool));
        }
        if let Some(selection) = clauses.prompts {
            let (prompts, found) =
                self.selected(of, selection, "prompt", |catalogue| &catalogue.prompts);
            self.diagnostics.extend(found);
            features.extend(prompts.into_iter().map(Feature::Prompt));
        }
        for text in clauses.resources.unwrap_or_default() {
            match resource::Pattern::parse(&unescape(&text.raw)) {
                Ok(pattern) => {
                    features.insert(Feature::Resources(BTreeSet::from([pattern])));
                }
                Err(why) => {
                    let diagnostic = Diagnostic::error(
                        Code::ResourcePattern,
                        "no resource can fit this pattern",
                    )
                    .at(self.sources, text.span, why)
                    .help(
                        "write `scheme://authority/segment`, in which `*` stands for one \
                                 segment, as the last for one or more: `repo://acme/*`",
                    );
                    self.say(diagnostic);
                }
            }
        }
        features
    }

    /// The tools or prompts of a catalogue that are selected, and what is wrong with the selection.
    fn selected(
        &self,
        (capability, server): (&str, &str),
        selection: &Selection,
        kind: &str,
        of: impl Fn(&Catalogue) -> &BTreeMap<String, Tool>,
    ) -> (BTreeSet<String>, Vec<Diagnostic>) {
        let mut wrong = Vec::new();
        let Some(known) = self.servers.get(server).map(|server| of(&server.catalogue)) else {
            return (BTreeSet::new(), wrong);
        };
        // A catalogue that could not be read was reported; one that can has a tool.
        if known.is_empty() && kind == "tool" {
            return (BTreeSet::new(), wrong);
        }
        let mut chosen = match &selection.what {
            Selected::Names(patterns) => self.by_name(server, patterns, kind, known, &mut wrong),
            Selected::Hints(hints) => {
                self.by_hints(server, hints, selection.span, known, &mut wrong)
            }
        };
        let before = chosen.len();
        for pattern in &selection.except {
            let glob = glob(pattern);
            let out: Vec<String> =
                chosen.iter().filter(|name| glob.matches(name)).cloned().collect();
            if out.is_empty() && before > 0 {
                let names = chosen.iter().map(String::as_str);
                let help = did_you_mean(&unescape(&pattern.raw), names)
                    .unwrap_or_else(|| String::from("leave it out, or select it first"));
                let diagnostic = Diagnostic::error(
                    Code::ToolUnknown,
                    format!("`except` takes nothing out: no selected {kind} fits this"),
                )
                .at(self.sources, pattern.span, "fits none of those before `except`")
                .help(help);
                wrong.push(diagnostic);
            }
            chosen.retain(|name| !out.contains(name));
        }
        if before > 0 && chosen.is_empty() {
            let diagnostic = Diagnostic::error(
                Code::CapabilityEmpty,
                format!("`except` leaves no {kind} at all"),
            )
            .at(self.sources, selection.span, "selects nothing")
            .help("a capability holds something: leave it out, or except less");
            wrong.push(diagnostic);
        }
        // Whoever writes a name has seen the tool. What a pattern fits may have come since.
        let (named, open): (BTreeSet<String>, BTreeSet<String>) =
            chosen.into_iter().partition(|name| match &selection.what {
                Selected::Names(patterns) => {
                    patterns.iter().map(glob).any(|glob| glob.is_literal() && glob.matches(name))
                }
                Selected::Hints(_) => false,
            });
        let mut chosen = self.only_reviewed(capability, kind, selection.span, open, &mut wrong);
        chosen.extend(named);
        (chosen, wrong)
    }

    /// The tools that say of themselves what is asked for.
    fn by_hints(
        &self,
        server: &str,
        hints: &[Hint],
        place: Span,
        known: &BTreeMap<String, Tool>,
        wrong: &mut Vec<Diagnostic>,
    ) -> BTreeSet<String> {
        if !self.trusted.contains(server) {
            let diagnostic = Diagnostic::error(
                Code::SelectorUntrusted,
                format!("`{server}` is not trusted to say what its tools do"),
            )
            .at(self.sources, place, "rests on the server's own word")
            .help(
                "name the tools, or declare in the server why its annotations may be relied on: \
                 `trusted because \"…\"`",
            );
            wrong.push(diagnostic);
        }
        let mut chosen: BTreeSet<&String> = known.keys().collect();
        let mut understood = true;
        for hint in hints {
            let Some(says) = Self::hint(&hint.name.text) else {
                let help = did_you_mean(&hint.name.text, HINTS);
                let diagnostic = Diagnostic::error(
                    Code::NameUnknown,
                    format!("tools say nothing called `{}` of themselves", hint.name.text),
                )
                .at(self.sources, hint.name.span, "no annotation of MCP")
                .help(help.unwrap_or_else(|| {
                    String::from(
                        "select by `read_only`, `destructive`, `idempotent` or `open_world`",
                    )
                }));
                wrong.push(diagnostic);
                understood = false;
                continue;
            };
            chosen.retain(|name| {
                known.get(*name).is_some_and(|tool| says(&tool.shape.hints) != hint.negated)
            });
        }
        if chosen.is_empty() && understood {
            let diagnostic = Diagnostic::error(
                Code::CapabilityEmpty,
                format!("no tool of `{server}` says this of itself"),
            )
            .at(self.sources, place, "selects nothing")
            .help(
                "an annotation that a tool leaves out has MCP's default: not `read_only`, \
                 `destructive`, not `idempotent`, `open_world`",
            );
            wrong.push(diagnostic);
        }
        chosen.into_iter().cloned().collect()
    }

    /// What a word says of a tool. A tool that changes nothing is not destructive, whatever it says.
    fn hint(word: &str) -> Option<fn(&Hints) -> bool> {
        Some(match word {
            "read_only" => |hints| hints.read_only,
            "destructive" => |hints| hints.destructive && !hints.read_only,
            "idempotent" => |hints| hints.idempotent,
            "open_world" => |hints| hints.open_world,
            _ => return None,
        })
    }

    fn by_name(
        &self,
        server: &str,
        patterns: &[Pattern],
        kind: &str,
        known: &BTreeMap<String, Tool>,
        wrong: &mut Vec<Diagnostic>,
    ) -> BTreeSet<String> {
        let mut chosen = BTreeSet::new();
        for pattern in patterns {
            let glob = glob(pattern);
            let matching: Vec<&String> = known.keys().filter(|name| glob.matches(name)).collect();
            if !matching.is_empty() {
                chosen.extend(matching.into_iter().cloned());
                continue;
            }
            let diagnostic = if glob.is_literal() {
                let name = unescape(&pattern.raw);
                let names = known.keys().map(String::as_str);
                let help = did_you_mean(&name, names).unwrap_or_else(|| {
                    format!("its catalogue has {} {kind}s, none spelled like this", known.len())
                });
                Diagnostic::error(
                    Code::ToolUnknown,
                    format!("`{server}` has no {kind} {}", quote(&name)),
                )
                .at(self.sources, pattern.span, "not in the catalogue")
                .help(help)
            } else {
                Diagnostic::error(
                    Code::ToolUnknown,
                    format!("no {kind} of `{server}` fits this pattern"),
                )
                .at(self.sources, pattern.span, "fits nothing")
                .help("`*` stands for any characters; everything else for itself, upper and lower case apart")
            };
            wrong.push(diagnostic);
        }
        chosen
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
