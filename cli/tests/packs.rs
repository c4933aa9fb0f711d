//! The packs in `policies`: each checks, has nothing that lint would say, is formatted, covers all of
//! itself with cases, and its catalogue holds nobody's sentences.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{code, placet, root, shown};

/// Every pack, by the name of its folder.
fn packs() -> Vec<String> {
    let folders = fs::read_dir(root().join("policies")).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 8, "{names:?}");
    names
}

/// What the command prints, once it ends as it should.
fn clean(arguments: &[&str]) -> String {
    assert_eq!(code(arguments), 0, "{}", shown(arguments));
    String::from_utf8(placet(arguments).stdout).unwrap()
}

#[test]
fn every_pack_checks_and_the_table_says_what_is_in_it() {
    let readme = fs::read_to_string(root().join("policies/README.md")).unwrap();
    for name in packs() {
        let said = clean(&["check", &format!("policies/{name}")]);
        let [line] = said.lines().collect::<Vec<_>>()[..] else { panic!("{name}: {said}") };
        // `ok: 3 rules, 2 consents; 14 of 14 tools in 7 capabilities; 1 client`
        let parts: Vec<&str> = line.split("; ").collect();
        let covered = parts.iter().find(|part| part.contains("capabilit")).unwrap();
        let row = readme.lines().find(|line| line.starts_with(&format!("| [{name}]({name}) |")));
        let row = row.unwrap_or_else(|| panic!("policies/README.md has no row for {name}"));
        assert!(row.contains(&format!("| {covered} |")), "{row}\nbut: {covered}");
    }
}

#[test]
fn lint_has_nothing_to_say_of_any() {
    for name in packs() {
        let folder = format!("policies/{name}");
        let said = clean(&["lint", &folder, "--today", "2026-12-01", "--format", "json"]);
        let report: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{name}: {report:#}");
        assert_eq!(report["unchecked"].as_array().unwrap().len(), 0, "{name}: {report:#}");
    }
}

#[test]
fn all_are_in_the_one_style() {
    for name in packs() {
        clean(&["fmt", "--check", &format!("policies/{name}")]);
    }
}

#[test]
fn cases_cover_every_rule_and_every_use_of_a_consent() {
    for name in packs() {
        clean(&["test", &format!("policies/{name}"), "--min-coverage", "100"]);
    }
}

#[test]
fn all_can_be_used_together() {
    let folder = TempDir::new().unwrap();
    let mut text = String::from("edition 2026\n");
    for name in packs() {
        let file = root().join(format!("policies/{name}/{name}.placet"));
        writeln!(text, "use {}", Value::from(file.to_str().unwrap())).unwrap();
        if name == "github" {
            let (home, issuer) = ("https://mcp.example.com/github", "https://login.example.com");
            writeln!(text, "with {{ github_home \"{home}\" github_issuer \"{issuer}\" }}").unwrap();
        }
    }
    // What is said of the packs' own statements is for their authors.
    text.push_str(
        r#"
        client editor "https://editor.example/client.json" owner "it@example.com"
        allow posting anyone via editor to post_messages under slack_posting
        "#,
    );
    fs::write(folder.path().join("policy.placet"), text).unwrap();
    let folder = folder.path().to_str().unwrap();
    assert_eq!(clean(&["check", folder]).lines().count(), 1);
    assert_eq!(clean(&["lint", folder]), "ok: nothing found\n");
}

/// The JSON files below a folder.
fn json_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// Asserts that neither a definition nor a schema in it says anything in words.
fn holds_no_prose(value: &Value, names_are_parameters: bool, path: &Path) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if !names_are_parameters {
                    let is_prose =
                        ["title", "description", "$comment", "examples"].contains(&name.as_str());
                    assert!(!is_prose, "{}: {name}: {member}", path.display());
                }
                let named = ["properties", "$defs", "definitions", "patternProperties"];
                let named = !names_are_parameters && named.contains(&name.as_str());
                holds_no_prose(member, named, path);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                holds_no_prose(element, false, path);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn catalogues_hold_nobodys_sentences() {
    let mut files = Vec::new();
    json_below(&root().join("policies"), &mut files);
    let mut catalogues = 0;
    for path in files {
        let value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if value.get("tools").is_some() {
            assert_eq!(value["placet"], "catalogue/1", "{}", path.display());
            holds_no_prose(&value, false, &path);
            catalogues += 1;
        }
    }
    assert!(catalogues >= 8, "only {catalogues} catalogues");
}
