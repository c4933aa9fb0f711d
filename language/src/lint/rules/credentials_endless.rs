//! API keys that never expire.

use placet_engine::bundle::Credentials;

use crate::lint::rules::prelude::*;
use crate::syntax::ast::ServerClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::CredentialsEndless,
    level: Level::Warning,
    serves: &[(Nhi, "NHI7"), (Mcp, "MCP01"), (Csf, "PR.AA-01"), (ZeroTrust, "Tenet 3")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Credentials::Oauth { api_keys: Some(keys), .. } = &server.is.credentials else {
            continue;
        };
        if keys.lasts.is_some() {
            continue;
        }
        let clause = server.clauses.iter().find_map(|clause| match clause {
            ServerClause::Credentials(declared) => Some(declared.span),
            _ => None,
        });
        found.say(
            clause.unwrap_or(server.name.span),
            format!("an API key for `{}` counts for ever", server.name.text),
            "`lasts` is missing",
            "say how old a key may be: `lasts 90 days`",
        );
    }
}
