//! A redirect URI over plain http that is not on the user's own machine.

use crate::lint::rules::prelude::*;
use crate::syntax::ast::{Redirect, RegisterClause};
use crate::syntax::text::unescape;

pub(crate) static RULE: Rule = Rule {
    code: Code::RedirectHttp,
    level: Level::Warning,
    serves: &[(Rfc, "RFC 8252"), (Rfc, "RFC 9700"), (Aisvs, "C10.3"), (Csf, "PR.DS-02"), (ZeroTrust, "Tenet 2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for register in &subject.registers {
        for clause in &register.clauses {
            let RegisterClause::Redirect(redirects) = clause else { continue };
            for redirect in redirects {
                let Redirect::Uri(text) = redirect else { continue };
                if is_open_http(&unescape(&text.raw)) {
                    found.say(
                        text.span,
                        "an authorization code would travel in the open",
                        "plain http, and not on the user's own machine",
                        "use https; `redirect loopback` is for clients on the user's machine (RFC 8252)",
                    );
                }
            }
        }
    }
}
