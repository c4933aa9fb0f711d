//! A client that is not what was locked, or is in no lock.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ClientUnreviewed,
    level: Level::Warning,
    serves: &[(Nhi, "NHI3"), (Csf, "PR.AA-02"), (Mcp, "MCP04"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(lock) = &subject.policy.lock else { return };
    for (declared, client) in &subject.clients {
        let name = &declared.name.text;
        let identity = |id: &str, issuer: &Option<String>| *id == client.id && *issuer == client.issuer;
        let is_known = lock.clients.values().any(|one| {
            identity(&one.id, &one.issuer) && one.metadata == client.metadata_digest
        });
        if !is_known {
            found.say_anywhere(
                declared.name.span,
                format!("`{name}` was not reviewed as it is"),
                "new, or another than in the lock",
                "look at who runs it, where it redirects and what it asks for; then run `placet lock`",
            );
        }
    }
}
