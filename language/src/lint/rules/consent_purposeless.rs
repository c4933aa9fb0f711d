//! A consent that says what may be done and not what for.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentPurposeless,
    level: Level::Note,
    serves: &[(Csf, "PR.AA-05"), (Agentic, "ASI01"), (Mcp, "MCP10")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in subject.consents.iter().filter(|consent| consent.is.purposes.is_empty()) {
        found.say(
            consent.name.span,
            format!("`{}` has no purpose", consent.name.text),
            "`purpose` is missing",
            "say what for: `purpose \"issue triage\"`; a call that states another is denied",
        );
    }
}
