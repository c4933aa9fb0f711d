//! A capability whose description names less than its tools do.

use placet_engine::bundle::{Access, Feature};

use crate::lint::list;
use crate::lint::rules::prelude::*;
use crate::lint::verbs;

pub(crate) static RULE: Rule = Rule {
    code: Code::CapabilityUnderstated,
    level: Level::Warning,
    serves: &[(Agentic, "ASI09"), (Mcp, "MCP02"), (Csf, "PR.AA-05")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        let said = &capability.is.description;
        for least in [Access::Destructive, Access::Write] {
            // A word for more harm says it of less, too.
            if verbs::says(said, least) {
                continue;
            }
            let does = |feature: &&Feature| match feature {
                Feature::Tool(name) => verbs::of_tool(name).is_some_and(|(verb, access)| {
                    access == least && !verbs::mentions(said, &verb)
                }),
                Feature::Prompt(_) | Feature::Resources(_) => false,
            };
            let doing: Vec<String> =
                capability.is.features.iter().filter(does).map(Feature::name).collect();
            if doing.is_empty() {
                continue;
            }
            let deed = match least {
                Access::Destructive => "destroys",
                _ => "changes",
            };
            found.say(
                capability.description.span,
                format!(
                    "the description of `{}` does not say that {} {deed} something",
                    capability.name.text,
                    list(&doing)
                ),
                "users are shown this",
                "name what the tools do, or put them into a capability of their own",
            );
            break;
        }
    }
}
