//! A client that the authorization server blocks and the policy still names.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ClientBlocked,
    level: Level::Warning,
    serves: &[(Nhi, "NHI1"), (Csf, "PR.AA-01"), (Mcp, "MCP07")],
    by: By::Lint,
    check,
};

/// What authorization servers call a client that may do nothing any more.
const BLOCKED: [&str; 9] = [
    "blocked", "deleted", "disabled", "inactive", "locked", "rejected", "revoked", "suspended",
    "terminated",
];

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(registry) = &subject.registry else { return };
    for (declared, client) in &subject.clients {
        let registered = registry.clients.iter().find(|one| one.client_id == client.id);
        let status = registered.and_then(|one| one.status.as_deref()).unwrap_or_default();
        if !BLOCKED.contains(&status.to_lowercase().as_str()) {
            continue;
        }
        found.say(
            declared.name.span,
            format!("`{}` is {status} at the authorization server", declared.name.text),
            "and still named here",
            "take it out: tokens that it was given before count until they expire",
        );
    }
}
