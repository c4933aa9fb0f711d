//! `placet report` as a user meets it: what it says in every form, and text that tries to be markup.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{code, placet, root, shown};

/// Everything that a policy can have: two servers, clients of every kind, consents that lead somewhere
/// and that do not.
const POLICY: &str = r#"edition 2026

server notes {
    resource     "https://notes.example/mcp"
    issuer       "https://login.example", "https://login.other.example"
    catalogue    "notes.json"
    credentials  api_key for read from network "10.0.0.0/8" lasts 90 days because "the nightly build"
    pin tools
    pin clients
}

server files {
    local        "files"
    credentials  local for write because "the files are the user's own"
    catalogue    "files.json"
}

scope "notes"      on notes implies "notes:read"
scope "notes:read" on notes
scope "admin"      on notes implies "notes"

capability read "Read your notes" on notes {
    tools   read_*
    access  read
    needs   "notes:read"
}

capability share "Share your notes" on notes {
    tools   share_note
    access  write
    needs   "notes" or "admin"
    where   args.days <= 30
}

capability browse "Look at what is shared" on notes {
    prompts    summarise
    resources  "notes://shared/*"
    access     read
    needs      "notes:read"
}

capability clean_up "Delete notes" on notes {
    tools   delete_note, share_note
    access  destructive
    needs   "admin"
}

capability count "Count your notes" on notes {
    tools   count_notes
    access  read
    needs   nothing because "a number gives nothing away"
}

capability keep "Keep files" on files {
    tools   save_file
    access  write
    where   path(args.path) under "/srv/data"
}

capability never "Throw files away" on files {
    tools   drop_file
    access  write
}

group staff            from claim "groups" has "staff" issued by "https://login.example"
group editors in staff from claim "realm"."roles" has "editor" issued by "https://login.example"

clients desktops {
    client desktop "https://desktop.example/client.json" owner "it@example.com"
        metadata "sha256-1111111111111111111111111111111111111111111111111111111111111111"
    client tablet  "https://tablet.example/client.json"
        metadata "sha256-2222222222222222222222222222222222222222222222222222222222222222"
}

client robot "robot-7" issued by "https://login.example"
    metadata "sha256-3333333333333333333333333333333333333333333333333333333333333333"

register metadata_document from "desktop.example" may request "notes" redirect same_domain
register dynamic issued by "https://login.example" may request "notes:read"
    redirect loopback, "https://app.example/back" pending review by "iam@example.com" within 7 days

consent reading "Let {client} read your notes" {
    grants   read, browse
    purpose  "looking things up"
    lasts    30 days
}

consent tidying "Let {client} read, share and delete your notes" {
    grants     read, share, clean_up
    purpose    "tidying", "moving"
    purpose    required
    lasts      1 hour
    via        desktops
    on change  keep what was shown
    was        "cleaning"
}

consent public "I know that {client} makes public what I share" {
    grants   share
    purpose  "tidying"
}

consent idle "Let {client} count your notes" {
    grants     count
    on change  extend
}

consent keeping "Let {client} keep files for you" {
    grants  keep, never
}

allow reading_notes staff, user "root" issued by "https://login.example" via any client
    to read, browse under reading

allow tidying_up editors via desktops to share, clean_up under tidying
    when args.days >= 1

allow counting machine via robot to count without consent because "a number gives nothing away"

allow keeping_files anyone via desktop to keep under keeping

deny strangers
    anyone, machine via clients where registration is dynamic to access destructive
    because "clients that registered themselves delete nothing"

deny no_tablets anyone via tablet to clean_up

require recent_login
    for access write
    token.auth_age <= 15 minutes else reauthenticate acr "phr" within 15 minutes

require a_word_on_it for clean_up call.confirmed else confirm within 5 minutes

require knows anyone via desktops for share else ask public

require short_sessions for clean_up token.lifetime <= 1 hour because "nobody deletes for long"
"#;

const NOTES: &str = r#"{"tools": [
    {"name": "read_note", "inputSchema": {"type": "object"}},
    {"name": "share_note", "inputSchema": {"type": "object", "required": ["days"],
        "properties": {"days": {"type": "integer", "maximum": 30}}}},
    {"name": "delete_note", "inputSchema": {"type": "object", "required": ["days"],
        "properties": {"days": {"type": "integer"}}}},
    {"name": "count_notes", "inputSchema": {"type": "object"}},
    {"name": "export_notes", "inputSchema": {"type": "object"}}
], "prompts": [
    {"name": "summarise"},
    {"name": "translate"}
]}"#;

