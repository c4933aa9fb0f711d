//! A server or an issuer that is reached in the open.

use crate::lint::rules::prelude::*;
use crate::syntax::ast::{Given, ServerClause};

pub(crate) static RULE: Rule = Rule {
    code: Code::ServerHttp,
    level: Level::Warning,
    serves: &[(Aisvs, "C10.3"), (Csf, "PR.DS-02"), (ZeroTrust, "Tenet 2"), (Rfc, "RFC 9728"), (Mcp, "MCP01")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    use placet_engine::bundle::Credentials;
    for server in &subject.servers {
        let Credentials::Oauth { issuers, .. } = &server.is.credentials else { continue };
        let given = |wanted: fn(&ServerClause) -> Option<&Given>| {
            server.clauses.iter().find_map(wanted).map_or(server.name.span, Given::span)
        };
        if is_open_http(&server.is.identity) {
            let place = given(|clause| match clause {
                ServerClause::Resource(resource) => Some(resource),
                _ => None,
            });
            found.say(
                place,
                format!("`{}` is reached over plain http", server.name.text),
                "tokens travel in the open",
                "use https; plain http is for a server on the same machine",
            );
        }
        for issuer in issuers.iter().filter(|issuer| is_open_http(issuer)) {
            let place = given(|clause| match clause {
                ServerClause::Issuer(issuers) => issuers.first(),
                _ => None,
            });
            found.say(
                place,
                format!("the issuer `{issuer}` is reached over plain http"),
                "whoever is on the way can issue tokens",
                "use https (RFC 8414, section 2); plain http is for an issuer on the same machine",
            );
        }
    }
}
