//! The call: what a host knows when somebody wants to use a tool.

pub(crate) mod bounds;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::condition::Function;
use crate::digest::Digest;
use crate::json::{self, Object, Strict};
use crate::limits::Limits;

/// One operation that a user wants to carry out through a client at a server.
///
/// The host vouches for everything in it but the arguments: it has verified the token, looked up
/// the client's registration and fetched the receipts.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The user for whom the client acts.
    pub user: Option<User>,
    /// The OAuth client.
    pub client: Client,
    /// The MCP server: its canonical resource URI (RFC 8707), or `local:` and a name.
    pub server: String,
    /// The MCP method, such as `tools/call`.
    pub operation: String,
    /// The tool's or the prompt's name, or the resource's URI.
    pub target: String,
    /// The digest of the tool's definition as the host sees it: [`Digest::of_tool`].
    pub tool_digest: Option<Digest>,
    /// The arguments, or why they cannot be judged.
    pub arguments: Result<Map<String, Value>, InvalidArguments>,
    /// What the host had computed of the arguments: see
    /// [`Engine::facts_needed`](crate::Engine::facts_needed).
    pub facts: Vec<Fact>,
    /// How the client proved its right.
    pub credential: Option<Credential>,
    /// Every consent that this user gave this client, withdrawn ones too.
    pub receipts: Vec<Receipt>,
    /// What the client says the call is for.
    pub purpose: Option<String>,
    /// What the user confirmed of this one operation.
    pub confirmation: Option<Confirmation>,
    /// The IP address from which the client's request came.
    pub address: Option<IpAddr>,
    /// Seconds since the epoch.
    pub now: i64,
}

/// A user: a subject of an issuer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// As in the token's `iss`.
    pub issuer: String,
    /// As in the token's `sub`.
    pub subject: String,
    /// Verified claims about the user.
    #[serde(default, deserialize_with = "claims")]
    pub claims: Map<String, Value>,
}

/// The OAuth client that acts for the user. Its self-reported `clientInfo` is no identity and has no
/// place here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The https URL of the client ID metadata document; with an `issuer`, the `client_id` there.
    pub id: String,
    /// The issuer at which the client is registered; `None` for a metadata document.
    #[serde(default)]
    pub issuer: Option<String>,
    /// How the client became known to the authorization server.
    pub registration: Registration,
    /// Where its review stands.
    pub status: Status,
    /// The digest of its metadata as the host sees them.
    #[serde(default)]
    pub metadata_digest: Option<Digest>,
}

/// How a client became known to the authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// By hand, at the issuer.
    Preregistered,
    /// By a client ID metadata document at an https URL that the client controls.
    MetadataDocument,
    /// By itself (RFC 7591).
    Dynamic,
}

impl Registration {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Preregistered, Self::MetadataDocument, Self::Dynamic];

    /// The word for it in calls and policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preregistered => "preregistered",
            Self::MetadataDocument => "metadata_document",
            Self::Dynamic => "dynamic",
        }
    }
}

/// Where a client's review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It may act.
    Approved,
    /// Somebody has yet to look at it.
    Pending,
    /// Somebody looked at it and refused.
    Blocked,
}

impl Status {
    /// The word for it in calls.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Blocked => "blocked",
        }
    }
}

/// How the client proved its right. Times are in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Credential {
    /// An OAuth access token, its signature verified by the host.
    Oauth(Token),
    /// An API key, checked by the host.
    ApiKey(ApiKey),
    /// The standing right of whoever runs a local (stdio) server.
    Local {},
}

/// An OAuth access token. Times are in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// `iss`
    pub issuer: String,
    /// `aud`
    pub audience: BTreeSet<String>,
    /// `sub`
    pub subject: String,
    /// `client_id` (RFC 9068)
    pub client_id: String,
    /// `scope`, split at its spaces.
    pub scopes: BTreeSet<String>,
    /// `iat`
    #[serde(default)]
    pub issued_at: Option<i64>,
    /// `exp`. A token without one is refused: it would stand for ever.
    #[serde(default)]
    pub expires_at: Option<i64>,
    /// `auth_time`
    #[serde(default)]
    pub auth_time: Option<i64>,
    /// `acr`
    #[serde(default)]
    pub acr: Option<String>,
}

/// An API key. Times are in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The host's name for it; never the key itself.
    pub id: String,
    /// What it may be used for, in the server's scopes.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// When it was issued.
    #[serde(default)]
    pub issued_at: Option<i64>,
    /// Until when it is valid.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

impl Credential {
    /// The scopes that it carries.
    pub fn scopes(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Oauth(token) => Some(&token.scopes),
            Self::ApiKey(key) => Some(&key.scopes),
            Self::Local {} => None,
        }
    }

    /// When it was issued, in seconds since the epoch.
    pub fn issued_at(&self) -> Option<i64> {
        match self {
            Self::Oauth(token) => token.issued_at,
            Self::ApiKey(key) => key.issued_at,
            Self::Local {} => None,
        }
    }

    /// When it expires, in seconds since the epoch.
    pub fn expires_at(&self) -> Option<i64> {
        match self {
            Self::Oauth(token) => token.expires_at,
            Self::ApiKey(key) => key.expires_at,
            Self::Local {} => None,
        }
    }
}

