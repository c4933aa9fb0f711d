//! `placet explain` of codes and reasons, and how `placet check` leads there.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use placet_engine::Reason;
use placet_language::Code;

use crate::support::{code, placet, root, shown};

#[test]
fn what_a_user_sees() {
    let mut shown_together = String::new();
    for arguments in [
        vec!["explain", "deny.optional"],
        vec!["explain", "file.cycle"],
        vec!["explain", "--format", "json", "lock.missing"],
        vec!["explain", "consent.none"],
        vec!["explain", "--format", "json", "consent.none"],
        vec!["explain", "name.unknwon"],
        vec!["explain", "consent.non"],
        vec!["explain", "why"],
        vec!["explain", "policies/filesystem/calls/inside.json"],
        vec!["explain", "-"],
    ] {
        shown_together.push_str(&shown(&arguments));
        shown_together.push('\n');
    }
    insta::assert_snapshot!("words", shown_together);
}

#[test]
fn every_code_and_reason_is_explained() {
    let codes = Code::ALL.iter().map(|code| (code.as_str(), code.meaning()));
    let reasons = Reason::ALL.iter().map(|reason| (reason.as_str(), reason.meaning()));
    let mut words = BTreeSet::new();
    for (word, meaning) in codes.chain(reasons) {
        assert!(words.insert(word), "{word} is a code and a reason");
        let output = placet(&["explain", word]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{word}");
        assert!(text.starts_with(&format!("{word}\n\n{meaning}\n")), "{text}");
        assert!(!text.contains("```"), "{text}");
    }
}

#[test]
fn a_policy_that_does_not_check_leads_to_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("a.placet"), "edition 2026\nscope \"x\" on nowhere\n").unwrap();
    let output = placet(&["check", path]);
    let text = String::from_utf8(output.stderr).unwrap();
    insta::assert_snapshot!("check", text);
    // For machines the code stands with each diagnostic, and a policy that checks needs no help.
    assert!(placet(&["check", "--format", "json", path]).stderr.is_empty());
    assert!(placet(&["check", "policies/filesystem"]).stderr.is_empty());
}

#[test]
fn a_call_is_judged_by_the_policy_that_is_named_or_where_one_is() {
    const PACK: &str = "policies/filesystem";
    let call = format!("{PACK}/calls/outside.json");
    assert_eq!(code(&["explain", "--policy", PACK, &call]), 1);
    assert_eq!(code(&["explain", &call]), 2);
    let line =
        "alice via assistant calls filesystem/read_file {path: \"/srv/data/a\"} under reading";
    for (call, expected) in [("calls/outside.json", 1), ("calls/inside.json", 0), (line, 0)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_placet"));
        let ended =
            command.args(["explain", call]).current_dir(root().join(PACK)).output().unwrap();
        assert_eq!(ended.status.code(), Some(expected), "{call}: {ended:?}");
    }
    // Beside a policy stands a call, whatever its file is called.
    assert_eq!(code(&["explain", "--policy", PACK, "deny.optional"]), 2);
    assert_eq!(code(&["explain"]), 2);
}

#[test]
fn facts_that_nobody_computed_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let example = root().join("examples/sql/policy");
    for file in ["db.placet", "catalogue.json"] {
        fs::copy(example.join(file), folder.path().join(file)).unwrap();
    }
    fs::create_dir(folder.path().join("facts")).unwrap();
    fs::write(folder.path().join("facts/sql.wasm"), "\0asm\r\0\u{1}\0").unwrap();
    let path = folder.path().to_str().unwrap();
    let case = "alice via desktop calls db/query {sql: \"select 1\"} under reporting";
    let mut shown_together = String::new();
    for command in ["decide", "explain"] {
        let output = placet(&[command, "--policy", path, case]);
        assert_eq!(output.status.code(), Some(1));
        shown_together.push_str(&String::from_utf8(output.stdout).unwrap());
        shown_together.push('\n');
    }
    insta::assert_snapshot!("facts", shown_together);
    let computed =
        format!("{case} where kind(args.sql) is \"read\" and tables(args.sql) is [\"orders\"]");
    // A case says what was computed before it says what was agreed to.
    let computed = computed.replace(" under reporting", "") + " under reporting";
    let output = placet(&["decide", "--policy", path, &computed]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("not computed"));
}
