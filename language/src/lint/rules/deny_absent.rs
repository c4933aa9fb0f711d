//! A denial that whoever leaves an argument out escapes.

use crate::lint::rules::prelude::*;
use crate::lint::subject::Written;
use crate::syntax::ast::Operator;

pub(crate) static RULE: Rule = Rule {
    code: Code::DenyAbsent,
    level: Level::Note,
    serves: &[(Mcp, "MCP07"), (Agentic, "ASI02"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for rule in &subject.rules {
        let Written::Deny(_) = rule.written else { continue };
        for (test, negated) in rule.tests() {
            let Some((Operator::Is(word), _)) = &test.operator else { continue };
            let is_argument = test.operand.path.first().is_some_and(|first| first.text == "args");
            let escapes = (word.text == "present") != negated;
            if !escapes || !is_argument {
                continue;
            }
            found.say(
                test.span,
                format!("a call without this argument escapes `{}`", rule.name.text),
                "asks for a value that is there",
                "if the tool has a default for it, deny that too: `is absent or …`",
            );
        }
    }
}
