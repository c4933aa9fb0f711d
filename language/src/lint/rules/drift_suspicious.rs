//! A definition that came to try to deceive.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftSuspicious,
    level: Level::Error,
    serves: &[(Mcp, "MCP03"), (Mcp, "MCP06"), (Agentic, "ASI01"), (Agentic, "ASI04"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        for (feature, events) in moved.of(Event::is_suspicious) {
            let touched = subject.touched(&server.name.text, feature);
            found.say_anywhere(
                server.catalogue(),
                format!("`{}` came to try to deceive: {}", feature.name(), told(&events)),
                touched.to_string(),
                "do not use this version of the server before somebody has explained it",
            );
        }
    }
}
