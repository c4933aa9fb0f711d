//! The lock: what is written can be read back, in any order of lines; what was lost or changed shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use placet_engine::bundle::Coverage;
use placet_language::lock::{self, Lock, LockError};
use placet_language::{Checked, Code, Limits, check, lower};

const POLICY: &str = r#"edition 2026

server notes {
    resource    "https://notes.example/mcp"
    issuer      "https://login.example"
    catalogue   "notes.json"
}

capability read "Read your notes" on notes {
    tools   read_*
    prompts summary
    access  read
    needs   nothing because "they are the user's own"
    where   args.days <= 30 or args.folder == "caf\u{e9} \u{202e}"
}

capability files "Read files" on notes {
    resources "note://archive/*"
    access    read
    needs     nothing because "they are the user's own"
}

client desktop "https://desktop.example/client.json" owner "it@example.com"
client legacy "legacy-1" issued by "https://login.example"

consent reading "Let {client} read your notes" {
    grants  read, files
    purpose "looking things up"
    lasts   30 days
}

allow reading_notes anyone via desktop, legacy to read, files under reading
"#;

fn catalogue(most: u32, more: &str) -> String {
    format!(
        r#"{{"tools": [
            {{"name": "read_note", "inputSchema": {{"type": "object", "properties": {{
                "days": {{"type": "integer", "maximum": {most}}},
                "folder": {{"type": "string", "enum": ["a b", "c/d"]}}}},
                "anyOf": [{{"required": ["days"]}}]}}}}{more}],
           "prompts": [{{"name": "summary", "arguments": [{{"name": "folder"}}, {{"name": "days"}}]}}]}}"#
    )
}

fn folder(policy: &str, catalogue: String, lock: Option<String>) -> BTreeMap<String, String> {
    let mut folder = BTreeMap::from([
        (String::from("notes.placet"), policy.to_owned()),
        (String::from("notes.json"), catalogue),
    ]);
    folder.extend(lock.map(|lock| (lock::FILE.to_owned(), lock)));
    folder
}

fn checked(policy: &str, catalogue: String, lock: Option<String>) -> Checked {
    check(&folder(policy, catalogue, lock), &Limits::default())
}

/// As [`POLICY`], with a condition that can be judged.
fn policy() -> String {
    POLICY.replace("    where   args.days <= 30 or args.folder == \"caf\\u{e9} \\u{202e}\"\n", "")
}

fn taken(policy: &str) -> Lock {
    let checked = checked(policy, catalogue(30, ""), None);
    Lock::take(&checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)), None)
}

#[test]
fn a_lock_is_one_fact_a_line() {
    insta::assert_snapshot!(lock::write(&taken(&policy())));
}

#[test]
fn the_order_of_lines_makes_no_difference() {
    let lock = taken(&policy());
    let text = lock::write(&lock);
    let (first, rest) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = rest.lines().collect();
    lines.reverse();
    let turned = format!("{first}\n\n{}\n", lines.join("\n"));
    assert_eq!(lock::read(&turned), Ok(lock));
}

fn errors(text: &str) -> Vec<LockError> {
    lock::read(text).unwrap_err()
}

