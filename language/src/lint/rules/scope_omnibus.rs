//! A scope for everything.

use crate::lint::rules::prelude::*;
use crate::lint::verbs;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeOmnibus,
    level: Level::Warning,
    serves: &[
        (Practices, "Scope Minimization"),
        (Mcp, "MCP02"),
        (Nhi, "NHI5"),
        (Agentic, "ASI03"),
        (Aisvs, "C10.2"),
    ],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for scope in subject.scopes.iter().filter(|scope| is_omnibus(&scope.name)) {
        found.say(
            scope.text.span,
            format!("\"{}\" is a scope for everything", scope.name),
            "whoever holds it may do all that the server can",
            "need scopes that say what for, and let clients ask for more when they need it",
        );
    }
}

/// Whether a name says that nothing is left out.
fn is_omnibus(scope: &str) -> bool {
    if scope.contains('*') {
        return true;
    }
    let words = verbs::words(scope);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["all" | "any" | "everything" | "full" | "fullaccess" | "root" | "superuser" | "unlimited"]
            | [.., "all" | "everything" | "full" | "fullaccess"]
            | [.., "full", "access" | "control"]
            | [.., "all", "access"]
    )
}
