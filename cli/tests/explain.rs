//! `placet explain` of codes and reasons, and how `placet check` leads there.

mod support;

use std::collections::BTreeSet;
use std::fs;

use placet_engine::Reason;
use placet_language::Code;

use crate::support::{code, placet, shown};

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
fn a_call_still_takes_its_policy() {
    const PACK: &str = "policies/filesystem";
    let call = format!("{PACK}/calls/outside.json");
    assert_eq!(code(&["explain", "--policy", PACK, &call]), 1);
    assert_eq!(code(&["explain", &call]), 2);
    // Beside a policy stands a call, whatever its file is called.
    assert_eq!(code(&["explain", "--policy", PACK, "deny.optional"]), 2);
    assert_eq!(code(&["explain"]), 2);
}
