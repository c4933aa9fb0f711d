//! Lint: what a policy that checks had better not be, and what moved since somebody reviewed it.
//! `spec/lint.md` describes it.
//!
//! `rules` has a file for each rule. They look at a `Subject`: the statements as they are written,
//! the model, and the lock. `drift` compares the catalogues once for all rules about it. What the
//! settings and the comments of a policy say of the findings is applied last.
//!
//! INVARIANT: lint does no input or output and knows no clock. What a server says today, and which day
//! it is, comes with the [`World`].

mod allowance;
mod drift;
mod finding;
mod fix;
mod metadata;
mod registry;
mod rule;
mod rules;
mod settings;
mod standard;
pub(crate) mod subject;
pub(crate) mod verbs;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::dead;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::limits::Limits;
use crate::lock;
use crate::model::{Policy, check};

pub use finding::{Allowed, Finding, Fix, Level};
pub use fix::{Fixed, fix};
pub use metadata::{Metadata, MetadataError};
pub use registry::{Registered, Registry, RegistryError};
pub use rule::{By, Rule};
pub use rules::{ALL, rule};
pub use settings::{FILE, ServerSettings, Settings, SettingsError};
pub use standard::{Item, Standard};

use finding::Findings;
use subject::Subject;

/// What lint is told of the world.
#[derive(Debug, Clone)]
pub struct World {
    /// The day by universal time.
    pub today: Date,
    /// What servers say today, by their names in the policy; nothing of those that were not asked.
    pub live: BTreeMap<String, Live>,
}

/// What a server says today.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Its catalogue, as [`crate::catalogue::write`] writes it, or why it did not answer.
    pub catalogue: Option<Result<Vec<u8>, String>>,
    /// Its protected resource metadata (RFC 9728), or why they could not be fetched.
    pub metadata: Option<Result<Metadata, String>>,
}

/// What lint found.
#[derive(Debug, Clone, Default)]
pub struct Linted {
    /// Whether the policy checks.
    pub checks: bool,
    /// In the order of files and places.
    pub findings: Vec<Finding>,
    /// What a comment in the policy allows.
    pub allowed: Vec<Allowed>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
}

impl Linted {
    /// Whether a finding should stop a change.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(|one| one.level > Level::Note)
    }
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unchecked {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Lints a policy. Of one that does not check only the errors are found, unless all of them are that
/// the servers grew past the lock: how they did is what lint is for.
pub fn lint(files: &dyn Files, limits: &Limits, settings: &Settings, world: &World) -> Linted {
    let (checked, places) = dead::review_with_places(files, limits);
    let mut linted = Linted { checks: checked.policy.is_some(), ..Linted::default() };
    let policy = looked_at(&checked.diagnostics, checked.policy, files, limits);
    let mut findings: Vec<Finding> =
        checked.diagnostics.into_iter().map(Finding::of_check).collect();
    if let Some(policy) = &policy {
        let mut unchecked = Vec::new();
        let subject = Subject::new(policy, &places, files, limits, settings, world, &mut unchecked);
        for rule in ALL {
            let mut found = Findings::new(rule, &places);
            (rule.check)(&subject, &mut found);
            findings.extend(found.into_findings());
        }
        linted.unchecked = unchecked;
    }
    settings.apply(&mut findings);
    let standing = allowance::apply(&places, findings, policy.is_some(), world.today);
    linted.findings = standing.findings;
    settings.apply(&mut linted.findings);
    linted.allowed = standing.allowed;
    linted.findings.sort_by_cached_key(|one| (one.diagnostic.sort_key(), one.diagnostic.code));
    linted
}

/// The policy that lint looks at, for whoever wants to ask its servers first; `None` where it finds
/// nothing but errors.
pub fn policy(files: &dyn Files, limits: &Limits) -> Option<Policy> {
    let checked = check(files, limits);
    looked_at(&checked.diagnostics, checked.policy, files, limits)
}

/// A policy that checks, or whose every error is that something grew past the lock.
fn looked_at(
    diagnostics: &[Diagnostic],
    policy: Option<Policy>,
    files: &dyn Files,
    limits: &Limits,
) -> Option<Policy> {
    let grew = |one: &Diagnostic| {
        matches!(one.code, Code::LockWidened | Code::LockDrift | Code::LockComponent)
    };
    match policy {
        Some(policy) => Some(policy),
        None if diagnostics.iter().filter(|one| one.is_error()).all(grew) => {
            lock::without_lock(files, limits)
        }
        None => None,
    }
}

/// Names in a sentence; of many only the first.
fn list<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> String {
    const NAMED: usize = 4;
    let all: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match all.len().checked_sub(NAMED) {
        None | Some(0) => match all.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        },
        Some(more) => {
            let first: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
            format!("{} and {more} more", first.join(", "))
        }
    }
}
