//! Credentials that outlive the consent that they are used under.

use std::collections::BTreeMap;

use placet_engine::bundle::Credentials;

use crate::lint::rules::prelude::*;
use crate::syntax::ast::ServerClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentOutlived,
    level: Level::Note,
    serves: &[(Nhi, "NHI7"), (Mcp, "MCP01"), (ZeroTrust, "Tenet 3")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let mut longest: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
    for consent in &subject.consents {
        let Some(lasts) = consent.is.lasts else { continue };
        let known = longest.entry(&consent.is.server).or_insert((lasts, &consent.name.text));
        if lasts > known.0 {
            *known = (lasts, &consent.name.text);
        }
    }
    for server in &subject.servers {
        let Credentials::Oauth { api_keys: Some(keys), .. } = &server.is.credentials else {
            continue;
        };
        let (Some(key), Some((consent, name))) =
            (keys.lasts, longest.get(server.name.text.as_str()))
        else {
            continue;
        };
        let clause = server.clauses.iter().find_map(|clause| match clause {
            ServerClause::Credentials(declared) => Some(declared.span),
            _ => None,
        });
        if key > *consent {
            found.say(
                clause.unwrap_or(server.name.span),
                format!("an API key for `{}` outlives every consent", server.name.text),
                format!("the longest is `{name}`, and ends before a key does"),
                "let keys last no longer than the consents that they are used under",
            );
        }
    }
}
