//! The subject of lint: each statement as it is written, beside what it means.

use std::collections::BTreeMap;

use placet_engine::bundle::{Access, Client, Credentials, Effect, Feature};

use crate::files::{Files, resolve};
use crate::limits::Limits;
use crate::lint::drift::{self, Moved};
use crate::lint::metadata::Metadata;
use crate::lint::registry::Registry;
use crate::lint::settings::Settings;
use crate::lint::{Unchecked, World};
use crate::model::{self, Held, Places, Policy, Touched};
use crate::source::Span;
use crate::syntax::ast::{
    self, CapabilityClause, ConsentClause, Name, RuleClause, ServerClause, Statement, Text,
};
use crate::syntax::text::unescape;

/// A policy and all that rules ask about.
pub(crate) struct Subject<'s> {
    pub(crate) policy: &'s Policy,
    pub(crate) places: &'s Places,
    pub(crate) settings: &'s Settings,
    pub(crate) world: &'s World,
    pub(crate) held: Held<'s>,
    pub(crate) servers: Vec<Server<'s>>,
    pub(crate) scopes: Vec<Scope<'s>>,
    pub(crate) capabilities: Vec<Capability<'s>>,
    pub(crate) consents: Vec<Consent<'s>>,
    pub(crate) clients: Vec<(&'s ast::Client, &'s Client)>,
    pub(crate) registers: Vec<&'s ast::Register>,
    pub(crate) rules: Vec<Rule<'s>>,
    /// What moved since the review, by server.
    pub(crate) moved: BTreeMap<&'s str, Moved>,
    /// What servers say of themselves, by their names in the policy.
    pub(crate) metadata: BTreeMap<&'s str, Metadata>,
    /// The clients that are registered at the authorization server.
    pub(crate) registry: Option<Registry>,
}

pub(crate) struct Server<'s> {
    pub(crate) name: &'s Name,
    pub(crate) clauses: &'s [ServerClause],
    pub(crate) is: &'s model::Server,
}

pub(crate) struct Scope<'s> {
    pub(crate) text: &'s Text,
    pub(crate) name: String,
    pub(crate) server: &'s str,
}

pub(crate) struct Capability<'s> {
    pub(crate) name: &'s Name,
    pub(crate) description: &'s Text,
    pub(crate) clauses: &'s [CapabilityClause],
    pub(crate) is: &'s model::Capability,
}

pub(crate) struct Consent<'s> {
    pub(crate) name: &'s Name,
    pub(crate) text: &'s Text,
    pub(crate) clauses: &'s [ConsentClause],
    pub(crate) is: &'s model::Consent,
}

pub(crate) struct Rule<'s> {
    pub(crate) name: &'s Name,
    pub(crate) written: Written<'s>,
    pub(crate) is: &'s model::Rule,
}