/// A consent given. Times are in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The host's name for it.
    pub id: String,
    /// The consent's name in the policy.
    pub terms: String,
    /// The digest of the terms as the user was shown them.
    pub digest: Digest,
    /// Who gave it.
    #[serde(deserialize_with = "json::object")]
    pub user: UserId,
    /// To whom.
    #[serde(deserialize_with = "json::object")]
    pub client: ClientId,
    /// At which server, named as in [`Call::server`].
    pub server: String,
    /// For what.
    #[serde(default)]
    pub purpose: Option<String>,
    /// When.
    pub given_at: i64,
    /// Until when. An expiry equal to `now` is past.
    #[serde(default)]
    pub expires_at: Option<i64>,
    /// When the user took it back.
    #[serde(default)]
    pub withdrawn_at: Option<i64>,
}

/// A user without claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserId {
    /// As in the token's `iss`.
    pub issuer: String,
    /// As in the token's `sub`.
    pub subject: String,
}

/// A client without its registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientId {
    /// As in [`Client::id`].
    pub id: String,
    /// As in [`Client::issuer`].
    #[serde(default)]
    pub issuer: Option<String>,
}

/// A user's word that one operation, with just these arguments, shall be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The host's name for it.
    pub id: String,
    /// The digest of the operation.
    pub operation: Digest,
    /// Who confirmed.
    #[serde(deserialize_with = "json::object")]
    pub user: UserId,
    /// When, in seconds since the epoch.
    pub given_at: i64,
}

/// What a component computed of an argument.
///
/// The engine runs nothing: the host has computed it, with the bytes that have the component's digest,
/// and vouches for it. A fact that is missing, or of another type than the policy declares, is no
/// value, which counts against the call. `spec/facts.md` describes facts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireFact")]
pub struct Fact {
    /// What computed it.
    pub function: Function,
    /// The argument that it was computed from, by member names, outermost first.
    pub argument: Vec<String>,
    /// What came out: a string, a boolean, an integer or an array of strings.
    pub value: Value,
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Fact", 4)?;
        members.serialize_field("component", &self.function.component)?;
        members.serialize_field("function", &self.function.name)?;
        members.serialize_field("argument", &self.argument)?;
        members.serialize_field("value", &self.value)?;
        members.end()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFact {
    component: Digest,
    function: String,
    argument: Vec<String>,
    value: Strict,
}

impl From<WireFact> for Fact {
    fn from(wire: WireFact) -> Self {
        let WireFact { component, function, argument, value: Strict(value) } = wire;
        Self { function: Function { component, name: function }, argument, value }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(default, deserialize_with = "json::optional_object")]
    user: Option<User>,
    #[serde(deserialize_with = "json::object")]
    client: Client,
    server: String,
    operation: String,
    target: String,
    #[serde(default)]
    tool_digest: Option<Digest>,
    #[serde(default, borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "json::objects")]
    facts: Vec<Fact>,
    #[serde(default, borrow)]
    credential: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "json::objects")]
    receipts: Vec<Receipt>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default, deserialize_with = "json::optional_object")]
    confirmation: Option<Confirmation>,
    #[serde(default)]
    address: Option<IpAddr>,
    now: i64,
}

impl Call {
    /// A call without user, credential, receipts and all else that can be left out; what the host
    /// knows is then set field by field.
    pub fn new(client: Client, server: &str, operation: &str, target: &str, now: i64) -> Self {
        Self {
            user: None,
            client,
            server: server.to_owned(),
            operation: operation.to_owned(),
            target: target.to_owned(),
            tool_digest: None,
            arguments: Ok(Map::new()),
            facts: Vec::new(),
            credential: None,
            receipts: Vec::new(),
            purpose: None,
            confirmation: None,
            address: None,
            now,
        }
    }

    /// Reads a call from JSON; `spec/call.schema.json` describes it.
    ///
    /// Arguments that cannot be judged are no error here: such a call is denied with
    /// `operation.invalid-arguments`.
    ///
    /// # Errors
    ///
    /// [`CallError`]: over a limit, not JSON, or a part is missing, unknown, repeated or of the wrong
    /// type.
    pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Self, CallError> {
        if bytes.len() > limits.call_bytes {
            return Err(CallError::TooLarge { bytes: bytes.len(), limit: limits.call_bytes });
        }
        let Object(wire): Object<Wire<'_>> =
            serde_json::from_slice(bytes).map_err(CallError::unreadable)?;
        let call = Self {
            user: wire.user,
            client: wire.client,
            server: wire.server,
            operation: wire.operation,
            target: wire.target,
            tool_digest: wire.tool_digest,
            arguments: arguments(wire.arguments.map(RawValue::get), limits),
            facts: wire.facts,
            credential: wire.credential.map(credential).transpose()?,
            receipts: wire.receipts,
            purpose: wire.purpose,
            confirmation: wire.confirmation,
            address: wire.address.map(|address| address.to_canonical()),
            now: wire.now,
        };
        call.check(limits)?;
        Ok(call)
    }

