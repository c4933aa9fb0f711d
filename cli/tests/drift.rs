//! `placet catalogue diff` as a user meets it.

mod page;
mod support;

use std::fs;

use tempfile::TempDir;

use crate::support::{code, placet, root, shown};

const BEFORE: &str = "spec/drift/before.json";
const AFTER: &str = "spec/drift/after.json";

#[test]
fn what_a_user_sees() {
    insta::assert_snapshot!("drift", shown(&["catalogue", "diff", BEFORE, AFTER]));
    insta::assert_snapshot!("drift_all", shown(&["catalogue", "diff", BEFORE, AFTER, "--all"]));
    insta::assert_snapshot!("drift_back", shown(&["catalogue", "diff", AFTER, BEFORE]));
    insta::assert_snapshot!(
        "drift_json",
        shown(&["catalogue", "diff", BEFORE, AFTER, "--format", "json"])
    );
    insta::assert_snapshot!("drift_nothing", shown(&["catalogue", "diff", BEFORE, BEFORE]));
    insta::assert_snapshot!("drift_unusable", shown(&["catalogue", "diff", BEFORE, "README.md"]));
}

/// A pair of catalogues with one tool each, and what comparing them ends with.
#[test]
fn what_widens_is_found_and_the_rest_is_clean() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let tool = |rest: &str| format!("{{\"tools\": [{{\"name\": \"a\", {rest}}}]}}");
    let old = tool(r#""description": "D", "inputSchema": {"type": "object"}"#);
    let cases = [
        (tool(r#""description": "E", "inputSchema": {"type": "object"}"#), 0),
        (
            tool(
                r#""description": "D", "inputSchema": {"type": "object", "additionalProperties": false}"#,
            ),
            0,
        ),
        (tool(r#""description": "D\u202e", "inputSchema": {"type": "object"}"#), 1),
        (
            tool(
                r#""description": "D", "inputSchema": {"type": "object", "properties": {"b": {}}}"#,
            ),
            1,
        ),
        (tool(r#""description": "D", "inputSchema": {"type": 1e999}"#), 1),
        (String::from("{\"tools\": []}"), 2),
        (String::from("{\"tools\": [{\"name\": \"a\"}], \"nextCursor\": \"2\"}"), 2),
        (String::from("\u{feff}"), 2),
    ];
    let old = file("old.json", &old);
    for (index, (new, expected)) in cases.iter().enumerate() {
        let new = file(&format!("{index}.json"), new);
        assert_eq!(code(&["catalogue", "diff", &old, &new]), *expected, "case {index}");
    }
    assert_eq!(code(&["catalogue", "diff", &old, "no-such-file"]), 2);
}

/// The form that Placet pulls, without the server's sentences, says as much about what widens.
#[test]
fn a_catalogue_without_prose_says_as_much_about_privilege() {
    let folder = TempDir::new().unwrap();
    let stripped = |name: &str| {
        let bytes = fs::read(root().join(name)).unwrap();
        let catalogue: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let tools = catalogue["tools"].as_array().unwrap();
        let text =
            placet_language::catalogue::write(tools, &[], placet_language::catalogue::Prose::Drop);
        let path = folder.path().join(name.replace('/', "-"));
        fs::write(&path, text.unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let counts = |old: &str, new: &str| {
        let output = placet(&["catalogue", "diff", old, new, "--format", "json"]);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        value["counts"].clone()
    };
    let (old, new) = (stripped(BEFORE), stripped(AFTER));
    let (whole, without) = (counts(BEFORE, AFTER), counts(&old, &new));
    assert_eq!(whole["redefined"], without["redefined"]);
    // Only that a tool was renamed cannot be told: it counts as new, and the old one as gone.
    let and_one = |value: &serde_json::Value| value.as_u64().map(|count| count.saturating_add(1));
    assert_eq!(without["widen"].as_u64(), and_one(&whole["widen"]));
    assert_eq!(without["narrow"].as_u64(), and_one(&whole["narrow"]));
    // One of the two is enough to tell.
    assert_eq!(counts(BEFORE, &new)["widen"], whole["widen"]);
    assert_eq!(counts(&old, AFTER)["widen"], whole["widen"]);
}

#[test]
fn the_page_is_current() {
    let outputs: [(&str, &str, &[&str]); 1] =
        [("drift", "text", &["catalogue", "diff", BEFORE, AFTER])];
    page::is_current("spec/drift.md", &outputs);
}

/// Two catalogues of a policy's server, where one tool was renamed and another takes more.
#[test]
fn a_policy_tells_whom_it_touches() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let old = write(
        "notes.json",
        r#"{"tools": [{"name": "read_note", "description": "Reads.", "inputSchema": {"type": "object"}},
            {"name": "find_note", "inputSchema": {"type": "object"}},
            {"name": "count", "inputSchema": {"type": "object"}}]}"#,
    );
    let new = write(
        "new.json",
        r#"{"tools": [{"name": "get_note", "description": "Reads.", "inputSchema": {"type": "object"}},
            {"name": "find_note", "inputSchema": {"type": "object", "properties": {"all": {"type": "boolean"}}}},
            {"name": "count", "inputSchema": {"type": "object", "properties": {"of": {"type": "string"}}}}]}"#,
    );
    write(
        "notes.placet",
        r#"edition 2026
server notes {
    local        "notes"
    credentials  local for read because "the notes are the user's own"
    catalogue    "notes.json"
}
capability read "Read your notes" on notes {
    tools   read_note, find_note
    access  read
}
client desktop "https://desktop.example/client.json"
consent reading "Let {client} read your notes" {
    grants  read
    lasts   30 days
}
allow reading_notes anyone via desktop to read under reading
"#,
    );
    let policy = folder.path().to_str().unwrap();
    let shown = |more: &[&str]| {
        let arguments = [&["catalogue", "diff", &old, &new, "--policy", policy], more].concat();
        shown(&arguments).replace(policy, "POLICY")
    };
    insta::assert_snapshot!("drift_touches", shown(&[]));
    insta::assert_snapshot!("drift_touches_json", shown(&["--format", "json"]));
    insta::assert_snapshot!("drift_of_no_server", shown(&["--server", "note"]));
}
