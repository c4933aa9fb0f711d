//! A scope that the server does not say it has.

use crate::diagnostic::did_you_mean;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeUnsupported,
    level: Level::Warning,
    serves: &[(Rfc, "RFC 9728"), (Mcp, "MCP07"), (Practices, "Scope Minimization")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for scope in &subject.scopes {
        let metadata = subject.metadata.get(scope.server);
        let Some(supported) = metadata.and_then(|one| one.scopes_supported.as_ref()) else { continue };
        if supported.contains(&scope.name) {
            continue;
        }
        let near = did_you_mean(&scope.name, supported.iter().map(String::as_str));
        found.say(
            scope.text.span,
            format!("`{}` does not say that it has a scope \"{}\"", scope.server, scope.name),
            "not in the `scopes_supported` of its metadata",
            near.unwrap_or_else(|| {
                String::from("whoever is asked for it may not get it: look at what the server documents")
            }),
        );
    }
}
