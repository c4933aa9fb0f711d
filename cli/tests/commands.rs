//! The commands as a user meets them: output, exit code, and nothing half written.

mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{code, placet, root, shown};

const PACK: &str = "policies/filesystem";

fn pack_call(name: &str) -> String {
    format!("{PACK}/calls/{name}.json")
}

#[test]
fn every_call_of_the_pack_gets_its_expected_answer() {
    let expected = fs::read_to_string(root().join(PACK).join("calls/expected.txt")).unwrap();
    let mut judged = Vec::new();
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let (file, reason) = line.split_once(' ').unwrap();
        let call = format!("{PACK}/calls/{file}");
        let output = placet(&["decide", "--policy", PACK, "--format", "json", &call]);
        let decision: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let got = decision["reason"].as_str().unwrap_or("allow");
        assert_eq!(got, reason.trim(), "{file}");
        assert_eq!(output.status.code(), Some(i32::from(got != "allow")), "{file}");
        judged.push(file.to_owned());
    }
    let mut there: Vec<String> = fs::read_dir(root().join(PACK).join("calls"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    there.sort();
    judged.sort();
    assert_eq!(there, judged, "a call without an expectation, or the other way round");
}

#[test]
fn what_a_user_sees() {
    let mut shown_together = String::new();
    for arguments in [
        vec!["check", PACK],
        vec!["check", "--format", "json", PACK],
        vec!["decide", "--policy", PACK, &pack_call("inside")],
        vec!["decide", "--policy", PACK, &pack_call("overwrite-unasked")],
        vec!["explain", "--policy", PACK, &pack_call("inside")],
        vec!["explain", "--policy", PACK, &pack_call("walked-round")],
        vec!["explain", "--policy", PACK, &pack_call("one-of-several-outside")],
        vec!["explain", "--policy", PACK, &pack_call("move-the-folder")],
        vec!["explain", "--policy", PACK, &pack_call("another-client")],
        vec!["explain", "--policy", PACK, "--format", "json", &pack_call("expired")],
    ] {
        shown_together.push_str(&shown(&arguments));
        shown_together.push('\n');
    }
    insta::with_settings!({ filters => vec![("sha256-[0-9a-f]{64}", "sha256-…")] }, {
        insta::assert_snapshot!("pack", shown_together);
    });
}

#[test]
fn the_readme_shows_what_its_command_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let command = format!("explain --policy {PACK} {}", pack_call("walked-round"));
    assert!(readme.contains(&format!("cargo run -p placet-cli -- {command}\n")), "{command}");
    let output = placet(&command.split(' ').collect::<Vec<_>>());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        readme.contains(&format!("```text\n{printed}```")),
        "README.md shows other than:\n{printed}"
    );
}

#[test]
fn help_has_examples() {
    let mut shown_together = String::new();
    for command in ["check", "compile", "decide", "explain", "test", "fmt", "scan", "catalogue"] {
        shown_together.push_str(&shown(&[command, "--help"]));
        shown_together.push('\n');
    }
    insta::assert_snapshot!("help", shown_together);
}

#[test]
fn a_policy_that_does_not_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("a.placet"), "edition 2026\nscope \"x\" on nowhere\n").unwrap();
    assert_eq!(code(&["check", path]), 1);
    let bundle = folder.path().join("bundle");
    assert_eq!(code(&["compile", path, "-o", bundle.to_str().unwrap()]), 1);
    assert!(!bundle.exists());
    // A denial exits with 1, so a policy that cannot be asked exits with 2.
    assert_eq!(code(&["decide", "--policy", path, &pack_call("inside")]), 2);
}

#[test]
fn thousands_of_mistakes_in_one_line_are_counted_and_not_all_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("edition 2026 {}", "scope \"x\" on nowhere ".repeat(20_000));
    fs::write(folder.path().join("a.placet"), text).unwrap();
    let output = placet(&["check", folder.path().to_str().unwrap()]);
    let shown = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(shown.len() < 100_000, "{} bytes", shown.len());
    assert!(shown.contains("there is no server called `nowhere` (a.placet:1:27)"));
    assert!(shown.contains("and 19900 more"));
    assert!(String::from_utf8(output.stdout).unwrap().contains("not usable: 20000 errors"));
}

#[test]
fn a_folder_without_a_policy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(code(&["check", path]), 2);
    assert_eq!(code(&["check", &format!("{path}/nowhere")]), 2);
    fs::write(folder.path().join("a.placet"), b"edition 2026\n\xff").unwrap();
    assert_eq!(code(&["check", path]), 2);
}

#[test]
fn the_same_policy_compiles_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("one"), folder.path().join("two")];
    for path in &paths {
        assert_eq!(code(&["compile", PACK, "-o", path.to_str().unwrap()]), 0);
    }
    assert_eq!(fs::read(&paths[0]).unwrap(), fs::read(&paths[1]).unwrap());
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2, "something was left beside the bundles");
}

