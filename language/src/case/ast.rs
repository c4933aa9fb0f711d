//! What a case says, as it says it: what it leaves out is left out here too.

use std::collections::BTreeSet;
use std::net::IpAddr;

use placet_engine::call::{Registration, Status};
use placet_engine::{Digest, Reason};
use serde_json::{Map, Value};

use crate::case::moment::{Moment, When};

/// One call, with what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The user for whom the client acts; `None`: `machine`.
    pub user: Option<User>,
    /// The client.
    pub client: Client,
    /// What is to be done, and where.
    pub operation: Operation,
    /// The arguments.
    pub arguments: Arguments,
    /// What was computed from them.
    pub facts: Vec<Fact>,
    /// The stated purpose.
    pub purpose: Option<String>,
    /// Where the client's request came from.
    pub address: Option<IpAddr>,
    /// The time, in seconds since the epoch; `None`: [`NOW`](crate::case::NOW).
    pub at: Option<i64>,
    /// How the client proves its right.
    pub credential: Credential,
    /// What is special about its token.
    pub token: Token,
    /// What the host says of a tool's definition, or of a client's metadata.
    pub tool_digest: Seen,
    /// The consents given.
    pub receipts: Vec<Receipt>,
    /// The user's word on this one operation.
    pub confirmation: Option<Confirmation>,
    /// What the engine shall say.
    pub expected: Option<Expectation>,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    /// The subject.
    pub subject: String,
    /// The issuer, where it is not clear.
    pub issuer: Option<String>,
    /// Groups of the policy, whose claims the user has.
    pub groups: BTreeSet<String>,
    /// Claims written out, instead of those of the groups.
    pub claims: Option<Map<String, Value>>,
}

/// Which client it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// By its name in the policy.
    Alias(String),
    /// Written out.
    Written {
        /// The https URL of the metadata document; with an issuer, the `client_id` there.
        id: String,
        /// The issuer at which it is registered.
        issuer: Option<String>,
    },
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Which one.
    pub identity: Identity,
    /// How it is registered, where it is not as its identity says.
    pub registration: Option<Registration>,
    /// Where its review stands, where that is said.
    pub status: Option<Status>,
    /// What its metadata are.
    pub metadata: Seen,
}

/// Which server it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// By its name in the policy.
    Named(String),
    /// By the identity that calls carry.
    Identity(String),
}

/// What is to be done, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The MCP method.
    pub method: Method,
    /// The server.
    pub server: Server,
    /// The tool, the resource's URI or the prompt.
    pub target: String,
}

/// An MCP method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `tools/call`
    Calls,
    /// `resources/read`
    Reads,
    /// `prompts/get`
    Gets,
    /// Any other.
    Sends(String),
}

impl Method {
    /// The method of a name.
    pub fn of(name: &str) -> Self {
        match name {
            "tools/call" => Self::Calls,
            "resources/read" => Self::Reads,
            "prompts/get" => Self::Gets,
            other => Self::Sends(other.to_owned()),
        }
    }

    /// Its name in MCP.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Calls => "tools/call",
            Self::Reads => "resources/read",
            Self::Gets => "prompts/get",
            Self::Sends(name) => name,
        }
    }
}

/// The arguments of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Arguments {
    /// A JSON object.
    Object(Map<String, Value>),
    /// JSON that is no object, and so no arguments.
    Other(Value),
    /// Arguments that cannot be judged for another cause: a key stands twice, or a limit is hit.
    Unreadable,
}

/// What a component computes of an argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What the component calls the function.
    pub function: String,
    /// The argument, by member names, outermost first.
    pub argument: Vec<String>,
    /// The digest of the component; `None`: of the one by which the policy has it computed.
    pub component: Option<Digest>,
    /// What comes out.
    pub value: Value,
}

/// How the client proves its right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// What the server asks for: a fresh token without scopes, or the local credential.
    Usual,
    /// None at all.
    None,
    /// The standing right of whoever runs a local server.
    Local,
    /// A token with these scopes.
    Token(BTreeSet<String>),
    /// An API key.
    Key(Key),
}

/// An API key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// The host's name for it.
    pub id: Option<String>,
    /// Its scopes.
    pub scopes: BTreeSet<String>,
    /// When it was issued.
    pub issued: Option<When>,
    /// Until when it is valid.
    pub expires: Option<When>,
}

/// What is special about a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Token {
    /// `iat`
    pub issued: Option<When>,
    /// `exp`
    pub expires: Option<When>,
    /// `auth_time`
    pub logged_in: Option<When>,
    /// `acr`
    pub acr: Option<String>,
    /// `aud`
    pub audience: Option<BTreeSet<String>>,
    /// `iss`
    pub issuer: Option<String>,
    /// `sub`
    pub subject: Option<String>,
    /// `client_id`
    pub client: Option<String>,
}

/// What the host says of the tool's definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Seen {
    /// That it is the one that the policy was compiled with, if it has any.
    #[default]
    Compiled,
    /// Nothing.
    Unknown,
    /// That it has this digest.
    Is(Digest),
}

/// A consent given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The consent's name in the policy.
    pub terms: String,
    /// When it was given; `None`: now.
    pub given: Option<Moment>,
    /// Until when; `None`: as the terms say.
    pub expires: Option<When>,
    /// When it was taken back.
    pub withdrawn: Option<Moment>,
    /// For what.
    pub purpose: Option<String>,
    /// The digest of the terms; `None`: of today's.
    pub digest: Option<Digest>,
    /// The host's name for it.
    pub id: Option<String>,
    /// Who gave it; `None`: the user of the call.
    pub giver: Option<Giver>,
    /// To whom; `None`: the client of the call.
    pub holder: Option<Identity>,
    /// At which server; `None`: that of the call.
    pub server: Option<Server>,
}

/// Who gave a consent or confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giver {
    /// The subject.
    pub subject: String,
    /// The issuer; `None`: that of the call's user.
    pub issuer: Option<String>,
}

/// A user's word on one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// When; `None`: now.
    pub given: Option<Moment>,
    /// The digest of the operation; `None`: of the call's.
    pub operation: Option<Digest>,
    /// The host's name for it.
    pub id: Option<String>,
    /// Who gave it; `None`: the user of the call.
    pub giver: Option<Giver>,
}

/// What the engine shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Why it is denied; `None`: it is allowed.
    pub reason: Option<Reason>,
    /// Rules that are among those that decide.
    pub rules: BTreeSet<String>,
}

impl Client {
    /// A client of which nothing but its identity is said.
    pub fn of(identity: Identity) -> Self {
        Self { identity, registration: None, status: None, metadata: Seen::Compiled }
    }
}

impl Case {
    /// A case that has nothing to say yet.
    pub(crate) fn empty() -> Self {
        Self {
            user: None,
            client: Client::of(Identity::Alias(String::new())),
            operation: Operation {
                method: Method::Calls,
                server: Server::Named(String::new()),
                target: String::new(),
            },
            arguments: Arguments::Object(Map::new()),
            facts: Vec::new(),
            purpose: None,
            address: None,
            at: None,
            credential: Credential::Usual,
            token: Token::default(),
            tool_digest: Seen::Compiled,
            receipts: Vec::new(),
            confirmation: None,
            expected: None,
        }
    }
}
