//! `placet test` as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PACK: &str = "policies/filesystem";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn placet(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_placet"))
        .arg("test")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code(folder: &Path, arguments: &[&str]) -> i32 {
    placet(folder, arguments).status.code().unwrap()
}

/// Everything that is shown, with the exit code.
fn shown(folder: &Path, arguments: &[&str]) -> String {
    let output = placet(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "$ placet test {}\n{}{}exit code {}\n\n",
        arguments.join(" "),
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    )
}

/// The pack's policy with other cases.
fn pack_with(cases: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["filesystem.placet", "catalogue.json"] {
        fs::copy(root().join(PACK).join(name), folder.path().join(name)).unwrap();
    }
    for (path, text) in cases {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const GOOD: &str = "alice via assistant calls filesystem/read_file {path: \"/srv/data/a\"} under reading => allow by reading_files\n";

const BAD: &str = r#"// Three that fail, each in another way.
alice via assistant calls filesystem/read_file {path: "/srv/data/../x"} under reading => allow
alice via assistant calls filesystem/move_file {source: "/srv/data", destination: "/srv/data/b"} under editing
    => allow by editing_files

scenario "a \"quoted\" <name> & more"
    alice via assistant calls filesystem/raed_file {path: "/srv/data/a\u0000<b>"} => deny rule.none
"#;

const UNUSABLE: &str = r#"alice via asistant calls filesystem/read_file => allow
scenario "broken"
    alice consents to raeding via assistant
    alice via assistant calls filesystem/read_file {path: "/srv/data/a"} => allow
"#;

fn assert_snapshot(name: &str, shown: String) {
    insta::with_settings!({ filters => vec![("sha256-[0-9a-f]{64}", "sha256-…")] }, {
        insta::assert_snapshot!(name, shown);
    });
}

#[test]
fn the_cases_of_the_pack_pass() {
    let covered = shown(&root(), &["--coverage", PACK]);
    assert_snapshot("pack", covered);
    assert_eq!(code(&root(), &["--min-coverage", "100", PACK]), 0);
    // One of three rules, and one of fourteen uses.
    let little = pack_with(&[("a.cases", GOOD)]);
    assert_eq!(code(little.path(), &["--min-coverage", "11"]), 0);
    assert_eq!(code(little.path(), &["--min-coverage", "12"]), 1);
    assert_eq!(code(&root(), &["--min-coverage", "101", PACK]), 2);
}

#[test]
fn rules_from_elsewhere_are_not_to_be_covered() {
    let folder = pack_with(&[("a.cases", GOOD)]);
    let coverage = |folder: &Path| {
        let text = shown(folder, &["--coverage"]);
        let line = text.lines().find(|line| line.starts_with("coverage: ")).unwrap();
        line.to_owned()
    };
    let alone = coverage(folder.path());
    // A machine is allowed nothing here, so no case can show what this denies.
    let backstop =
        "edition 2026\ndeny machines machine to access read because \"nobody is there\"\n";
    let text = fs::read_to_string(folder.path().join("filesystem.placet")).unwrap();
    let with = text.replacen("edition 2026\n", "edition 2026\n\nuse \"more/rules.placet\"\n", 1);
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("more/rules.placet"), backstop).unwrap();
    fs::write(folder.path().join("filesystem.placet"), with).unwrap();
    assert_eq!(coverage(folder.path()), alone);
    fs::write(folder.path().join("own.placet"), backstop.replace("machines", "own")).unwrap();
    assert_ne!(coverage(folder.path()), alone);
}

#[test]
fn what_passes_and_what_fails_in_every_format() {
    let folder = pack_with(&[
        ("a.cases", GOOD),
        ("cases/b.cases", BAD),
        ("tests/c.cases", GOOD),
        ("elsewhere/d.cases", UNUSABLE),
    ]);
    let mut together = String::new();
    for format in ["text", "json", "junit"] {
        let filters: &[&str] =
            if format == "json" { &["--filter", "b.cases:", "--filter", "raed"] } else { &[] };
        let arguments = [&["--format", format], filters].concat();
        together.push_str(&shown(folder.path(), &arguments));
    }
    for format in ["text", "json", "junit"] {
        together.push_str(&shown(folder.path(), &["--filter", "a.cases", "--format", format]));
    }
    assert_snapshot("formats", together);
}

/// Whether every tag of a document is closed, and in order.
fn is_closed(document: &str) -> bool {
    let mut open = Vec::new();
    for part in document.split('<').skip(1) {
        let Some((tag, _)) = part.split_once('>') else { return false };
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with(['/', '?']) {
            open.push(name);
        }
    }
    open.is_empty()
}

#[test]
fn junit_is_well_formed() {
    let folder = pack_with(&[("a.cases", GOOD), ("b.cases", BAD), ("c.cases", UNUSABLE)]);
    let document = String::from_utf8(placet(folder.path(), &["--format", "junit"]).stdout).unwrap();
    assert!(is_closed(&document), "{document}");
    assert!(document.contains("tests=\"7\" failures=\"3\" errors=\"2\" skipped=\"1\""));
}

#[test]
fn what_cannot_be_asked() {
    let folder = pack_with(&[("a.cases", GOOD), ("b.cases", UNUSABLE)]);
    let mut together = shown(folder.path(), &[]);
    together.push_str(&shown(folder.path(), &["--format", "junit"]));
    assert_snapshot("unusable", together);
}

#[test]
fn a_run_that_tests_nothing_does_not_pass() {
    let folder = pack_with(&[("empty.cases", "// Nothing yet.\n")]);
    let mut together = shown(folder.path(), &[]);
    fs::write(folder.path().join("a.cases"), GOOD).unwrap();
    together.push_str(&shown(folder.path(), &["--filter", "no such case"]));
    assert_snapshot("nothing", together);
    fs::write(folder.path().join("a.cases"), b"\xff").unwrap();
    assert_eq!(code(folder.path(), &[]), 2);
    fs::write(folder.path().join("filesystem.placet"), "edition 2026\nallow").unwrap();
    assert_eq!(code(folder.path(), &[]), 2);
    assert_eq!(code(folder.path(), &["nowhere"]), 2);
}
