//! A consent that may be given to any client.

use placet_engine::bundle::Effect;

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentAnyClient,
    level: Level::Warning,
    serves: &[
        (Practices, "Confused Deputy Problem"),
        (Mcp, "MCP07"),
        (Agentic, "ASI03"),
        (Nhi, "NHI3"),
        (Aisvs, "C10.2"),
    ],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in &subject.consents {
        // Clients that nobody named must be possible.
        if consent.is.via.is_some() || subject.policy.registrations.is_empty() {
            continue;
        }
        let under = |rule: &&subject::Rule<'_>| match &rule.is.effect {
            Effect::Allow { under: Some(name), .. } => *name == consent.name.text,
            _ => false,
        };
        let open = subject.rules.iter().filter(under).find(|rule| rule.is.via.is_none());
        let Some(rule) = open else { continue };
        let said = found.say(
            consent.name.span,
            format!("`{}` may be given to clients that nobody named", consent.name.text),
            "no `via` bounds it",
            "name the clients, here or in the rule: `via editors`",
        );
        if let Some(said) = said {
            said.also(subject.places, rule.name.span, "nor does the rule that uses it");
        }
    }
}

