//! A tool that may do less than what was reviewed.

use std::collections::BTreeMap;

use crate::catalogue::drift::{Change, Direction};
use crate::lint::list;
use crate::lint::rules::prelude::*;
use crate::model::Touched;

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
        // A release often changes one thing in all tools.
        let mut alike: BTreeMap<String, (Vec<String>, Touched)> = BTreeMap::new();
        for (feature, events) in moved.of(narrows) {
            let (names, touched) = alike.entry(told(&events)).or_default();
            names.push(feature.name());
            let more = subject.touched(&server.name.text, feature);
            touched.capabilities.extend(more.capabilities);
            touched.consents.extend(more.consents);
        }
        for (told, (names, touched)) in alike {
            let take = if names.len() == 1 { "takes" } else { "take" };
            found.say_anywhere(
                server.catalogue(),
                format!("{} {take} less than what was reviewed: {told}", list(&names)),
                touched.to_string(),
                "nobody is asked again; calls that the server refuses now may surprise, and `placet lock` \
                 records it",
            );
        }
    }
}
