//! The pages of the reference and the README: their policies are checked, and their tables are what
//! the code says. `PLACET_UPDATE=1` writes the tables.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use placet_engine::{Call, Engine, Limits as EngineLimits, Reason};
use placet_language::case::{self, CaseFile, CaseLimits, Filter, Outcome};
use placet_language::lint::{ALL, By, Standard};
use placet_language::{Code, Limits, check, compile};

use crate::support::{blocks, root, whole};

fn engine(page: &str) -> Engine {
    let checked = checked(&whole(page));
    let errors: Vec<_> = checked.diagnostics.iter().filter(|one| one.is_error()).collect();
    assert!(errors.is_empty(), "{page}: {errors:?}");
    Engine::load(&compile(&checked.policy.unwrap()).unwrap(), &EngineLimits::default()).unwrap()
}

#[test]
fn the_call_on_the_page_is_answered_as_it_says() {
    let page = fs::read_to_string(root().join("spec/chain.md")).unwrap();
    let calls = blocks(&page, "json,call,");
    assert_eq!(calls.len(), 1);
    for (expected, text) in calls {
        let call = Call::from_json(text.as_bytes(), &EngineLimits::default()).unwrap();
        let decision = engine("spec/language.md").decide(&call);
        assert_eq!(decision.reason.map(Reason::as_str), Some(expected.as_str()), "{decision:?}");
    }
}

#[test]
fn the_caller_on_the_page_sees_the_tools_that_it_says() {
    let page = fs::read_to_string(root().join("spec/chain.md")).unwrap();
    let (_, text) = blocks(&page, "json,call,").remove(0);
    let caller = Call::from_json(text.as_bytes(), &EngineLimits::default()).unwrap();
    let seen = engine("spec/language.md").visible_tools(&caller);
    let rows = seen.iter().map(|one| {
        let visibility = serde_json::to_value(one.visibility).unwrap();
        let reason = one.reason.map(|reason| format!("`{reason}`")).unwrap_or_default();
        format!("| `{}` | `{}` | {reason} |\n", one.tool, visibility.as_str().unwrap())
    });
    let header = String::from("| tool | visibility | reason |\n|---|---|---|\n");
    is_current("spec/visible.md", "visible", std::iter::once(header).chain(rows));
}

fn checked(text: &str) -> placet_language::Checked {
    let catalogue = fs::read_to_string(root().join("spec/catalogue.json")).unwrap();
    let files = BTreeMap::from([
        (String::from("page.placet"), text.to_owned()),
        (String::from("catalogue.json"), catalogue),
    ]);
    check(&files, &Limits::default())
}

#[test]
fn the_policies_on_the_pages_are_what_the_pages_say() {
    let mut mistakes = 0;
    for page in ["README.md", "spec/language.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let blocks = blocks(&text, "placet");
        let whole = whole(page);
        engine(page);
        for (info, text) in blocks.iter().filter(|(info, _)| !info.is_empty()) {
            let errors: Vec<&str> = checked(&format!("{whole}\n{text}"))
                .diagnostics
                .iter()
                .filter(|one| one.is_error())
                .map(|one| one.code.as_str())
                .collect();
            assert_eq!(errors, [info.trim_start_matches(',')], "{page}: {text}");
            mistakes += 1;
        }
    }
    assert!(mistakes >= 4, "the pages show only {mistakes} mistakes");
}

#[test]
fn the_cases_on_the_page_are_decided_as_it_says() {
    let page = fs::read_to_string(root().join("spec/cases.md")).unwrap();
    let engine = engine("spec/cases.md");
    let blocks = blocks(&page, "cases");
    assert!(blocks.len() > 6);
    for (info, text) in blocks {
        assert_eq!(info, "");
        let files = [CaseFile { path: String::from("page.cases"), text }];
        let report = case::run(&files, &engine, &Filter::default(), &CaseLimits::default());
        assert!(!report.results.is_empty());
        for result in report.results {
            assert!(matches!(result.outcome, Outcome::Passed), "{result:#?}");
        }
    }
}

fn is_current(page: &str, what: &str, rows: impl Iterator<Item = String>) {
    let path = root().join(page);
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- begin {what} -->\n"), format!("<!-- end {what} -->"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    let table: String = rows.collect();
    let current = format!("{before}{begin}{table}{end}{after}");
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(path, current).unwrap();
    } else {
        assert!(text == current, "{page} is stale: run the tests with PLACET_UPDATE=1");
    }
}

#[test]
fn the_tables_of_the_rules_are_what_the_code_says() {
    let header = String::from("| rule | level | meaning |\n|---|---|---|\n");
    let rows = ALL.iter().map(|rule| {
        let (code, meaning) = (rule.code, rule.code.meaning());
        let level = match rule.by {
            By::Lint => rule.level.to_string(),
            By::Check => String::from("as `placet check`"),
            By::Scan => String::from("by `placet scan`"),
        };
        format!("| [`{code}`](diagnostics/{code}.md) | {level} | {meaning} |\n")
    });
    is_current("spec/lint.md", "rules", std::iter::once(header).chain(rows));
    let tables = Standard::ALL.into_iter().map(|standard| {
        let mut table = format!(
            "\n## {}\n\n<{}>, `--standard {standard}`\n\n| | | rules |\n|---|---|---|\n",
            standard.title(),
            standard.url()
        );
        for item in standard.items() {
            let rules = ALL.iter().filter(|rule| rule.serves.contains(&(standard, item.id)));
            let rules: Vec<String> =
                rules.map(|rule| format!("[`{0}`](diagnostics/{0}.md)", rule.code)).collect();
            table.push_str(&format!("| {} | {} | {} |\n", item.id, item.title, rules.join(", ")));
        }
        table
    });
    is_current("spec/standards.md", "standards", tables);
}

#[test]
fn the_tables_are_what_the_code_says() {
    let header = |first: &str| format!("| {first} | meaning |\n|---|---|\n");
    let reasons =
        Reason::ALL.iter().map(|reason| format!("| `{reason}` | {} |\n", reason.meaning()));
    is_current("spec/chain.md", "reasons", std::iter::once(header("reason")).chain(reasons));
    let codes = Code::ALL
        .iter()
        .map(|code| format!("| [`{code}`](diagnostics/{code}.md) | {} |\n", code.meaning()));
    is_current("spec/diagnostics.md", "codes", std::iter::once(header("code")).chain(codes));
}
