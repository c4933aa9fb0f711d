//! A denial by place: what is not on the list is let through.

use crate::lint::rules::prelude::*;
use crate::lint::subject::Written;
use crate::syntax::ast::Operator;

pub(crate) static RULE: Rule = Rule {
    code: Code::DenyList,
    level: Level::Warning,
    serves: &[(Mcp, "MCP05"), (Agentic, "ASI02"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for rule in &subject.rules {
        let Written::Deny(_) = rule.written else { continue };
        for (test, negated) in rule.tests() {
            let is_listed = match &test.operator {
                Some((Operator::Under(_), _)) => !negated,
                Some((Operator::NotUnder(_), _)) => negated,
                _ => false,
            };
            if !is_listed {
                continue;
            }
            found.say(
                test.span,
                format!("`{}` lists places that are denied", rule.name.text),
                "every other place, and every other way to name this one, is let through",
                "say what is allowed instead: `where path(…) under \"…\"` in the capability, or `not under` here",
            );
        }
    }
}
