//! Signed bundles from the command line.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use crate::support::{code, placet, shown};

const PACK: &str = "policies/filesystem";
const CALL: &str = "policies/filesystem/calls/inside.json";

/// The exit code, and what is written to the error stream.
fn run(arguments: &[&str]) -> (i32, String) {
    let output = placet(arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_bundle_is_signed_and_its_signature_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (signed, plain, altered) = (at("signed"), at("plain"), at("altered"));
    let key = ["--sign", "tests/keys/one.pem", "--key-id", "one", "--serial", "7"];
    let (exit, note) = run(&[["compile", PACK, "-o", &signed].as_slice(), &key].concat());
    assert_eq!(exit, 0, "{note}");
    assert_eq!(code(&["compile", PACK, "-o", &plain]), 0);
    let text = fs::read_to_string(&signed).unwrap();
    assert!(text.ends_with(&fs::read_to_string(&plain).unwrap()));
    fs::write(&altered, text.replacen("/srv/data", "/srv/date", 1)).unwrap();

    let (one, two) = ("one=tests/keys/one.pub.pem", "two=tests/keys/two.pub.pem");
    let crossed = "one=tests/keys/two.pub.pem";
    let cases: &[(&str, &[&str], i32, &str)] = &[
        (&signed, &["--trust", one], 0, ""),
        (&signed, &["--trust", two, "--trust", one, "--at-least", "7"], 0, ""),
        (&plain, &[], 0, ""),
        (&signed, &[], 2, "the bundle is signed, and it was not said which keys are trusted"),
        (&signed, &["--trust", two], 2, "which is not trusted"),
        (&signed, &["--trust", crossed], 2, "the signature does not hold"),
        (&signed, &["--trust", one, "--at-least", "8"], 2, "older than the 8"),
        (&altered, &["--trust", one], 2, "the signature does not hold"),
        (&plain, &["--trust", one], 2, "the bundle is not signed"),
        (&signed, &["--trust", "one"], 2, "names no file"),
        (&signed, &["--trust", "one=nowhere"], 2, "there is no such file"),
        (&signed, &["--trust", "one=tests/keys/one.pem"], 2, "not an Ed25519 public key"),
        (&signed, &["--trust", "a b=tests/keys/one.pub.pem"], 2, "a key id is"),
        (&signed, &["--trust", one, "--trust", one], 2, "two keys"),
        (&signed, &["--at-least", "7"], 2, "--trust"),
    ];
    for (policy, trust, expected, why) in cases {
        for command in ["decide", "explain"] {
            let arguments = [&[command, "--policy", *policy], *trust, [CALL].as_slice()].concat();
            let (actual, error) = run(&arguments);
            // The message is broken into lines where it is long.
            let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(error.contains(why), "{arguments:?}: {error}");
            assert_eq!(actual, *expected, "{arguments:?}: {error}");
        }
    }
}

#[test]
fn what_cannot_sign_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let whole =
        ["compile", PACK, "-o", bundle.to_str().unwrap(), "--sign", "KEY", "--key-id", "one"];
    for (key, serial, why) in [
        ("tests/keys/one.pub.pem", Some("7"), "not an Ed25519 private key"),
        ("tests/keys/nowhere", Some("7"), "there is no such file"),
        ("tests/keys/one.pem", Some("-1"), "invalid value"),
        ("tests/keys/one.pem", None, "--serial"),
    ] {
        let mut arguments = whole.map(|one| if one == "KEY" { key } else { one }).to_vec();
        let serial = serial.map(|serial| format!("--serial={serial}"));
        arguments.extend(serial.as_deref());
        let (exit, error) = run(&arguments);
        assert!(error.contains(why), "{arguments:?}: {error}");
        assert_eq!(exit, 2, "{arguments:?}");
        assert!(!bundle.exists(), "{arguments:?}");
    }
}

#[test]
fn a_folder_has_no_signature() {
    let trust = "one=tests/keys/one.pub.pem";
    insta::assert_snapshot!(shown(&["decide", "--policy", PACK, "--trust", trust, CALL]));
}
