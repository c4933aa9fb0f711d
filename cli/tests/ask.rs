//! `placet ask`: what is shown, and what it ends with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use crate::support::{code, placet, root, shown};

const POLICY: &str = r#"
edition 2026

server github {
    resource   "https://mcp.example.com/github"
    issuer     "https://login.example.com"
    catalogue  "catalogue.json"
}

scope "repo" on github implies "public_repo"
scope "public_repo" on github

group engineers from claim "groups" has "eng"
group release   from claim "groups" has "release"

clients editors {
    client cursor "https://cursor.example/oauth/client.json"
    client zed    "https://zed.example/oauth/client.json"
}
register dynamic may request "public_repo" redirect loopback

capability edit_issues "Open and edit issues" on github {
    tools   create_issue, "update-issue"
    access  write
    needs   "public_repo"
    where   args.owner in ["acme", "acme-labs"]
}
capability merge "Merge pull requests" on github {
    tools   merge_pull_request
    access  destructive
    needs   "repo"
}
capability read_code "Read code" on github {
    tools   get_file_contents
    access  read
    needs   "public_repo"
}

consent triage "Let {client} manage issues for you" {
    grants   edit_issues, merge
    lasts    30 days
}
consent reading "Let {client} read" {
    grants  read_code
    lasts   8 hours
}

allow triage_issues engineers via cursor, zed to edit_issues under triage
allow merging release via cursor to merge under triage
allow reading anyone via any client to read_code under reading

require engineer
    engineers for merge
    call.confirmed else confirm within 10 minutes
require recent_login
    for access write
    token.auth_age <= 8 hours else reauthenticate within 8 hours
require agreed
    via clients where registration is dynamic for read_code else ask reading
"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.placet"), POLICY).unwrap();
    fs::copy(root().join("spec/catalogue.json"), folder.path().join("catalogue.json")).unwrap();
    folder
}

#[test]
fn what_a_user_sees() {
    let folder = folder();
    let path = folder.path().to_str().unwrap();
    let mut shown_together = String::new();
    for question in [
        "who can call github/create_*",
        "what can engineers do via cursor",
        "what can engineers do via editors",
        "what can release do without being asked again",
        "what can anyone call",
        "what can machine do",
        "what can user \"bob\" do via zed",
        "which clients reach access destructive",
        "which consents stand behind github/*",
        "who can use capability merge",
        "who can call github/create_isue",
        "who may call github/create_issue",
        "what can enginers do",
        "what can engineers do via curser",
        "who can use access destuctive",
        "who can call",
    ] {
        let text = shown(&["ask", "--policy", path, question]);
        shown_together.push_str(&text.replace(path, "POLICY"));
        shown_together.push('\n');
    }
    insta::assert_snapshot!("answers", shown_together);
}

#[test]
fn machines_get_everything() {
    let folder = folder();
    let path = folder.path().to_str().unwrap();
    let question = "who can call github/merge_pull_request";
    let output = placet(&["ask", "--policy", path, "--format", "json", question]);
    insta::assert_snapshot!("json", String::from_utf8(output.stdout).unwrap());
}

#[test]
fn what_cannot_be_asked_is_unusable() {
    assert_eq!(code(&["ask", "--policy", "nowhere", "what can anyone do"]), 2);
    assert_eq!(code(&["ask", "--policy", "policies/filesystem", "what"]), 2);
    assert_eq!(code(&["ask", "--policy", "policies/filesystem", "what can machine do"]), 0);
}
