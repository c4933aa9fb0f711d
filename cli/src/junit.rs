//! JUnit's XML, as build servers read it: a suite a file, a test a case.

use std::fmt::Write as _;

use placet_language::Diagnostic;
use placet_language::case::{CaseResult, Failed, Outcome};

use crate::commands::explain;

/// The results as a document.
pub(crate) fn report(results: &[CaseResult]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites name=\"placet\"{}>", counts(results));
    let mut rest = results;
    while let Some(first) = rest.first() {
        let other = rest.iter().position(|result| result.file != first.file);
        let (suite, after) =
            rest.split_at_checked(other.unwrap_or(rest.len())).unwrap_or((rest, &[]));
        rest = after;
        let name = attribute(&first.file);
        let _ = writeln!(text, "  <testsuite name=\"{name}\"{}>", counts(suite));
        for result in suite {
            test(&mut text, result);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>");
    text
}

fn counts(results: &[CaseResult]) -> String {
    let count = |which: fn(&Outcome) -> bool| {
        results.iter().filter(|result| which(&result.outcome)).count()
    };
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        results.len(),
        count(|one| matches!(one, Outcome::Failed(_))),
        count(|one| matches!(one, Outcome::Unusable(_))),
        count(|one| matches!(one, Outcome::NotRun)),
    )
}

fn test(text: &mut String, result: &CaseResult) {
    let class = match &result.scenario {
        Some(scenario) => format!("{}: {scenario}", result.file),
        None => result.file.clone(),
    };
    let name = match result.text.as_str() {
        "" => "the file",
        text => text,
    };
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
        attribute(&class),
        attribute(name),
        attribute(&result.file),
        result.line
    );
    if matches!(result.outcome, Outcome::Passed) {
        return text.push_str("/>\n");
    }
    text.push_str(">\n");
    match &result.outcome {
        Outcome::Passed => {}
        Outcome::NotRun => text.push_str("      <skipped/>\n"),
        Outcome::Unusable(diagnostic) => unusable(text, diagnostic),
        Outcome::Failed(failed) => failure(text, failed),
    }
    text.push_str("    </testcase>\n");
}

fn unusable(text: &mut String, diagnostic: &Diagnostic) {
    let place = diagnostic.file().zip(diagnostic.position());
    let place = place.map(|(file, (line, column))| format!("{file}:{line}:{column}"));
    let help = diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}"));
    let body = format!("{}{}", place.unwrap_or_default(), help.unwrap_or_default());
    element(text, "error", diagnostic.code.as_str(), &diagnostic.message, &body);
}

fn failure(text: &mut String, failed: &Failed) {
    let body = failed.explanation.as_ref().map(explain::plain).unwrap_or_default();
    element(text, "failure", failed.diagnostic.code.as_str(), &failed.diagnostic.message, &body);
}

fn element(text: &mut String, name: &str, kind: &str, message: &str, body: &str) {
    let _ = writeln!(
        text,
        "      <{name} type=\"{}\" message=\"{}\">{}</{name}>",
        attribute(kind),
        attribute(message),
        content(body)
    );
}

/// A text between tags. XML has no way to write most control characters, escaped or not.
pub(crate) fn content(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            // `]]>` may not stand in a text.
            '>' => written.push_str("&gt;"),
            '\n' => written.push('\n'),
            '\u{fffe}' | '\u{ffff}' => written.extend(character.escape_unicode()),
            control if control.is_control() => written.extend(control.escape_default()),
            plain => written.push(plain),
        }
    }
    written
}

/// A text in double quotes, where a line break would be read as a space.
pub(crate) fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\n', "&#10;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(
            content("a<b> & \u{1b}[1m\u{0}\t\n\u{ffff}é"),
            "a&lt;b&gt; &amp; \\u{1b}[1m\\u{0}\\t\n\\u{ffff}é"
        );
        assert_eq!(attribute("\"]]>\"\n"), "&quot;]]&gt;&quot;&#10;");
    }
}
