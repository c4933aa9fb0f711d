//! A tool that no capability holds.

use placet_engine::bundle::Feature;

use crate::catalogue::drift::Change;
use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ToolUncovered,
    level: Level::Note,
    serves: &[(Csf, "ID.AM-02"), (Csf, "PR.AA-05"), (Mcp, "MCP09")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let name = server.name.text.as_str();
        let catalogue = &server.is.catalogue;
        let tools = catalogue.tools.keys().cloned().map(Feature::Tool);
        let features = tools.chain(catalogue.prompts.keys().cloned().map(Feature::Prompt));
        let excluded = subject.settings.servers.get(name).map(|settings| &settings.excluded);
        // What came since the review is told as such.
        let moved = subject.moved.get(name).map(|moved| &moved.events);
        let is_new = |feature: &Feature| {
            let events = moved.and_then(|events| events.get(feature));
            events.into_iter().flatten().any(|event| event.change == Change::Added)
        };
        let open = features.filter(|feature| {
            subject.held.access(name, feature).is_none()
                && !is_new(feature)
                && !excluded.is_some_and(|excluded| excluded.contains_key(&feature.name()))
        });
        let open: Vec<String> = open.map(|feature| feature.name()).collect();
        if open.is_empty() {
            continue;
        }
        found.say(
            server.catalogue(),
            format!("no capability holds {}", list(&open)),
            "in the catalogue, and denied",
            format!(
                "put them into capabilities, or write down that they stay out: `[servers.{name}.excluded]` \
                 in `placet.toml`"
            ),
        );
    }
}
