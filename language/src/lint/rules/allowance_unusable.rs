//! A comment that means to allow a finding and says nothing that counts. `allowance` finds it, once everything else is found.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::AllowanceUnusable,
    level: Level::Error,
    serves: &[(Csf, "ID.RA-07")],
    by: By::Lint,
    check: nothing,
};
