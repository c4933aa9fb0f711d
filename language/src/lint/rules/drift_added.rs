//! A tool that nobody reviewed.

use crate::catalogue::drift::Change;
use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftAdded,
    level: Level::Warning,
    serves: &[(Mcp, "MCP03"), (Mcp, "MCP09"), (Agentic, "ASI04"), (Aisvs, "C10.4"), (Csf, "DE.CM-06")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        let added = moved.of(|event| event.change == Change::Added);
        let added: Vec<String> = added.map(|(feature, _)| feature.name()).collect();
        if added.is_empty() {
            continue;
        }
        found.say_anywhere(
            server.catalogue(),
            format!("`{}` has tools that nobody reviewed: {}", server.name.text, list(&added)),
            "came since the review",
            "they are denied until a capability holds them; look at each, then run `placet lock`",
        );
    }
}
