//! `placet lock` as a user meets it: what it shows, what it refuses, and branches that both lock.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod git;
mod support;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::git::git;
use crate::support::{code, shown};

const POLICY: &str = r#"edition 2026

server notes {
    resource    "https://notes.example/mcp"
    issuer      "https://login.example"
    catalogue   "notes.json"
}

scope "read" on notes

capability read "Read your notes" on notes {
    tools   read_*
    access  read
    needs   "read"
}

client desktop "https://desktop.example/client.json" owner "it@example.com"

consent reading "Let {client} read your notes" {
    grants  read
    lasts   30 days
}

allow reading_notes anyone via desktop to read under reading
"#;

const TOOLS: &str = r#"{"name": "read_note", "inputSchema": {"type": "object", "properties": {
    "days": {"type": "integer", "maximum": 30}}}, "annotations": {"readOnlyHint": true}}"#;

fn write(folder: &Path, policy: &str, tools: &str) {
    fs::write(folder.join("notes.placet"), policy).unwrap();
    fs::write(folder.join("notes.json"), format!("{{\"tools\": [{tools}]}}")).unwrap();
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), POLICY, TOOLS);
    folder
}

fn lock(folder: &Path, more: &[&str]) -> String {
    let path = folder.to_str().unwrap();
    let arguments = [&["lock", path], more].concat();
    shown(&arguments).replace(path, "POLICY")
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("placet.lock")).unwrap()
}

/// What the server and the author did since.
fn grown(folder: &Path) {
    let tools = TOOLS.replace("30", "365").replace("true", "false");
    let tools =
        format!("{tools}, {{\"name\": \"read_all\", \"inputSchema\": {{\"type\": \"object\"}}}}");
    let policy = POLICY
        .replace("needs   \"read\"", "needs   nothing because \"they are the user's own\"")
        .replace("desktop.example/client", "desktop.example/other")
        .replace(
            "scope \"read\" on notes",
            "scope \"read\" on notes\nscope \"all\" on notes implies \"read\"",
        )
        .replace("read your notes\"", "read all of your notes\"");
    write(folder, &policy, &tools);
}

#[test]
fn what_a_user_sees() {
    let folder = folder();
    let path = folder.path();
    let first = lock(path, &["--yes", "--today", "2026-03-01"]);
    let again = lock(path, &[]);
    grown(path);
    let check = lock(path, &["--check", "--today", "2026-04-01"]);
    let json = lock(path, &["--check", "--format", "json", "--today", "2026-04-01"]);
    let nobody = lock(path, &["--today", "2026-04-01"]);
    let before = text(path);
    let accepted = lock(path, &["--yes", "--today", "2026-04-01"]);
    assert!(accepted.ends_with("exit code 0\n"), "{accepted}");
    let (before, after) = (before.lines(), text(path));
    let kept: Vec<&str> = before.filter(|line| line.starts_with("terms ")).collect();
    assert!(kept.iter().all(|line| after.contains(*line)), "terms are remembered");
    insta::assert_snapshot!("lock", [first, again, check, nobody].join("\n"));
    insta::assert_snapshot!("lock_json", json);
}

#[test]
fn nothing_is_locked_that_does_not_check() {
    let folder = folder();
    let path = folder.path();
    write(path, &POLICY.replace("to read under", "to reed under"), TOOLS);
    let refused = lock(path, &["--yes"]);
    assert!(refused.contains("nothing is locked"), "{refused}");
    assert!(refused.ends_with("exit code 1\n"), "{refused}");
    assert!(!path.join("placet.lock").exists());
    // A lock that cannot be read is not written over: it holds what users agreed to.
    write(path, POLICY, TOOLS);
    lock(path, &["--yes"]);
    let whole = text(path);
    for broken in [
        whole.replacen("placet-lock 1", "placet-lock 2", 1),
        format!("{whole}<<<<<<< main\n"),
        whole.replacen("30", "31", 1),
        whole.replace("lasts 2592000", "lasts 3592000"),
    ] {
        fs::write(path.join("placet.lock"), &broken).unwrap();
        let refused = lock(path, &["--yes"]);
        assert!(!refused.ends_with("exit code 0\n"), "{refused}");
        assert!(refused.contains("lock.unreadable"), "{refused}");
        assert_eq!(text(path), broken);
    }
}