const FILES: &str = r#"{"tools": [
    {"name": "save_file", "inputSchema": {"type": "object", "required": ["path"],
        "properties": {"path": {"type": "string"}}}},
    {"name": "drop_file", "inputSchema": {"type": "object"}}
]}"#;

fn folder(policy: &str, notes: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), policy, notes);
    folder
}

fn write(folder: &Path, policy: &str, notes: &str) {
    fs::write(folder.join("all.placet"), policy).unwrap();
    fs::write(folder.join("notes.json"), notes).unwrap();
    fs::write(folder.join("files.json"), FILES).unwrap();
}

/// The policy, locked, and what its author and its server did since.
fn changed() -> TempDir {
    let folder = folder(POLICY, NOTES);
    let path = folder.path().to_str().unwrap();
    assert_eq!(
        code(&["lock", path, "--yes", "--today", "2026-03-01"]),
        0,
        "{}",
        shown(&["check", path])
    );
    let policy = POLICY.replace("lasts      1 hour", "lasts      2 hours");
    let grown = r#""count_notes", "inputSchema": {"minProperties": 1, "#;
    let more = r#"{"tools": [{"name": "read_all", "inputSchema": {"type": "object"}},"#;
    let notes =
        NOTES.replace(r#""count_notes", "inputSchema": {"#, grown).replace(r#"{"tools": ["#, more);
    write(folder.path(), &policy, &notes);
    folder
}

fn written(folder: &Path, format: &str) -> String {
    let output = placet(&["report", folder.to_str().unwrap(), "--format", format]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(output.stderr));
    text(output.stdout)
}

#[test]
fn what_a_user_sees() {
    insta::assert_snapshot!("report_filesystem", shown(&["report", "policies/filesystem"]));
    let changed = changed();
    let path = changed.path();
    insta::assert_snapshot!("report_all", written(path, "markdown"));
    insta::assert_snapshot!("report_all_json", written(path, "json"));
    for format in ["markdown", "html", "json"] {
        assert_eq!(written(path, format), written(path, format), "{format}");
    }
}

#[test]
fn the_json_is_as_its_schema_says() {
    let schema = fs::read_to_string(root().join("spec/report.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let changed = changed();
    for folder in
        [changed.path(), &root().join("policies/filesystem"), &root().join("spec/diff/after")]
    {
        let report: Value = serde_json::from_str(&written(folder, "json")).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&report).map(|one| one.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// What the reader has to hear of the policy above, whatever the words.
#[test]
fn a_consent_leads_only_where_calls_are_allowed() {
    let changed = changed();
    let report: Value = serde_json::from_str(&written(changed.path(), "json")).unwrap();
    let callers = |consent: Option<&str>, capability: &str, name: &str| {
        let cells = report["matrix"].as_array().unwrap();
        let cell = cells.iter().find(|cell| {
            cell["consent"].as_str() == consent
                && cell["capability"] == capability
                && cell["name"] == name
        });
        cell.unwrap()["callers"].as_str().unwrap().to_owned()
    };
    assert_eq!(callers(Some("reading"), "read", "read_note"), "somebody");
    assert_eq!(callers(Some("tidying"), "read", "read_note"), "nobody", "no rule under it reads");
    assert_eq!(callers(Some("tidying"), "clean_up", "delete_note"), "somebody");
    assert_eq!(callers(Some("public"), "share", "share_note"), "nobody", "it is only asked for");
    assert_eq!(callers(None, "count", "count_notes"), "somebody");
    assert_eq!(
        callers(Some("keeping"), "keep", "save_file"),
        "nobody",
        "a local user has no login"
    );
    // A denial for all makes the same consent lead nowhere, though its rule stands.
    let policy = POLICY.replace("deny no_tablets anyone via tablet", "deny nobody anyone, machine");
    let denied = folder(&policy, NOTES);
    let report: Value = serde_json::from_str(&written(denied.path(), "json")).unwrap();
    let cells = report["matrix"].as_array().unwrap().iter();
    let cells: Vec<&Value> = cells.filter(|cell| cell["capability"] == "clean_up").collect();
    assert!(cells.len() == 2 && cells.iter().all(|cell| cell["callers"] == "nobody"), "{cells:?}");
    let row = "| `delete_note` | destructive |  |  |  | denied |  |";
    assert!(written(denied.path(), "markdown").contains(row));
}

#[test]
fn it_ends_with_what_it_found() {
    let folder = folder(POLICY, NOTES);
    let path = folder.path().to_str().unwrap();
    let file = folder.path().join("report.html");
    let output = ["report", path, "--format", "html", "--output", file.to_str().unwrap()];
    assert_eq!(code(&output), 0);
    assert!(placet(&output).stdout.is_empty(), "what is written to a file is not shown");
    assert_eq!(fs::read_to_string(&file).unwrap(), written(folder.path(), "html"));
    fs::remove_file(&file).unwrap();

    write(folder.path(), &POLICY.replace("to read, browse", "to reed, browse"), NOTES);
    let refused = shown(&output).replace(path, "POLICY");
    assert!(refused.contains("there is no capability called `reed`"), "{refused}");
    assert!(refused.ends_with("exit code 1\n"), "{refused}");
    assert!(!file.exists());
    assert_eq!(code(&["report", "no/such/folder"]), 2);
    fs::remove_file(folder.path().join("notes.json")).unwrap();
    assert_eq!(code(&["report", path]), 2);
}

/// Names and texts that try to be markup wherever they stand.
const HOSTILE: [&str; 6] = [
    "</script><img src=x onerror=alert(1)>",
    "\" onload=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "`a` | [b](javascript:alert(1)) **c** <b>",
    "</title></desc></svg><svg onload=alert(1)>",
    "a\n\n# b\n- c\n| d |\u{202e}",
];

fn hostile() -> TempDir {
    let quoted: Vec<String> =
        HOSTILE.iter().map(|one| placet_engine::condition::quote(one)).collect();
    let tools: Vec<Value> = HOSTILE
        .iter()
        .map(|name| serde_json::json!({"name": name, "description": name, "inputSchema": {"type": "object"}}))
        .collect();
    let mut policy = String::from(
        "edition 2026\nserver notes {\n  resource \"https://notes.example/mcp\"\n  issuer \
         \"https://login.example\"\n  catalogue \"notes.json\"\n}\nclient desktop \
         \"https://desktop.example/client.json\"\n",
    );
    for (index, text) in quoted.iter().enumerate() {
        policy.push_str(&format!(
            "capability k{index} {text} on notes {{ tools {text} access read needs nothing because {text} }}\n\
             consent c{index} {text} {{ grants k{index} purpose {text} }}\n\
             allow a{index} user {text} via desktop to k{index} under c{index}\n\
             deny d{index} user {text} to k{index} because {text}\n\
             client l{index} {text} issued by \"https://login.example\" owner {text}\n\
             group g{index} from claim {text} has {text}\n"
        ));
    }
    folder(&policy, &serde_json::json!({ "tools": tools }).to_string())
}

#[test]
fn other_peoples_text_is_no_markup() {
    let folder = hostile();
    let html = written(folder.path(), "html");
    // What stands between `<` and `>` is Placet's own.
    let known = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "h1",
        "dl",
        "div",
        "dt",
        "dd",
        "nav",
        "ul",
        "li",
        "main",
        "section",
        "h2",
        "h3",
        "p",
        "strong",
        "code",
        "span",
        "svg",
        "circle",
        "path",
        "figure",
        "figcaption",
        "desc",
        "text",
        "tspan",
        "g",
        "rect",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
    ];
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        assert!(known.contains(&name), "<{tag}>");
        let attributes = tag.split('"').step_by(2).collect::<String>();
        assert!(!attributes.contains(" on") && !attributes.contains('\''), "<{tag}>");
    }
    assert!(!html.contains('\u{202e}'));

    let markdown = written(folder.path(), "markdown");
    for line in markdown.lines() {
        // Backticks that stand for themselves are escaped; the others begin and end code.
        let line = line.replace("\\`", "");
        for text in line.split('`').step_by(2) {
            let mut before = ' ';
            for letter in text.chars() {
                assert!(before == '\\' || !['<', '['].contains(&letter), "{line}");
                before = if before == '\\' { ' ' } else { letter };
            }
        }
        assert!(!line.starts_with("# b") && !line.starts_with("- c"), "{line}");
    }
    assert!(!markdown.contains('\u{202e}'));
}

#[test]
fn the_page_is_current() {
    let outputs: [(&str, &str, &[&str]); 1] = [("report", "markdown", &["report", "spec/report"])];
    page::is_current("spec/report.md", &outputs);
}
