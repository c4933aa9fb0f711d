//! Changes that no user agreed to.

use placet_engine::bundle::{Access, Effect, Who};

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::RuleWithoutConsent,
    level: Level::Warning,
    serves: &[(Practices, "Confused Deputy Problem"), (Agentic, "ASI03"), (Mcp, "MCP07"), (Aisvs, "C10.5")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for rule in &subject.rules {
        if !matches!(&rule.is.effect, Effect::Allow { under: None, .. })
            // A machine has nobody to ask.
            || rule.is.who.iter().all(|who| *who == Who::Machine)
        {
            continue;
        }
        let harm = subject.allowed(rule).into_iter().find(|(_, capability)| {
            subject.access(capability) > Access::Read
        });
        let Some((name, capability)) = harm else { continue };
        found.say(
            rule.name.span,
            format!("nobody is asked before `{name}`, which is {}", subject.access(capability)),
            "`without consent`",
            "let users agree to it first: declare a consent, and write `under` it",
        );
    }
}