#[test]
fn a_bundle_decides_as_its_folder_does() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let bundle = bundle.to_str().unwrap();
    assert_eq!(code(&["compile", PACK, "-o", bundle]), 0);
    for name in ["inside", "outside", "expired"] {
        let by = |policy: &str| placet(&["explain", "--policy", policy, &pack_call(name)]).stdout;
        assert_eq!(by(PACK), by(bundle), "{name}");
    }
}

#[test]
fn the_emitted_cedar_is_accepted_by_cedar() {
    let emitted = |part: &str| {
        let output = placet(&["compile", PACK, "--emit", part]);
        assert_eq!(output.status.code(), Some(0), "{part}");
        String::from_utf8(output.stdout).unwrap()
    };
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(&emitted("schema")).unwrap();
    let policies: cedar_policy::PolicySet = emitted("cedar").parse().unwrap();
    let verdict = cedar_policy::Validator::new(schema.clone())
        .validate(&policies, cedar_policy::ValidationMode::Strict);
    assert!(verdict.validation_passed_without_warnings(), "{verdict}");
    cedar_policy::Entities::from_json_str(&emitted("entities"), Some(&schema)).unwrap();
}

#[test]
fn bundles_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    assert_eq!(code(&["compile", PACK, "-o", bundle.to_str().unwrap()]), 0);
    let good = fs::read(&bundle).unwrap();
    let newer =
        String::from_utf8(good.clone()).unwrap().replacen("\"format\":1", "\"format\":2", 1);
    let altered = String::from_utf8(good.clone()).unwrap().replacen("/srv/data", "/srv/date", 1);
    for (bytes, why) in [
        (good[..good.len() / 2].to_vec(), "cut off"),
        (newer.into_bytes(), "a newer Placet is needed"),
        (altered.into_bytes(), "altered"),
        (b"edition 2026".to_vec(), "this is not a bundle"),
        (Vec::new(), "cut off"),
    ] {
        fs::write(&bundle, bytes).unwrap();
        let output =
            placet(&["decide", "--policy", bundle.to_str().unwrap(), &pack_call("inside")]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn calls_that_cannot_be_used() {
    let good = fs::read_to_string(root().join(pack_call("inside"))).unwrap();
    let big = format!("\"arguments\": {{\"path\": \"/srv/data/{}\"", "x".repeat(10 << 20));
    let deep = format!("\"arguments\": {{\"x\": {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let cases = [
        (good.replacen("\"target\"", "\"tagret\"", 1), 2, "unknown field `tagret`"),
        (good.replacen("\"target\": ", "\"target\": \"a\", \"target\": ", 1), 2, "duplicate field"),
        (good.replacen("\"now\"", "\"purpose\"", 1), 2, "duplicate field"),
        (good.replacen("\"server\": \"local:filesystem\",", "", 1), 2, "missing field `server`"),
        (good.replacen("\"kind\": \"local\"", "\"kind\": \"magic\"", 1), 2, "unknown variant"),
        (
            good.replacen("\"kind\": \"local\"", "\"kind\": \"local\", \"x\": 1", 1),
            2,
            "`credential`",
        ),
        (
            good.replacen("\"claims\": {}", "\"claims\": {\"a\": 1, \"a\": 2}", 1),
            2,
            "duplicate key",
        ),
        (good.replacen("1790003600", "1e400", 1), 2, "out of range"),
        (good.split_once("\"receipts\"").unwrap().0.to_owned(), 2, "EOF"),
        (String::new(), 2, "EOF"),
        (good.replacen("\"path\"", "\"path\": 1, \"path\"", 1), 1, "operation.invalid-arguments"),
        (
            good.replacen("\"arguments\": {\n    \"path\"", &format!("{big}, \"y\""), 1),
            1,
            "the limit of 1048576",
        ),
        (
            good.replacen("\"arguments\": {\n    \"path\"", &format!("{deep}, \"y\""), 1),
            1,
            "operation.invalid-arguments",
        ),
    ];
    for (call, code, why) in cases {
        let mut child = Command::new(env!("CARGO_BIN_EXE_placet"))
            .args(["decide", "--policy", PACK, "-"])
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(call.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(text.contains(why), "expected `{why}` in: {text}");
        assert_eq!(output.status.code(), Some(code), "{text}");
    }
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let help = String::from_utf8(placet(&["--help"]).stdout).unwrap();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let text = String::from_utf8(placet(&["completions", shell]).stdout).unwrap();
        for command in &commands {
            assert!(text.contains(command), "{shell} does not know `{command}`");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&["man", folder.path().to_str().unwrap()]), 0);
    for command in commands {
        let page = folder.path().join(format!("placet-{command}.1"));
        let text = std::fs::read_to_string(page).unwrap();
        assert!(text.contains(".TH"), "{command}: {text}");
    }
    assert!(folder.path().join("placet-catalogue-pull.1").exists());
}

#[test]
fn the_version_says_what_it_was_built_of() {
    let short = String::from_utf8(placet(&["-V"]).stdout).unwrap();
    assert_eq!(short.lines().count(), 1);
    let long = String::from_utf8(placet(&["--version"]).stdout).unwrap();
    assert!(long.contains("edition 2026, bundle format 1"), "{long}");
}