    /// Whether a call that a host built by itself keeps within the limits. What [`Call::from_json`]
    /// reads does; the arguments are judged by themselves, by [`arguments`].
    ///
    /// # Errors
    ///
    /// [`CallError`]: over which limit it is.
    pub fn check(&self, limits: &Limits) -> Result<(), CallError> {
        bounds::check(self, limits)
    }
}

/// `kind` is read first, so that an error can speak of that kind's members.
fn credential(raw: &RawValue) -> Result<Credential, CallError> {
    let in_credential = |error: serde_json::Error| CallError::Unreadable {
        message: format!("in `credential`: {}", without_position(&error)),
        line: 0,
        column: 0,
    };
    let Object(Strict(value)) = serde_json::from_str(raw.get()).map_err(in_credential)?;
    serde_json::from_value(value).map_err(in_credential)
}

fn claims<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    match Strict::deserialize(deserializer)? {
        Strict(Value::Object(claims)) => Ok(claims),
        _ => Err(serde::de::Error::custom("`claims` is not an object")),
    }
}

/// Reads the arguments of a call from their JSON text, as it stands in the request; `None` where the
/// request has none. This is how a host that builds a [`Call`] itself gets at them.
///
/// # Errors
///
/// [`InvalidArguments`], which belongs into [`Call::arguments`] all the same: such a call is denied
/// with `operation.invalid-arguments`.
pub fn arguments(
    json: Option<&str>,
    limits: &Limits,
) -> Result<Map<String, Value>, InvalidArguments> {
    let Some(json) = json else { return Ok(Map::new()) };
    let bytes = json.len();
    if bytes > limits.argument_bytes {
        return Err(InvalidArguments::TooLarge { bytes, limit: limits.argument_bytes });
    }
    let value = json::parse(json.as_bytes())
        .map_err(|error| InvalidArguments::Unreadable(without_position(&error)))?;
    if json::depth(&value) > limits.argument_depth {
        return Err(InvalidArguments::TooDeep { limit: limits.argument_depth });
    }
    match value {
        Value::Object(arguments) => Ok(arguments),
        _ => Err(InvalidArguments::NotAnObject),
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

/// Why arguments cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidArguments {
    /// Not a JSON object.
    NotAnObject,
    /// Not JSON that has one meaning: a key stands twice, or a lone surrogate.
    Unreadable(String),
    /// More bytes than [`Limits::argument_bytes`].
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Deeper than [`Limits::argument_depth`].
    TooDeep {
        /// How deep they may be.
        limit: usize,
    },
}

impl fmt::Display for InvalidArguments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => formatter.write_str("the arguments are not a JSON object"),
            Self::Unreadable(what) => write!(formatter, "the arguments cannot be read: {what}"),
            Self::TooLarge { bytes, limit } => write!(
                formatter,
                "the arguments have {bytes} bytes, more than the limit of {limit}"
            ),
            Self::TooDeep { limit } => {
                write!(formatter, "the arguments nest deeper than the limit of {limit}")
            }
        }
    }
}

/// Why a call, or a registration request, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// More bytes than [`Limits::call_bytes`].
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More of something than [`Limits`] has room for.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A text of more bytes than [`Limits::text_bytes`].
    TooLong {
        /// Where it stands.
        what: &'static str,
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Claims that nest deeper than [`Limits::claim_depth`].
    TooDeep {
        /// How deep they may be.
        limit: usize,
    },
    /// Not JSON, or a part is missing, unknown, repeated or of the wrong type.
    Unreadable {
        /// What is wrong.
        message: String,
        /// The line, from 1; 0 where it is not known.
        line: usize,
        /// The column, from 1; 0 where it is not known.
        column: usize,
    },
}

impl CallError {
    pub(crate) fn unreadable(error: serde_json::Error) -> Self {
        Self::Unreadable {
            message: without_position(&error),
            line: error.line(),
            column: error.column(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(formatter, "there are {bytes} bytes, more than the limit of {limit}")
            }
            Self::TooMany { what, count, limit } => {
                write!(formatter, "there are {count} {what}, more than the limit of {limit}")
            }
            Self::TooLong { what, bytes, limit } => write!(
                formatter,
                "a text of `{what}` has {bytes} bytes, more than the limit of {limit}"
            ),
            Self::TooDeep { limit } => {
                write!(formatter, "the claims nest deeper than the limit of {limit}")
            }
            Self::Unreadable { message, .. } => formatter.write_str(message),
        }
    }
}

impl std::error::Error for CallError {}
