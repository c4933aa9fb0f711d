//! A tool that has another name.

use crate::catalogue::drift::Change;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftRenamed,
    level: Level::Warning,
    serves: &[(Mcp, "MCP03"), (Agentic, "ASI04"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        for (feature, events) in moved.of(|event| event.change == Change::Renamed) {
            let before = events.iter().find_map(|event| event.before.as_ref()?.as_str());
            found.say_anywhere(
                server.catalogue(),
                format!("`{}` is called `{}` now", before.unwrap_or_default(), feature.name()),
                "the same definition under another name",
                "receipts and rules go by the name: write the new one where the old one stands, and users \
                 are asked again",
            );
        }
    }
}
