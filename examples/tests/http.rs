//! The notes server behind the gateway, over a real connection.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use placet_engine::call::{Client, Registration, Status, User};
use placet_engine::{ConsentRequest, Engine, Limits, ProtectedResource, Record};
use placet_examples::http::{Gateway, router};
use placet_examples::message::{LIMIT, now};
use placet_examples::notes::Notes;
use placet_examples::token::Issuer;
use placet_language::{check, compile};
use reqwest::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SERVER: &str = "https://notes.example.com/mcp";
const LOGIN: &str = "https://login.example.com";
const CLIENT: &str = "https://assistant.example/oauth/client.json";
const METADATA: &str = "https://notes.example.com/.well-known/oauth-protected-resource/mcp";

/// The key of RFC 8032, section 7.1, test 1: the private part in PKCS #8, the public as in a JWK.
const PRIVATE: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// What was recorded in this process.
static RECORDS: Mutex<Vec<Value>> = Mutex::new(Vec::new());

fn log(record: &Record) {
    RECORDS.lock().unwrap().push(serde_json::to_value(record).unwrap());
}

struct Service {
    gateway: Arc<Gateway>,
    url: String,
    http: reqwest::Client,
}

/// Starts the gateway on a free port of the loopback interface.
async fn start() -> Service {
    placet_examples::crypto::install();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("notes");
    let file = |name: &str| (name.to_owned(), fs::read_to_string(folder.join(name)).unwrap());
    let files = BTreeMap::from([file("policy.placet"), file("catalogue.json")]);
    let policy = check(&files, &placet_language::Limits::default()).policy.unwrap();
    let gateway = Arc::new(Gateway {
        engine: Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap(),
        server: String::from(SERVER),
        resource: ProtectedResource::new(METADATA)
            .and_then(|resource| resource.with_scopes([String::from("notes:read")].into()))
            .unwrap(),
        issuer: Issuer::new(LOGIN, SERVER, DecodingKey::from_ed_components(PUBLIC).unwrap()),
        receipts: Mutex::default(),
        pages: String::from("https://notes.example.com"),
        log,
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = router(Arc::clone(&gateway));
    tokio::spawn(async move { axum::serve(listener, router).await });
    // An error says that there is a provider already. No connection here uses it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Service { gateway, url, http: reqwest::Client::new() }
}

/// A token of Alice's with these scopes, and whatever `claims` says otherwise.
fn token(scope: &str, claims: Value) -> String {
    let now = now();
    let mut all = json!({
        "iss": LOGIN, "sub": "alice", "aud": SERVER, "client_id": CLIENT, "scope": scope,
        "iat": now - 60, "exp": now + 600, "auth_time": now - 60 });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    encode(&Header::new(Algorithm::EdDSA), &all, &EncodingKey::from_ed_der(&PRIVATE)).unwrap()
}

/// A request of MCP 2026-07-28 from a client that can lead its user to a URL.
fn request(method: &str, params: Value) -> Value {
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "url": {} } } });
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

fn tool(name: &str, arguments: Value) -> Value {
    request("tools/call", json!({ "name": name, "arguments": arguments }))
}

/// Status, challenge and body of an answer.
type Answer = (u16, Option<String>, Value);

impl Service {
    async fn send(&self, token: Option<&str>, message: &Value) -> Answer {
        self.send_text(token, message, message.to_string()).await
    }

    /// Sends `body` under the headers of `message`.
    async fn send_text(&self, token: Option<&str>, message: &Value, body: String) -> Answer {
        let mut post = self
            .http
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", message["method"].as_str().unwrap_or("none"));
        if let Some(name) = message["params"]["name"].as_str() {
            post = post.header("Mcp-Name", name);
        }
        if let Some(token) = token {
            post = post.bearer_auth(token);
        }
        let response = post.body(body).send().await.unwrap();
        let challenge = response.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (
            status,
            challenge,
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default(),
        )
    }

