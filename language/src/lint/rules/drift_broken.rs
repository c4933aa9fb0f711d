//! A policy that does not check over what a server says today.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftBroken,
    level: Level::Error,
    serves: &[(Csf, "ID.RA-07"), (Csf, "DE.CM-06"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        for diagnostic in &moved.broken {
            let place = diagnostic.place().unwrap_or_else(|| server.catalogue());
            found.say_anywhere(
                place,
                format!(
                    "the policy does not check over what `{}` serves today: {diagnostic}",
                    server.name.text
                ),
                format!("`{}` with that catalogue", diagnostic.code),
                "pull the catalogue, and mend the policy before the server is upgraded",
            );
        }
    }
}
