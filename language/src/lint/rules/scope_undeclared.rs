//! A scope of the server that the policy does not know.

use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeUndeclared,
    level: Level::Note,
    serves: &[(Rfc, "RFC 9728"), (Csf, "ID.AM-02"), (Mcp, "MCP02")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let name = server.name.text.as_str();
        let metadata = subject.metadata.get(name);
        let Some(supported) = metadata.and_then(|one| one.scopes_supported.as_ref()) else { continue };
        let unknown: Vec<&String> =
            supported.iter().filter(|scope| !server.is.scopes.contains_key(*scope)).collect();
        if unknown.is_empty() {
            continue;
        }
        found.say(
            server.name.span,
            format!("`{name}` has scopes that the policy does not know: {}", list(unknown)),
            "in the `scopes_supported` of its metadata",
            "they count for nothing here; declare those that a capability should need",
        );
    }
}
