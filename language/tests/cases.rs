//! Every file in `cases` is a policy, checked over the catalogue beside it. The snapshots show what
//! the author is shown, and which text each diagnostic underlines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use miette::{GraphicalReportHandler, GraphicalTheme};
use placet_engine::{Engine, Limits as EngineLimits};
use placet_language::lint::{By, rule};
use placet_language::{Checked, Code, Diagnostic, Limits, check, compile, review};

fn render(diagnostics: &[Diagnostic]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let underlined = diagnostic.underlined().unwrap_or("nothing");
        writeln!(text, "[{}] underlines: {underlined}\n", diagnostic.code).unwrap();
        handler.render_report(&mut text, diagnostic).unwrap();
        text.push('\n');
    }
    text
}

fn files(name: &str, source: String) -> BTreeMap<String, String> {
    let catalogue = include_str!("cases/catalogue.json").to_owned();
    BTreeMap::from([
        (format!("{name}.placet"), source),
        (String::from("catalogue.json"), catalogue),
        // Components that export nothing: what they would compute is of no matter here.
        (String::from("facts.wasm"), String::from("\0asm\r\0\u{1}\0")),
        (String::from("more.wasm"), String::from("\0asm\r\0\u{1}\0\0\u{1}\0")),
    ])
}

/// Of what nobody uses, only the cases speak that are about it: the others show single statements.
fn look(name: &str, files: &BTreeMap<String, String>) -> Checked {
    match name.starts_with("dead-") {
        true => review(files, &Limits::default()),
        false => check(files, &Limits::default()),
    }
}

#[test]
fn what_the_author_is_shown() {
    insta::glob!("cases/*.placet", |path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let checked = look(name, &files(name, std::fs::read_to_string(path).unwrap()));
        let shown = match &checked.policy {
            None => render(&checked.diagnostics),
            Some(policy) => {
                // What checks also compiles, and Cedar's strict validator accepts it.
                let bundle = compile(policy).unwrap();
                Engine::load(&bundle, &EngineLimits::default()).unwrap();
                format!("{}checks\n", render(&checked.diagnostics))
            }
        };
        insta::with_settings!({ omit_expression => true, description => "" }, {
            insta::assert_snapshot!(shown);
        });
    });
}

#[test]
fn the_cases_follow_the_conventions() {
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "placet") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let checked = look(name, &files(name, std::fs::read_to_string(&path).unwrap()));
        for diagnostic in checked.diagnostics {
            let message = &diagnostic.message;
            assert!(!message.ends_with('.'), "{name}: `{message}` ends with a full stop");
            assert!(
                !message.starts_with(char::is_uppercase),
                "{name}: `{message}` starts upper case"
            );
            assert!(
                diagnostic.underlined().is_some() || diagnostic.code == Code::Unlocked,
                "{name}"
            );
            seen.insert(diagnostic.code);
        }
    }
    // Those that take several files are shown in `files.rs`.
    let elsewhere = [
        Code::FileUnreadable,
        Code::FileEmpty,
        Code::FileCycle,
        Code::ValueFile,
        Code::ParameterConflict,
        // `lock.rs` shows them.
        Code::LockUnreadable,
        Code::LockDrift,
        Code::LockWidened,
        Code::LockComponent,
        // Of files of cases: `notation` shows them.
        Code::CaseSyntax,
        Code::CaseUnresolved,
        Code::CaseFailed,
        // Of questions: the tests of the command show them.
        Code::QuestionSyntax,
        Code::QuestionUnknown,
        // Of MCP client configuration: the tests of `scan` show them.
        Code::ScanSecret,
        Code::ScanUnpinned,
        Code::ScanHttp,
        Code::ScanUncovered,
        Code::ScanUnreadable,
    ];
    // Lint's own are shown by their pages.
    let is_linted = |code: &Code| rule(*code).is_some_and(|rule| rule.by == By::Lint);
    for code in Code::ALL.iter().filter(|code| !is_linted(code)) {
        assert!(seen.contains(code) || elsewhere.contains(code), "no case shows {code}");
    }
}
