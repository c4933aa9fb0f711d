//! One session of the protocol, in which all pages are asked for.

use std::{collections::HashSet, time::Duration};

use rmcp::{
    ClientServiceExt, Peer, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, ClientRequest, Implementation, ListPromptsRequest,
        ListToolsRequest, PaginatedRequestParams, ProtocolVersion, ServerResult,
    },
    service::PeerRequestOptions,
    transport::IntoTransport,
};
use serde_json::Value;

use super::{Attempt, LIST, LIST_PROMPTS, Limit, Offered, PAGES, PullError, TOOLS, wire::Wire};

/// How long the end of a session may take; the tools are known by then.
const CLOSING: Duration = Duration::from_secs(2);

/// Speaks the protocol over a transport whose messages the attempt's wire sees.
pub(super) async fn exchange<T, E, A>(
    transport: T,
    attempt: &Attempt,
    progress: &mut dyn FnMut(usize),
) -> Result<Offered, PullError>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let greeting = attempt.greeting;
    let connecting = client().serve_with_lifecycle(transport, greeting.lifecycle());
    let connected = async {
        connecting.await.map_err(|error| PullError::of_greeting(error, greeting.method()))
    };
    let mut service = attempt.run(connected).await?;
    let offered = attempt.run(everything(service.peer(), &attempt.wire, progress)).await;
    // What it offers is had or not: how the session ends changes nothing about that.
    let _ = service.close_with_timeout(CLOSING).await;
    offered
}

fn client() -> ClientConfig {
    let placet = Implementation::new("placet", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), placet)
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
}

async fn everything(
    peer: &Peer<RoleClient>,
    wire: &Wire,
    progress: &mut dyn FnMut(usize),
) -> Result<Offered, PullError> {
    let capabilities = peer.peer_info().map(|server| server.capabilities.clone());
    let Some(capabilities) = capabilities.filter(|server| server.tools.is_some()) else {
        return Err(PullError::NoTools);
    };
    let tools = all_pages(List::Tools, peer, wire, progress).await?;
    let prompts = match capabilities.prompts {
        Some(_) => all_pages(List::Prompts, peer, wire, &mut |_| {}).await?,
        None => Vec::new(),
    };
    Ok(Offered { tools, prompts })
}

/// What is listed.
#[derive(Debug, Clone, Copy)]
enum List {
    Tools,
    Prompts,
}

impl List {
    fn method(self) -> &'static str {
        match self {
            Self::Tools => LIST,
            Self::Prompts => LIST_PROMPTS,
        }
    }

    /// The member of the result that holds the definitions.
    fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
        }
    }

    fn request(self, params: Option<PaginatedRequestParams>) -> ClientRequest {
        match self {
            Self::Tools => {
                ClientRequest::ListToolsRequest(ListToolsRequest { params, ..Default::default() })
            }
            Self::Prompts => ClientRequest::ListPromptsRequest(ListPromptsRequest {
                params,
                ..Default::default()
            }),
        }
    }

    /// What the library read in an answer, if it is one to this request.
    fn read(self, answer: ServerResult) -> Option<Read> {
        match (self, answer) {
            (Self::Tools, ServerResult::ListToolsResult(result)) => Some(Read {
                names: result.tools.iter().map(|tool| tool.name.to_string()).collect(),
                next: result.next_cursor,
            }),
            (Self::Prompts, ServerResult::ListPromptsResult(result)) => Some(Read {
                names: result.prompts.iter().map(|prompt| prompt.name.clone()).collect(),
                next: result.next_cursor,
            }),
            _ => None,
        }
    }
}

/// What the library read in a page.
struct Read {
    names: Vec<String>,
    next: Option<String>,
}

async fn all_pages(
    list: List,
    peer: &Peer<RoleClient>,
    wire: &Wire,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Value>, PullError> {
    let mut definitions = Vec::new();
    let mut cursors = HashSet::new();
    let mut cursor = None;
    for _ in 0..PAGES {
        let page = page(list, peer, wire, cursor.take()).await?;
        definitions.extend(page.definitions);
        if definitions.len() > TOOLS {
            return Err(PullError::TooMuch(Limit::Tools));
        }
        progress(definitions.len());
        let Some(next) = page.next else { return Ok(definitions) };
        if !cursors.insert(next.clone()) {
            return Err(PullError::Circle);
        }
        cursor = Some(next);
    }
    Err(PullError::TooMuch(Limit::Pages))
}

struct Page {
    definitions: Vec<Value>,
    next: Option<String>,
}

async fn page(
    list: List,
    peer: &Peer<RoleClient>,
    wire: &Wire,
    cursor: Option<String>,
) -> Result<Page, PullError> {
    let params = cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
    let failed = |error| PullError::of_listing(error, list.method());
    // The library's own listing would answer from its cache, and would not tell the request's id.
    let handle = peer
        .send_cancellable_request(list.request(params), PeerRequestOptions::no_options())
        .await
        .map_err(failed)?;
    let id = handle.id.to_string();
    match list.read(handle.await_response().await.map_err(failed)?) {
        Some(read) => raw_page(list, wire.take(&id)?, read),
        None => {
            let (method, member) = (list.method(), list.member());
            Err(PullError::NotMcp(format!("its answer to `{method}` is not a list of {member}")))
        }
    }
}

/// The page as it was sent, checked against what the library read in it.
///
/// The library leaves out a tool whose `x-mcp-header` annotations break the rules, so its tools are
/// some of those sent, in the same order.
fn raw_page(list: List, mut sent: Value, read: Read) -> Result<Page, PullError> {
    let member = list.member();
    let mismatch = || PullError::NotMcp(format!("its page of {member} can be read in two ways"));
    let next = sent.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
    let Some(Value::Array(definitions)) = sent.get_mut(member).map(Value::take) else {
        return Err(mismatch());
    };
    let mut names = definitions.iter().map(|one| one.get("name").and_then(Value::as_str));
    let agrees = read.names.iter().all(|read| names.any(|name| name == Some(read)));
    if agrees && next == read.next { Ok(Page { definitions, next }) } else { Err(mismatch()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(result: &Value) -> Read {
        let read = serde_json::from_value(result.clone()).expect("a list of tools");
        List::Tools.read(ServerResult::ListToolsResult(read)).expect("it is one")
    }

    #[test]
    fn a_page_keeps_what_the_library_does_not_know() {
        let tool = json!({"name": "a", "inputSchema": {"type": "object"}, "novel": [1, null]});
        let sent = json!({"tools": [tool], "nextCursor": "n", "extra": true});
        let page = raw_page(List::Tools, sent.clone(), read(&sent)).expect("they agree");
        assert_eq!(page.definitions, [tool]);
        assert_eq!(page.next.as_deref(), Some("n"));
    }

    #[test]
    fn a_page_that_was_read_otherwise_is_refused() {
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let sent = json!({"tools": [tool("a"), tool("b")]});
        let disagrees = |other: Value| raw_page(List::Tools, sent.clone(), read(&other)).is_err();
        assert!(disagrees(json!({"tools": [tool("b"), tool("a")]})));
        assert!(disagrees(json!({"tools": [tool("a"), tool("c")]})));
        assert!(disagrees(json!({"tools": [tool("a"), tool("b")], "nextCursor": "n"})));
        assert!(!disagrees(json!({"tools": [tool("b")]})), "the library leaves tools out");
    }
}
