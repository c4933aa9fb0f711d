//! The bundle: one file that holds everything a decision needs. [`write()`] and [`read`] say how it
//! looks, [`sign`] and [`read_signed`] how with a signature.

mod bounds;
mod error;
mod file;
mod signature;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::call::{Call, Registration};
use crate::chain::operation;
use crate::condition::{Argument, Atom, Attribute, Condition, Operand, Side};
use crate::digest::Digest;
use crate::network::Network;
use crate::probe::Probe;
use crate::resource::Pattern;

pub use error::BundleError;
pub use file::{FORMAT, read, write};
pub use signature::{KeyError, SignedBy, SigningKey, TrustedKeys, read_signed, sign};
pub use terms::{Coverage, OnChange, Terms, TermsVersion};

/// The newest language edition that this engine knows.
pub const EDITION: u16 = 2026;

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The language edition of the policy.
    pub edition: u16,
    /// Whether globs were resolved from a reviewed `placet.lock`.
    pub locked: bool,
    /// The policy as Cedar, which decides.
    pub cedar: Cedar,
    /// MCP servers by their name in the policy.
    pub servers: BTreeMap<String, Server>,
    /// Groups of users by name.
    pub groups: BTreeMap<String, Group>,
    /// Admitted clients by name.
    pub clients: BTreeMap<String, Client>,
    /// Groups of clients by name, each with its clients' names. Rules speak of the clients themselves;
    /// these are for questions.
    pub client_groups: BTreeMap<String, BTreeSet<String>>,
    /// How clients without a name are admitted, if at all; any of these.
    pub registrations: BTreeSet<RegisterRule>,
    /// Capabilities by name.
    pub capabilities: BTreeMap<String, Capability>,
    /// Consents by name.
    pub terms: BTreeMap<String, Terms>,
    /// The rules by name, for explanations.
    pub rules: BTreeMap<String, Rule>,
}

impl Content {
    /// What a call is about, if the policy knows it.
    pub fn feature(&self, call: &Call) -> Option<Feature> {
        let server = self.servers.values().find(|server| server.identity == call.server);
        operation::find(server?, call).ok().map(|(feature, _)| feature)
    }

    /// The digest of a call's operation: see [`Engine::operation_digest`](crate::Engine::operation_digest).
    ///
    /// # Errors
    ///
    /// Why the operation has no digest.
    pub fn operation_digest(&self, call: &Call) -> Result<Digest, String> {
        let server = self.servers.values().find(|server| server.identity == call.server);
        let tool = operation::judge(server, call).ok().map(|place| place.tool);
        operation::digest(call, tool).map_err(|broken| broken.detail)
    }
}

/// The policy as Cedar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cedar {
    /// The schema, in Cedar's schema syntax.
    pub schema: String,
    /// The static entities, in Cedar's JSON form: groups, clients, servers.
    pub entities: Vec<Entity>,
    /// The policies by their id.
    pub policies: BTreeMap<String, String>,
}

/// A static Cedar entity, in the shape of Cedar's JSON form.
///
/// INVARIANT: nothing in a bundle is free-form JSON, whose member order depends on how the JSON
/// library was built: the same bundle must have the same bytes in every host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// The entity.
    pub uid: EntityUid,
    /// No static entity has attributes.
    pub attrs: BTreeMap<String, String>,
    /// What it is in.
    pub parents: Vec<EntityUid>,
}

/// The name of a Cedar entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityUid {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// An MCP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// How calls name the server: its canonical resource URI (RFC 8707), or `local:` and a name.
    pub identity: String,
    /// Which credentials the server accepts.
    pub credentials: Credentials,
    /// Whether a call must carry the digest of the tool's definition.
    pub pin_tools: bool,
    /// Whether a call must carry the digest of the client's metadata.
    pub pin_clients: bool,
    /// The declared scopes, each with every scope it stands for: itself and all it implies.
    pub scopes: BTreeMap<String, BTreeSet<String>>,
    /// The catalogue's tools by name.
    pub tools: BTreeMap<String, Tool>,
    /// The catalogue's prompts by name.
    pub prompts: BTreeMap<String, Tool>,
    /// The server's resources, by the patterns that they fit.
    pub resources: Vec<Resources>,
}

/// Something of a server that a call may be about: MCP's server features.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// `tools/call` of a tool.
    Tool(String),
    /// `prompts/get` of a prompt.
    Prompt(String),
    /// `resources/read` of a resource that fits all of these patterns and no other.
    Resources(BTreeSet<Pattern>),
}

impl Feature {
    /// Its name, or the patterns of its resources.
    pub fn name(&self) -> String {
        match self {
            Self::Tool(name) | Self::Prompt(name) => name.clone(),
            Self::Resources(patterns) => {
                let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
                patterns.join(" and ")
            }
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(name) => write!(formatter, "tool `{name}`"),
            Self::Prompt(name) => write!(formatter, "prompt `{name}`"),
            Self::Resources(patterns) => {
                let patterns: Vec<String> = patterns.iter().map(|one| format!("`{one}`")).collect();
                write!(formatter, "resources {}", patterns.join(" and "))
            }
        }
    }
}

