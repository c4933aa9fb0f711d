//! `placet init` as a user meets it: a draft that checks, and allows nothing that nobody named.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{code, placet, shown};

fn tool(name: &str, annotations: Value) -> Value {
    json!({"name": name, "description": "D", "annotations": annotations, "inputSchema": {"type": "object"}})
}

fn catalogue(folder: &Path, tools: &[Value]) -> String {
    let path = folder.join("tools.json");
    let prompts = [json!({"name": "review", "description": "D"})];
    fs::write(&path, json!({"tools": tools, "prompts": prompts}).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn desk(folder: &Path) -> String {
    let reads = json!({"readOnlyHint": true});
    let tools = [
        tool("list_tickets", reads.clone()),
        tool("get_ticket", reads.clone()),
        tool("search_tickets", reads.clone()),
        tool("list_customers", reads.clone()),
        tool("get_customer", reads.clone()),
        tool("get_me", reads.clone()),
        tool("list_agents", reads),
        tool("reply_to_ticket", json!({"destructiveHint": false})),
        tool("close_ticket", json!({"destructiveHint": false})),
        tool("delete_ticket", json!({})),
        tool("frobnicate", json!({})),
    ];
    catalogue(folder, &tools)
}

/// What `placet` prints with `DIR` for the folder.
fn told(folder: &TempDir, arguments: &[&str]) -> String {
    shown(arguments).replace(folder.path().to_str().unwrap(), "DIR")
}

/// A draft whose rules are all in force.
fn uncommented(draft: &Path) {
    let path = draft.join("policy.placet");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("// allow ", "allow ").replace("// require ", "require ");
    fs::write(path, text).unwrap();
    fs::remove_file(draft.join("policy.cases")).unwrap();
}

#[test]
fn a_draft_checks_and_allows_nothing() {
    let folder = TempDir::new().unwrap();
    let tools = desk(folder.path());
    let draft = folder.path().join("desk");
    let path = draft.to_str().unwrap();
    insta::assert_snapshot!("init", told(&folder, &["init", path, "--catalogue", &tools]));
    let text = fs::read_to_string(draft.join("policy.placet")).unwrap();
    insta::assert_snapshot!("init_policy", text);
    insta::assert_snapshot!(
        "init_settings",
        fs::read_to_string(draft.join("placet.toml")).unwrap()
    );
    assert_eq!(code(&["check", path]), 0);
    assert_eq!(code(&["lint", path]), 0);
    assert_eq!(code(&["fmt", "--check", path]), 0);
    assert_eq!(code(&["test", path]), 0);
    assert_eq!(code(&["lock", "--check", path]), 0);
    // Nobody can do anything.
    let answer =
        placet(&["ask", "who can use access read", "--policy", path, "--format", "json"]).stdout;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["rows"], json!([]), "{answer:#}");
    // It is not written over.
    insta::assert_snapshot!("init_again", told(&folder, &["init", path, "--catalogue", &tools]));
}

#[test]
fn yes_allows_reading_and_no_more() {
    let folder = TempDir::new().unwrap();
    let tools = desk(folder.path());
    let draft = folder.path().join("desk");
    let path = draft.to_str().unwrap();
    assert_eq!(code(&["init", "--yes", path, "--catalogue", &tools]), 0);
    assert_eq!(code(&["test", path]), 0);
    let reached = |level: &str| {
        let question = format!("who can use access {level}");
        let output = placet(&["ask", &question, "--policy", path, "--format", "json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["rows"].as_array().unwrap().len()
    };
    assert!(reached("read") > 0);
    assert_eq!(reached("write"), 0);
}

#[test]
fn all_rules_of_a_draft_can_be_put_in_force() {
    for more in
        [&[][..], &["--resource", "https://desk.example/mcp", "--issuer", "https://login.example"]]
    {
        let folder = TempDir::new().unwrap();
        let tools = desk(folder.path());
        let draft = folder.path().join("desk");
        let path = draft.to_str().unwrap();
        let arguments = [&["init", path, "--catalogue", tools.as_str()], more].concat();
        assert_eq!(code(&arguments), 0);
        assert_eq!(code(&["test", path]), 0);
        uncommented(&draft);
        let report = placet(&["lint", path, "--format", "json"]).stdout;
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["outcome"], "clean", "{report:#}");
        let unused: Vec<&Value> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["code"].as_str().unwrap().ends_with(".unused"))
            .collect();
        assert!(unused.is_empty(), "{unused:#?}");
    }
}

#[test]
fn other_peoples_names_stay_names() {
    let folder = TempDir::new().unwrap();
    let names = [
        "allow",
        "x\"} allow all anyone via any client to a without consent",
        "a\nb",
        "list_*",
        "é",
        "read_\u{202e}file",
        "// get",
        "get_'; drop",
        "a\\b",
        " ",
    ];
    let tools: Vec<Value> = names.iter().map(|name| tool(name, json!({}))).collect();
    let tools = catalogue(folder.path(), &tools);
    let draft = folder.path().join("odd");
    let path = draft.to_str().unwrap();
    let output = told(&folder, &["init", "--yes", path, "--catalogue", &tools]);
    insta::assert_snapshot!("init_odd", output);
    assert_eq!(code(&["check", path]), 0);
    assert_eq!(code(&["test", path]), 0);
    let settings = fs::read_to_string(draft.join("placet.toml")).unwrap();
    assert!(settings.contains("\"list_*\" ="), "{settings}");
}

#[test]
fn what_is_not_said_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let tools = desk(folder.path());
    let path = folder.path().join("desk");
    let path = path.to_str().unwrap();
    let remote = ["init", path, "--catalogue", &tools, "--resource", "https://desk.example/mcp"];
    insta::assert_snapshot!(
        "init_unsaid",
        [
            told(&folder, &["init", path]),
            told(&folder, &remote),
            told(&folder, &["init", path, "--catalogue", "README.md"]),
            told(&folder, &["init", path, "--catalogue", &tools, "--server", "allow"]),
            told(&folder, &["init", path, "--", "no-such-program"]),
        ]
        .join("\n")
    );
}
