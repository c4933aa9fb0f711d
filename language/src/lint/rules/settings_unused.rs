//! Settings that speak of nothing.

use placet_engine::bundle::Feature;

use crate::diagnostic::did_you_mean;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::SettingsUnused,
    level: Level::Warning,
    serves: &[(Csf, "PR.PS-01")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for (name, settings) in &subject.settings.servers {
        let Some(server) = subject.policy.servers.get(name) else {
            let known = subject.policy.servers.keys().map(String::as_str);
            let near = did_you_mean(name, known);
            found.say_of_nowhere(
                format!("`placet.toml` speaks of server `{name}`, which the policy does not have"),
                near.unwrap_or_else(|| String::from("leave it out")),
            );
            continue;
        };
        for tool in settings.excluded.keys() {
            let features = [Feature::Tool(tool.clone()), Feature::Prompt(tool.clone())];
            let is_there = features.iter().any(|one| server.catalogue.get(one).is_some());
            let is_held = features.iter().any(|one| subject.held.access(name, one).is_some());
            let why = match (is_there, is_held) {
                (true, false) => continue,
                (true, true) => "a capability holds it",
                (false, _) => "the server has no such tool or prompt",
            };
            found.say_of_nowhere(
                format!("`placet.toml` excludes `{tool}` of `{name}`, and {why}"),
                "leave it out of `excluded`, so that the list stays true",
            );
        }
    }
}