impl Server {
    /// Everything that a call may be about.
    pub fn features(&self) -> impl Iterator<Item = (Feature, &Tool)> {
        let tools = self.tools.iter().map(|(name, tool)| (Feature::Tool(name.clone()), tool));
        let prompts =
            self.prompts.iter().map(|(name, prompt)| (Feature::Prompt(name.clone()), prompt));
        let resources =
            self.resources.iter().map(|one| (Feature::Resources(one.patterns.clone()), &one.tool));
        tools.chain(prompts).chain(resources)
    }
}

/// Which credentials a server accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Credentials {
    /// OAuth access tokens whose audience is the server, from one of these issuers.
    Oauth {
        /// Accepted issuers, as in the token's `iss`.
        issuers: BTreeSet<String>,
        /// Whether API keys are accepted besides.
        api_keys: Option<ApiKeys>,
    },
    /// The standing right of whoever runs a local (stdio) server.
    Local {
        /// The highest access level it reaches.
        up_to: Access,
        /// The author's reason.
        because: String,
    },
}

/// How far API keys reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeys {
    /// The highest access level they reach.
    pub up_to: Access,
    /// Where a call with one must come from, any of these; empty: anywhere.
    pub networks: BTreeSet<Network>,
    /// Seconds that one lasts from when it was issued.
    pub lasts: Option<i64>,
    /// The author's reason.
    pub because: String,
}

/// How clients that the policy does not name are admitted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterRule {
    /// How they register.
    pub kind: Registration,
    /// For metadata documents: the hosts that these may be on.
    pub domains: BTreeSet<String>,
    /// Otherwise: the issuers that they may be registered at.
    pub issuers: BTreeSet<String>,
    /// The scopes that count in their tokens, with what these imply.
    pub may_request: BTreeSet<String>,
    /// Where they may have users sent back to, any of these; empty: this is not judged.
    pub redirects: BTreeSet<Redirect>,
    /// Who looks at them before they may act; `None`: nobody has to.
    pub review: Option<Review>,
    /// Where the statement stands.
    pub source: Source,
}

/// A redirect URI that a client may register, or a kind of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redirect {
    /// `http` at a loopback address, any port (RFC 8252, section 7.3).
    Loopback,
    /// `https` on the host of the client's metadata document.
    SameDomain,
    /// Just this one.
    Uri(String),
}

/// A review that a client awaits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Who looks at it.
    pub by: String,
    /// Seconds that it may take.
    pub within: Option<i64>,
}

/// The resources of a server that fit the same patterns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// All the patterns that they fit.
    pub patterns: BTreeSet<Pattern>,
    /// What holds of them as of a tool; they have no definition, and so no digest.
    pub tool: Tool,
}

/// A tool of a catalogue, or a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The digest of the whole definition; `None` where it has none (an integer beyond ±2⁵³).
    pub digest: Option<Digest>,
    /// The highest access of the tool's capabilities; `None` in no capability.
    pub access: Option<Access>,
    /// The capabilities that hold the tool.
    pub capabilities: BTreeSet<String>,
    /// Whether the `inputSchema` could be translated. Where not, a condition on the tool's
    /// arguments counts against the call.
    pub typed: bool,
    /// What the Cedar policies read of the arguments.
    pub reads: Reads,
    /// Arguments that do for every rule what any would; `None` where the compiler could not find
    /// them all. Of prompts and resources there are none.
    pub probes: Option<BTreeSet<Probe>>,
}

/// What the Cedar policies that concern a tool read of its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    /// Handed over in `context.args`, and facts computed from arguments in `context.computed`.
    pub arguments: BTreeSet<Argument>,
    /// Normal forms, handed over in `context.views`.
    pub views: BTreeSet<Operand>,
    /// Arguments whose presence is asked for, by path, handed over in `context.present`.
    pub present: BTreeSet<Argument>,
    /// Quantified atoms that an `allow` or a `where` reads, handed over in `context.facts`.
    pub allow_facts: BTreeSet<Atom>,
    /// Quantified atoms that a `deny` reads, handed over in `context.facts`.
    pub deny_facts: BTreeSet<Atom>,
}

impl Reads {
    /// The arguments that are handed over as they are, in `context.args`.
    pub fn given(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| argument.computed.is_none())
    }

    /// The facts that are handed over as they are, in `context.computed`.
    pub fn computed(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| argument.computed.is_some())
    }

    /// Every argument and every fact that is read in any way.
    pub fn all(&self) -> impl Iterator<Item = &Argument> {
        let views = self.views.iter().filter_map(|view| match &view.attribute {
            Attribute::Argument(argument) => Some(argument),
            _ => None,
        });
        let quantified = self.facts().flat_map(|(atom, _)| atom.arguments());
        self.arguments.iter().chain(views).chain(&self.present).chain(quantified)
    }

    /// Every quantified atom with its side.
    pub fn facts(&self) -> impl Iterator<Item = (&Atom, Side)> {
        let allow = self.allow_facts.iter().map(|atom| (atom, Side::Allow));
        allow.chain(self.deny_facts.iter().map(|atom| (atom, Side::Deny)))
    }
}

