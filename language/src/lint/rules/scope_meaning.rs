//! A scope that means more than what was locked.

use std::collections::BTreeSet;

use crate::lint::list;
use crate::lint::rules::prelude::*;
use crate::model;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeMeaning,
    level: Level::Warning,
    serves: &[(Mcp, "MCP02"), (Nhi, "NHI5"), (Practices, "Scope Minimization"), (Csf, "ID.RA-07")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(lock) = &subject.policy.lock else { return };
    for scope in &subject.scopes {
        let Some(then) = lock.servers.get(scope.server).and_then(|one| one.scopes.get(&scope.name))
        else {
            continue;
        };
        let now = subject.policy.servers.get(scope.server);
        let now = now.and_then(|server| server.scopes.get(&scope.name));
        let implied: BTreeSet<&String> = now.into_iter().flatten().collect();
        let more: Vec<&&String> = implied.iter().filter(|one| !then.contains(**one)).collect();
        let opened = |features: &BTreeSet<String>, needs: &BTreeSet<BTreeSet<String>>| {
            let asks = needs.iter().any(|set| set.contains(&scope.name));
            if asks { features.clone() } else { BTreeSet::new() }
        };
        let before = lock.capabilities.values().filter(|one| one.server == scope.server);
        let before: BTreeSet<String> =
            before.flat_map(|one| opened(&(&one.tools | &one.prompts), &one.needs)).collect();
        let after = subject.capabilities.iter().filter(|one| one.is.server == scope.server);
        let after: BTreeSet<String> =
            after.flat_map(|one| opened(&names(one.is), &one.is.needs)).collect();
        let tools: Vec<&String> = after.difference(&before).collect();
        let what = match (more.is_empty(), tools.is_empty()) {
            (true, true) => continue,
            (false, true) => format!("it implies {} now", list(more)),
            (true, false) => format!("it opens {} now", list(tools)),
            (false, false) => format!("it implies {} and opens {} now", list(more), list(tools)),
        };
        found.say_anywhere(
            scope.text.span,
            format!("\"{}\" means more than what was locked: {what}", scope.name),
            "the name stayed, and so did the tokens that hold it",
            "if nobody's token shall do more, need another scope for it; if it may, run `placet lock`",
        );
    }
}

/// The tools and prompts of a capability.
fn names(capability: &model::Capability) -> BTreeSet<String> {
    use placet_engine::bundle::Feature;
    let named = capability.features.iter().filter(|one| !matches!(one, Feature::Resources(_)));
    named.map(Feature::name).collect()
}
