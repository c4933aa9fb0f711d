//! A tool that may do more than what was reviewed.

use crate::catalogue::drift::Change;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftWidened,
    level: Level::Warning,
    serves: &[(Mcp, "MCP03"), (Mcp, "MCP02"), (Agentic, "ASI02"), (Agentic, "ASI04"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let widens = |event: &Event| event.direction.is_widening() && event.change != Change::Added;
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        for (feature, events) in moved.of(widens) {
            let touched = subject.touched(&server.name.text, feature);
            found.say_anywhere(
                server.catalogue(),
                format!("`{}` may do more than what was reviewed: {}", feature.name(), told(&events)),
                touched.to_string(),
                "compare both with `placet catalogue diff`; once it is reviewed, run `placet lock`",
            );
        }
    }
}
