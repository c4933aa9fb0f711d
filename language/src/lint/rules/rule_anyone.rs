//! Everybody who can log in may change things.

use placet_engine::bundle::{Access, Who};

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::RuleAnyone,
    level: Level::Warning,
    serves: &[(Csf, "PR.AA-05"), (Mcp, "MCP07"), (Agentic, "ASI03"), (ZeroTrust, "Tenet 4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for rule in subject.rules.iter().filter(|rule| rule.is.who.contains(&Who::Anyone)) {
        let harm = subject.allowed(rule).into_iter().find(|(_, capability)| {
            let local = subject.server(&capability.server).is_none_or(subject::Server::is_local);
            // Whoever starts a local server is its only user.
            !local && subject.access(capability) > Access::Read
        });
        let Some((name, capability)) = harm else { continue };
        found.say(
            rule.name.span,
            format!("every user may use `{name}`, which is {}", subject.access(capability)),
            "`anyone` is everybody whose login an issuer vouches for",
            "name a group, or a user",
        );
    }
}
