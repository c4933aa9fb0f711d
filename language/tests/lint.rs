//! Every rule has a page, and what the pages show is what lint does: the bad example yields exactly the
//! rule's finding, the mended one none, with all rules looking. `spec/lint.md` says how the examples are
//! read.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use placet_language::lint::{
    ALL, By, FILE, Finding, Linted, Live, Rule, Settings, World, lint, rule,
};
use placet_language::{Code, Limits, lock};

use crate::support::{blocks, fences, root, whole};

/// The files of an example, by name.
type Folder = BTreeMap<String, String>;

const PAGE: &str = "spec/lint.md";

/// An example on a page.
struct Example {
    /// The code that it yields; a mended one yields none.
    yields: Option<String>,
    folder: Folder,
    /// What servers say today, by name.
    live: BTreeMap<String, String>,
}

fn base() -> Folder {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let catalogue = blocks(&page, "json").into_iter().next().unwrap().1;
    BTreeMap::from([
        (String::from("policy.placet"), whole(PAGE)),
        (String::from("catalogue.json"), catalogue),
    ])
}

fn example(info: &str, text: &str) -> Example {
    let (kind, yields) = match info.split_once(',') {
        Some((kind, code)) => (kind, Some(code.to_owned())),
        None => (info, None),
    };
    let mut folder = base();
    let mut reviewed = Folder::new();
    let mut live = BTreeMap::new();
    match kind {
        "placet" => {
            let text = format!("edition 2026\n{text}");
            folder.insert(String::from("example.placet"), text);
        }
        "files" => {
            for (name, text) in files(text) {
                match name.split_once('/') {
                    Some(("reviewed", name)) => reviewed.insert(name.to_owned(), text),
                    Some(("live", server)) => live.insert(server.to_owned(), text),
                    _ => folder.insert(name, text),
                };
            }
        }
        other => panic!("`{other}` is no kind of example"),
    }
    if !reviewed.is_empty() {
        let mut then = folder.clone();
        then.extend(reviewed);
        let today = "2026-12-01".parse().unwrap();
        let update = lock::update(&then, &Limits::default(), today, false).unwrap();
        folder.insert(String::from(lock::FILE), lock::write(&update.after));
    }
    Example { yields, folder, live }
}

/// The files that `== NAME ==` heads.
fn files(text: &str) -> Folder {
    let mut folder = Folder::new();
    let mut open = None;
    for line in text.lines() {
        match line.strip_prefix("== ").and_then(|rest| rest.strip_suffix(" ==")) {
            Some(head) => {
                folder.insert(head.to_owned(), String::new());
                open = Some(head.to_owned());
            }
            None => {
                let file = folder.get_mut(open.as_ref().unwrap()).unwrap();
                file.push_str(line);
                file.push('\n');
            }
        }
    }
    folder
}

fn linted(example: &Example) -> Linted {
    let settings = example.folder.get(FILE).map(|text| Settings::read(text).unwrap());
    let live = example.live.iter().map(|(server, catalogue)| {
        let catalogue = Some(Ok(catalogue.clone().into_bytes()));
        (server.clone(), Live { catalogue, metadata: None })
    });
    let world = World { today: "2027-01-01".parse().unwrap(), live: live.collect() };
    let settings = settings.unwrap_or_else(|| Settings::read("").unwrap());
    lint(&example.folder, &Limits::default(), &settings, &world)
}

fn own() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().filter(|rule| rule.by == By::Lint)
}

fn examples(code: Code) -> Vec<Example> {
    fences(code.page()).iter().map(|(info, text)| example(info, text)).collect()
}

/// One line a finding.
fn said(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|one| {
        let diagnostic = &one.diagnostic;
        format!("  {}: {diagnostic} ({:?})\n", one.code(), diagnostic.underlined())
    });
    lines.collect()
}

#[test]
fn the_bad_example_yields_its_finding_and_the_mended_one_nothing() {
    let mut wrong = String::new();
    for rule in own() {
        let code = rule.code;
        let examples = examples(code);
        let [bad, mended] = examples.as_slice() else {
            panic!("{code}: a page has a bad example and a mended one, in this order");
        };
        assert_eq!(bad.yields.as_deref(), Some(code.as_str()), "{code}: the bad example first");
        assert_eq!(mended.yields, None, "{code}: the mended example last");
        let found = linted(bad);
        let mut got: BTreeSet<Code> = found.findings.iter().map(Finding::code).collect();
        if code == Code::AllowanceExpired {
            // What was allowed until then is found again, too.
            got.remove(&Code::ConsentPurposeless);
        }
        if !found.checks || got != BTreeSet::from([code]) || !found.unchecked.is_empty() {
            write!(wrong, "{code}, the bad example:\n{}", said(&found.findings)).unwrap();
        }
        for finding in found.findings.iter().filter(|one| one.code() == code) {
            assert_eq!(finding.level, rule.level, "{code}");
        }
        let found = linted(mended);
        if !found.findings.is_empty() || !found.unchecked.is_empty() {
            write!(wrong, "{code}, the mended example:\n{}", said(&found.findings)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "not what the pages say:\n{wrong}");
}

#[test]
fn every_item_that_is_cited_is_in_its_standard() {
    for rule in ALL {
        assert!(!rule.serves.is_empty(), "{} serves nothing", rule.code);
        for (standard, id) in rule.serves {
            let known = standard.items().iter().any(|item| item.id == *id);
            assert!(known, "{}: {standard} has no {id}", rule.code);
        }
    }
}

#[test]
fn every_rule_is_listed_once() {
    let codes: BTreeSet<Code> = ALL.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), ALL.len());
    for code in Code::ALL {
        let name = code.as_str();
        // What stops a policy from being read, and what commands say of their input, is no rule.
        let prefixes = ["consent.", "drift.", "registration.", "credentials.", "allowance."];
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            assert!(rule(*code).is_some(), "{name} is listed nowhere");
        }
    }
}

