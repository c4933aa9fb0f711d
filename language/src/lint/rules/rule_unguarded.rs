//! Destructive tools behind no requirement.

use placet_engine::bundle::{Access, Effect, Target};

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::RuleUnguarded,
    level: Level::Warning,
    serves: &[(Aisvs, "C10.5"), (Agentic, "ASI02"), (Agentic, "ASI09"), (Rfc, "RFC 9470"), (ZeroTrust, "Tenet 6")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for rule in &subject.rules {
        let open = subject.allowed(rule).into_iter().find(|(name, capability)| {
            subject.access(capability) == Access::Destructive && !is_guarded(subject, name)
        });
        let Some((name, _)) = open else { continue };
        found.say(
            rule.name.span,
            format!("`{name}` can destroy, and nothing is required first"),
            "a consent given days ago is all that it takes",
            format!(
                "add a `require`: `require … for {name} call.confirmed else confirm within 10 minutes`, or a \
                 recent login"
            ),
        );
    }
}

/// Whether some `require` concerns a capability.
fn is_guarded(subject: &Subject<'_>, capability: &str) -> bool {
    subject.rules.iter().any(|rule| match &rule.is.effect {
        Effect::Require { targets, .. } => targets.iter().any(|target| match target {
            Target::Capability(name) => name == capability,
            Target::Access(_) => true,
        }),
        Effect::Allow { .. } | Effect::Deny { .. } => false,
    })
}
