//! A definition that tries to deceive.

use placet_engine::bundle::Feature;

use crate::catalogue::drift::suspicious;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ToolDeceptive,
    level: Level::Error,
    serves: &[(Mcp, "MCP03"), (Mcp, "MCP06"), (Agentic, "ASI01"), (Agentic, "ASI04"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let catalogue = &server.is.catalogue;
        let tools = catalogue.tools.iter().map(|(name, tool)| (Feature::Tool(name.clone()), tool));
        let prompts =
            catalogue.prompts.iter().map(|(name, one)| (Feature::Prompt(name.clone()), one));
        for (feature, tool) in tools.chain(prompts) {
            let name = feature.name();
            let events = suspicious::compare(None, (&name, tool));
            if events.is_empty() {
                continue;
            }
            let events: Vec<&Event> = events.iter().collect();
            let touched = subject.touched(&server.name.text, &feature);
            found.say_anywhere(
                server.catalogue(),
                format!("`{name}` tries to deceive: {}", told(&events)),
                touched.to_string(),
                "do not use this version of the server before somebody has explained it",
            );
        }
    }
}
