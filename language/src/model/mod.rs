//! The model: a policy with its names resolved, its types checked and its catalogues joined in.

mod capability;
mod check;
mod client;
mod condition;
mod consent;
mod constant;
mod group;
mod held;
mod names;
mod rule;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use miette::Severity;
pub use placet_engine::bundle::Effect;
use placet_engine::bundle::{Access, Client, Credentials, Group, Source, Who};
use placet_engine::condition::Condition;

pub use held::Held;

use crate::catalogue::Catalogue;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::limits::Limits;
use crate::load;

/// A policy that checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Servers by name.
    pub servers: BTreeMap<String, Server>,
    /// Groups of users by name.
    pub groups: BTreeMap<String, Group>,
    /// Clients by name.
    pub clients: BTreeMap<String, Client>,
    /// Groups of clients by name, each with its clients' names.
    pub client_groups: BTreeMap<String, BTreeSet<String>>,
    /// Capabilities by name.
    pub capabilities: BTreeMap<String, Capability>,
    /// Consents by name.
    pub consents: BTreeMap<String, Consent>,
    /// Rules by name.
    pub rules: BTreeMap<String, Rule>,
}

/// An MCP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its canonical resource URI (RFC 8707), or `local:` and a name.
    pub identity: String,
    /// Which credentials it accepts.
    pub credentials: Credentials,
    /// Its scopes, each with what it directly implies.
    pub scopes: BTreeMap<String, BTreeSet<String>>,
    /// Its tools.
    pub catalogue: Catalogue,
    /// Where it stands.
    pub source: Source,
}

/// A named, privilege-bearing set of tools.
#[derive(Debug, Clone, PartialEq)]
pub struct Capability {
    /// The server's name.
    pub server: String,
    /// What the user is shown.
    pub description: String,
    /// The tools by name, globs resolved.
    pub tools: BTreeSet<String>,
    /// How much harm they can do.
    pub access: Access,
    /// Scope sets, any of which suffices; one empty set where nothing is needed.
    pub needs: BTreeSet<BTreeSet<String>>,
    /// The condition on every use.
    pub condition: Option<Condition>,
}

/// What a user is asked to agree to.
#[derive(Debug, Clone, PartialEq)]
pub struct Consent {
    /// The server's name.
    pub server: String,
    /// What the user is shown.
    pub text: String,
    /// Capabilities by name.
    pub grants: BTreeSet<String>,
    /// The purposes that a call may state.
    pub purposes: BTreeSet<String>,
    /// Whether a call must state one.
    pub purpose_required: bool,
    /// Seconds that a receipt lasts.
    pub lasts: Option<i64>,
}

/// `allow` or `deny`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Whom it concerns; any of these.
    pub who: BTreeSet<Who>,
    /// Through which clients; `None`: any.
    pub via: Option<BTreeSet<Via>>,
    /// What it does.
    pub effect: Effect,
    /// The condition; `None`: always.
    pub when: Option<Condition>,
    /// The author's reason.
    pub because: Option<String>,
    /// Where it stands.
    pub source: Source,
}

impl Rule {
    /// The clients that the rule names, by name; `None`: any.
    pub fn clients(&self, policy: &Policy) -> Option<BTreeSet<String>> {
        let none = BTreeSet::new();
        let members = |via: &Via| match via {
            Via::Client(name) => BTreeSet::from([name.clone()]),
            Via::Group(name) => policy.client_groups.get(name).unwrap_or(&none).clone(),
        };
        self.via.as_ref().map(|via| via.iter().flat_map(members).collect())
    }
}

/// Through which clients a rule speaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// One client.
    Client(String),
    /// A group of clients.
    Group(String),
}

/// A checked policy and all that is to be said about it.
#[derive(Debug)]
pub struct Checked {
    /// The policy, unless there is an error.
    pub policy: Option<Policy>,
    /// In the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks a policy.
pub fn check(files: &dyn Files, limits: &Limits) -> Checked {
    let loaded = load::load(files, limits);
    let mut diagnostics = loaded.diagnostics;
    let (policy, found) = check::check(&loaded.sources, files, limits, &loaded.statements);
    let follows_from_a_mistake = |one: &Diagnostic| {
        one.code == Code::NameUnknown
            && one.underlined().is_some_and(|name| loaded.broken.contains(name))
    };
    diagnostics.extend(found.into_iter().filter(|one| !follows_from_a_mistake(one)));
    diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    let usable = diagnostics.iter().all(|one| one.severity != Severity::Error);
    Checked { policy: usable.then_some(policy), diagnostics }
}
