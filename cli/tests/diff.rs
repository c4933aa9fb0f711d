//! `placet diff` as a user meets it: what it says, in every form, from every kind of side.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod git;
mod page;
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::git::git;
use crate::support::{code, placet, root, shown};

const BEFORE: &str = "spec/diff/before";
const AFTER: &str = "spec/diff/after";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn what_a_user_sees() {
    insta::assert_snapshot!("diff", shown(&["diff", BEFORE, AFTER]));
    insta::assert_snapshot!("nothing", shown(&["diff", BEFORE, BEFORE]));
    for format in ["json", "sarif", "github", "markdown", "junit"] {
        insta::assert_snapshot!(format, shown(&["diff", BEFORE, AFTER, "--format", format]));
    }
}

#[test]
fn sarif_has_a_result_for_each_expansion() {
    let output = placet(&["diff", BEFORE, AFTER, "--format", "sarif"]);
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules: Vec<&serde_json::Value> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 7);
    for result in results {
        assert!(rules.contains(&&result["ruleId"]), "{result}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "spec/diff/after/policy.placet");
        assert!(place["region"]["startLine"].as_u64() > Some(0));
        assert!(result["partialFingerprints"]["placet/v1"].is_string());
    }
}

#[test]
fn what_fails_is_what_was_named() {
    let with = |what: &str| code(&["diff", BEFORE, AFTER, "--fail-on", what]);
    assert_eq!(with("silent"), 1);
    assert_eq!(with("destructive"), 1);
    assert_eq!(with("any"), 1);
    assert_eq!(with("none"), 0);
    assert_eq!(with("none,any"), 2);
    assert_eq!(code(&["diff", BEFORE, BEFORE, "--fail-on", "any"]), 0);
    // The other way round contractors lose something, and nobody gains.
    assert_eq!(code(&["diff", AFTER, BEFORE, "--fail-on", "silent,destructive"]), 0);
}

fn copy(from: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(root().join(from)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A repository with the old policy on `main` and the new one in the work tree.
fn repository() -> TempDir {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    copy(BEFORE, &folder.path().join("policies/github"));
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "before"]);
    git(folder.path(), &["checkout", "-q", "-b", "change"]);
    copy(AFTER, &folder.path().join("policies/github"));
    folder
}

fn placet_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_placet"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_side_may_be_a_revision() {
    let repository = repository();
    let folder = repository.path().join("policies/github");
    let alone = placet_in(&folder, &["diff"]);
    assert_eq!(alone.status.code(), Some(1), "{}", text(&alone.stderr));
    assert!(text(&alone.stderr).starts_with("comparing with the merge base with main ("));
    let counts = |output: &Output| text(&output.stdout).lines().last().unwrap().to_owned();
    let folders = placet(&["diff", BEFORE, AFTER]);
    assert_eq!(counts(&alone), counts(&folders));
    let named = placet_in(repository.path(), &["diff", "main", "--policy", "policies/github"]);
    assert_eq!(counts(&named), counts(&folders));
    git(repository.path(), &["commit", "-q", "-a", "-m", "after"]);
    let both = placet_in(repository.path(), &["diff", "main", "change", "-p", "policies/github"]);
    assert_eq!(counts(&both), counts(&folders));
    let same = placet_in(repository.path(), &["diff", "HEAD", "-p", "policies/github"]);
    assert_eq!(same.status.code(), Some(0));
}

#[test]
fn a_side_may_be_a_bundle() {
    let folder = TempDir::new().unwrap();
    let bundle = folder.path().join("old.bundle");
    let bundle = bundle.to_str().unwrap();
    assert_eq!(code(&["compile", BEFORE, "-o", bundle]), 0);
    let output = placet(&["diff", bundle, AFTER]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).ends_with("fails: 1 silent, 6 gated, 0 lost, 2 asked again\n"));
}

