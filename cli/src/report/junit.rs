//! A diff as JUnit's XML: a test for each expansion, which fails where the expansion shall.

use std::fmt::Write as _;

use crate::junit::{attribute, content};
use crate::report::{Compared, Standing, words};

pub(crate) fn report(compared: &Compared<'_>) -> String {
    let diff = compared.diff;
    let failing = diff.expansions.iter().filter(|one| compared.standing(one) == Standing::Fails);
    let approvals: Vec<String> = compared
        .approved
        .expired
        .iter()
        .map(|one| format!("approval {} expired", one.fingerprint))
        .chain(
            compared
                .approved
                .unused
                .iter()
                .map(|one| format!("approval {} approves nothing", one.fingerprint)),
        )
        .collect();
    let failures = failing.count().saturating_add(approvals.len());
    let open = compared.open();
    // A run that found nothing is a test that passed.
    let whole = usize::from(diff.expansions.is_empty() && open.is_empty());
    let tests = [diff.expansions.len(), approvals.len(), open.len(), whole]
        .into_iter()
        .fold(0_usize, usize::saturating_add);
    let counts = format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\" skipped=\"0\"",
        open.len()
    );
    // Writing into a string cannot fail.
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"placet\" {counts}>\n  \
         <testsuite name=\"placet diff\" {counts}>\n"
    );
    for finding in &diff.expansions {
        let name = attribute(&format!("{} {}", words::sentence(finding), finding.fingerprint));
        let class = attribute(&words::feature(finding));
        let _ = write!(text, "    <testcase classname=\"{class}\" name=\"{name}\"");
        match compared.standing(finding) {
            Standing::Fails => {
                let said = content(&format!(
                    "{}\nby {}\nbefore {}\nwitness {}",
                    words::when(finding),
                    words::rules(&finding.rules),
                    words::before(finding),
                    finding.witness
                ));
                let message = attribute(words::reach(finding));
                let _ = writeln!(
                    text,
                    ">\n      <failure message=\"{message}\">{said}</failure>\n    </testcase>"
                );
            }
            Standing::Approved | Standing::Shown => text.push_str("/>\n"),
        }
    }
    for what in approvals {
        let what = attribute(&what);
        let _ = writeln!(
            text,
            "    <testcase classname=\"approvals\" name=\"{what}\">\n      <failure \
             message=\"{what}\"/>\n    </testcase>"
        );
    }
    for one in open {
        let name = attribute(&one.what);
        let why = attribute(&one.why);
        let _ = writeln!(
            text,
            "    <testcase classname=\"undecided\" name=\"{name}\">\n      <error \
             message=\"{why}\"/>\n    </testcase>"
        );
    }
    if whole > 0 {
        text.push_str("    <testcase classname=\"diff\" name=\"nothing is newly allowed\"/>\n");
    }
    text.push_str("  </testsuite>\n</testsuites>");
    text
}
