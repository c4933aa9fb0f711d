//! The model: a policy with its names resolved, its types checked and its catalogues joined in.

mod ambiguous;
mod capability;
mod check;
mod client;
mod condition;
mod consent;
mod constant;
mod contradiction;
pub(crate) mod fact;
mod group;
mod held;
mod lock;
mod names;
mod overlap;
mod reach;
mod register;
mod require;
mod rule;
mod server;
mod through;
mod touched;
mod unused;

use std::collections::{BTreeMap, BTreeSet};

use miette::Severity;
use placet_engine::Digest;
pub use placet_engine::bundle::Effect;
use placet_engine::bundle::Through;
use placet_engine::bundle::{
    Access, Client, Credentials, Feature, Group, OnChange, RegisterRule, Source, Who,
};
use placet_engine::call::Registration;
use placet_engine::condition::Condition;
use placet_engine::resource::Pattern;

pub use held::Held;
pub use touched::Touched;

use crate::catalogue::Catalogue;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::limits::Limits;
use crate::load;
use crate::lock::Lock;
use crate::source::{Sources, Span};
use crate::syntax::ast::Statement;

/// A policy that checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Servers by name.
    pub servers: BTreeMap<String, Server>,
    /// Groups of users by name.
    pub groups: BTreeMap<String, Group>,
    /// Clients by name.
    pub clients: BTreeMap<String, Client>,
    /// How clients without a name are admitted; any of these.
    pub registrations: BTreeSet<RegisterRule>,
    /// Groups of clients by name, each with its clients' names.
    pub client_groups: BTreeMap<String, BTreeSet<String>>,
    /// Capabilities by name.
    pub capabilities: BTreeMap<String, Capability>,
    /// Consents by name.
    pub consents: BTreeMap<String, Consent>,
    /// Rules by name.
    pub rules: BTreeMap<String, Rule>,
    /// The components that facts are computed by: the digest of each file, by its path in the
    /// policy's folder.
    pub components: BTreeMap<String, Digest>,
    /// What was reviewed, if there is a lock.
    pub lock: Option<Lock>,
}

/// An MCP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its canonical resource URI (RFC 8707), or `local:` and a name.
    pub identity: String,
    /// Which credentials it accepts.
    pub credentials: Credentials,
    /// Whether a call must carry the digest of the tool's definition.
    pub pin_tools: bool,
    /// Whether a call must carry the digest of the client's metadata.
    pub pin_clients: bool,
    /// Its scopes, each with what it directly implies.
    pub scopes: BTreeMap<String, BTreeSet<String>>,
    /// Its tools and prompts.
    pub catalogue: Catalogue,
    /// The sets of resource patterns that the policy tells apart: each resource that it speaks of
    /// fits just the patterns of one.
    pub resources: BTreeSet<BTreeSet<Pattern>>,
    /// Where it stands.
    pub source: Source,
}

/// A named, privilege-bearing set of tools, prompts and resources.
#[derive(Debug, Clone, PartialEq)]
pub struct Capability {
    /// The server's name.
    pub server: String,
    /// What the user is shown.
    pub description: String,
    /// What it holds, globs resolved.
    pub features: BTreeSet<Feature>,
    /// The patterns of its resources, as they are written.
    pub patterns: BTreeSet<Pattern>,
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
    /// The clients that it may be given to; `None`: any.
    pub via: Option<BTreeSet<Via>>,
    /// What happens to receipts when what they cover changes.
    pub on_change: OnChange,
    /// Names that it had.
    pub was: BTreeSet<String>,
}

/// `allow`, `deny` or `require`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Whom it concerns; any of these.
    pub who: BTreeSet<Who>,
    /// Through which clients; `None`: any.
    pub via: Option<BTreeSet<Via>>,
    /// What it does.
    pub effect: Effect,
    /// The condition; `None`: always. Of a `require`: what must hold.
    pub when: Option<Condition>,
    /// The author's reason.
    pub because: Option<String>,
    /// Where it stands.
    pub source: Source,
}

impl Policy {
    /// The clients that a rule or a consent speaks of, groups of clients taken apart; `None`: any.
    pub fn through(&self, via: Option<&BTreeSet<Via>>) -> Option<BTreeSet<Through>> {
        let members = |via: &Via| match via {
            Via::Client(name) => vec![Through::Client(name.clone())],
            Via::Group(name) => {
                let members = self.client_groups.get(name).into_iter().flatten();
                members.cloned().map(Through::Client).collect()
            }
            Via::Registration(kind) => vec![Through::Registration(*kind)],
            Via::Domain(domain) => vec![Through::Domain(domain.clone())],
        };
        via.map(|via| via.iter().flat_map(members).collect())
    }
}

/// Through which clients a rule speaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// One client.
    Client(String),
    /// A group of clients.
    Group(String),
    /// Clients that registered so.
    Registration(Registration),
    /// Clients whose metadata document is on this host.
    Domain(String),
}

/// A checked policy and all that is to be said about it.
#[derive(Debug)]
pub struct Checked {
    /// The policy, unless there is an error.
    pub policy: Option<Policy>,
    /// In the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Where a policy's names are declared, for what is said of it later.
pub(crate) struct Places {
    pub(crate) sources: Sources,
    /// The files of packs.
    pub(crate) packs: BTreeSet<usize>,
    /// Every statement of every file but `edition`, `use` and `parameter`.
    pub(crate) statements: Vec<Statement>,
    pub(crate) rules: BTreeMap<String, Span>,
    pub(crate) capabilities: BTreeMap<String, Span>,
    pub(crate) consents: BTreeMap<String, Span>,
}

/// Reads and checks a policy.
pub fn check(files: &dyn Files, limits: &Limits) -> Checked {
    check_with_places(files, limits).0
}

/// The same, and where its names are declared.
pub(crate) fn check_with_places(files: &dyn Files, limits: &Limits) -> (Checked, Places) {
    let mut loaded = load::load(files, limits);
    let (policy, found, spans) = check::check(&loaded, files, limits);
    let mut diagnostics = std::mem::take(&mut loaded.diagnostics);
    let follows_from_a_mistake = |one: &Diagnostic| match one.code {
        Code::NameUnknown => one.underlined().is_some_and(|name| loaded.broken.contains(name)),
        // Which tools are meant may be what could not be read.
        Code::CatalogueUntyped => !loaded.broken.is_empty(),
        _ => false,
    };
    diagnostics.extend(found.into_iter().filter(|one| !follows_from_a_mistake(one)));
    diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    // What is wrong with a constant shows wherever it is used.
    diagnostics.dedup_by(|one, other| {
        one.code == other.code && one.message == other.message && one.place() == other.place()
    });
    let usable = diagnostics.iter().all(|one| one.severity != Severity::Error);
    let check::Spans { rules, capabilities, consents } = spans;
    let load::Loaded { sources, packs, statements, .. } = loaded;
    let places = Places { sources, packs, statements, rules, capabilities, consents };
    (Checked { policy: usable.then_some(policy), diagnostics }, places)
}
