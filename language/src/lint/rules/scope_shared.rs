//! One name of a scope on two servers.

use std::collections::BTreeMap;

use placet_engine::bundle::Credentials;

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeShared,
    level: Level::Note,
    serves: &[(Nhi, "NHI9"), (Mcp, "MCP02"), (Rfc, "RFC 8707"), (Practices, "Scope Minimization")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let mut first: BTreeMap<(&str, &str), &subject::Scope<'_>> = BTreeMap::new();
    for scope in &subject.scopes {
        // A name with its server in it is nobody else's.
        if scope.name.contains([':', '/', '.']) {
            continue;
        }
        let server = subject.policy.servers.get(scope.server);
        let Some(Credentials::Oauth { issuers, .. }) = server.map(|server| &server.credentials)
        else {
            continue;
        };
        for issuer in issuers {
            let Some(other) = first.insert((issuer, &scope.name), scope) else { continue };
            let said = found.say(
                scope.text.span,
                format!(
                    "\"{}\" is a scope of `{}` and of `{}`",
                    scope.name, other.server, scope.server
                ),
                "one issuer, one name, two meanings",
                "a user who agrees to the one is shown the same words as for the other: use names that say \
                 the server, such as `notes:read`",
            );
            if let Some(said) = said {
                said.also(subject.places, other.text.span, "the same name here");
            }
            break;
        }
    }
}
