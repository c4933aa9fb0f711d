//! Every code has a page, and what the pages show is what the checker does: the bad example yields
//! exactly the page's code, the mended one checks without a word. `spec/diagnostics.md` says how the
//! examples are read.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use placet_engine::{Engine, Limits as EngineLimits};
use placet_language::ask::{AskLimits, Question, answer};
use placet_language::case::{CaseFile, CaseLimits, Filter, Outcome, run};
use placet_language::lint::{By, rule};
use placet_language::scan::scan;
use placet_language::{Checked, Code, Diagnostic, Limits, check, compile, review};

use crate::support::{fences, root, whole};

/// The files of an example, by name.
type Folder = BTreeMap<String, String>;

const INDEX: &str = "spec/diagnostics.md";

/// An example on a page.
struct Example {
    /// The code that it yields; a mended one yields none.
    yields: Option<String>,
    folder: Folder,
    /// A file of cases to ask the policy.
    cases: Option<String>,
    /// A question to ask the policy.
    question: Option<String>,
    /// A client's configuration to scan.
    configuration: Option<String>,
}

fn example(info: &str, text: &str) -> Option<Example> {
    let mut words = info.split(',');
    let kind = words.next()?;
    let rest: Vec<&str> = words.collect();
    let is_whole = rest.contains(&"whole");
    let text = visible(text);
    let mut folder = match (kind, is_whole) {
        ("placet", false) => one_file(format!("{}\n{text}", whole(INDEX))),
        ("placet", true) => one_file(text.clone()),
        ("cases" | "question" | "configuration", false) => one_file(whole(INDEX)),
        ("files", false) => files(&text),
        _ => return None,
    };
    if !folder.contains_key("catalogue.json") {
        let catalogue = fs::read_to_string(root().join("spec/catalogue.json")).unwrap();
        folder.insert(String::from("catalogue.json"), catalogue);
    }
    let yields = rest.into_iter().find(|word| *word != "whole").map(str::to_owned);
    let only = |wanted: &str| (kind == wanted).then(|| text.clone());
    Some(Example {
        yields,
        folder,
        cases: only("cases"),
        question: only("question"),
        configuration: only("configuration"),
    })
}

fn one_file(text: String) -> Folder {
    BTreeMap::from([(String::from("example.placet"), text)])
}

/// The files that `== NAME ==` heads.
fn files(text: &str) -> Folder {
    let mut folder = Folder::new();
    let mut name = None;
    for line in text.lines() {
        let head = line.strip_prefix("== ").and_then(|rest| rest.strip_suffix(" =="));
        if let Some(head) = head {
            name = Some(head.to_owned());
            folder.insert(head.to_owned(), String::new());
            continue;
        }
        let file = name.as_ref().and_then(|name| folder.get_mut(name));
        let file = file.unwrap_or_else(|| panic!("`{line}` is in no file"));
        file.push_str(line);
        file.push('\n');
    }
    folder
}

/// The text with the characters that `⟨U+…⟩` stands for.
fn visible(text: &str) -> String {
    let mut parts = text.split("⟨U+");
    let mut made = parts.next().unwrap().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('⟩').unwrap();
        made.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
        made.push_str(rest);
    }
    made
}

fn page_path(code: Code) -> std::path::PathBuf {
    root().join(format!("spec/diagnostics/{code}.md"))
}

fn examples(code: Code) -> Vec<Example> {
    let blocks = fences(code.page());
    let examples: Vec<Example> =
        blocks.iter().filter_map(|(info, text)| example(info, text)).collect();
    assert_eq!(examples.len(), blocks.len(), "{code}: a block of an unknown kind");
    examples
}

