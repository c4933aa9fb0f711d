//! Purposes that no call needs to state.

use placet_engine::bundle::Access;

use crate::lint::rules::prelude::*;
use crate::syntax::ast::ConsentClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentUnstated,
    level: Level::Note,
    serves: &[(Csf, "PR.AA-05"), (Mcp, "MCP08"), (Agentic, "ASI01")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in &subject.consents {
        let granted = consent.is.grants.iter();
        let granted = granted.filter_map(|name| subject.policy.capabilities.get(name));
        let is_destructive =
            granted.map(|one| subject.access(one)).any(|access| access == Access::Destructive);
        if consent.is.purpose_required || !is_destructive {
            continue;
        }
        let purpose = consent.clauses.iter().find_map(|clause| match clause {
            ConsentClause::Purpose(texts) => texts.first(),
            _ => None,
        });
        let Some(purpose) = purpose else { continue };
        found.say(
            purpose.span,
            format!("a call under `{}` need not state a purpose", consent.name.text),
            "one that states none passes",
            "add `purpose required`, so that the record of a destructive call says what it was for",
        );
    }
}
