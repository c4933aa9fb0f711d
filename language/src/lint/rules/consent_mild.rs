//! Terms whose words do not say that something can be lost, or leave the server.

use placet_engine::bundle::{Access, Feature};

use crate::lint::list;
use crate::lint::rules::prelude::*;
use crate::lint::verbs;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentMild,
    level: Level::Warning,
    serves: &[(Agentic, "ASI09"), (Mcp, "MCP02"), (Csf, "PR.AA-05"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

/// What a text says of places outside the server.
const OUTSIDE: [&str; 14] = [
    "anyone", "anywhere", "browse", "email", "external", "internet", "mail", "outside", "publish",
    "send", "share", "site", "url", "web",
];

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in &subject.consents {
        for name in &consent.is.grants {
            let Some(capability) = subject.policy.capabilities.get(name) else { continue };
            let shown = format!("{} {}", consent.is.text, capability.description);
            if subject.access(capability) == Access::Destructive
                && !says_loss(&shown)
                && !capability.features.iter().any(|one| names_deed(&shown, one))
            {
                found.say(
                    consent.text.span,
                    format!("`{}` does not say that `{name}` can destroy", consent.name.text),
                    "no word of loss, here or in the capability's description",
                    "say it where users read it, such as \"… which can delete files\"",
                );
            }
            let outside = reaches_outside(subject, capability);
            let words = verbs::words(&shown);
            let says_so =
                OUTSIDE.iter().any(|one| words.iter().any(|word| word.starts_with(one)));
            if !outside.is_empty() && !says_so {
                found.say(
                    consent.text.span,
                    format!(
                        "`{}` does not say that {} reaches beyond the server",
                        consent.name.text,
                        list(&outside)
                    ),
                    "no word of it, here or in the capability's description",
                    "say where data may go to or come from, such as \"… on the web\"",
                );
            }
        }
    }
}

/// Whether a text has a word for loss.
fn says_loss(text: &str) -> bool {
    const LOSS: [&str; 6] = ["lose", "loses", "lost", "loss", "replace", "irreversibly"];
    verbs::says(text, Access::Destructive)
        || verbs::words(text).iter().any(|word| LOSS.contains(&word.as_str()))
}

/// Whether a text says what the tool's name says that it does.
fn names_deed(text: &str, feature: &Feature) -> bool {
    let Feature::Tool(name) = feature else { return false };
    verbs::words(name)
        .iter()
        .any(|word| verbs::access(word) > Some(Access::Read) && verbs::mentions(text, word))
}

/// The tools of a capability that say of themselves that they reach beyond the server. That is what an
/// absent annotation means, so it counts only where the server is trusted and says it of some tools
/// and not of others.
fn reaches_outside(subject: &Subject<'_>, capability: &model::Capability) -> Vec<String> {
    let Some(server) = subject.server(&capability.server) else { return Vec::new() };
    let tools = &server.is.catalogue.tools;
    if !server.is_trusted() || tools.values().all(|tool| tool.shape.hints.open_world) {
        return Vec::new();
    }
    let is_open = |feature: &&Feature| match feature {
        Feature::Tool(name) => tools.get(name).is_some_and(|tool| tool.shape.hints.open_world),
        Feature::Prompt(_) | Feature::Resources(_) => false,
    };
    capability.features.iter().filter(is_open).map(Feature::name).collect()
}