/// What is reported of an example. Where nothing is, it also loads.
///
/// Of what nobody uses, only its own pages speak: the others show single statements.
fn reported(example: &Example, code: Option<Code>) -> Vec<Diagnostic> {
    let whole = [
        Code::Shadowed,
        Code::Impossible,
        Code::Redundant,
        Code::CapabilityUnused,
        Code::ConsentUnused,
    ];
    let read = match code.is_some_and(|code| whole.contains(&code)) {
        true => review,
        false => check,
    };
    let Checked { policy, mut diagnostics } = read(&example.folder, &Limits::default());
    if !diagnostics.is_empty() {
        return diagnostics;
    }
    let policy = policy.unwrap();
    if let Some(text) = &example.configuration {
        // The examples of the other rules are about other servers than the policy's.
        let policy = (code == Some(Code::ScanUncovered)).then_some(&policy);
        return scan("mcp.json", text, policy).diagnostics;
    }
    let bundle = compile(&policy).unwrap();
    let engine = Engine::load(&bundle, &EngineLimits::default()).unwrap();
    if let Some(text) = &example.question {
        let asked = Question::parse(text)
            .and_then(|question| answer(&question, &engine, &AskLimits::default()));
        match asked {
            Ok(answer) => assert!(!answer.rows.is_empty(), "{text}: nobody"),
            Err(error) => diagnostics.push(error.diagnostic(text)),
        }
    }
    let Some(text) = &example.cases else { return diagnostics };
    let file = CaseFile { path: String::from("example.cases"), text: text.clone() };
    let report = run(&[file], &engine, &Filter::default(), &CaseLimits::default());
    for result in report.results {
        match result.outcome {
            Outcome::Passed | Outcome::NotRun => {}
            Outcome::Failed(failed) => diagnostics.push(failed.diagnostic),
            Outcome::Unusable(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    diagnostics
}

/// One line a diagnostic.
fn said(diagnostics: &[Diagnostic]) -> String {
    let lines =
        diagnostics.iter().map(|one| format!("  {}: {one} ({:?})\n", one.code, one.underlined()));
    lines.collect()
}

#[test]
fn the_bad_example_yields_its_code_and_the_mended_one_nothing() {
    let mut wrong = String::new();
    // Lint's own pages are read by the test of lint.
    let is_own = |code: &Code| rule(*code).is_some_and(|rule| rule.by == By::Lint);
    for code in Code::ALL.iter().filter(|code| !is_own(code)) {
        let examples = examples(*code);
        let [bad, mended] = examples.as_slice() else {
            panic!("{code}: a page has a bad example and a mended one, in this order");
        };
        assert_eq!(bad.yields.as_deref(), Some(code.as_str()), "{code}: the bad example first");
        assert_eq!(mended.yields, None, "{code}: the mended example last");

        let found = reported(bad, Some(*code));
        let got: BTreeSet<Code> = found.iter().map(|one| one.code).collect();
        if got != BTreeSet::from([*code]) {
            write!(wrong, "{code}, the bad example:\n{}", said(&found)).unwrap();
        }
        let found = reported(mended, Some(*code));
        if !found.is_empty() {
            write!(wrong, "{code}, the mended example:\n{}", said(&found)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "not what the pages say:\n{wrong}");
}

#[test]
fn the_pages_follow_the_conventions() {
    for code in Code::ALL {
        let page = code.page();
        let mut paragraphs = page.split("\n\n");
        assert_eq!(paragraphs.next(), Some(format!("# {code}").as_str()), "the title");
        let meaning = paragraphs.next().unwrap();
        let is_sentence = meaning.ends_with('.') && !meaning.contains('\n');
        assert!(is_sentence, "{code}: the meaning is one sentence in a line of its own: {meaning}");
        let mut fenced = false;
        let mut headings = Vec::new();
        for line in page.lines() {
            fenced ^= line.starts_with("```");
            if !fenced && line.starts_with('#') {
                headings.push(line);
            }
            assert!(
                fenced || line == meaning || line.chars().count() <= 105,
                "{code}: a long line: {line}"
            );
        }
        assert_eq!(headings, [format!("# {code}").as_str(), "## Example"], "{code}");
        let (before, after) = page.split_once("\n## Example\n").unwrap();
        assert!(before.matches("\n\n").count() >= 2, "{code} does not say why it matters");
        let between = after.split("```").nth(2).unwrap();
        assert!(!between.trim().is_empty(), "{code} does not say what to do");
        assert!(page.ends_with("```\n"), "{code} ends with the mended example");
    }
}

#[test]
fn every_page_is_of_a_code() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    let pages: BTreeSet<String> = fs::read_dir(root().join("spec/diagnostics"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(pages, codes);
}

#[test]
fn the_policy_of_the_examples_checks() {
    let example = example("placet", "").unwrap();
    // As a whole, too.
    assert_eq!(said(&reported(&example, Some(Code::Redundant))), "");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let spec = fs::read_dir(root().join("spec")).unwrap().map(|entry| entry.unwrap().path());
    let pages = spec.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let pages: Vec<_> = pages
        .chain([root().join("README.md")])
        .chain(Code::ALL.iter().map(|c| page_path(*c)))
        .collect();
    let mut followed = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let file = link.split('#').next().unwrap();
            let target = page.parent().unwrap_or(Path::new("")).join(file);
            assert!(target.exists(), "{}: nothing is at {link}", page.display());
            followed += 1;
        }
    }
    assert!(followed > Code::ALL.len(), "only {followed} links");
}