#[test]
fn a_line_that_is_lost_or_changed_shows() {
    let text = lock::write(&taken(&policy()));
    let facts: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for (place, line) in facts.iter().enumerate() {
        let others: Vec<&str> = facts
            .iter()
            .enumerate()
            .filter(|(one, _)| *one != place)
            .map(|(_, line)| *line)
            .collect();
        // Which tools were reviewed, and what is said of a server or a client, may be more or less.
        let stands_alone = ["capability", "server notes issuer", "client"]
            .iter()
            .any(|start| line.starts_with(start) && !line.contains(" id "));
        if !stands_alone {
            assert!(lock::read(&others.join("\n")).is_err(), "without `{line}`");
        }
        // The server's name is the last word of a line, and any name is one.
        if !line.contains(" server ") {
            let changed = format!("{}\n{}x", others.join("\n"), line);
            assert!(lock::read(&changed).is_err(), "{line}x");
        }
        let twice_spaced = format!("{}\n{}", others.join("\n"), line.replacen(' ', "  ", 1));
        assert!(lock::read(&twice_spaced).is_err(), "{line}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let text = lock::write(&taken(&policy()));
    let is_granted = |line: &&str| line.starts_with("grant ") && line.ends_with(" access read");
    let granted = text.lines().find(is_granted).unwrap();
    let said = [
        "",
        "placet-lock 2\n",
        &text.replacen("server notes issuer", "<<<<<<< HEAD\nserver notes issuer", 1),
        &text.replacen("server notes issuer", "server notes publisher", 1),
        &text.replacen(granted, &granted.replace("access read", "access write"), 1),
        &text.replacen(" lasts 2592000", " lasts 2592001", 1),
        &text.replacen(
            "\"summary\" definition sha256-",
            "\"summary\" definition none\nserver notes prompt \"summary\" definition sha256-",
            1,
        ),
        &text.replacen("server notes resource", "server elsewhere resource", 1),
    ]
    .map(|text| errors(text).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn what_the_author_is_shown() {
    let handler =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
    let lock = lock::write(&taken(&policy()));
    let secret = r#", {"name": "read_secret", "inputSchema": {"type": "object"}}"#;
    let mut text = String::new();
    for (catalogue, lock) in [
        (catalogue(30, ""), lock.replacen("\"read_note\" definition", "\"read_note\" is", 1)),
        (catalogue(30, ""), lock.replacen(" lasts 2592000", " lasts 2592001", 1)),
        (catalogue(30, secret), lock.clone()),
        (catalogue(30, secret), lock.replacen("capability read tool \"read_note\"\n", "", 1)),
        (catalogue(31, ""), lock),
    ] {
        for diagnostic in checked(&policy(), catalogue, Some(lock)).diagnostics {
            handler.render_report(&mut text, &diagnostic).unwrap();
            text.push('\n');
        }
    }
    insta::assert_snapshot!(text);
}

fn codes(checked: &Checked) -> Vec<Code> {
    checked.diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn a_glob_means_what_was_reviewed() {
    let lock = lock::write(&taken(&policy()));
    let grown = catalogue(30, r#", {"name": "read_secret", "inputSchema": {"type": "object"}}"#);
    let checked = checked(&policy(), grown, Some(lock));
    assert_eq!(codes(&checked), [Code::LockDrift]);
    let content = lower(&checked.policy.unwrap());
    assert!(content.locked);
    assert!(content.servers["notes"].tools["read_secret"].capabilities.is_empty());
    assert!(!content.servers["notes"].tools["read_note"].capabilities.is_empty());
}

#[test]
fn a_definition_that_grew_is_refused_and_one_that_shrank_asks_nobody() {
    let before = taken(&policy());
    let lock = Some(lock::write(&before));
    let wider = checked(&policy(), catalogue(31, ""), lock.clone());
    assert_eq!(codes(&wider), [Code::LockWidened]);
    assert!(wider.policy.is_none());
    let narrower = checked(&policy(), catalogue(29, ""), lock);
    assert_eq!(codes(&narrower), []);
    let content = lower(&narrower.policy.unwrap());
    let terms = &content.terms["reading"];
    let old = before.terms.keys().next().unwrap();
    assert_ne!(terms.digest, *old);
    assert_eq!(terms.versions[old].covers, Coverage::Whole);
}

#[test]
fn terms_of_the_past_stay() {
    let before = taken(&policy());
    let reworded = policy().replace("Let {client} read", "Let {client} look through");
    let after = checked(&reworded, catalogue(30, ""), Some(lock::write(&before)));
    let lock = Lock::take(&after.policy.unwrap(), Some(&before));
    assert_eq!(lock.terms.len(), 2);
    assert_eq!(lock::read(&lock::write(&lock)).as_ref(), Ok(&lock));
    assert_eq!(
        Lock::take(&checked(&reworded, catalogue(30, ""), None).policy.unwrap(), Some(&lock)),
        lock
    );
}
