//! What lint found, for people.

use crate::exit::{Exit, Failure};
use crate::output::{self, Style, counted, printable};
use crate::report::lint::Report;

/// How many findings are shown.
const SHOWN: usize = 50;

pub(super) fn print(report: &Report<'_>) -> Result<(), Failure> {
    let style = Style::of_output();
    let findings = &report.linted.findings;
    let shown = if report.all { findings.len() } else { SHOWN };
    for finding in findings.iter().take(shown) {
        output::print(output::drawn(&finding.diagnostic))?;
    }
    let more = findings.len().saturating_sub(shown);
    if more > 0 {
        output::print(style.faint(&format!("and {more} more (`--all` shows everything)")))?;
    }
    for one in &report.linted.unchecked {
        let line = format!("could not be checked: {}: {}", one.what, one.why);
        output::print(format_args!("{}\n", printable(&line)))?;
    }
    if let Some(standard) = report.standard {
        output::print(style.strong(standard.title()))?;
        for served in report.served() {
            let rules = counted(served.rules.len(), "rule");
            let said = match (served.rules.len(), served.findings) {
                (0, _) if served.is_scanned => style.faint("`placet scan` looks for it"),
                (0, _) => style.faint("no rule"),
                (_, 0) => format!("{rules}, {}", style.good("nothing found")),
                (_, count) => format!("{rules}, {}", style.bad(&counted(count, "finding"))),
            };
            let (id, title) = (served.item.id, served.item.title);
            let width = standard.items().iter().map(|item| item.id.len()).max().unwrap_or(0);
            output::print(format_args!("  {id:<width$}  {title}: {said}"))?;
        }
        output::print("")?;
    }
    if let Some(first) = findings.first() {
        output::read_on(first.code());
    }
    let counts = report.counts();
    let counts = if counts.is_empty() { String::from("nothing found") } else { counts };
    output::print(match (report.exit, report.linted.checks) {
        (Exit::Clean, _) => format!("{}: {counts}", style.good("ok")),
        (_, false) => format!("{}: the policy does not check: {counts}", style.bad("not usable")),
        (Exit::Undecided, _) => format!("{}: {counts}", style.bad("undecided")),
        _ => style.bad(&counts),
    })
}
