//! A consent that covers what nobody was shown.

use placet_engine::bundle::OnChange;

use crate::lint::rules::prelude::*;
use crate::syntax::ast::ConsentClause;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentExtends,
    level: Level::Warning,
    serves: &[(Mcp, "MCP02"), (Agentic, "ASI09"), (Practices, "Scope Minimization"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in &subject.consents {
        for clause in consent.clauses {
            let ConsentClause::OnChange(OnChange::Extend, span) = clause else { continue };
            found.say(
                *span,
                format!("`{}` covers what is added to it, and nobody is asked", consent.name.text),
                "receipts grow with the policy",
                "write `on change ask again`, or `on change keep`",
            );
        }
    }
}
