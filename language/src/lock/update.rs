//! Locking again: the lock of the policy as it is now, and what there was before.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;
use placet_engine::Digest;

use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::limits::Limits;
use crate::lock::{self, Lock, Version};
use crate::model::{Policy, check};

/// A day in seconds.
const DAY: i64 = 86_400;

/// A lock that is about to be written.
#[derive(Debug, Clone)]
pub struct Update {
    /// The lock as it was; `None` where there was none.
    pub before: Option<Lock>,
    /// The lock as it will be.
    pub after: Lock,
    /// The terms that it no longer remembers, by consent, as the last receipt for them must have expired.
    pub pruned: BTreeSet<(String, Digest)>,
}

impl Update {
    /// Whether anything would be written that is not there.
    pub fn is_change(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }
}

/// Locks a policy as it is now, whatever the lock beside it says. Terms that are no longer those of a
/// consent are kept, and said to be replaced since `today`; with `prune`, those are left out whose last
/// receipt must have expired by then.
///
/// # Errors
///
/// Everything that is wrong with the policy, or with the lock that is there.
pub fn update(
    files: &dyn Files,
    limits: &Limits,
    today: Date,
    prune: bool,
) -> Result<Update, Vec<Diagnostic>> {
    let errors = |mut all: Vec<Diagnostic>| {
        all.retain(Diagnostic::is_error);
        all
    };
    let before = match beside(files, limits) {
        Beside::Nothing => None,
        Beside::Lock(lock) => Some(lock),
        Beside::Unusable => return Err(errors(check(files, limits).diagnostics)),
    };
    let checked = check(&Unlocked(files), limits);
    let Some(policy) = checked.policy else { return Err(errors(checked.diagnostics)) };
    let mut after = Lock::take(&policy, before.as_ref());
    let current: BTreeSet<Digest> = Lock::take(&policy, None).terms.into_keys().collect();
    let former: Vec<Digest> =
        after.terms.keys().filter(|digest| !current.contains(digest)).cloned().collect();
    for digest in &former {
        let days = after.replaced.entry(digest.clone()).or_default();
        if days.is_empty() {
            days.insert(today);
        }
    }
    let mut pruned = BTreeSet::new();
    if prune {
        for digest in former {
            let Some(version) = after.terms.get(&digest) else { continue };
            let replaced = after.replaced.get(&digest).and_then(BTreeSet::last);
            if is_expired(version, replaced.copied(), today) {
                pruned.insert((version.name.clone(), digest.clone()));
                after.forget(&digest);
            }
        }
    }
    Ok(Update { before, after, pruned })
}

/// Whether the last receipt for terms must have expired: it was given by the end of the day on which
/// they were replaced, by the clock of some time zone.
fn is_expired(version: &Version, replaced: Option<Date>, today: Date) -> bool {
    let (Some(lasts), Some(replaced)) = (version.lasts, replaced) else { return false };
    // The day itself, a part of one, and one for time zones.
    let Some(days) = lasts.checked_div(DAY).and_then(|days| days.checked_add(3)) else {
        return false;
    };
    let last = i32::try_from(days).ok().and_then(|days| replaced.checked_add(days.days()).ok());
    last.is_some_and(|last| last <= today)
}

impl Lock {
    /// Takes out terms, with what only they refer to.
    fn forget(&mut self, digest: &Digest) {
        self.terms.remove(digest);
        self.replaced.remove(digest);
        let granted: BTreeSet<&Digest> = self.terms.values().flat_map(|one| &one.grants).collect();
        self.grants.retain(|digest, _| granted.contains(digest));
        let mut shapes: BTreeSet<&Digest> = BTreeSet::new();
        for grant in self.grants.values() {
            shapes.extend(grant.tools.values().chain(grant.prompts.values()).map(|one| &one.shape));
        }
        for server in self.servers.values() {
            let tools = server.tools.values().chain(server.prompts.values());
            shapes.extend(tools.filter_map(|tool| tool.shape.as_ref()));
        }
        self.shapes.retain(|digest, _| shapes.contains(digest));
    }
}

/// What a policy says as if it had no lock, with the lock that stands beside it; `None` if it does not
/// check even so.
pub(crate) fn without_lock(files: &dyn Files, limits: &Limits) -> Option<Policy> {
    let Beside::Lock(lock) = beside(files, limits) else { return None };
    let policy = check(&Unlocked(files), limits).policy?;
    Some(Policy { lock: Some(lock), ..policy })
}

/// The lock beside a policy.
enum Beside {
    Nothing,
    Lock(Lock),
    Unusable,
}

fn beside(files: &dyn Files, limits: &Limits) -> Beside {
    if files.has_lock() == Ok(false) {
        return Beside::Nothing;
    }
    let bytes = files.read(lock::FILE, limits.lock_bytes).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    match text.and_then(|text| lock::read(&text).ok()) {
        Some(lock) => Beside::Lock(lock),
        None => Beside::Unusable,
    }
}

/// A policy's folder as if it had no lock.
struct Unlocked<'f>(&'f dyn Files);

impl Files for Unlocked<'_> {
    fn list(&self) -> Result<Vec<String>, String> {
        self.0.list()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        self.0.read(path, limit)
    }

    fn has_lock(&self) -> Result<bool, String> {
        Ok(false)
    }
}
