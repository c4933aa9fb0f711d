//! The WebAssembly component in the command, and what a build without it says. `engine/wasm/build` makes
//! the component first.

mod support;

use crate::support::{code, shown};

const POLICY: &str = "policies/filesystem";
const CALL: &str = "policies/filesystem/calls/inside.json";

#[cfg(feature = "wasm")]
#[test]
fn the_component_decides_as_the_library_does() {
    for call in [CALL, "policies/filesystem/calls/outside.json"] {
        for format in ["text", "json"] {
            let common = ["decide", "--policy", POLICY, call, "--format", format];
            let native = shown(&common);
            let component = shown(&[&common[..], &["--engine", "wasm"]].concat());
            assert_eq!(component.replace(" --engine wasm", ""), native);
        }
    }
}

#[cfg(feature = "wasm")]
#[test]
fn the_two_builds_are_found_alike() {
    let said = shown(&["verify", POLICY]);
    assert!(said.contains("alike  "), "{said}");
    assert!(said.ends_with("exit code 0\n"), "{said}");
    let said = shown(&["verify", POLICY, "--format", "json", "--calls", "40"]);
    assert!(said.contains("\"difference\": null"), "{said}");
    assert!(shown(&["verify", POLICY, "--calls", "40"]).contains(" calls: "));
}

#[cfg(feature = "wasm")]
#[test]
fn without_a_component_nothing_is_compared() {
    let missing = ["verify", POLICY, "--component", "nowhere.wasm"];
    let said = shown(&missing);
    assert!(said.contains("cannot use the component `nowhere.wasm`"), "{said}");
    assert!(said.contains("`engine/wasm/build` makes it"), "{said}");
    assert_eq!(code(&missing), 2);
    let other = ["verify", POLICY, "--component", CALL];
    assert!(shown(&other).contains("cannot use the component"), "{}", shown(&other));
    assert_eq!(code(&other), 2);
}

#[cfg(feature = "wasm")]
#[test]
fn facts_are_computed_for_a_call_that_brings_none() {
    let policy = "examples/sql/policy";
    let call = "alice via desktop calls db/query {sql: \"select id from orders\"} under reporting";
    for command in ["decide", "explain"] {
        let common = [command, "--policy", policy, call];
        let denied = shown(&common);
        assert!(denied.contains("not computed: kind(args.sql)"), "{denied}");
        let plugin = "examples/sql/policy/facts/sql.wasm";
        let allowed = shown(&[&common[..], &["--plugin", plugin]].concat());
        assert!(allowed.contains("\nallow"), "{allowed}");
        assert!(!allowed.contains("not computed"), "{allowed}");
    }
    let other = ["decide", "--policy", policy, call, "--plugin", CALL];
    assert!(shown(&other).contains("cannot use the plug-in"), "{}", shown(&other));
    assert_eq!(code(&other), 2);
}

#[cfg(not(feature = "wasm"))]
#[test]
fn a_build_without_the_feature_says_so() {
    let decide = shown(&["decide", "--policy", POLICY, CALL, "--engine", "wasm"]);
    insta::assert_snapshot!("no_component", decide + &shown(&["verify", POLICY]));
    assert_eq!(code(&["verify", POLICY]), 2);
    let plugin = ["decide", "--policy", POLICY, CALL, "--plugin", "facts.wasm"];
    assert!(shown(&plugin).contains("runs no WebAssembly component"), "{}", shown(&plugin));
    assert_eq!(code(&plugin), 2);
}
