//! What lint found as SARIF 2.1.0, for code scanning: with the rules' pages, and the standards that they
//! serve as taxonomies.

use std::collections::BTreeSet;

use placet_engine::Digest;
use placet_language::Code;
use placet_language::lint::{Allowed, Finding, Fix, Level, Standard, rule};
use serde_json::{Map, Value, json};

use crate::report::lint::Report;
use crate::report::sarif::uri;

pub(super) fn report(report: &Report<'_>) -> Value {
    let codes: Vec<Code> = report.codes().into_iter().collect();
    let standards: BTreeSet<Standard> = codes
        .iter()
        .filter_map(|code| rule(*code))
        .flat_map(|rule| rule.serves.iter().map(|(standard, _)| *standard))
        .collect();
    let found = report.linted.findings.iter().map(|one| result(report, &codes, one));
    let allowed = report.linted.allowed.iter().map(|one| suppressed(report, &codes, one));
    let unchecked = report.linted.unchecked.iter().map(|one| {
        let text = format!("could not be checked: {}: {}", one.what, one.why);
        json!({"level": "error", "message": {"text": text}})
    });
    let unchecked: Vec<Value> = unchecked.collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "placet",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| described(*code)).collect::<Vec<_>>(),
                "supportedTaxonomies": standards.iter().map(|one| component(*one)).collect::<Vec<_>>(),
            }},
            "taxonomies": standards.iter().map(|one| taxonomy(*one)).collect::<Vec<_>>(),
            "invocations": [{
                "executionSuccessful": unchecked.is_empty(),
                "toolExecutionNotifications": unchecked,
            }],
            "results": found.chain(allowed).collect::<Vec<_>>(),
        }],
    })
}

fn component(standard: Standard) -> Value {
    json!({ "name": standard.key() })
}

fn taxonomy(standard: Standard) -> Value {
    let taxa = standard
        .items()
        .iter()
        .map(|item| json!({ "id": item.id, "shortDescription": { "text": item.title } }));
    json!({
        "name": standard.key(),
        "fullName": standard.title(),
        "informationUri": standard.url(),
        "isComprehensive": false,
        "taxa": taxa.collect::<Vec<_>>(),
    })
}

fn described(code: Code) -> Value {
    let rule = rule(code);
    let level = rule.map_or(Level::Error, |rule| rule.level);
    let serves = rule.map_or(&[][..], |rule| rule.serves);
    let relationships = serves.iter().map(|(standard, id)| {
        json!({
            "target": { "id": id, "toolComponent": component(*standard) },
            "kinds": ["relevant"],
        })
    });
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.meaning() },
        "help": { "text": code.why(), "markdown": code.why() },
        "defaultConfiguration": { "level": level },
        "relationships": relationships.collect::<Vec<_>>(),
    })
}

fn result(report: &Report<'_>, codes: &[Code], finding: &Finding) -> Value {
    let diagnostic = &finding.diagnostic;
    let file = diagnostic.file().unwrap_or_default();
    let mut members = Map::new();
    let mut say = |name: &str, value: Value| members.insert(name.to_owned(), value);
    say("ruleId", json!(finding.code().as_str()));
    say("ruleIndex", json!(codes.iter().position(|code| *code == finding.code())));
    say("level", json!(finding.level));
    let help = diagnostic.help.as_ref().map(|help| format!(". {help}")).unwrap_or_default();
    say("message", json!({ "text": format!("{diagnostic}{help}") }));
    if let (false, Some((line, column))) = (file.is_empty(), diagnostic.position()) {
        let place = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&report.path(file)) },
            "region": { "startLine": line, "startColumn": column },
        }}]);
        say("locations", place);
    }
    // What is found is the same wherever its lines move to.
    let meaning = format!("{}\n{file}\n{diagnostic}", finding.code());
    say(
        "partialFingerprints",
        json!({ "placet/v1": Digest::of_bytes(meaning.as_bytes()).as_str() }),
    );
    if let Some(fix) = &finding.fix {
        say("fixes", json!([mended(report, fix)]));
    }
    Value::Object(members)
}

fn mended(report: &Report<'_>, fix: &Fix) -> Value {
    json!({
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(&report.path(&fix.file)) },
            "replacements": [{
                "deletedRegion": {
                    "byteOffset": fix.start,
                    "byteLength": fix.end.saturating_sub(fix.start),
                },
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    })
}

fn suppressed(report: &Report<'_>, codes: &[Code], allowed: &Allowed) -> Value {
    let mut result = result(report, codes, &allowed.finding);
    if let Some(members) = result.as_object_mut() {
        let why = format!("{} (until {})", allowed.reason, allowed.until);
        let suppressions =
            json!([{ "kind": "inSource", "status": "accepted", "justification": why }]);
        members.insert(String::from("suppressions"), suppressions);
    }
    result
}
