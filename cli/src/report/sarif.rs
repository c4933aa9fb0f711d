//! A diff as SARIF 2.1.0, for code scanning: a result for each expansion, at the rule that allows it.

use placet_language::diff::{Finding, RuleName};
use serde_json::{Value, json};

use crate::report::{Compared, Standing, words};

pub(crate) fn report(compared: &Compared<'_>) -> Value {
    let results: Vec<Value> =
        compared.diff.expansions.iter().map(|one| result(compared, one)).collect();
    let open = compared.open().into_iter().map(|one| {
        let text = format!("{}: {}", one.what, one.why);
        json!({"level": "error", "message": {"text": text}})
    });
    let open: Vec<Value> = open.collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "placet",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [
                    rule("expansion.silent", "Calls are newly allowed, and nobody is asked",
                        "People with the consents and tokens that they already gave and hold can do more."),
                    rule("expansion.gated", "Calls are newly allowed, once somebody is asked",
                        "People can do more once they, or whoever admits clients, approve something new."),
                ],
            }},
            "invocations": [{
                "executionSuccessful": open.is_empty(),
                "toolExecutionNotifications": open,
            }],
            "results": results,
        }],
    })
}

fn rule(id: &str, short: &str, full: &str) -> Value {
    json!({
        "id": id,
        "shortDescription": { "text": short },
        "fullDescription": { "text": full },
    })
}

fn result(compared: &Compared<'_>, finding: &Finding) -> Value {
    let standing = compared.standing(finding);
    let mut result = json!({
        "ruleId": if finding.is_silent() { "expansion.silent" } else { "expansion.gated" },
        "level": if standing == Standing::Fails { "error" } else { "note" },
        "message": { "text": format!(
            "{}, {}. Witness: {}", words::sentence(finding), words::when(finding), finding.witness
        ) },
        "locations": finding.rules.iter().map(|rule| location(compared, rule)).collect::<Vec<_>>(),
        "partialFingerprints": { "placet/v1": finding.fingerprint },
    });
    if standing == Standing::Approved
        && let Some(members) = result.as_object_mut()
    {
        members.insert(
            String::from("suppressions"),
            json!([{ "kind": "external", "status": "accepted" }]),
        );
    }
    result
}

fn location(compared: &Compared<'_>, rule: &RuleName) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&compared.path(&rule.source.file)) },
        "region": { "startLine": rule.source.line.max(1) },
    }})
}

/// A relative path as a URI reference (RFC 3986).
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
