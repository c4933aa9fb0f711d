//! A tool that was reviewed and is gone.

use crate::catalogue::drift::Change;
use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftRemoved,
    level: Level::Note,
    serves: &[(Csf, "ID.RA-07"), (Csf, "DE.CM-06"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        let gone = moved.of(|event| event.change == Change::Removed);
        let gone: Vec<String> = gone.map(|(feature, _)| feature.name()).collect();
        if gone.is_empty() {
            continue;
        }
        found.say_anywhere(
            server.catalogue(),
            format!("`{}` no longer has {}", server.name.text, list(&gone)),
            "reviewed, and gone since",
            "a server that gives such a name to another tool later changes what it means; run `placet lock`",
        );
    }
}
