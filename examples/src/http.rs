//! A middleware that asks the engine before an MCP server over Streamable HTTP does anything.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use placet_engine::call::Receipt;
use placet_engine::{Challenge, Decision, Engine, ProtectedResource, Record, Remedy, Visibility};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::message::{Asked, Caller, LIMIT, Message, Operation};
use crate::notes::Notes;
use crate::token::{Issuer, NoToken};

/// What the middleware needs to know.
pub struct Gateway {
    /// The policy. A service that takes new bundles while it runs keeps this in a lock: a clone is
    /// cheap, and every decision is by one bundle.
    pub engine: Engine,
    /// The server's resource URI.
    pub server: String,
    /// What challenges say of the server.
    pub resource: ProtectedResource,
    /// Whose tokens are verified.
    pub issuer: Issuer,
    /// The receipts of all users; a service has a table of them.
    pub receipts: Mutex<Vec<Receipt>>,
    /// The pages on which a user who is logged in gives consents and confirms operations.
    pub pages: String,
    /// Where records go.
    pub log: fn(&Record),
}

/// The notes server at `/mcp`, behind the gateway.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let config = StreamableHttpServerConfig::default()
        // Sessions are of older revisions of MCP, and what is one JSON object can be shortened.
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // No page in a browser has business here. A service names its own host as well, with
        // `with_allowed_hosts`: out of the box only the loopback interface is answered.
        .enforce_origin_validation();
    let notes = Notes::default();
    let sessions = Arc::new(LocalSessionManager::default());
    let server = StreamableHttpService::new(move || Ok(notes.clone()), sessions, config);
    Router::new().route_service("/mcp", server).layer(from_fn_with_state(gateway, guard))
}

/// Lets a request through to the server, or answers it.
pub async fn guard(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match gateway.caller(&parts.headers) {
        Ok(caller) => caller,
        Err(challenge) => return challenged(challenge, Value::Null),
    };
    // MCP 2026-07-28 has no streams over GET, and no sessions to DELETE.
    if parts.method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Ok(bytes) = to_bytes(body, LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let read = Message::read(&bytes).and_then(|message| {
        let asked = message.asked()?;
        Ok((message, asked))
    });
    // A response without a method is none that this server could have asked for.
    let Ok((message @ Message { method: Some(_), .. }, asked)) = read else {
        let body = error(None, -32600, "not one JSON-RPC request or notification", Value::Null);
        return answer(StatusCode::BAD_REQUEST, &body);
    };
    // The token was for this server, and nothing behind it has a use for it.
    parts.headers.remove(header::AUTHORIZATION);
    // What is forwarded is what was judged, byte for byte.
    let forwarded = Request::from_parts(parts, Body::from(bytes.clone()));
    let operation = match asked {
        Asked::Operation(operation) => operation,
        Asked::Nothing if message.method.as_deref() == Some("tools/list") => {
            return gateway.shortened(&caller, next.run(forwarded).await).await;
        }
        Asked::Nothing => return next.run(forwarded).await,
    };
    let call = caller.call(&gateway.server, &operation);
    let decision = gateway.engine.decide(&call);
    let correlation = message.id.map(RawValue::get).unwrap_or_default();
    (gateway.log)(&Record::new(&call, &decision).with_correlation(correlation));
    if decision.is_allow() {
        return next.run(forwarded).await;
    }
    gateway.refusal(&decision, &message, &operation)
}

impl Gateway {
    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Challenge> {
        let verified = self.issuer.verify(headers).map_err(|why| match why {
            NoToken::Missing => self.resource.without_token(),
            NoToken::Invalid => self.resource.invalid_token(),
        });
        let (user, client, credential) = verified?;
        let theirs = |receipt: &&Receipt| {
            let of_user = user.as_ref().is_some_and(|user| {
                (&receipt.user.issuer, &receipt.user.subject) == (&user.issuer, &user.subject)
            });
            of_user && receipt.client.id == client.id && receipt.client.issuer == client.issuer
        };
        let receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        let receipts = receipts.iter().filter(theirs).cloned().collect();
        Ok(Caller { user, client, credential, receipts })
    }

    /// The answer to a call that was denied.
    fn refusal(
        &self,
        decision: &Decision,
        message: &Message<'_>,
        operation: &Operation<'_>,
    ) -> Response {
        let reason = decision.reason.map(|reason| reason.as_str());
        let denied = error(message.id, -32000, "denied", json!({ "reason": reason }));
        match self.resource.challenge(decision) {
            Ok(Some(challenge)) => return challenged(challenge, denied),
            Ok(None) => {}
            // Another token would help, but there is no way to say which.
            Err(_) => return answer(StatusCode::FORBIDDEN, &denied),
        }
        let page = match &decision.remedy {
            Some(Remedy::Consent { terms, .. }) => format!("{}/consent/{terms}", self.pages),
            Some(Remedy::Confirm { operation, .. }) => {
                format!("{}/confirm/{operation}", self.pages)
            }
            _ => return answer(StatusCode::OK, &denied),
        };
        if !operation.leads_to_urls {
            return answer(StatusCode::OK, &denied);
        }
        // MCP 2026-07-28, "Multi Round-Trip Requests". The client calls again once its user has been
        // there; it is what the page stored that counts then, not what the client says.
        let elicitation = json!({ "method": "elicitation/create", "params": {
            "mode": "url", "url": page, "message": "This needs your agreement" } });
        let result = json!({ "resultType": "input_required",
            "inputRequests": { "agreement": elicitation } });
        answer(StatusCode::OK, &json!({ "jsonrpc": "2.0", "id": message.id, "result": result }))
    }

    /// The tools that the caller may see, of those that the server listed.
    async fn shortened(&self, caller: &Caller, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        let list = to_bytes(body, LIMIT).await.ok();
        let list = list.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        // A list that cannot be read, a stream of events for one, is not shown.
        let Some(mut list) = list else { return StatusCode::BAD_GATEWAY.into_response() };
        // What could be called with some arguments, now or once the client got another token or its
        // user agreed. A service may log the reason for the rest.
        let judged = self.engine.visible_tools(&caller.call(&self.server, &Operation::any()));
        let shown: BTreeSet<&str> = judged
            .iter()
            .filter(|one| one.visibility != Visibility::Hidden)
            .map(|one| one.tool.as_str())
            .collect();
        if let Some(tools) = list.pointer_mut("/result/tools").and_then(Value::as_array_mut) {
            tools.retain(|tool| tool["name"].as_str().is_some_and(|name| shown.contains(name)));
        }
        // What one user may see is not for another's cache.
        if let Some(scope) = list.pointer_mut("/result/cacheScope") {
            *scope = json!("private");
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(list.to_string()))
    }
}

fn challenged(challenge: Challenge, body: Value) -> Response {
    let status = StatusCode::from_u16(challenge.status).unwrap_or(StatusCode::FORBIDDEN);
    let header = [(header::WWW_AUTHENTICATE, challenge.www_authenticate)];
    match body {
        Value::Null => (status, header).into_response(),
        body => (header, answer(status, &body)).into_response(),
    }
}

/// A JSON-RPC error. The codes from -32000 to -32019 are each implementation's own.
fn error(id: Option<&RawValue>, code: i32, message: &str, data: Value) -> Value {
    let error = json!({ "code": code, "message": message, "data": data });
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
