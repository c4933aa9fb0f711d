//! `placet diff --prove`: what a solver says of the example, and what a build without one says.

#![cfg_attr(feature = "prove", expect(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod support;

use crate::support::{code, placet, shown};

const BEFORE: &str = "spec/diff/before";
const AFTER: &str = "spec/diff/after";

#[cfg(feature = "prove")]
fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[cfg(feature = "prove")]
#[test]
fn the_example_is_proved() {
    let said = shown(&["diff", BEFORE, AFTER, "--prove"]);
    assert!(said.contains("proved with cvc5"), "{said}");
    assert!(said.contains("4 of 4 certificates"), "{said}");
    let end = "fails: 1 silent, 6 gated, 0 lost, 2 asked again\nexit code 1\n";
    assert!(said.ends_with(end), "{said}");
    assert_eq!(code(&["diff", AFTER, BEFORE, "--prove"]), 0);
    let output = placet(&["diff", BEFORE, AFTER, "--prove", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let proof = &report["proof"];
    let certificates = proof["certificates"].as_array().unwrap();
    assert!(certificates.iter().all(|one| one["outcome"] == "proved"), "{proof:#}");
    assert!(certificates.iter().any(|one| one["solved"] == true), "{proof:#}");
}

/// A solver that answers nothing proves nothing.
#[cfg(feature = "prove")]
#[test]
fn without_a_solver_nothing_is_proved() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_placet"))
        .args(["diff", BEFORE, AFTER, "--prove"])
        .env("CVC5", "/nowhere/cvc5")
        .current_dir(support::root())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("apt-get install cvc5"), "{}", text(&output.stderr));
}

#[cfg(not(feature = "prove"))]
#[test]
fn a_build_without_the_feature_says_so() {
    insta::assert_snapshot!("no_prover", shown(&["diff", BEFORE, AFTER, "--prove"]));
    assert_eq!(placet(&["diff", BEFORE, AFTER, "--prove"]).stdout, b"");
    assert_eq!(code(&["diff", BEFORE, AFTER, "--prove", "--prune"]), 2);
}
