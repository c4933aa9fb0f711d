//! Checking: every declaration is collected before any is judged, so their order makes no
//! difference.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::bundle::{Access, Credentials, Feature, Source};

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::files::Files;
use crate::limits::Limits;
use crate::load::{Loaded, Parameters};
use crate::lock::Lock;
use crate::model::fact::Fact;
use crate::model::names::Names;
use crate::model::{Capability, Policy, Server};
use crate::source::{Sources, Span};
use crate::syntax::ast::{self, Duration, Given, Name, Number, Statement, Text};
use crate::syntax::hint;
use crate::syntax::text::unescape;

/// What the passes share: the text, the declarations by name, and what was found wrong.
pub(crate) struct Checker<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) parameters: &'a Parameters,
    /// The files of packs, of which less is asked.
    pub(crate) packs: &'a BTreeSet<usize>,
    /// Whether some file or statement could not be read, which is an error.
    pub(crate) has_broken: bool,
    pub(crate) files: &'a dyn Files,
    pub(crate) limits: &'a Limits,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) names: Declarations<'a>,
    pub(crate) servers: BTreeMap<String, Server>,
    pub(crate) capabilities: BTreeMap<String, Capability>,
    /// Facts by the names that conditions call them.
    pub(crate) facts: BTreeMap<String, Fact>,
    /// Those that some condition reads.
    pub(crate) facts_read: RefCell<BTreeSet<String>>,
    /// The components that compute them, by their files.
    pub(crate) components: BTreeMap<String, Digest>,
    /// What was reviewed, if there is a lock.
    pub(crate) lock: Option<&'a Lock>,
    /// The servers whose annotations may be relied on.
    pub(crate) trusted: BTreeSet<String>,
    /// While the condition of a `require … else confirm within` is checked: the seconds.
    pub(crate) confirm_within: Option<i64>,
}

/// Every declaration by name.
pub(crate) struct Declarations<'a> {
    pub(crate) servers: Names<&'a [ast::ServerClause]>,
    pub(crate) capabilities: Names<CapabilityDeclaration<'a>>,
    pub(crate) groups: Names<GroupDeclaration<'a>>,
    /// Clients and groups of clients share their names: a rule's `via` takes both.
    pub(crate) clients: Names<ClientDeclaration<'a>>,
    pub(crate) consents: Names<(&'a Text, &'a [ast::ConsentClause])>,
    pub(crate) rules: Names<RuleDeclaration<'a>>,
    pub(crate) constants: Names<&'a ast::Constant>,
    pub(crate) facts: Names<&'a ast::Fact>,
}

#[derive(Clone, Copy)]
pub(crate) struct CapabilityDeclaration<'a> {
    pub(crate) description: &'a Text,
    pub(crate) server: &'a Name,
    pub(crate) clauses: &'a [ast::CapabilityClause],
}

#[derive(Clone, Copy)]
pub(crate) struct GroupDeclaration<'a> {
    pub(crate) within: &'a [Name],
    pub(crate) claim: &'a [Text],
    pub(crate) has: &'a Text,
    pub(crate) issuer: Option<&'a Given>,
    pub(crate) and_in: &'a [Name],
}

