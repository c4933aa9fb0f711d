//! What lint found, for machines; `spec/lint.schema.json` describes it.

use placet_language::lint::{Finding, rule};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output;
use crate::report::lint::Report;

/// The version of the form.
const FORM: u32 = 1;

pub(super) fn report(report: &Report<'_>) -> Value {
    let allowed = report.linted.allowed.iter().map(|one| {
        let mut value = finding(&one.finding);
        if let Some(members) = value.as_object_mut() {
            members.insert(String::from("reason"), json!(one.reason));
            members.insert(String::from("until"), json!(one.until.to_string()));
        }
        value
    });
    let items = report.served().into_iter().map(|served| {
        json!({
            "id": served.item.id,
            "title": served.item.title,
            "rules": served.rules.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
            "findings": served.findings,
        })
    });
    json!({
        "version": FORM,
        "outcome": match report.exit {
            Exit::Clean => "clean",
            Exit::Found => "found",
            Exit::Unusable => "unusable",
            Exit::Undecided => "undecided",
        },
        "checks": report.linted.checks,
        "findings": report.linted.findings.iter().map(finding).collect::<Vec<_>>(),
        "allowed": allowed.collect::<Vec<_>>(),
        "unchecked": report.linted.unchecked,
        "standard": report.standard.map(|standard| json!({
            "name": standard,
            "title": standard.title(),
            "items": items.collect::<Vec<_>>(),
        })),
    })
}

fn finding(finding: &Finding) -> Value {
    let mut value = output::diagnostic_json(&finding.diagnostic);
    if let Some(members) = value.as_object_mut() {
        members.remove("severity");
        members.insert(String::from("level"), json!(finding.level));
        let serves = rule(finding.code()).map_or(&[][..], |rule| rule.serves);
        let serves = serves.iter().map(|(standard, id)| json!({"standard": standard, "id": id}));
        members.insert(String::from("serves"), Value::Array(serves.collect()));
        members.insert(String::from("fix"), json!(finding.fix));
    }
    value
}