#[derive(Clone, Copy)]
pub(crate) enum Written<'s> {
    Allow(&'s ast::Rule),
    Deny(&'s ast::Rule),
    Require(&'s ast::Require),
}

impl<'s> Subject<'s> {
    pub(crate) fn new(
        policy: &'s Policy,
        places: &'s Places,
        files: &dyn Files,
        limits: &Limits,
        settings: &'s Settings,
        world: &'s World,
        unchecked: &mut Vec<Unchecked>,
    ) -> Self {
        let mut subject = Self {
            policy,
            places,
            settings,
            world,
            held: Held::new(&policy.capabilities),
            servers: Vec::new(),
            scopes: Vec::new(),
            capabilities: Vec::new(),
            consents: Vec::new(),
            clients: Vec::new(),
            registers: Vec::new(),
            rules: Vec::new(),
            moved: BTreeMap::new(),
            metadata: BTreeMap::new(),
            registry: None,
        };
        for statement in &places.statements {
            subject.statement(statement);
        }
        subject.moved = drift::moved(&subject, files, limits, unchecked);
        subject.read_metadata(files, unchecked);
        subject.read_registry(files, unchecked);
        subject
    }

    fn statement(&mut self, statement: &'s Statement) {
        let policy = self.policy;
        match statement {
            Statement::Server { name, clauses } => {
                let is = policy.servers.get(&name.text);
                self.servers.extend(is.map(|is| Server { name, clauses, is }));
            }
            Statement::Scope { scope, server, implies: _ } => self.scopes.push(Scope {
                text: scope,
                name: unescape(&scope.raw),
                server: &server.text,
            }),
            Statement::Capability { name, description, server: _, clauses } => {
                let is = policy.capabilities.get(&name.text);
                let capability = is.map(|is| Capability { name, description, clauses, is });
                self.capabilities.extend(capability);
            }
            Statement::Consent { name, text, clauses } => {
                let is = policy.consents.get(&name.text);
                self.consents.extend(is.map(|is| Consent { name, text, clauses, is }));
            }
            Statement::Clients { name: _, clients } => {
                for client in clients {
                    self.client(client);
                }
            }
            Statement::Client(client) => self.client(client),
            Statement::Register(register) => self.registers.push(register),
            Statement::Allow(rule) => self.rule(&rule.name, Written::Allow(rule)),
            Statement::Deny(rule) => self.rule(&rule.name, Written::Deny(rule)),
            Statement::Require(rule) => self.rule(&rule.name, Written::Require(rule)),
            Statement::Edition(_)
            | Statement::Use(_)
            | Statement::Parameter { .. }
            | Statement::Group { .. }
            | Statement::Fact(_)
            | Statement::Let { .. } => {}
        }
    }

    fn client(&mut self, client: &'s ast::Client) {
        let is = self.policy.clients.get(&client.name.text);
        self.clients.extend(is.map(|is| (client, is)));
    }

    fn rule(&mut self, name: &'s Name, written: Written<'s>) {
        let is = self.policy.rules.get(&name.text);
        self.rules.extend(is.map(|is| Rule { name, written, is }));
    }

    fn read_metadata(&mut self, files: &dyn Files, unchecked: &mut Vec<Unchecked>) {
        for name in self.policy.servers.keys() {
            let live = self.world.live.get(name).and_then(|live| live.metadata.clone());
            let named = self.settings.servers.get(name).and_then(|one| one.metadata.as_ref());
            let read = live.or_else(|| {
                named.map(|path| {
                    let bytes = files.read(path, Metadata::BYTES);
                    let read = bytes.and_then(|bytes| {
                        Metadata::read(&bytes).map_err(|error| error.to_string())
                    });
                    read.map_err(|why| format!("`{path}`: {why}"))
                })
            });
            match read {
                Some(Ok(metadata)) => {
                    self.metadata.insert(name, metadata);
                }
                Some(Err(why)) => unchecked.push(Unchecked {
                    what: format!("the protected resource metadata of `{name}`"),
                    why,
                }),
                None => {}
            }
        }
    }

    fn read_registry(&mut self, files: &dyn Files, unchecked: &mut Vec<Unchecked>) {
        let Some(path) = &self.settings.registry else { return };
        let bytes = files.read(path, Registry::BYTES);
        let read =
            bytes.and_then(|bytes| Registry::read(&bytes).map_err(|error| error.to_string()));
        match read {
            Ok(registry) => self.registry = Some(registry),
            Err(why) => unchecked.push(Unchecked {
                what: String::from("the registered clients"),
                why: format!("`{path}`: {why}"),
            }),
        }
    }

    /// The server of that name, as it is written.
    pub(crate) fn server(&self, name: &str) -> Option<&Server<'s>> {
        self.servers.iter().find(|server| server.name.text == name)
    }

    /// The capabilities that a rule allows.
    pub(crate) fn allowed(&self, rule: &Rule<'s>) -> Vec<(&'s str, &'s model::Capability)> {
        let Effect::Allow { capabilities, under: _ } = &rule.is.effect else { return Vec::new() };
        let policy = self.policy;
        let known = capabilities
            .iter()
            .filter_map(|name| policy.capabilities.get_key_value(name))
            .map(|(name, capability)| (name.as_str(), capability));
        known.collect()
    }

    /// The access of what a capability holds: the highest of any tool, which another capability may
    /// have raised.
    pub(crate) fn access(&self, capability: &model::Capability) -> Access {
        let features = capability.features.iter();
        let highest = features.filter_map(|one| self.held.access(&capability.server, one)).max();
        highest.unwrap_or(capability.access).max(capability.access)
    }

    /// What rests on a feature.
    pub(crate) fn touched(&self, server: &str, feature: &Feature) -> Touched {
        Touched::by(self.policy, &self.held, server, feature)
    }
}

impl<'s> Server<'s> {
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.is.credentials, Credentials::Local { .. })
    }

    /// Where its catalogue is named, or else its name.
    pub(crate) fn catalogue(&self) -> Span {
        let named = self.clauses.iter().find_map(|clause| match clause {
            ServerClause::Catalogue(text) => Some(text.span),
            _ => None,
        });
        named.unwrap_or(self.name.span)
    }

    /// The file of its catalogue, relative to the policy's folder.
    pub(crate) fn catalogue_file(&self, places: &Places) -> Option<String> {
        self.clauses.iter().find_map(|clause| match clause {
            ServerClause::Catalogue(text) => {
                Some(resolve(places.sources.path(text.span.file), &unescape(&text.raw)))
            }
            _ => None,
        })
    }

    pub(crate) fn is_trusted(&self) -> bool {
        self.clauses.iter().any(|clause| matches!(clause, ServerClause::Trusted(..)))
    }
}

impl<'s> Rule<'s> {
    /// Every test of its conditions, and whether it is negated there.
    pub(crate) fn tests(&self) -> Vec<(&'s ast::Test, bool)> {
        match self.written {
            Written::Allow(rule) | Written::Deny(rule) => {
                let tests = rule.clauses.iter().flat_map(|clause| match clause {
                    RuleClause::When(condition, _) => tests(condition, false),
                    RuleClause::Unless(condition, _) => tests(condition, true),
                    RuleClause::Because(_) => Vec::new(),
                });
                tests.collect()
            }
            Written::Require(rule) => {
                rule.condition.iter().flat_map(|condition| tests(condition, false)).collect()
            }
        }
    }
}

impl<'s> Capability<'s> {
    /// Every test of the condition after `where`, and whether it is negated there.
    pub(crate) fn tests(&self) -> Vec<(&'s ast::Test, bool)> {
        let tests = self.clauses.iter().flat_map(|clause| match clause {
            CapabilityClause::Where(condition) => tests(condition, false),
            _ => Vec::new(),
        });
        tests.collect()
    }
}

fn tests(condition: &ast::Expression, negated: bool) -> Vec<(&ast::Test, bool)> {
    match condition {
        ast::Expression::And(parts) | ast::Expression::Or(parts) => {
            parts.iter().flat_map(|part| tests(part, negated)).collect()
        }
        ast::Expression::Not(inner) => tests(inner, !negated),
        ast::Expression::Test(test) => vec![(test, negated)],
    }
}
