//! Destructive tools for tokens of any age.

use placet_engine::bundle::{Access, Effect, Target};

use crate::lint::rules::prelude::*;
use crate::lint::subject::Written;

pub(crate) static RULE: Rule = Rule {
    code: Code::TokenUnbounded,
    level: Level::Note,
    serves: &[(Nhi, "NHI7"), (Mcp, "MCP01"), (ZeroTrust, "Tenet 3"), (ZeroTrust, "Tenet 6"), (Rfc, "RFC 9470")],
    by: By::Lint,
    check,
};

/// What of a token says how old it is, or how old the login.
const AGES: [&str; 3] = ["age", "auth_age", "lifetime"];

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        let server = subject.server(&capability.is.server);
        if server.is_none_or(subject::Server::is_local)
            || subject.access(capability.is) != Access::Destructive
        {
            continue;
        }
        let name = &capability.name.text;
        let bounds = |rule: &subject::Rule<'_>| {
            let concerned = match &rule.is.effect {
                Effect::Require { targets, .. } | Effect::Deny { targets } => {
                    targets.iter().any(|target| match target {
                        Target::Capability(one) => one == name,
                        Target::Access(_) => true,
                    })
                }
                Effect::Allow { .. } => false,
            };
            concerned && reads_age(rule)
        };
        let allowing = subject.rules.iter().filter(|rule| {
            subject.allowed(rule).iter().any(|(one, _)| one == name) && !reads_age(rule)
        });
        let allowing = allowing.count();
        if allowing == 0 || subject.rules.iter().any(bounds) {
            continue;
        }
        found.say(
            capability.name.span,
            format!("`{name}` can destroy with a token of any age"),
            "no rule reads how old the token or the login is",
            "require a recent login: `require … for access destructive token.auth_age <= 15 minutes else \
             reauthenticate within 15 minutes`",
        );
    }
}

fn reads_age(rule: &subject::Rule<'_>) -> bool {
    let reauthenticates = match rule.written {
        Written::Require(require) => matches!(
            require.remedy,
            Some((crate::syntax::ast::Remedy::Reauthenticate { within: Some(_), .. }, _))
        ),
        Written::Allow(_) | Written::Deny(_) => false,
    };
    reauthenticates
        || rule.tests().into_iter().any(|(test, _)| {
            let path: Vec<&str> =
                test.operand.path.iter().map(|name| name.text.as_str()).collect();
            matches!(path.as_slice(), ["token", age] if AGES.contains(age))
        })
}
