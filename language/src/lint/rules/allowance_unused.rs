//! A comment that allows nothing. `allowance` finds it, once everything else is found.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::AllowanceUnused,
    level: Level::Warning,
    serves: &[(Csf, "ID.RA-07")],
    by: By::Lint,
    check: nothing,
};
