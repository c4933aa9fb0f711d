//! One session of the protocol, in which all pages are asked for.

use std::{collections::HashSet, time::Duration};

use rmcp::{
    ClientServiceExt, Peer, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, ClientRequest, Implementation, ListToolsRequest,
        ListToolsResult, PaginatedRequestParams, ProtocolVersion, ServerResult,
    },
    service::PeerRequestOptions,
    transport::IntoTransport,
};
use serde_json::Value;

use super::{Attempt, Limit, PAGES, PullError, TOOLS, wire::Wire};

/// How long the end of a session may take; the tools are known by then.
const CLOSING: Duration = Duration::from_secs(2);

/// Speaks the protocol over a transport whose messages the attempt's wire sees.
pub(super) async fn exchange<T, E, A>(
    transport: T,
    attempt: &Attempt,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Value>, PullError>
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
    let tools = attempt.run(all_pages(service.peer(), &attempt.wire, progress)).await;
    // The tools are had or not: how the session ends changes nothing about that.
    let _ = service.close_with_timeout(CLOSING).await;
    tools
}

fn client() -> ClientConfig {
    let placet = Implementation::new("placet", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), placet)
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
}

async fn all_pages(
    peer: &Peer<RoleClient>,
    wire: &Wire,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Value>, PullError> {
    if peer.peer_info().is_none_or(|server| server.capabilities.tools.is_none()) {
        return Err(PullError::NoTools);
    }
    let mut tools = Vec::new();
    let mut cursors = HashSet::new();
    let mut cursor = None;
    for _ in 0..PAGES {
        let page = page(peer, wire, cursor.take()).await?;
        tools.extend(page.tools);
        if tools.len() > TOOLS {
            return Err(PullError::TooMuch(Limit::Tools));
        }
        progress(tools.len());
        let Some(next) = page.next else { return Ok(tools) };
        if !cursors.insert(next.clone()) {
            return Err(PullError::Circle);
        }
        cursor = Some(next);
    }
    Err(PullError::TooMuch(Limit::Pages))
}

struct Page {
    tools: Vec<Value>,
    next: Option<String>,
}

async fn page(
    peer: &Peer<RoleClient>,
    wire: &Wire,
    cursor: Option<String>,
) -> Result<Page, PullError> {
    let params = cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
    let request = ListToolsRequest { params, ..Default::default() };
    // The library's own listing would answer from its cache, and would not tell the request's id.
    let handle = peer
        .send_cancellable_request(
            ClientRequest::ListToolsRequest(request),
            PeerRequestOptions::no_options(),
        )
        .await
        .map_err(PullError::of_listing)?;
    let id = handle.id.to_string();
    match handle.await_response().await.map_err(PullError::of_listing)? {
        ServerResult::ListToolsResult(read) => raw_page(wire.take(&id)?, read),
        _ => Err(PullError::NotMcp("its answer to `tools/list` is not a list of tools".to_owned())),
    }
}

/// The page as it was sent, checked against what the library read in it.
///
/// The library leaves out a tool whose `x-mcp-header` annotations break the rules, so its tools are
/// some of those sent, in the same order.
fn raw_page(mut sent: Value, read: ListToolsResult) -> Result<Page, PullError> {
    let mismatch = || PullError::NotMcp("its page of tools can be read in two ways".to_owned());
    let next = sent.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
    let Some(Value::Array(tools)) = sent.get_mut("tools").map(Value::take) else {
        return Err(mismatch());
    };
    let mut names = tools.iter().map(|tool| tool.get("name").and_then(Value::as_str));
    let agrees = read.tools.iter().all(|tool| names.any(|name| name == Some(tool.name.as_ref())));
    if agrees && next == read.next_cursor { Ok(Page { tools, next }) } else { Err(mismatch()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(result: &Value) -> ListToolsResult {
        serde_json::from_value(result.clone()).expect("a list of tools")
    }

    #[test]
    fn a_page_keeps_what_the_library_does_not_know() {
        let tool = json!({"name": "a", "inputSchema": {"type": "object"}, "novel": [1, null]});
        let sent = json!({"tools": [tool], "nextCursor": "n", "extra": true});
        let page = raw_page(sent.clone(), read(&sent)).expect("they agree");
        assert_eq!(page.tools, [tool]);
        assert_eq!(page.next.as_deref(), Some("n"));
    }

    #[test]
    fn a_page_that_was_read_otherwise_is_refused() {
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let sent = json!({"tools": [tool("a"), tool("b")]});
        let disagrees = |other: Value| raw_page(sent.clone(), read(&other)).is_err();
        assert!(disagrees(json!({"tools": [tool("b"), tool("a")]})));
        assert!(disagrees(json!({"tools": [tool("a"), tool("c")]})));
        assert!(disagrees(json!({"tools": [tool("a"), tool("b")], "nextCursor": "n"})));
        assert!(!disagrees(json!({"tools": [tool("b")]})), "the library leaves tools out");
    }
}
