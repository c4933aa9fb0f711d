//! API keys that change things from anywhere.

use placet_engine::bundle::{Access, Credentials};

use crate::lint::rules::prelude::*;
use crate::syntax::ast::ServerClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::CredentialsUnbound,
    level: Level::Warning,
    serves: &[(Nhi, "NHI4"), (Nhi, "NHI7"), (Mcp, "MCP01"), (Aisvs, "C10.2"), (ZeroTrust, "Tenet 6")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Credentials::Oauth { api_keys: Some(keys), .. } = &server.is.credentials else {
            continue;
        };
        if keys.up_to == Access::Read || !keys.networks.is_empty() {
            continue;
        }
        let clause = server.clauses.iter().find_map(|clause| match clause {
            ServerClause::Credentials(declared) => Some(declared.span),
            _ => None,
        });
        found.say(
            clause.unwrap_or(server.name.span),
            format!("an API key for `{}` can {} from anywhere", server.name.text, deed(keys.up_to)),
            "no network bounds it",
            "bound it: `credentials api_key for read`, or `from network \"10.0.0.0/8\"`",
        );
    }
}

fn deed(access: Access) -> &'static str {
    match access {
        Access::Destructive => "destroy",
        Access::Read | Access::Write => "change things",
    }
}
