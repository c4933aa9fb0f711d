//! A consent that never ends.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentEndless,
    level: Level::Warning,
    serves: &[(Nhi, "NHI7"), (Nhi, "NHI1"), (ZeroTrust, "Tenet 3"), (Csf, "PR.AA-05")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in subject.consents.iter().filter(|consent| consent.is.lasts.is_none()) {
        found.say(
            consent.name.span,
            format!("`{}` never ends", consent.name.text),
            "`lasts` is missing",
            "say how long a user's word counts, such as `lasts 30 days`",
        );
    }
}
