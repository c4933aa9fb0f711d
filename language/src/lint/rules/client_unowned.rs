//! A client that nobody answers for.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ClientUnowned,
    level: Level::Warning,
    serves: &[(Nhi, "NHI1"), (Nhi, "NHI3"), (Csf, "PR.AA-01"), (Csf, "ID.AM-02"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for (declared, _) in subject.clients.iter().filter(|(_, client)| client.owner.is_none()) {
        found.say(
            declared.name.span,
            format!("nobody answers for `{}`", declared.name.text),
            "`owner` is missing",
            "say who is asked when it misbehaves, or is to be retired: `owner \"it-security@acme.example\"`",
        );
    }
}
