//! `placet lint` as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{code, placet, root, shown};

const DESK: &str = "spec/lint";
const TODAY: [&str; 2] = ["--today", "2026-12-01"];

fn lint(folder: &str, more: &[&str]) -> String {
    shown(&[&["lint", folder], &TODAY[..], more].concat())
}

/// A copy of the page's policy.
fn desk() -> TempDir {
    let folder = TempDir::new().unwrap();
    for entry in fs::read_dir(root().join(DESK)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn exit(folder: &Path, more: &[&str]) -> i32 {
    code(&[&["lint", folder.to_str().unwrap()], &TODAY[..], more].concat())
}

fn json(folder: &Path, more: &[&str]) -> Value {
    let arguments = [&["lint", folder.to_str().unwrap(), "--format", "json"], &TODAY[..], more];
    serde_json::from_slice(&placet(&arguments.concat()).stdout).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|one| one["code"].as_str().unwrap()).collect()
}

fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_a_user_sees() {
    for format in ["json", "sarif", "github", "markdown", "junit"] {
        insta::assert_snapshot!(format!("lint_{format}"), lint(DESK, &["--format", format]));
    }
    insta::assert_snapshot!("lint_standard", lint(DESK, &["--standard", "owasp-nhi"]));
    insta::assert_snapshot!("lint_no_standard", lint(DESK, &["--standard", "owasp"]));
    insta::assert_snapshot!("lint_nowhere", lint("no/such/folder", &[]));
}

#[test]
fn the_page_shows_it() {
    page::is_current("spec/lint.md", &[("lint", "text", &["lint", DESK, "--today", "2026-12-01"])]);
}

#[test]
fn notes_alone_are_clean_and_settings_change_levels() {
    let folder = desk();
    let path = folder.path();
    assert_eq!(exit(path, &[]), 1);
    let found = json(path, &[]);
    let mut settings = String::from("[lint.levels]\n");
    for code in codes(&found) {
        if !settings.contains(code) {
            settings.push_str(&format!("\"{code}\" = \"note\"\n"));
        }
    }
    fs::write(path.join("placet.toml"), &settings).unwrap();
    // What makes the policy unusable stays an error.
    assert_eq!(exit(path, &[]), 1);
    change(path, "tickets.json", r#", "cc": {"type": "array", "items": {"type": "string"}}"#, "");
    assert_eq!(exit(path, &[]), 0);
    change(path, "placet.toml", "\"scope.omnibus\" = \"note\"", "\"scope.omnibus\" = \"error\"");
    assert_eq!(exit(path, &[]), 1);
    change(path, "placet.toml", "\"scope.omnibus\" = \"error\"", "\"scope.omnibus\" = \"off\"");
    assert_eq!(exit(path, &[]), 0);
    assert!(!codes(&json(path, &[])).contains(&"scope.omnibus"));
    fs::write(path.join("placet.toml"), "[lint.levels]\n\"scope.omnibuss\" = \"off\"\n").unwrap();
    assert_eq!(exit(path, &[]), 2);
}

#[test]
fn what_has_one_safe_fix_is_mended_and_the_rest_stays() {
    let folder = desk();
    let path = folder.path();
    change(path, "tickets.json", r#", "cc": {"type": "array", "items": {"type": "string"}}"#, "");
    change(
        path,
        "desk.placet",
        "allow desk agents",
        "// placet: allow(rule.anyone, \"kept for later\", until 2027-03-01)\nallow desk agents",
    );
    let before = json(path, &[]);
    assert!(codes(&before).contains(&"allowance.unused"), "{before:#}");
    let after = json(path, &["--fix"]);
    let left: Vec<&str> = codes(&before)
        .into_iter()
        .filter(|code| !["scope.redundant", "allowance.unused"].contains(code))
        .collect();
    // A capability that needs other scopes is not what was locked.
    let found: Vec<&str> = codes(&after).into_iter().filter(|code| *code != "lock.stale").collect();
    assert_eq!(found, left);
    let text = fs::read_to_string(path.join("desk.placet")).unwrap();
    assert!(text.contains("needs   \"tickets:full-access\"\n"), "{text}");
    assert!(!text.contains("kept for later"));
}

#[test]
fn what_could_not_be_checked_is_no_clean_bill() {
    let folder = desk();
    let path = folder.path();
    fs::write(
        path.join("desk.placet"),
        r#"edition 2026
server notes {
    local        "notes"
    credentials  local for read because "the notes are the user's own"
    catalogue    "notes.json"
}
capability read "Read your notes" on notes {
    tools   read_note
    access  read
}
client desktop "https://desktop.example/client.json" owner "it@example.com"
consent reading "Let {client} read your notes" {
    grants   read
    purpose  "answering"
    lasts    30 days
}
allow reading_notes anyone via desktop to read under reading
"#,
    )
    .unwrap();
    let notes = r#"{"tools": [{"name": "read_note", "inputSchema": {"type": "object"}}]}"#;
    fs::write(path.join("notes.json"), notes).unwrap();
    fs::remove_file(path.join("placet.lock")).unwrap();
    assert_eq!(exit(path, &[]), 0);
    // Nobody said how it is started.
    assert_eq!(exit(path, &["--live"]), 3);
    // It does not answer.
    fs::write(path.join("placet.toml"), "[servers.notes]\ncommand = [\"sleep\", \"30\"]\n")
        .unwrap();
    assert_eq!(exit(path, &["--live", "--timeout", "1"]), 3);
    // A finding weighs more than what could not be checked.
    change(path, "desk.placet", "    lasts    30 days\n", "");
    let report = json(path, &["--live", "--timeout", "1"]);
    assert_eq!(report["outcome"], "found");
    assert_eq!(report["unchecked"].as_array().unwrap().len(), 1, "{report:#}");
    // A registry that is not there, and metadata that are none.
    fs::write(path.join("placet.toml"), "[registry]\nclients = \"none.json\"\n").unwrap();
    change(path, "desk.placet", "    grants   read\n", "    grants   read\n    lasts    30 days\n");
    assert_eq!(exit(path, &[]), 3);
}

#[test]
fn locks_that_nobody_can_trust_are_refused() {
    let conflict = "<<<<<<< ours\ncapability a access read\n=======\n>>>>>>> theirs\n";
    for (text, why) in [
        ("placet-lock 2\n", "the future"),
        (conflict, "conflict markers"),
        ("placet-lock 1\ncapability a access read\ncapability a access write\n", "contradiction"),
    ] {
        let folder = desk();
        let lock = folder.path().join("placet.lock");
        let text = match text.starts_with("<<<") {
            true => format!("{}{text}", fs::read_to_string(&lock).unwrap()),
            false => text.to_owned(),
        };
        fs::write(lock, text).unwrap();
        let report = json(folder.path(), &[]);
        assert!(codes(&report).contains(&"lock.unreadable"), "{why}: {report:#}");
        assert_ne!(exit(folder.path(), &[]), 0, "{why}");
    }
}

#[test]
fn a_catalogue_that_vanished_is_unusable() {
    let folder = desk();
    fs::remove_file(folder.path().join("tickets.json")).unwrap();
    assert_eq!(exit(folder.path(), &[]), 2);
}

#[test]
fn the_json_is_what_the_schema_says() {
    let schema = fs::read(root().join("spec/lint.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = desk();
    for more in [&[][..], &["--standard", "rfc"], &["--live", "--timeout", "1"]] {
        let report = json(folder.path(), more);
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

/// A server on this machine that answers with one file for one path, and with 404 for every other.
fn serve(path: &'static str, body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            BufReader::new(&stream).read_line(&mut request).unwrap();
            let (status, body) = match request.starts_with(&format!("GET {path} ")) {
                true => ("200 OK", body),
                false => ("404 Not Found", ""),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
            let answer = format!("{head}Connection: close\r\n\r\n{body}");
            // A client that went away needs no answer.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn a_server_is_asked_for_its_metadata() {
    let folder = desk();
    let path = folder.path();
    let port = serve(
        "/.well-known/oauth-protected-resource/mcp",
        r#"{"resource": "https://tickets.example.com/mcp", "scopes_supported": ["tickets:read"]}"#,
    );
    let here = format!("http://127.0.0.1:{port}/mcp");
    change(path, "desk.placet", "https://tickets.example.com/mcp", &here);
    let report = json(path, &["--live", "--timeout", "5"]);
    let codes = codes(&report);
    assert!(codes.contains(&"metadata.mismatch"), "{report:#}");
    assert!(codes.contains(&"scope.unsupported"), "{report:#}");
    // It is no MCP server, which is said as well.
    assert_eq!(report["unchecked"].as_array().unwrap().len(), 1, "{report:#}");
}