#[derive(Clone, Copy)]
pub(crate) enum ClientDeclaration<'a> {
    One(&'a ast::Client),
    Group(&'a [ast::Client]),
}

#[derive(Clone, Copy)]
pub(crate) enum RuleDeclaration<'a> {
    Allow(&'a ast::Rule),
    Deny(&'a ast::Rule),
    Require(&'a ast::Require),
}

/// Checks a policy's statements. Where a part is wrong the rest is judged all the same, so the
/// policy is usable only if no diagnostic is an error.
pub(crate) fn check(
    loaded: &Loaded,
    files: &dyn Files,
    limits: &Limits,
) -> (Policy, Vec<Diagnostic>, Spans) {
    let statements = loaded.statements.as_slice();
    let mut checker = Checker {
        sources: &loaded.sources,
        parameters: &loaded.parameters,
        packs: &loaded.packs,
        has_broken: loaded.diagnostics.iter().any(Diagnostic::is_error),
        files,
        limits,
        diagnostics: Vec::new(),
        names: Declarations {
            servers: Names::new("server"),
            capabilities: Names::new("capability"),
            groups: Names::new("group"),
            clients: Names::new("client"),
            consents: Names::new("consent"),
            rules: Names::new("rule"),
            constants: Names::new("constant"),
            facts: Names::new("fact"),
        },
        servers: BTreeMap::new(),
        capabilities: BTreeMap::new(),
        facts: BTreeMap::new(),
        facts_read: RefCell::default(),
        components: BTreeMap::new(),
        lock: loaded.lock.as_ref(),
        trusted: BTreeSet::new(),
        confirm_within: None,
    };
    checker.collect(statements);
    checker.check_constants();
    checker.check_facts();
    checker.check_servers();
    checker.check_scopes(statements);
    checker.check_capabilities();
    checker.check_overlaps();
    let groups = checker.check_groups();
    let clients = checker.check_clients();
    let registrations = checker.check_registrations(statements);
    let consents = checker.check_consents();
    let rules = checker.check_rules(&consents, &groups, &clients);
    checker.check_ambiguous();
    checker.check_unused(statements);
    checker.check_lock();
    checker.suggest_other_kinds();
    let policy = Policy {
        servers: checker.servers,
        groups,
        clients: clients.clients,
        registrations,
        client_groups: clients.groups,
        capabilities: checker.capabilities,
        consents,
        rules,
        components: checker.components,
        lock: loaded.lock.clone(),
    };
    let spans = Spans {
        rules: checker.names.rules.spans(),
        capabilities: checker.names.capabilities.spans(),
        consents: checker.names.consents.spans(),
    };
    (policy, checker.diagnostics, spans)
}

/// Where the names of rules, capabilities and consents are declared.
pub(crate) struct Spans {
    pub(crate) rules: BTreeMap<String, Span>,
    pub(crate) capabilities: BTreeMap<String, Span>,
    pub(crate) consents: BTreeMap<String, Span>,
}

impl<'a> Checker<'a> {
    fn collect(&mut self, statements: &'a [Statement]) {
        let sources = self.sources;
        for statement in statements {
            let names = &mut self.names;
            let declared = match statement {
                Statement::Server { name, clauses } => {
                    names.servers.declare(sources, name, clauses.as_slice())
                }
                Statement::Capability { name, description, server, clauses } => {
                    let declaration = CapabilityDeclaration { description, server, clauses };
                    names.capabilities.declare(sources, name, declaration)
                }
                Statement::Group { name, within, claim, has, issuer, and_in } => {
                    let issuer = issuer.as_ref();
                    let declaration = GroupDeclaration { within, claim, has, issuer, and_in };
                    names.groups.declare(sources, name, declaration)
                }
                Statement::Clients { name, clients } => {
                    for client in clients {
                        let one = ClientDeclaration::One(client);
                        let declared = names.clients.declare(sources, &client.name, one);
                        self.diagnostics.extend(declared.err());
                    }
                    names.clients.declare(sources, name, ClientDeclaration::Group(clients))
                }
                Statement::Client(client) => {
                    names.clients.declare(sources, &client.name, ClientDeclaration::One(client))
                }
                Statement::Consent { name, text, clauses } => {
                    names.consents.declare(sources, name, (text, clauses.as_slice()))
                }
                Statement::Let { name, value } => names.constants.declare(sources, name, value),
                Statement::Fact(fact) => names.facts.declare(sources, &fact.name(), fact),
                Statement::Allow(rule) => {
                    names.rules.declare(sources, &rule.name, RuleDeclaration::Allow(rule))
                }
                Statement::Deny(rule) => {
                    names.rules.declare(sources, &rule.name, RuleDeclaration::Deny(rule))
                }
                Statement::Require(rule) => {
                    names.rules.declare(sources, &rule.name, RuleDeclaration::Require(rule))
                }
                Statement::Scope { .. }
                | Statement::Register(_)
                | Statement::Parameter { .. }
                | Statement::Edition(_)
                | Statement::Use(_) => Ok(()),
            };
            self.diagnostics.extend(declared.err());
        }
    }

    /// Where a statement stands, for whoever reads the compiled policy.
    pub(crate) fn source(&self, statement: Span) -> Source {
        Source {
            file: self.sources.path(statement.file).to_owned(),
            line: self.sources.line(statement),
        }
    }

    /// Says of names that are not known what else is called so.
    fn suggest_other_kinds(&mut self) {
        let names = &self.names;
        let kind = |name: &str| {
            let held = |(_, one): &(&String, &Capability)| {
                one.features
                    .iter()
                    .any(|feature| matches!(feature, Feature::Tool(tool) if tool == name))
            };
            Some(if names.capabilities.get(name).is_some() {
                format!("`{name}` is a capability, and stands after `to`, `for` or `grants`")
            } else if names.consents.get(name).is_some() {
                format!("`{name}` is a consent, and stands after `under`")
            } else if names.groups.get(name).is_some() {
                format!("`{name}` is a group of users, and stands before `via`")
            } else if names.clients.get(name).is_some() {
                format!("`{name}` is a client, or a group of them, and stands after `via`")
            } else if let Some((capability, _)) = self.capabilities.iter().find(held) {
                format!(
                    "`{name}` is a tool; rules and consents name capabilities: `{capability}` holds it"
                )
            } else {
                return None;
            })
        };
        for diagnostic in &mut self.diagnostics {
            if diagnostic.code == Code::NameUnknown
                && let Some(meant) = diagnostic.underlined().and_then(kind)
            {
                diagnostic.help = Some(meant);
            }
        }
    }

    /// Whether something is wrong, so that what is missing may just not be there yet.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.has_broken || self.diagnostics.iter().any(Diagnostic::is_error)
    }

    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The value, or `None` once its diagnostic is said.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.say(diagnostic)).ok()
    }

    /// Says that a clause stands twice; the first counts.
    pub(crate) fn once<T>(&mut self, slot: &mut Option<T>, value: T, clause: &str, span: Span) {
        if slot.is_some() {
            let diagnostic =
                Diagnostic::error(Code::ClauseRepeated, format!("`{clause}` stands twice"))
                    .at(self.sources, span, "the second one")
                    .help(match clause {
                        "where" | "when" => "join their conditions with `and`",
                        "unless" => "join their conditions with `or`",
                        _ => "keep one of them",
                    });
            self.say(diagnostic);
        } else {
            *slot = Some(value);
        }
    }

    pub(crate) fn missing(&mut self, what: &str, clause: &str, name: Span, help: &str) {
        let diagnostic =
            Diagnostic::error(Code::ClauseMissing, format!("this {what} has no `{clause}`"))
                .at(self.sources, name, format!("`{clause}` is missing"))
                .help(help);
        self.say(diagnostic);
    }

    pub(crate) fn access(&self, level: &Name) -> Result<Access, Diagnostic> {
        let found = Access::ALL.into_iter().find(|known| known.to_string() == level.text);
        found.ok_or_else(|| {
            let help = did_you_mean(&level.text, ["read", "write", "destructive"]);
            Diagnostic::error(Code::ValueAccess, format!("`{}` is no access level", level.text))
                .at(self.sources, level.span, "not a level")
                .help(help.unwrap_or_else(|| {
                    String::from("the levels are `read`, `write` and `destructive`")
                }))
        })
    }

    /// A text that must say something.
    pub(crate) fn text(&mut self, text: &Text) -> String {
        let said = unescape(&text.raw);
        if said.trim().is_empty() {
            let diagnostic = Diagnostic::error(Code::ValueEmpty, "this text says nothing")
                .at(self.sources, text.span, "empty")
                .help("somebody will read it, or compare with it: write what is meant");
            self.say(diagnostic);
        }
        said
    }

    /// The text that is given, or that a parameter of the file stands for; `None` once what is wrong
    /// is said.
    pub(crate) fn given(&mut self, given: &Given) -> Option<Text> {
        let name = match given {
            Given::Text(text) => return Some(text.clone()),
            Given::Parameter(name) => name,
        };
        if let Some(value) = self.parameters.get(&(name.span.file, name.text.clone())) {
            return value.clone();
        }
        let declared = self.parameters.keys().filter(|(file, _)| *file == name.span.file);
        let help = did_you_mean(&name.text, declared.map(|(_, name)| name.as_str()));
        let diagnostic = Diagnostic::error(
            Code::NameUnknown,
            format!("this file has no parameter called `{}`", name.text),
        )
        .at(self.sources, name.span, "not declared in this file")
        .help(help.unwrap_or_else(|| {
            format!("write a text in quotes, or declare the parameter: `parameter {}`", name.text)
        }));
        self.say(diagnostic);
        None
    }

    /// A duration in seconds.
    pub(crate) fn seconds(&self, duration: &Duration) -> Result<i64, Diagnostic> {
        let unit = duration.unit.text.as_str();
        let unit = match unit.strip_suffix('s').unwrap_or(unit) {
            "second" => 1,
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            "week" => 604_800,
            _ => {
                let known = ["seconds", "minutes", "hours", "days", "weeks"];
                let help = hint::unit(&duration.unit.text)
                    .map(|unit| format!("did you mean `{} {unit}`?", duration.number.digits))
                    .or_else(|| did_you_mean(&duration.unit.text, known));
                return Err(Diagnostic::error(
                    Code::ValueUnit,
                    format!("`{}` is no unit of time", duration.unit.text),
                )
                .at(self.sources, duration.unit.span, "not a unit")
                .help(help.unwrap_or_else(|| {
                    String::from("the units are seconds, minutes, hours, days and weeks")
                })));
            }
        };
        let count = self.integer(&duration.number)?;
        count.checked_mul(unit).filter(|seconds| *seconds > 0).ok_or_else(|| {
            Diagnostic::error(Code::ValueDuration, "this is no usable length of time").at(
                self.sources,
                duration.number.span,
                "must be above zero, and not astronomical",
            )
        })
    }

    pub(crate) fn integer(&self, number: &Number) -> Result<i64, Diagnostic> {
        number.digits.parse().map_err(|_| {
            Diagnostic::error(Code::ValueNumber, "this number is out of range").at(
                self.sources,
                number.span,
                "does not fit into 64 bits",
            )
        })
    }

    /// The issuer that is named, or else the only one that any server declares.
    pub(crate) fn issuer(
        &mut self,
        named: Option<&Given>,
        what: &str,
        place: Span,
    ) -> Option<String> {
        let named = match named {
            Some(given) => Some(self.given(given)?),
            None => None,
        };
        match self.one_issuer(named.as_ref(), what, place) {
            // Who is accepted may be what could not be read, or what a server does not say.
            Err(_) if named.is_none() && (self.has_broken || self.some_server_has_no_issuer()) => {
                None
            }
            issuer => self.keep(issuer),
        }
    }

    fn some_server_has_no_issuer(&self) -> bool {
        self.servers.values().any(|server| match &server.credentials {
            Credentials::Oauth { issuers, .. } => issuers.is_empty(),
            Credentials::Local { .. } => false,
        })
    }

    fn one_issuer(
        &self,
        named: Option<&Text>,
        what: &str,
        place: Span,
    ) -> Result<String, Diagnostic> {
        let declared: BTreeSet<&String> = self
            .servers
            .values()
            .filter_map(|server| match &server.credentials {
                Credentials::Oauth { issuers, .. } => Some(issuers),
                Credentials::Local { .. } => None,
            })
            .flatten()
            .collect();
        if let Some(named) = named {
            return self.known_issuer(named, &declared);
        }
        let mut declared = declared.into_iter();
        match (declared.next(), declared.next()) {
            (Some(only), None) => Ok(only.clone()),
            (none_or_first, _) => {
                let why = match none_or_first {
                    None => "no server declares an issuer",
                    Some(_) => "the servers declare several issuers",
                };
                Err(Diagnostic::error(
                    Code::ClauseMissing,
                    format!("it is not clear whose {what} this is"),
                )
                .at(self.sources, place, why)
                .help("say whose: `issued by \"https://login.example.com\"`"))
            }
        }
    }

    /// An issuer that somebody's tokens come from. On a local server the host vouches for users of
    /// any issuer, so there a policy may name one that no server declares.
    fn known_issuer(
        &self,
        named: &Text,
        declared: &BTreeSet<&String>,
    ) -> Result<String, Diagnostic> {
        let issuer = unescape(&named.raw);
        let is_local = |server: &Server| matches!(server.credentials, Credentials::Local { .. });
        let local = self.servers.values().any(is_local);
        if declared.contains(&issuer) || (local && !issuer.trim().is_empty()) || self.has_broken {
            return Ok(issuer);
        }
        let known = declared.iter().map(|issuer| issuer.as_str());
        let help = did_you_mean(&issuer, known).unwrap_or_else(|| {
            String::from("name an issuer that a server accepts tokens from, spelled exactly so")
        });
        Err(Diagnostic::error(Code::NameUnknown, "no server accepts tokens from this issuer")
            .at(self.sources, named.span, "so nobody comes from there")
            .help(help))
    }
}
