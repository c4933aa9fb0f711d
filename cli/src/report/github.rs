//! A diff as annotations of a GitHub workflow: one line each, at the rule that allows the calls.

use placet_language::diff::{Finding, Outcome};

use crate::report::{Compared, Standing, words};

pub(crate) fn report(compared: &Compared<'_>) -> String {
    let mut text = String::new();
    let expansions: Vec<&Finding> = compared.diff.expansions.iter().collect();
    for (standing, group) in compared.groups(&expansions) {
        let Some(first) = group.first() else { continue };
        let level = match standing {
            Standing::Fails => "error",
            Standing::Approved | Standing::Shown => "notice",
        };
        let message = format!(
            "{}: {}\n{}\n{}\nwitness: {}\nfingerprints: {}",
            words::who(first),
            words::called(&group, true),
            if first.is_silent() {
                String::from("nobody is asked")
            } else {
                format!("needs {}", words::gates(first))
            },
            words::when(first),
            first.witness,
            group.findings.iter().map(|one| one.fingerprint.as_str()).collect::<Vec<_>>().join(" "),
        );
        let title = match first.is_silent() {
            true => "newly allowed, and nobody is asked",
            false => "newly allowed, once somebody is asked",
        };
        text.push_str(&line(compared, level, first, title, &message));
    }
    for one in compared.approved.expired.iter().chain(&compared.approved.unused) {
        let message = format!("approval {} expired or approves nothing", one.fingerprint);
        text.push_str(&format!("::error title=placet diff::{}\n", data(&message)));
    }
    for one in compared.open() {
        let message = format!("{}: {}", one.what, one.why);
        text.push_str(&format!("::error title=could not be decided::{}\n", data(&message)));
    }
    let level = match compared.outcome {
        Outcome::Passed => "notice",
        Outcome::Failed | Outcome::Undecided => "error",
    };
    text.push_str(&format!("::{level} title=placet diff::{}\n", data(&words::counts(compared))));
    text
}

fn line(
    compared: &Compared<'_>,
    level: &str,
    finding: &Finding,
    title: &str,
    message: &str,
) -> String {
    let place = finding.rules.first().map(|rule| {
        let file = property(&compared.path(&rule.source.file));
        format!("file={file},line={},", rule.source.line)
    });
    format!("::{level} {}title={}::{}\n", place.unwrap_or_default(), property(title), data(message))
}

/// What would end a message or start another.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
