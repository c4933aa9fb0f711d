//! What lint found as one comment in a pull request, which starts with a marker, so that the next run
//! finds it and writes it anew.

use std::fmt::Write as _;

use placet_language::lint::{Finding, Level};

use crate::exit::Exit;
use crate::markup::markdown as escaped;
use crate::report::lint::Report;

/// What the comment is found by.
const MARKER: &str = "<!-- placet lint -->";

/// How many findings are shown; a comment has an end.
const SHOWN: usize = 100;

pub(super) fn report(report: &Report<'_>) -> String {
    let linted = report.linted;
    let title = match (report.exit, linted.checks) {
        (_, false) => "❌ The policy does not check",
        (Exit::Clean, _) => "✅ Nothing had better be otherwise",
        (Exit::Undecided, _) => "❓ Not everything could be checked",
        (Exit::Found | Exit::Unusable, _) => "❌ Something had better be otherwise",
    };
    // Writing into a string cannot fail.
    let mut text = format!("{MARKER}\n## {title}\n");
    let counts = report.counts();
    if !counts.is_empty() {
        let _ = write!(text, "\n{}\n", escaped(&counts));
    }
    if !linted.findings.is_empty() {
        text.push_str("\n| | where | what | rule |\n|---|---|---|---|\n");
        for level in Level::ALL.into_iter().rev() {
            for one in linted.findings.iter().filter(|one| one.level == level).take(SHOWN) {
                row(report, one, &mut text);
            }
        }
    }
    let more: usize = Level::ALL
        .into_iter()
        .map(|level| report.count(level).saturating_sub(SHOWN))
        .fold(0, usize::saturating_add);
    if more > 0 {
        let _ = write!(text, "\nand {more} more\n");
    }
    if !linted.unchecked.is_empty() {
        text.push_str("\n### Could not be checked\n\n");
        for one in &linted.unchecked {
            let _ = writeln!(text, "- {}: {}", escaped(&one.what), escaped(&one.why));
        }
    }
    if !linted.allowed.is_empty() {
        let count = linted.allowed.len();
        let _ = write!(text, "\n<details><summary>Allowed: {count}</summary>\n\n");
        for one in linted.allowed.iter().take(SHOWN) {
            let what = escaped(&one.finding.diagnostic.message);
            let reason = escaped(&one.reason);
            let code = one.finding.code();
            let _ = writeln!(text, "- `{code}`: {what} — {reason}, until {}", one.until);
        }
        text.push_str("\n</details>\n");
    }
    if let Some(standard) = report.standard {
        let _ = write!(
            text,
            "\n### {}\n\n| | | rules | findings |\n|---|---|---|---|\n",
            standard.title()
        );
        for served in report.served() {
            let (id, title) = (served.item.id, served.item.title);
            let _ =
                writeln!(text, "| {id} | {title} | {} | {} |", served.rules.len(), served.findings);
        }
    }
    text
}

fn row(report: &Report<'_>, finding: &Finding, text: &mut String) {
    let mark = match finding.level {
        Level::Error => "❌",
        Level::Warning => "⚠️",
        Level::Note => "ℹ️",
    };
    let diagnostic = &finding.diagnostic;
    let place = diagnostic.file().zip(diagnostic.position());
    let place = place.map(|(file, (line, _))| format!("{}:{line}", report.path(file)));
    let help = diagnostic.help.as_ref().map(|help| format!("<br>{}", escaped(help)));
    let _ = writeln!(
        text,
        "| {mark} | {} | {}{} | `{}` |",
        escaped(&place.unwrap_or_default()),
        escaped(&diagnostic.message),
        help.unwrap_or_default(),
        finding.code()
    );
}