    /// What the consent page does once Alice, logged in, says yes.
    fn agree(&self, terms: &str) {
        let asked = self.gateway.engine.decide_consent(&ConsentRequest {
            id: String::from("r-1"),
            user: User {
                issuer: String::from(LOGIN),
                subject: String::from("alice"),
                claims: Default::default(),
            },
            client: Client {
                id: String::from(CLIENT),
                issuer: None,
                registration: Registration::MetadataDocument,
                status: Status::Approved,
                metadata_digest: None,
            },
            server: String::from(SERVER),
            terms: terms.to_owned(),
            purpose: None,
            expires_at: None,
            now: now(),
        });
        // The page shows `asked.shown` before it stores the receipt.
        self.gateway.receipts.lock().unwrap().push(asked.receipt.unwrap());
    }
}

#[test]
fn the_catalogue_is_what_the_server_lists() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("notes/catalogue.json");
    let current = format!("{:#}\n", Notes::catalogue());
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(path, current).unwrap();
    } else {
        assert_eq!(
            fs::read_to_string(path).unwrap(),
            current,
            "run the tests with PLACET_UPDATE=1"
        );
    }
}

#[tokio::test]
async fn without_a_good_token_nothing_is_answered() {
    let service = start().await;
    let list = request("tools/list", json!({}));
    let (status, challenge, _) = service.send(None, &list).await;
    let expected = format!(r#"Bearer scope="notes:read", resource_metadata="{METADATA}""#);
    assert_eq!((status, challenge.as_deref()), (401, Some(expected.as_str())));
    let unsigned = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.";
    let mut bad = vec![String::from("x"), String::from(unsigned)];
    for claims in [
        json!({ "iss": "https://evil.example" }),
        json!({ "aud": "https://other.example/mcp" }),
        json!({ "aud": null }),
        json!({ "exp": now() - 1 }),
        json!({ "exp": null }),
        json!({ "nbf": now() + 60 }),
    ] {
        bad.push(token("notes:read", claims));
    }
    bad.push(token("notes:read", json!({})) + "A");
    for token in &bad {
        for message in [&list, &tool("list_notes", json!({}))] {
            let (status, challenge, body) = service.send(Some(token), message).await;
            assert_eq!((status, body), (401, Value::Null), "{token}");
            assert!(challenge.unwrap().contains(r#"error="invalid_token""#), "{token}");
        }
    }
}

#[tokio::test]
async fn a_call_goes_from_step_to_step() {
    let service = start().await;
    let add = tool("add_note", json!({ "text": "milk" }));

    // The token can read.
    let reads = token("notes:read", json!({}));
    let (status, _, body) = service.send(Some(&reads), &tool("list_notes", json!({}))).await;
    assert_eq!((status, &body["result"]["isError"]), (200, &json!(false)), "{body:#}");
    let (status, challenge, body) = service.send(Some(&reads), &add).await;
    assert_eq!((status, &body["error"]["data"]["reason"]), (403, &json!("scope.insufficient")));
    let challenge = challenge.unwrap();
    for part in [r#"error="insufficient_scope""#, r#"scope="notes:write""#, METADATA] {
        assert!(challenge.contains(part), "{challenge}");
    }

    // The token can write, but Alice has not agreed.
    let writes = token("notes:write", json!({}));
    let (status, challenge, body) = service.send(Some(&writes), &add).await;
    assert_eq!((status, challenge), (200, None));
    let asked = &body["result"]["inputRequests"]["agreement"]["params"];
    assert_eq!(asked["url"], "https://notes.example.com/consent/note_keeping", "{body:#}");
    let mut plain = add.clone();
    plain["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    let (status, _, body) = service.send(Some(&writes), &plain).await;
    assert_eq!((status, &body["error"]["data"]["reason"]), (200, &json!("consent.none")));

    // She agrees.
    service.agree("note_keeping");
    let (status, _, body) = service.send(Some(&writes), &add).await;
    assert_eq!((status, &body["result"]["content"][0]["text"]), (200, &json!("added")), "{body:#}");

    // To delete she must have logged in lately, and her client needs more scope: both at once.
    let delete = tool("delete_note", json!({ "number": 0 }));
    let stale = token("notes:read", json!({ "auth_time": now() - 3_600 }));
    let (status, challenge, _) = service.send(Some(&stale), &delete).await;
    let challenge = challenge.unwrap();
    assert_eq!(status, 401);
    for part in ["insufficient_user_authentication", r#"max_age="900""#, r#"scope="notes:write""#] {
        assert!(challenge.contains(part), "{challenge}");
    }
    let (_, _, body) = service.send(Some(&writes), &delete).await;
    assert_eq!(body["result"]["content"][0]["text"], "deleted", "{body:#}");

    let records = RECORDS.lock().unwrap();
    let last = records.iter().rfind(|record| record["target"] == "delete_note").unwrap();
    assert_eq!((&last["decision"], &last["consent"]["receipt"]), (&json!("allow"), &json!("r-1")));
    assert_eq!(last["correlation"], "7");
    assert!(!format!("{records:?}").contains("milk"));
}

#[tokio::test]
async fn another_client_sees_and_does_nothing() {
    let service = start().await;
    let token = token("notes:write", json!({ "client_id": "https://other.example/client.json" }));
    let (status, _, body) = service.send(Some(&token), &request("tools/list", json!({}))).await;
    assert_eq!((status, &body["result"]["tools"]), (200, &json!([])), "{body:#}");
    let (_, _, body) = service.send(Some(&token), &tool("list_notes", json!({}))).await;
    assert_eq!(body["error"]["data"]["reason"], "registration.unknown-client");
}

#[tokio::test]
async fn only_what_was_judged_goes_through() {
    let service = start().await;
    let reads = token("notes:read", json!({}));
    let (status, _, body) = service.send(Some(&reads), &request("tools/list", json!({}))).await;
    let names: Vec<&Value> =
        body["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!((status, names.len()), (200, 3), "what a step-up opens is listed: {body:#}");
    assert_eq!(body["result"]["cacheScope"], "private");

    let list = tool("list_notes", json!({}));
    let add = tool("add_note", json!({ "text": "x" }));
    for (body, status) in [
        (json!([list]).to_string(), 400),
        (format!("[{list},{add}]"), 400),
        (format!(r#"[{add},"ping",{add}]"#), 400),
        (list.to_string().replacen("\"params\":{", "\"params\":[],\"p\":{", 1), 400),
        (String::from("{"), 400),
        (json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string(), 400),
        // Two readers take two tools for what is asked for.
        (list.to_string().replacen("\"name\"", "\"name\":\"add_note\",\"name\"", 1), 400),
        (list.to_string().replacen("\"method\"", "\"method\":\"ping\",\"m\\u0065thod\"", 1), 400),
        (tool("list_notes", json!({ "pad": "x".repeat(LIMIT) })).to_string(), 413),
    ] {
        let (answered, _, _) = service.send_text(Some(&reads), &list, body.clone()).await;
        assert_eq!(answered, status, "{body:.80}");
    }
    for unknown in ["tasks/get", "subscriptions/listen", "sampling/createMessage", "Tools/call"] {
        let (_, _, body) = service.send(Some(&reads), &request(unknown, json!({}))).await;
        assert_eq!(body["error"]["data"]["reason"], "operation.unknown-method", "{unknown}");
    }
    for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
        let bare = service.http.request(method.clone(), &service.url);
        assert_eq!(bare.send().await.unwrap().status(), 401);
        let with_token = service.http.request(method, &service.url).bearer_auth(&reads);
        assert_eq!(with_token.send().await.unwrap().status(), 405);
    }
}