#[test]
fn what_is_unusable_is_never_clean() {
    let folder = TempDir::new().unwrap();
    copy(BEFORE, folder.path());
    let policy = folder.path().join("policy.placet");
    let broken = fs::read_to_string(&policy).unwrap().replace("create_issue", "create_isue");
    fs::write(&policy, broken).unwrap();
    let path = folder.path().to_str().unwrap();
    let output = placet(&["diff", BEFORE, path]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("tool.unknown"), "{said}");
    assert!(said.contains("does not check"), "{said}");
    let unknown = shown(&["diff", "no-such-revision", BEFORE]);
    insta::assert_snapshot!("unknown", unknown);
    let said = |arguments: &[&str]| {
        let output = placet(arguments);
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    let file = said(&["diff", &format!("{BEFORE}/policy.placet"), AFTER]);
    assert!(file.contains("name the folder"), "{file}");
    let nowhere = said(&["diff", "nowhere", AFTER, "--policy", path]);
    assert!(nowhere.contains("`nowhere` is no folder and no file"), "{nowhere}");
    let bundle = folder.path().join("other.bundle");
    assert_eq!(code(&["compile", BEFORE, "-o", bundle.to_str().unwrap()]), 0);
    let bytes = fs::read_to_string(&bundle).unwrap();
    fs::write(&bundle, bytes.replacen("\"edition\":2026", "\"edition\":2027", 1)).unwrap();
    assert_eq!(code(&["diff", bundle.to_str().unwrap(), AFTER]), 2);
}

/// Normal forms are compared, and the text that one is of is asked of besides: that is not analysed.
const UNDECIDABLE: &str = "path(args.owner) == path(args.merge_method) and args.owner like \"*a*\"";

#[test]
fn what_cannot_be_told_is_said_aloud() {
    let folder = TempDir::new().unwrap();
    copy(BEFORE, folder.path());
    let policy = folder.path().join("policy.placet");
    let usual = "args.merge_method in [\"squash\", \"rebase\"]";
    let text_of_policy = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text_of_policy.replace(usual, UNDECIDABLE)).unwrap();
    let path = folder.path().to_str().unwrap();
    let output = placet(&["diff", BEFORE, path]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stdout));
    let shown = text(&output.stdout).replace(path, "AFTER");
    insta::assert_snapshot!("undecided", format!("{shown}{}", text(&output.stderr)));
    for format in ["json", "sarif", "github", "markdown", "junit"] {
        let output = placet(&["diff", BEFORE, path, "--format", format]);
        assert_eq!(output.status.code(), Some(3), "{format}");
        let said = text(&output.stdout).replace('\\', "");
        assert!(said.contains("merge_pull_request"), "{format}: {said}");
    }
    // What was found counts more than what was not told.
    let other = text_of_policy
        .replace(usual, UNDECIDABLE)
        .replace("\"acme\", \"acme-labs\"", "\"acme\", \"acme-labs\", \"else\"");
    fs::write(&policy, other).unwrap();
    assert_eq!(code(&["diff", BEFORE, path, "--fail-on", "any"]), 1);
}

#[test]
fn a_clone_without_the_merge_base_says_so() {
    let repository = repository();
    git(repository.path(), &["commit", "-q", "-a", "-m", "after"]);
    let clones = TempDir::new().unwrap();
    let clone = clones.path().join("clone");
    let from = format!("file://{}", repository.path().display());
    git(
        clones.path(),
        &["clone", "-q", "--depth", "1", "--no-single-branch", &from, clone.to_str().unwrap()],
    );
    let output = placet_in(&clone.join("policies/github"), &["diff", "--policy", "."]);
    // Of a clone the default branch is the one that was checked out: compare with the other.
    let head = placet_in(&clone.join("policies/github"), &["diff", "origin/main~1"]);
    assert_eq!(head.status.code(), Some(2));
    assert!(text(&head.stderr).contains("git fetch --unshallow"), "{}", text(&head.stderr));
    assert_ne!(output.status.code(), Some(1), "{}", text(&output.stdout));
}

/// A policy by which anybody may read, and with the second rule write.
const NOTES: [&str; 2] = [
    r#"edition 2026

server notes {
    resource   "https://mcp.example.com/notes"
    issuer     "https://login.example.com"
    catalogue  "catalogue.json"
}

client one "https://app.example/one.json"

capability look "Read notes" on notes {
    tools   read_note
    access  read
    needs   nothing because "they are public"
}

capability edit "Change notes" on notes {
    tools   add_note, edit_note, move_note
    access  write
    needs   nothing because "they are public"
}

allow reading anyone via one to look without consent because "they are public"
"#,
    "allow writing anyone via one to edit without consent because \"they are public\"\n",
];

#[test]
fn what_is_approved_in_part_is_told_apart_from_the_rest() {
    let folder = TempDir::new().unwrap();
    let tools = ["read_note", "add_note", "edit_note", "move_note"];
    let tools =
        tools.map(|name| serde_json::json!({"name": name, "inputSchema": {"type": "object"}}));
    let catalogue = serde_json::json!({ "tools": tools }).to_string();
    for (name, policy) in [("old", NOTES[0].to_owned()), ("new", NOTES.concat())] {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("policy.placet"), policy).unwrap();
        fs::write(folder.join("catalogue.json"), &catalogue).unwrap();
    }
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name).display().to_string());
    let diff = |more: &[&str]| text(&placet(&[&["diff", &old, &new], more].concat()).stdout);
    let whole = diff(&[]);
    assert!(whole.contains("nobody is asked: 3 findings in 1 group"), "{whole}");
    let json: serde_json::Value = serde_json::from_str(&diff(&["--format", "json"])).unwrap();
    let fingerprint = json["expansions"][0]["fingerprint"].as_str().unwrap();
    let said = ["--reason", "r", "--by", "b", "--until", "2027-03-01", "--today", "2026-12-01"];
    let approve = [&["diff", &old, &new, "--approve", fingerprint], &said[..]].concat();
    assert_eq!(code(&approve), 0);
    let today = ["--today", "2026-12-01"];
    let part = diff(&today);
    assert!(
        part.contains("  ✗ anyone via one: notes/edit_note, notes/move_note (write)"),
        "{part}"
    );
    assert!(part.contains("  ✓ anyone via one: notes/add_note (write)"), "{part}");
    assert!(part.contains("fails: 3 silent, 0 gated, 0 lost, 0 asked again, 1 of these approved"));
    let comment = diff(&[&today[..], &["--format", "markdown"]].concat());
    assert!(
        comment.contains("| ❌ | anyone via one | notes/edit\\_note, notes/move\\_note"),
        "{comment}"
    );
    assert!(comment.contains("| ☑️ | anyone via one | notes/add\\_note"), "{comment}");
    let annotations = diff(&[&today[..], &["--format", "github"]].concat());
    let level = |level: &str| annotations.matches(&format!("::{level} file=")).count();
    assert_eq!((level("error"), level("notice")), (1, 1), "{annotations}");
}

