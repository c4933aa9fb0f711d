//! Packs over two releases of their servers: what the pages in `policies` show is what the command says
//! of the step from the one to the other.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{code, placet, root, shown};

const TODAY: [&str; 2] = ["--today", "2026-12-01"];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// What the command prints in a folder, however it ends.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_placet"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn fenced(text: &str) -> String {
    format!("````text\n{text}\n````")
}

/// Asserts that the page of a pack shows the step from a release to the one that the pack is about.
/// What lint says of many tools is shown as the comment that it leaves in a pull request.
fn is_current(pack: &str, before: &str, has_many_tools: bool) {
    let work = TempDir::new().unwrap();
    for name in ["baseline", pack] {
        copy(&root().join("policies").join(name), &work.path().join(name));
    }
    let folder = work.path().join(pack);
    let old = format!("history/{before}");

    // The server is another, and nobody has looked yet.
    copy(&folder.join(&old), &folder.join("history/today"));
    fs::copy(folder.join("catalogue.json"), folder.join("history/today/catalogue.json")).unwrap();
    let lint = ["lint", "history/today", TODAY[0], TODAY[1]];
    let linted = match has_many_tools {
        true => said(&folder, &[&lint[..], &["--format", "markdown"]].concat()),
        false => fenced(&said(&folder, &lint)),
    };

    // Somebody has: the pack as it is, with the lock that it had.
    fs::copy(folder.join(&old).join("placet.lock"), folder.join("placet.lock")).unwrap();
    said(&folder, &["lock", "--yes", "."]);
    assert_eq!(said(&folder, &["lock", "--check", "."]), "ok: the lock is current");
    let diff = said(&folder, &["diff", &old, ".", TODAY[0], TODAY[1]]);

    let page = format!("policies/{pack}/history.md");
    page::shows(&page, &[("lint", linted), ("diff", fenced(&diff))]);
    let now = format!("policies/{pack}/catalogue.json");
    let then = format!("policies/{pack}/{old}");
    let before = format!("{then}/catalogue.json");
    let compare = ["catalogue", "diff", &before, &now, "--policy", &then];
    page::is_current(&page, &[("catalogue", "text", &compare)]);
}

#[test]
fn filesystem() {
    is_current("filesystem", "2026.1.14", false);
}

#[test]
fn github() {
    is_current("github", "1.4.0", true);
}

#[test]
fn mongodb() {
    is_current("mongodb", "1.0.2", true);
}

#[test]
fn notion() {
    is_current("notion", "1.9.0", false);
}

#[test]
fn each_was_in_order_when_it_was_reviewed() {
    let mut reviewed = 0;
    for pack in ["filesystem", "github", "mongodb", "notion"] {
        let folder = format!("policies/{pack}/history");
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let release = entry.unwrap().file_name().into_string().unwrap();
            let folder = format!("{folder}/{release}");
            let lint = ["lint", &folder, TODAY[0], TODAY[1], "--format", "json"];
            assert_eq!(code(&lint), 0, "{}", shown(&lint));
            let report: serde_json::Value = serde_json::from_slice(&placet(&lint).stdout).unwrap();
            assert_eq!(report["findings"], serde_json::json!([]), "{folder}");
            assert_eq!(code(&["fmt", "--check", &folder]), 0, "{folder}");
            assert_eq!(code(&["lock", "--check", &folder]), 0, "{folder}");
            reviewed += 1;
        }
    }
    assert!(reviewed >= 4);
}
