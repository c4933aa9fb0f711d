//! A lock that is not of this policy.

use crate::lint::list;
use crate::lint::rules::prelude::*;
use crate::lock::{Lock, Subject as About, changes};

pub(crate) static RULE: Rule = Rule {
    code: Code::LockStale,
    level: Level::Warning,
    serves: &[(Csf, "ID.RA-07"), (Csf, "PR.PS-01"), (Aisvs, "C10.4")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(lock) = &subject.policy.lock else { return };
    let changes = changes(lock, &Lock::take(subject.policy, Some(lock)));
    // Of these other rules say more.
    let others = changes.iter().filter(|change| match change.subject {
        About::Feature(..) | About::Consent(_) => false,
        About::Scope(..) | About::Client(_) => !change.direction.is_widening(),
        About::Server(_) | About::Capability(_) | About::Component(_) => true,
    });
    let mut about: Vec<String> = others.map(|change| change.subject.to_string()).collect();
    about.dedup();
    if about.is_empty() {
        return;
    }
    found.say_of_nowhere(
        format!("the policy is not what was locked: {}", list(&about)),
        "see what changed with `placet lock --check`, and run `placet lock` once it is reviewed",
    );
}