#[test]
fn what_somebody_approves_passes_until_it_expires() {
    let folder = TempDir::new().unwrap();
    copy(AFTER, folder.path());
    let path = folder.path().to_str().unwrap();
    let found = placet(&["diff", BEFORE, path, "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    let failing: Vec<&str> = found["expansions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["standing"] == "fails")
        .map(|one| one["fingerprint"].as_str().unwrap())
        .collect();
    assert_eq!(failing.len(), 2);
    for fingerprint in &failing {
        let approve = [
            "diff",
            BEFORE,
            path,
            "--approve",
            fingerprint,
            "--reason",
            "it is \"fine\"",
            "--by",
            "iam@acme.example",
            "--until",
            "2027-03-01",
            "--today",
            "2026-12-01",
        ];
        assert_eq!(code(&approve), 0);
    }
    let on = |day: &str| placet(&["diff", BEFORE, path, "--today", day]);
    let approved = on("2026-12-01");
    assert_eq!(approved.status.code(), Some(0), "{}", text(&approved.stdout));
    let said = text(&approved.stdout);
    // What the change approves for itself stands first.
    assert!(said.lines().nth(2).unwrap().contains("adds for itself: 2"), "{said}");
    assert_eq!(on("2027-03-01").status.code(), Some(0));
    assert_eq!(on("2027-03-02").status.code(), Some(1));
    // An approval of something that is not there.
    let file = folder.path().join("placet.approvals.toml");
    let kept = fs::read_to_string(&file).unwrap();
    let unused = "[[approval]]\nfingerprint = \"0000000000000000\"\nreason = \"r\"\nby = \"b\"\n";
    let more = format!("{kept}\n{unused}expires = \"2027-03-01\"\n");
    fs::write(&file, &more).unwrap();
    assert_eq!(on("2026-12-01").status.code(), Some(1));
    let prune = ["diff", BEFORE, path, "--prune", "--today", "2026-12-01"];
    assert_eq!(code(&prune), 0);
    assert!(!fs::read_to_string(&file).unwrap().contains("0000000000000000"));
    fs::write(&file, format!("{kept}until = 1\n")).unwrap();
    let unknown = on("2026-12-01");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("unknown field `until`"), "{}", text(&unknown.stderr));
    let nobody = placet(&[
        "diff",
        BEFORE,
        AFTER,
        "--approve",
        "1234567812345678",
        "--reason",
        "r",
        "--by",
        "b",
        "--until",
        "2027-01-01",
        "--today",
        "2026-12-01",
    ]);
    assert_eq!(nobody.status.code(), Some(2));
}

/// A witness is a line of a file of cases, which the new version answers with an allow.
#[test]
fn witnesses_are_cases() {
    let found = placet(&["diff", BEFORE, AFTER, "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    let folder = TempDir::new().unwrap();
    copy(AFTER, folder.path());
    let witnesses: String = found["expansions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} => allow\n", one["witness"].as_str().unwrap()))
        .collect();
    fs::write(folder.path().join("witnesses.cases"), witnesses).unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(code(&["test", path]), 0);
}

/// A witness can be pasted into `placet explain`.
#[test]
fn witnesses_can_be_explained() {
    let found = placet(&["diff", BEFORE, AFTER, "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    let expansions = found["expansions"].as_array().unwrap();
    assert!(!expansions.is_empty());
    for one in expansions {
        let witness = one["witness"].as_str().unwrap();
        assert_eq!(code(&["explain", "--policy", AFTER, witness]), 0, "{witness}");
        assert_eq!(code(&["decide", "--policy", AFTER, witness]), 0, "{witness}");
    }
    let line = |call: &str| shown(&["explain", "--policy", AFTER, call]);
    let lines = ["alice via curser calls github/create_issue", "alice wants everything"].map(line);
    insta::assert_snapshot!("explain_unusable", lines.join("\n"));
}

#[test]
fn the_page_is_current() {
    let outputs: [(&str, &str, &[&str]); 2] = [
        ("diff", "text", &["diff", BEFORE, AFTER]),
        ("markdown", "markdown", &["diff", BEFORE, AFTER, "--format", "markdown"]),
    ];
    page::is_current("spec/diff.md", &outputs);
}
