//! What every report for people says in the same words.

use placet_language::diff::{CredentialKind, Finding, Group, Reach, RuleName};

use crate::output::printable;
use crate::report::Compared;

/// How many tools of a group are named.
const NAMED: usize = 4;

/// What is called: the tools of a group.
pub(crate) fn called(group: &Group<'_>, all: bool) -> String {
    let named = if all { group.findings.len() } else { NAMED };
    let names: Vec<String> = group.findings.iter().take(named).map(|one| feature(one)).collect();
    let more = group.findings.len().saturating_sub(named);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// What is called: one tool, prompt or resource.
pub(crate) fn feature(finding: &Finding) -> String {
    let name = printable(&format!("{}/{}", finding.server.name, finding.feature.name));
    match finding.feature.kind {
        "tool" => name,
        kind => format!("{kind} {name}"),
    }
}

/// Who calls through which clients.
pub(crate) fn who(finding: &Finding) -> String {
    let how = match finding.credential {
        CredentialKind::Token | CredentialKind::Local => "",
        CredentialKind::ApiKey => " with an API key",
    };
    printable(&format!("{} via {}{how}", finding.principal, finding.clients.join(", ")))
}

/// Under which condition.
pub(crate) fn when(finding: &Finding) -> String {
    let always = finding.when.iter().any(|one| one == "always");
    let when = match always {
        true => String::from("whatever the arguments are"),
        false => format!("when {}", finding.when.join(", or when ")),
    };
    let except = match finding.except.is_empty() {
        true => String::new(),
        false => format!("; except what was already allowed by {}", rules(&finding.except)),
    };
    printable(&format!("{when}{except}"))
}

/// Rules by name and place.
pub(crate) fn rules(rules: &[RuleName]) -> String {
    let one = |rule: &RuleName| match &rule.capability {
        Some(capability) => format!("`{}` through `{capability}` ({})", rule.rule, rule.source),
        None => format!("`{}` ({})", rule.rule, rule.source),
    };
    let shown: Vec<String> = rules.iter().take(NAMED).map(one).collect();
    let more = rules.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Why the old version denied it.
pub(crate) fn before(finding: &Finding) -> String {
    let before = &finding.before;
    let reason = before.reason.map(|reason| reason.to_string()).unwrap_or_default();
    let detail = before.detail.as_ref().map(|detail| format!(", {detail}")).unwrap_or_default();
    let rules = match before.rules.is_empty() {
        true => String::new(),
        false => format!(" by {}", rules(&before.rules)),
    };
    printable(&format!("{reason}{rules}{detail}"))
}

/// What somebody has to approve first.
pub(crate) fn gates(finding: &Finding) -> String {
    let gates: Vec<String> = finding.gates.iter().map(ToString::to_string).collect();
    printable(&gates.join(", "))
}

pub(crate) fn causes(finding: &Finding) -> String {
    let causes: Vec<String> = finding.causes.iter().map(ToString::to_string).collect();
    causes.join(" and ")
}

/// Whether anything of the kind was allowed before.
pub(crate) fn reach(finding: &Finding) -> &'static str {
    match finding.reach {
        Reach::New => "new reach",
        Reach::Loosened => "loosened condition",
    }
}

/// One finding in a sentence.
pub(crate) fn sentence(finding: &Finding) -> String {
    let asked = match finding.is_silent() {
        true => String::from("and nobody is asked"),
        false => format!("once there is {}", gates(finding)),
    };
    format!("{} can newly call {}, {asked}", who(finding), feature(finding))
}

/// The counts, in a line.
pub(crate) fn counts(compared: &Compared<'_>) -> String {
    let diff = compared.diff;
    let mut counts = vec![
        format!("{} silent", compared.silent().len()),
        format!("{} gated", compared.gated().len()),
        format!("{} lost", diff.contractions.len()),
        format!("{} asked again", diff.renewals.len()),
    ];
    let approved = compared.approved.fingerprints.len();
    if approved > 0 {
        counts.push(format!("{approved} of these approved"));
    }
    let open = compared.open().len();
    if open > 0 {
        counts.push(format!("{open} undecided"));
    }
    counts.join(", ")
}
