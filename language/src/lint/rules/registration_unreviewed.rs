//! Clients that register themselves, and nobody looks.

use crate::lint::rules::prelude::*;
use crate::syntax::ast::RegisterClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::RegistrationUnreviewed,
    level: Level::Warning,
    serves: &[
        (Nhi, "NHI3"),
        (Practices, "Confused Deputy Problem"),
        (Rfc, "RFC 7591"),
        (Mcp, "MCP07"),
        (Aisvs, "C10.2"),
    ],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for register in subject.registers.iter().filter(|one| one.kind.text == "dynamic") {
        let is_reviewed =
            register.clauses.iter().any(|one| matches!(one, RegisterClause::Pending { .. }));
        if !is_reviewed {
            found.say(
                register.kind.span,
                "clients that register themselves are admitted, and nobody looks",
                "no review, and nobody who answers for it",
                "add `pending review by \"…\" within 7 days`, or name the clients that you want",
            );
        }
    }
}
