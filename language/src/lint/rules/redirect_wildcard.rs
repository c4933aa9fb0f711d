//! A redirect URI that is a pattern.

use crate::lint::rules::prelude::*;
use crate::syntax::ast::{Redirect, RegisterClause};

pub(crate) static RULE: Rule = Rule {
    code: Code::RedirectWildcard,
    level: Level::Warning,
    serves: &[(Rfc, "RFC 9700"), (Rfc, "RFC 6749"), (Mcp, "MCP07"), (Practices, "Confused Deputy Problem")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for register in &subject.registers {
        for clause in &register.clauses {
            let RegisterClause::Redirect(redirects) = clause else { continue };
            for redirect in redirects {
                let Redirect::Uri(text) = redirect else { continue };
                if text.raw.contains('*') {
                    found.say(
                        text.span,
                        "redirect URIs are compared letter by letter",
                        "`*` stands for itself here",
                        "write every URI out (RFC 9700, section 2.1); a client that relies on a pattern can be \
                         sent elsewhere",
                    );
                }
            }
        }
    }
}
