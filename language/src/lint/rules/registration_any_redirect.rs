//! Clients that may send their answers anywhere.

use crate::lint::rules::prelude::*;
use crate::syntax::ast::RegisterClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::RegistrationAnyRedirect,
    level: Level::Warning,
    serves: &[(Rfc, "RFC 9700"), (Rfc, "RFC 7591"), (Practices, "Confused Deputy Problem"), (Mcp, "MCP07")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for register in &subject.registers {
        let is_bound =
            register.clauses.iter().any(|one| matches!(one, RegisterClause::Redirect(_)));
        if !is_bound {
            found.say(
                register.kind.span,
                format!("clients that register by `{}` may redirect anywhere", register.kind.text),
                "`redirect` is missing",
                "bound where authorization codes go: `redirect loopback`, `redirect same_domain` or URIs",
            );
        }
    }
}
