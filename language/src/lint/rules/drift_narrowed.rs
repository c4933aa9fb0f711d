//! A tool that may do less than what was reviewed.

use std::collections::BTreeMap;

use crate::catalogue::drift::Direction;
use crate::catalogue::drift::Change;
use crate::lint::list;
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
        // A server often changes the same about all of its tools.
        let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (feature, events) in moved.of(narrows) {
            alike.entry(told(&events)).or_default().push(feature.name());
        }
        for (what, names) in alike {
            let verb = if names.len() == 1 { "takes" } else { "take" };
            found.say_anywhere(
                server.catalogue(),
                format!("{} {verb} less than what was reviewed: {what}", list(&names)),
                "came since the review",
                "nobody is asked again; calls that the server refuses now may surprise, and \
                 `placet lock` records it",
            );
        }
    }
}
