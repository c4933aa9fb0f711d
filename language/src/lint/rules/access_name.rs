//! A tool whose name says that it does more harm than the policy thinks.

use placet_engine::bundle::Feature;

use crate::lint::rules::prelude::*;
use crate::lint::verbs;

pub(crate) static RULE: Rule = Rule {
    code: Code::AccessName,
    level: Level::Warning,
    serves: &[(Mcp, "MCP02"), (Agentic, "ASI02"), (Csf, "PR.AA-05")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        for feature in &capability.is.features {
            let Feature::Tool(name) = feature else { continue };
            let access = subject.held.access(&capability.is.server, feature);
            let Some((verb, says)) = verbs::of_tool(name) else { continue };
            if Some(says) <= access {
                continue;
            }
            found.say(
                capability.name.span,
                format!("`{name}` sounds like {says}, and the policy calls it {}", level(access)),
                format!("holds it; `{verb}` is what the name says"),
                format!(
                    "rules for `access {says}` do not reach it: put it into a capability of that access, \
                     or allow this with the reason"
                ),
            );
        }
    }
}

fn level(access: Option<placet_engine::bundle::Access>) -> String {
    access.map(|access| access.to_string()).unwrap_or_default()
}
