//! Scopes whose name says another access than the capability that needs them.

use placet_engine::bundle::Access;

use crate::lint::rules::prelude::*;
use crate::lint::verbs;

pub(crate) static RULE: Rule = Rule {
    code: Code::AccessScope,
    level: Level::Warning,
    serves: &[(Mcp, "MCP02"), (Nhi, "NHI5"), (Practices, "Scope Minimization"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for capability in &subject.capabilities {
        let span = needs(capability).unwrap_or(capability.name.span);
        let name = &capability.name.text;
        let access = subject.access(capability.is);
        for set in &capability.is.needs {
            let says: Vec<Option<Access>> = set.iter().map(|one| verbs::of_scope(one)).collect();
            let scopes = crate::lint::list(set);
            let only_reads = !set.is_empty() && says.iter().all(|one| *one == Some(Access::Read));
            if access > Access::Read && only_reads {
                found.say(
                    span,
                    format!("`{name}` can {access}, and {scopes} says that it only reads"),
                    "too little for what it does",
                    "need a scope that the user is told of as one that changes something",
                );
            }
            let beyond = says.iter().flatten().max().filter(|says| **says > access);
            if let (Some(beyond), Access::Read) = (beyond, access) {
                found.say(
                    span,
                    format!("`{name}` only reads, and {scopes} says {beyond}"),
                    "more than what it does",
                    "a token for it can do more elsewhere: need a scope for reading, if the server has one",
                );
            }
        }
    }
}