/// The name of a quantified atom in `context.facts`.
pub fn fact_name(atom: &Atom, side: Side) -> String {
    match side {
        Side::Allow => atom.to_string(),
        Side::Deny => format!("{atom}, or no value"),
    }
}

/// How much harm a tool can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Looks, and changes nothing.
    Read,
    /// Changes things in ways that can be undone.
    Write,
    /// Changes things for good.
    Destructive,
}

impl Access {
    /// All levels, lowest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Destructive];

    /// The next level up.
    pub fn above(self) -> Option<Self> {
        Self::ALL.into_iter().find(|level| *level > self)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
        })
    }
}

/// A group of users: who has the claim, and is in every group of `and_in`, and the members of every
/// group that names this one in `within`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The issuer whose claims count.
    pub issuer: String,
    /// The claim's name, or a path of member names to it.
    pub claim: Vec<String>,
    /// What the claim must be, or as an array have among its elements.
    pub has: String,
    /// Groups that a member must be in as well.
    pub and_in: BTreeSet<String>,
    /// Groups that every member of this one is in.
    pub within: BTreeSet<String>,
}

/// An admitted OAuth client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The https URL of the client ID metadata document; with an `issuer`, the `client_id` there.
    pub id: String,
    /// The issuer at which the client is registered; `None` for a metadata document.
    pub issuer: Option<String>,
    /// Who answers for the client.
    pub owner: Option<String>,
    /// The digest of its metadata as they were reviewed.
    pub metadata_digest: Option<Digest>,
}

/// A named, privilege-bearing set of tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// The server's name in the policy.
    pub server: String,
    /// What the user is shown.
    pub description: String,
    /// How much harm the tools can do.
    pub access: Access,
    /// Scope sets, any of which suffices; one empty set where nothing is needed.
    pub needs: BTreeSet<BTreeSet<String>>,
    /// The condition on every use of this capability.
    #[serde(rename = "where")]
    pub condition: Option<Condition>,
}

/// `allow`, `deny` or `require`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the rule does.
    pub effect: Effect,
    /// Whom it concerns; any of these.
    pub who: BTreeSet<Who>,
    /// Through which clients, any of these; `None`: any client.
    pub clients: Option<BTreeSet<Through>>,
    /// The condition; `None`: always. Of a `require`: what must hold; `None`: nothing but its remedy
    /// makes it hold.
    pub when: Option<Condition>,
    /// The author's reason.
    pub because: Option<String>,
    /// Where the rule stands.
    pub source: Source,
}

/// What a rule does, and to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Makes capabilities usable.
    Allow {
        /// Each by itself: its `needs`, its `where`.
        capabilities: BTreeSet<String>,
        /// The consent that must stand behind the call; `None`: without consent.
        under: Option<String>,
    },
    /// Forbids tools.
    Deny {
        /// Any of these.
        targets: BTreeSet<Target>,
    },
    /// Forbids tools unless the condition holds.
    Require {
        /// Any of these.
        targets: BTreeSet<Target>,
        /// What would make it hold; `None`: nothing.
        otherwise: Option<Otherwise>,
    },
}

/// What would make a `require` hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Otherwise {
    /// That the user logs in again (RFC 9470).
    Reauthenticate {
        /// With any of these authentication context classes, the first preferred; empty: any.
        acr: Vec<String>,
        /// Seconds that the login may be old.
        within: Option<i64>,
    },
    /// That the user confirms this one operation.
    Confirm {
        /// Seconds that the confirmation counts.
        within: i64,
    },
    /// That the user agrees to these terms; a live receipt for them makes the requirement hold.
    Ask {
        /// The consent's name.
        terms: String,
    },
}

/// What a `deny` forbids, and a `require` guards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The tools of a capability.
    Capability(String),
    /// The tools of an access level and above.
    Access(Access),
}

/// Whom a rule concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Who {
    /// Any user.
    Anyone,
    /// Any client that acts for itself, without a user.
    Machine,
    /// The members of a group.
    Group(String),
    /// One user.
    User {
        /// As in the token's `iss`.
        issuer: String,
        /// As in the token's `sub`.
        subject: String,
    },
}

/// Clients that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// A client by its name in the policy.
    Client(String),
    /// Clients that registered so.
    Registration(Registration),
    /// Clients whose metadata document is on this host.
    Domain(String),
}

impl fmt::Display for Through {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(name) => formatter.write_str(name),
            Self::Registration(kind) => write!(formatter, "registered by {}", kind.as_str()),
            Self::Domain(domain) => write!(formatter, "of {domain}"),
        }
    }
}

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, relative to the policy's folder, with `/` between its parts.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}
