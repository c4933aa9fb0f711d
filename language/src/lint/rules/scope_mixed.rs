//! One scope that suffices for unlike harm.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Access;

use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ScopeMixed,
    level: Level::Note,
    serves: &[(Practices, "Scope Minimization"), (Mcp, "MCP02"), (Nhi, "NHI5"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for scope in &subject.scopes {
        let alone = BTreeSet::from([scope.name.clone()]);
        let mut by_access: BTreeMap<Access, Vec<&str>> = BTreeMap::new();
        for capability in &subject.capabilities {
            if capability.is.server == scope.server && capability.is.needs.contains(&alone) {
                let access = subject.access(capability.is);
                by_access.entry(access).or_default().push(&capability.name.text);
            }
        }
        let (Some((least, mild)), Some((most, harsh))) =
            (by_access.first_key_value(), by_access.last_key_value())
        else {
            continue;
        };
        if least == most {
            continue;
        }
        found.say(
            scope.text.span,
            format!(
                "\"{}\" alone suffices for {} ({least}) and for {} ({most})",
                scope.name,
                list(mild),
                list(harsh)
            ),
            "a token for the one is a token for the other",
            "if the server has finer scopes, need those; if not, let conditions and consents tell them apart",
        );
    }
}
