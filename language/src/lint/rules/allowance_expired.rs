//! A finding that was allowed until a day that has passed. `allowance` finds it, once everything else is found.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::AllowanceExpired,
    level: Level::Error,
    serves: &[(Csf, "ID.RA-07")],
    by: By::Lint,
    check: nothing,
};
