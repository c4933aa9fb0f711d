//! What lint found as JUnit's XML: a test for each finding, which fails unless it is a note.

use std::fmt::Write as _;

use placet_language::lint::Level;

use crate::junit::{attribute, content};
use crate::report::lint::Report;

pub(super) fn report(report: &Report<'_>) -> String {
    let linted = report.linted;
    let notes = report.count(Level::Note);
    let failures = linted.findings.len().saturating_sub(notes);
    let errors = linted.unchecked.len();
    // A run that found nothing is a test that passed.
    let whole = usize::from(linted.findings.is_empty() && errors == 0);
    let tests = linted.findings.len().saturating_add(errors).saturating_add(whole);
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"");
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"placet\" {counts}>\n  \
         <testsuite name=\"placet lint\" {counts}>\n"
    );
    for finding in &linted.findings {
        let diagnostic = &finding.diagnostic;
        let place = diagnostic.file().zip(diagnostic.position());
        let place =
            place.map(|(file, (line, column))| format!("{}:{line}:{column}", report.path(file)));
        let class = attribute(finding.code().as_str());
        let name = attribute(&diagnostic.message);
        // Writing into a string cannot fail.
        let _ = write!(text, "    <testcase classname=\"{class}\" name=\"{name}\"");
        if finding.level == Level::Note {
            text.push_str("/>\n");
            continue;
        }
        let help = diagnostic.help.clone().unwrap_or_default();
        let said = content(&format!("{}\n{help}", place.unwrap_or_default()));
        let level = finding.level;
        let _ = writeln!(
            text,
            ">\n      <failure type=\"{level}\" message=\"{name}\">{said}</failure>\n    </testcase>"
        );
    }
    for one in &linted.unchecked {
        let (name, why) = (attribute(&one.what), attribute(&one.why));
        let _ = writeln!(
            text,
            "    <testcase classname=\"unchecked\" name=\"{name}\">\n      <error \
             message=\"{why}\"/>\n    </testcase>"
        );
    }
    if whole > 0 {
        text.push_str(
            "    <testcase classname=\"lint\" name=\"nothing had better be otherwise\"/>\n",
        );
    }
    text.push_str("  </testsuite>\n</testsuites>");
    text
}
