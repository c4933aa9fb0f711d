//! A tool whose words changed.

use placet_engine::bundle::Feature;

use crate::catalogue::drift::{Change, Direction};
use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::DriftReworded,
    level: Level::Note,
    serves: &[(Mcp, "MCP03"), (Mcp, "MCP06"), (Agentic, "ASI01"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let is_words = |event: &Event| {
        event.direction == Direction::Neutral
            && !event.is_suspicious()
            && !matches!(event.change, Change::Renamed)
    };
    for server in &subject.servers {
        let Some(moved) = subject.moved.get(server.name.text.as_str()) else { continue };
        // Of what tries to deceive more is said.
        let deceives = |feature: &Feature| {
            moved.events.get(feature).into_iter().flatten().any(Event::is_suspicious)
        };
        let reworded = moved.of(is_words).filter(|(feature, _)| !deceives(feature));
        let reworded: Vec<String> = reworded.map(|(feature, _)| feature.name()).collect();
        if reworded.is_empty() {
            continue;
        }
        found.say_anywhere(
            server.catalogue(),
            format!("`{}` describes tools otherwise: {}", server.name.text, list(&reworded)),
            "not what was reviewed, though they may do no more",
            "models act on these words: read them, then run `placet lock`",
        );
    }
}
