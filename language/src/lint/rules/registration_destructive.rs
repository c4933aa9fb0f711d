//! Clients that registered themselves near destructive tools.

use placet_engine::bundle::Access;
use placet_engine::call::Registration;

use crate::lint::rules::prelude::*;
use crate::model::Via;

pub(crate) static RULE: Rule = Rule {
    code: Code::RegistrationDestructive,
    level: Level::Warning,
    serves: &[(Practices, "Confused Deputy Problem"), (Agentic, "ASI03"), (Nhi, "NHI3"), (Mcp, "MCP07")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let self_registers =
        subject.policy.registrations.iter().any(|one| one.kind == Registration::Dynamic);
    let stops = |rule: &subject::Rule<'_>| {
        matches!(rule.written, subject::Written::Deny(_)) && dynamic(rule.is.via.as_ref())
    };
    // Whether it stops just these calls is for the diff to say; that the author thought of it is enough.
    if !self_registers || subject.rules.iter().any(stops) {
        return;
    }
    for rule in &subject.rules {
        if rule.is.via.as_ref().is_some_and(|_| !dynamic(rule.is.via.as_ref())) {
            continue;
        }
        let destructive = subject.allowed(rule).into_iter().find(|(_, capability)| {
            subject.access(capability) == Access::Destructive
        });
        let Some((name, _)) = destructive else { continue };
        found.say(
            rule.name.span,
            format!("clients that registered themselves can destroy through `{name}`"),
            "allows them",
            "name the clients, or add `deny … anyone via clients where registration is dynamic to access \
             destructive because \"…\"`",
        );
    }
}

fn dynamic(via: Option<&std::collections::BTreeSet<Via>>) -> bool {
    via.is_none_or(|via| via.contains(&Via::Registration(Registration::Dynamic)))
}
