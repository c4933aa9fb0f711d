//! A diff for machines.

use placet_language::diff::{FailOn, Finding};
use serde_json::{Value, json};

use crate::report::{Compared, Standing};

/// The version of the form.
const FORM: u32 = 1;

pub(crate) fn report(compared: &Compared<'_>) -> Value {
    let fail_on: Vec<&str> = compared
        .fail_on
        .iter()
        .map(|one| match one {
            FailOn::Silent => "silent",
            FailOn::Destructive => "destructive",
            FailOn::Any => "any",
        })
        .collect();
    let diff = compared.diff;
    json!({
        "version": FORM,
        "old": compared.old,
        "new": compared.new,
        "outcome": compared.outcome,
        "fail_on": fail_on,
        "expansions": diff.expansions.iter().map(|one| expansion(compared, one)).collect::<Vec<_>>(),
        "contractions": diff.contractions,
        "renewals": diff.renewals,
        "undecided": diff.undecided,
        "redefined": diff.redefined,
        "approvals": compared.approved,
        "locked": compared.locked,
        "proof": compared.proof.map(|proof| &proof.report),
    })
}

fn expansion(compared: &Compared<'_>, finding: &Finding) -> Value {
    let mut value = json!(finding);
    if let Some(members) = value.as_object_mut() {
        let standing = match compared.standing(finding) {
            Standing::Fails => "fails",
            Standing::Approved => "approved",
            Standing::Shown => "shown",
        };
        members.insert(String::from("silent"), Value::from(finding.is_silent()));
        members.insert(String::from("standing"), Value::from(standing));
    }
    value
}
