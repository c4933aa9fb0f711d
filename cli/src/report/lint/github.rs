//! What lint found as annotations of a GitHub workflow: one line each, at its place.

use placet_language::lint::{Finding, Level};

use crate::exit::Exit;
use crate::report::github::{data, property};
use crate::report::lint::Report;

pub(super) fn report(report: &Report<'_>) -> String {
    let mut text: String =
        report.linted.findings.iter().map(|finding| line(report, finding)).collect();
    for one in &report.linted.unchecked {
        let message = format!("{}: {}", one.what, one.why);
        text.push_str(&format!("::error title=could not be checked::{}\n", data(&message)));
    }
    let level = if report.exit == Exit::Clean { "notice" } else { "error" };
    let counts = report.counts();
    let counts = if counts.is_empty() { "nothing found" } else { &counts };
    text.push_str(&format!("::{level} title=placet lint::{}\n", data(counts)));
    text
}

fn line(report: &Report<'_>, finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let level = match finding.level {
        Level::Note => "notice",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let place = diagnostic.file().zip(diagnostic.position()).map(|(file, (line, column))| {
        let file = property(&report.path(file));
        format!("file={file},line={line},col={column},")
    });
    let help = diagnostic.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let title = property(finding.code().as_str());
    let message = data(&format!("{diagnostic}{help}"));
    format!("::{level} {}title={title}::{message}\n", place.unwrap_or_default())
}
