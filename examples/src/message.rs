//! JSON-RPC messages, read as far as a gateway has to, and the calls that they are.

use std::time::SystemTime;

use placet_engine::call::{Client, Credential, Receipt, User, arguments};
use placet_engine::{Call, Limits};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How long a message may be, in bytes. The engine's limit on arguments is as high.
pub const LIMIT: usize = 1 << 20;

/// The methods that no policy judges; `spec/chain.md` lists them. Whatever is not here is judged, and
/// denied if the engine does not know it.
const PASSED: [&str; 9] = [
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "completion/complete",
    "logging/setLevel",
];

/// One JSON-RPC message. A member that stands twice is an error: two readers could take it for two
/// messages. So is a batch, which MCP has not had since 2025-06-18.
#[derive(Deserialize)]
pub struct Message<'a> {
    /// Whom to answer; `None` for a notification.
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    /// What is asked for; `None` for a response.
    pub method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// What a message asks for.
pub enum Asked<'a> {
    /// Nothing that a policy judges.
    Nothing,
    /// This.
    Operation(Operation<'a>),
}

/// Something that a policy judges.
pub struct Operation<'a> {
    method: String,
    target: String,
    arguments: Option<&'a str>,
    /// Whether the client says that it can lead its user to a URL.
    pub leads_to_urls: bool,
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    name: Option<String>,
    uri: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(rename = "_meta")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Option<serde_json::Value>,
}

impl<'a> Message<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        object(std::str::from_utf8(text).map_err(serde::de::Error::custom)?)
    }

    /// What a request or notification asks for.
    ///
    /// # Errors
    ///
    /// What is wrong with its parameters.
    pub fn asked(&self) -> Result<Asked<'a>, serde_json::Error> {
        let method = self.method.clone().unwrap_or_default();
        if PASSED.contains(&method.as_str()) || method.starts_with("notifications/") {
            return Ok(Asked::Nothing);
        }
        let params = self.params.map(|params| object::<Params<'a>>(params.get()));
        let params = params.transpose()?.unwrap_or_default();
        let capabilities = params.meta.and_then(|meta| meta.capabilities);
        let of_resource = method.starts_with("resources/");
        Ok(Asked::Operation(Operation {
            target: if of_resource { params.uri } else { params.name }.unwrap_or_default(),
            // A subscription leads to reads.
            method: match method.as_str() {
                "resources/subscribe" => String::from("resources/read"),
                _ => method,
            },
            arguments: params.arguments.map(RawValue::get),
            leads_to_urls: capabilities
                .is_some_and(|capabilities| capabilities.pointer("/elicitation/url").is_some()),
        }))
    }
}

impl<'a> Operation<'a> {
    /// None in particular, where only the caller matters.
    pub fn any() -> Self {
        Self {
            method: String::from("tools/call"),
            target: String::new(),
            arguments: None,
            leads_to_urls: false,
        }
    }
}

/// Reads a JSON object. Serde would take an array for one, its items for the members in order: a
/// batch of calls for one harmless request.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text),
        false => Err(serde::de::Error::custom("not a JSON object")),
    }
}

/// Who sends messages, as far as the host knows.
pub struct Caller {
    /// The user for whom the client acts.
    pub user: Option<User>,
    /// The client.
    pub client: Client,
    /// How it proved its right.
    pub credential: Credential,
    /// All receipts of this user and client.
    pub receipts: Vec<Receipt>,
}

impl Caller {
    /// The call that an operation is.
    pub fn call(&self, server: &str, operation: &Operation<'_>) -> Call {
        let Operation { method, target, .. } = operation;
        Call {
            user: self.user.clone(),
            arguments: arguments(operation.arguments, &Limits::default()),
            credential: Some(self.credential.clone()),
            receipts: self.receipts.clone(),
            ..Call::new(self.client.clone(), server, method, target, now())
        }
    }
}

/// Seconds since the epoch. Before it, and after 292 billion years, every credential has expired.
pub fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(i64::MAX)
}
