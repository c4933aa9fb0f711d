//! The gateway over stdio, in front of a server that says back what it is told.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use placet_engine::call::{
    Client, ClientId, Credential, Receipt, Registration, Status, User, UserId,
};
use placet_engine::{Engine, Limits};
use placet_examples::message::{Caller, LIMIT, now};
use placet_examples::stdio::Gateway;
use placet_language::{check, compile};
use serde_json::{Map, Value, json};
use tokio::process::Command;

const CLIENT: &str = "https://assistant.example/oauth/client.json";
const DESKTOP: &str = "https://desktop.example";

/// The gateway with the policy for the filesystem server, for a user who agreed to be read from.
fn gateway() -> Gateway {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = root.join("policies/filesystem");
    let file = |name: &str| (name.to_owned(), fs::read_to_string(folder.join(name)).unwrap());
    let files = BTreeMap::from([file("filesystem.placet"), file("catalogue.json")]);
    let policy = check(&files, &placet_language::Limits::default()).policy.unwrap();
    let engine = Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap();
    let receipt = Receipt {
        id: String::from("r-1"),
        terms: String::from("reading"),
        digest: engine.content().terms.get("reading").unwrap().digest.clone(),
        user: UserId { issuer: String::from(DESKTOP), subject: String::from("you") },
        client: ClientId { id: String::from(CLIENT), issuer: None },
        server: String::from("local:filesystem"),
        purpose: None,
        given_at: now(),
        expires_at: None,
        withdrawn_at: None,
    };
    let caller = Caller {
        user: Some(User {
            issuer: String::from(DESKTOP),
            subject: String::from("you"),
            claims: Map::new(),
        }),
        client: Client {
            id: String::from(CLIENT),
            issuer: None,
            registration: Registration::MetadataDocument,
            status: Status::Approved,
            metadata_digest: None,
        },
        credential: Credential::Local {},
        receipts: vec![receipt],
    };
    Gateway { engine, server: String::from("local:filesystem"), caller, log: |_| () }
}

/// What the client hears when it says these lines to a server that says each back.
async fn heard(lines: &[String]) -> Vec<String> {
    let mut heard = Vec::new();
    let said = lines.join("\n") + "\n";
    gateway().run(Command::new("cat"), said.as_bytes(), &mut heard).await.unwrap();
    String::from_utf8(heard).unwrap().lines().map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    let params = json!({ "name": "read_text_file", "arguments": { "path": path } });
    json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params }).to_string()
}

#[tokio::test]
async fn what_is_allowed_or_not_judged_is_passed_on_as_it_is() {
    let lines = [
        String::from(r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#),
        String::from(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
        String::from(r#"{"jsonrpc":"2.0","id":9,"result":{"roots":[]}}"#),
        read("/srv/data/notes.md"),
    ];
    assert_eq!(heard(&lines).await, lines);
}

#[tokio::test]
async fn what_is_denied_is_answered() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"#;
    for (line, message) in [
        (read("/etc/passwd"), "denied: rule.none"),
        (read("/srv/data/../../etc/passwd"), "denied: rule.none"),
        (read("x").replace("read_text_file", "write_file"), "denied: rule.none"),
        (read("x").replace("tools/call", "tasks/list"), "denied: operation.unknown-method"),
        (
            read("x").replace("\"params\":{", "\"params\":[],\"p\":{"),
            "the parameters cannot be read",
        ),
        (format!("[{}]", read("/srv/data/x")), "not one JSON-RPC message"),
        (format!(r#"[{},"ping",null]"#, read("/etc/passwd")), "not one JSON-RPC message"),
        // A server that ends lines at carriage returns would read a call here.
        (format!("{ping}\r{}\r}}", read("/etc/passwd")), "not one JSON-RPC message"),
        (String::from("rubbish"), "not one JSON-RPC message"),
    ] {
        let answers = heard(std::slice::from_ref(&line)).await;
        assert_eq!(answers.len(), 1, "{line}");
        let answer: Value = serde_json::from_str(answers.first().unwrap()).unwrap();
        assert_eq!(answer.pointer("/error/message"), Some(&json!(message)), "{line}");
        let id = if message.starts_with("not one") { Value::Null } else { json!(3) };
        assert_eq!(answer.pointer("/id"), Some(&id), "{line}");
    }
}

#[tokio::test]
async fn a_line_over_the_limit_ends_it() {
    let line = "x".repeat(LIMIT + 1);
    let mut heard = Vec::new();
    let run = gateway().run(Command::new("cat"), line.as_bytes(), &mut heard).await;
    assert!(run.is_err() && heard.is_empty());
}
