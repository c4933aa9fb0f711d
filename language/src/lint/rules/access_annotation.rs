//! A tool that says of itself that it does more harm than the policy thinks.

use std::collections::BTreeMap;

use placet_engine::bundle::{Access, Feature};

use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::AccessAnnotation,
    level: Level::Warning,
    serves: &[(Mcp, "MCP02"), (Agentic, "ASI02"), (Csf, "PR.AA-05")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        let Some(server) = subject.server(&capability.is.server) else { continue };
        let tools = &server.is.catalogue.tools;
        // What an absent annotation means is the worst. It says something only where the server says
        // better of other tools.
        let knows_reading = tools.values().any(|tool| tool.shape.hints.read_only);
        let knows_harm =
            tools.values().any(|tool| !tool.shape.hints.read_only && !tool.shape.hints.destructive);
        // A server that says so of some tools has not forgotten it of the others.
        let says_harm = tools.values().any(|tool| tool.says_destructive);
        let mut told: BTreeMap<(Access, Option<Access>), Vec<String>> = BTreeMap::new();
        for feature in &capability.is.features {
            let Feature::Tool(name) = feature else { continue };
            let Some(tool) = tools.get(name) else { continue };
            let hints = tool.shape.hints;
            let access = subject.held.access(&capability.is.server, feature);
            let says = match (hints.read_only, hints.destructive) {
                (false, true) if tool.says_destructive || (knows_harm && !says_harm) => {
                    Access::Destructive
                }
                (false, _) if knows_reading || knows_harm => Access::Write,
                _ => Access::Read,
            };
            if access < Some(says) {
                told.entry((says, access)).or_default().push(name.clone());
            }
        }
        for ((says, access), tools) in told {
            let called = access.map(|access| access.to_string()).unwrap_or_default();
            let (says_of_itself, it) = match tools.len() {
                1 => ("says of itself that it is", "it"),
                _ => ("say of themselves that they are", "them"),
            };
            found.say(
                capability.name.span,
                format!("{} {says_of_itself} {says}, and the policy calls {it} {called}", list(&tools)),
                match tools.len() {
                    1 => "holds it",
                    _ => "holds them",
                },
                "look at what the tool does; the annotation of a server that is not trusted proves nothing, \
                 and one that admits harm is seldom wrong",
            );
        }
    }
}