#[test]
fn the_policy_of_the_examples_is_clean() {
    let example = example("placet", "");
    assert_eq!(said(&linted(&example).findings), "");
}

/// Whether `access.annotation` speaks of a tool that says nothing of itself, beside others.
fn silence_is_told(others: &[(&str, bool)]) -> bool {
    let policy = r#"edition 2026
server box {
    local        "box"
    credentials  local for write because "the box is the user's own"
    catalogue    "box.json"
}
capability use_box "Update the box" on box {
    tools   sync
    access  write
}
consent boxing "Let {client} update the box" {
    grants   use_box
    purpose  "keeping up to date"
    lasts    30 days
}
allow using_box anyone via editors to use_box under boxing
"#;
    let mut tools = vec![String::from(r#"{"name": "sync", "inputSchema": {"type": "object"}}"#)];
    tools.extend(others.iter().map(|(name, destroys)| {
        format!(
            r#"{{"name": "{name}", "annotations": {{"destructiveHint": {destroys}}}, "inputSchema": {{"type": "object"}}}}"#
        )
    }));
    let mut folder = base();
    folder.insert(String::from("box.placet"), policy.to_owned());
    folder.insert(String::from("box.json"), format!("{{\"tools\": [{}]}}", tools.join(", ")));
    let found = linted(&Example { yields: None, folder, live: BTreeMap::new() });
    assert!(found.checks, "{}", said(&found.findings));
    found.findings.iter().any(|one| one.code() == Code::AccessAnnotation)
}

#[test]
fn a_tool_says_nothing_by_silence_where_the_server_speaks_of_harm() {
    assert!(silence_is_told(&[("touch", false)]));
    assert!(!silence_is_told(&[("empty", true)]));
    assert!(!silence_is_told(&[("touch", false), ("empty", true)]));
}

#[test]
fn a_tool_that_takes_less_is_no_other_word_to_a_user() {
    let policy = "edition 2026
consent reading \"Let {client} read your code\" {
    grants   read_code
    purpose  \"review\"
    lasts    30 days
}
allow reading_code engineers via editors to read_code under reading
";
    let codes = |now: &str, reviewed_catalogue: &str| -> BTreeSet<Code> {
        let catalogue = base().remove("catalogue.json").unwrap();
        let text = format!(
            "== reading.placet ==\n{now}\n== reviewed/reading.placet ==\n{policy}\n\
             == catalogue.json ==\n{catalogue}\n== reviewed/catalogue.json ==\n{reviewed_catalogue}\n"
        );
        let found = linted(&example("files", &text));
        found.findings.iter().map(Finding::code).collect()
    };
    let catalogue = base().remove("catalogue.json").unwrap();
    // As it was reviewed, every tool took one thing more.
    let mut wider: serde_json::Value = serde_json::from_str(&catalogue).unwrap();
    for tool in wider["tools"].as_array_mut().unwrap() {
        tool["inputSchema"]["properties"]["more"] = serde_json::json!({"type": "boolean"});
    }
    let found = codes(policy, &wider.to_string());
    assert!(found.contains(&Code::DriftNarrowed), "{found:?}");
    assert!(!found.contains(&Code::ConsentReworded), "{found:?}");
    let other = policy.replace("Let {client} read", "Let {client} look at");
    assert!(codes(&other, &wider.to_string()).contains(&Code::ConsentReworded));
}

#[test]
fn what_narrows_alike_is_told_once() {
    let catalogue = base().remove("catalogue.json").unwrap();
    let mut wider: serde_json::Value = serde_json::from_str(&catalogue).unwrap();
    let tools = wider["tools"].as_array_mut().unwrap();
    assert!(tools.len() > 2);
    for tool in tools {
        tool["inputSchema"]["properties"]["more"] = serde_json::json!({"type": "boolean"});
    }
    let text =
        format!("== catalogue.json ==\n{catalogue}\n== reviewed/catalogue.json ==\n{wider}\n");
    let found = linted(&example("files", &text));
    let narrowed = found.findings.iter().filter(|one| one.code() == Code::DriftNarrowed);
    assert_eq!(narrowed.count(), 1, "{}", said(&found.findings));
}
