//! A denial that does not say why.

use placet_engine::bundle::Effect;

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::RuleReasonless,
    level: Level::Note,
    serves: &[(Mcp, "MCP08"), (Csf, "PR.AA-05")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for rule in subject.rules.iter().filter(|rule| rule.is.because.is_none()) {
        let what = match &rule.is.effect {
            Effect::Deny { .. } => "deny",
            // What would mend it is said by its `else`.
            Effect::Require { otherwise: None, .. } => "require",
            Effect::Require { .. } | Effect::Allow { .. } => continue,
        };
        found.say(
            rule.name.span,
            format!("`{}` does not say why", rule.name.text),
            format!("whom this `{what}` stops is told its name only"),
            "add `because \"…\"`: it is shown with the denial, and to whoever reads the policy next",
        );
    }
}
