//! A glob over a place that has many names.

use crate::lint::rules::prelude::*;
use crate::lint::verbs;
use crate::syntax::ast::{Operator, Test, Value};
use crate::syntax::text::unescape;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConditionGlob,
    level: Level::Error,
    serves: &[(Mcp, "MCP05"), (Agentic, "ASI02"), (Agentic, "ASI05"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        look(found, capability.tests());
    }
    for rule in &subject.rules {
        look(found, rule.tests());
    }
}

fn look(found: &mut Findings<'_>, tests: Vec<(&Test, bool)>) {
    for (test, _) in tests {
        let (glob, at) = match &test.operator {
            Some((Operator::Like(Value::Text(text)) | Operator::NotLike(Value::Text(text)), _)) => {
                (unescape(&text.raw), text.span)
            }
            _ => continue,
        };
        let is_argument = test.operand.path.first().is_some_and(|first| first.text == "args");
        if test.operand.view.is_some() || !is_argument {
            continue;
        }
        let name = test.operand.path.last().map(|name| verbs::words(&name.text)).unwrap_or_default();
        let (view, instead) = if glob.contains("://") || says(&name, &["url", "uri", "href"]) {
            ("url", "url(…).host in [\"…\"]")
        } else if glob.starts_with(['/', '~']) || says(&name, &["path", "file", "folder", "directory"]) {
            ("path", "path(…) under \"…\"")
        } else {
            continue;
        };
        found.say(
            at,
            format!("a glob does not see what this {view} leads to"),
            "`..`, `%2e`, user names and capitals lead round it",
            format!("judge the place that is meant: `{instead}`"),
        );
    }
}

fn says(words: &[String], known: &[&str]) -> bool {
    words.iter().any(|word| known.contains(&word.as_str()))
}