#[test]
fn terms_are_forgotten_once_their_last_receipt_expired() {
    let folder = folder();
    let path = folder.path();
    lock(path, &["--yes", "--today", "2026-01-01"]);
    let first = text(path).lines().find(|line| line.contains("Let {client}")).unwrap().to_owned();
    write(path, &POLICY.replace("read your notes\"", "read your own notes\""), TOOLS);
    lock(path, &["--yes", "--today", "2026-02-01"]);
    assert!(text(path).contains("replaced 2026-02-01"), "{}", text(path));
    // The day on which they were replaced stays the first.
    lock(path, &["--yes", "--prune", "--today", "2026-03-01"]);
    assert!(text(path).contains(&first) && text(path).contains("replaced 2026-02-01"));
    let pruned = lock(path, &["--yes", "--prune", "--today", "2026-03-20"]);
    assert!(pruned.contains("forgets terms of consent reading: sha256-"), "{pruned}");
    assert!(!text(path).contains(&first), "{}", text(path));
    let path = path.to_str().unwrap();
    assert_eq!(code(&["check", path]), 0);
    assert_eq!(code(&["lock", path, "--check"]), 0);
}

#[test]
fn terms_that_come_back_are_not_replaced() {
    let folder = folder();
    let path = folder.path();
    lock(path, &["--yes", "--today", "2026-01-01"]);
    write(path, &POLICY.replace("read your notes\"", "read your own notes\""), TOOLS);
    lock(path, &["--yes", "--today", "2026-02-01"]);
    write(path, POLICY, TOOLS);
    lock(path, &["--yes", "--today", "2026-02-02"]);
    let replaced: Vec<String> =
        text(path).lines().filter(|line| line.contains(" replaced ")).map(str::to_owned).collect();
    assert_eq!(replaced.len(), 1, "{replaced:?}");
    assert!(replaced.iter().all(|line| line.ends_with("replaced 2026-02-02")), "{replaced:?}");
}

#[test]
fn branches_that_both_lock_are_merged_by_git() {
    let folder = folder();
    let path = folder.path();
    fs::write(path.join(".gitattributes"), "placet.lock merge=union\n").unwrap();
    lock(path, &["--yes", "--today", "2026-01-01"]);
    git(path, &["init", "-q", "-b", "main"]);
    git(path, &["add", "-A"]);
    git(path, &["commit", "-q", "-m", "locked"]);
    git(path, &["checkout", "-q", "-b", "client"]);
    let client = "client desktop \"https://desktop.example/client.json\" owner \"it@example.com\"";
    let mobile = "client mobile \"https://mobile.example/client.json\" owner \"it@example.com\"";
    let policy = POLICY
        .replace(client, &format!("{client}\n{mobile}"))
        .replace("lasts   30 days", "lasts   20 days");
    write(path, &policy, TOOLS);
    lock(path, &["--yes", "--today", "2026-02-01"]);
    git(path, &["commit", "-q", "-a", "-m", "a client"]);
    git(path, &["checkout", "-q", "main"]);
    let policy = POLICY
        .replace("scope \"read\" on notes", "scope \"read\" on notes\nscope \"write\" on notes")
        .replace("Let {client} read your notes", "Let {client} read what you noted");
    write(path, &policy, TOOLS);
    lock(path, &["--yes", "--today", "2026-02-02"]);
    git(path, &["commit", "-q", "-a", "-m", "a scope"]);
    git(path, &["merge", "-q", "--no-edit", "client"]);
    let merged = text(path);
    let versions =
        merged.lines().filter(|line| line.ends_with("days\"") || line.contains("text \"Let"));
    // What both branches remember, and the terms of each.
    assert_eq!(versions.count(), 3, "{merged}");
    assert!(merged.contains("replaced 2026-02-01") && merged.contains("replaced 2026-02-02"));
    let folder = path.to_str().unwrap();
    assert_eq!(code(&["check", folder]), 0, "{}", shown(&["check", folder]));
    // The terms of the merged policy are those of neither branch.
    assert_eq!(code(&["lock", folder, "--check"]), 1);
    assert_eq!(code(&["lock", folder, "--yes"]), 0);
    assert_eq!(code(&["lock", folder, "--check"]), 0);
}
