//! A tool that may do less than what was reviewed.

use crate::catalogue::drift::Direction;
use crate::catalogue::drift::Change;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftNarrowed,
    level: Level::Note,
    serves: &[(Csf, "ID.RA-07"), (Csf, "DE.CM-06")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let narrows =
        |event: &Event| event.direction == Direction::Narrows && event.change != Change::Removed;
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        for (feature, events) in moved.of(narrows) {
            let touched = subject.touched(&server.name.text, feature);
            found.say_anywhere(
                server.catalogue(),
                format!("`{}` takes less than what was reviewed: {}", feature.name(), told(&events)),
                touched.to_string(),
                "nobody is asked again; calls that the server refuses now may surprise, and `placet lock` \
                 records it",
            );
        }
    }
}
