//! Certificates for a pair of versions, by a solver that knows nothing of how the diff was found.
//!
//! [`diff`](placet_language::diff::diff) decides exactly which calls a new version allows that the old
//! one did not. [`prove`] checks that on the emitted Cedar with `cedar-policy-symcc` and the SMT solver
//! cvc5:
//!
//! 1. No emitted policy of either version errs, whatever the call.
//! 2. Of every tool, prompt and resource of the new version: what the new version allows, but for what
//!    the diff reports, the old one allowed too: `new + forbid(reported) ⇒ old`. What is reported is
//!    meant by its cell: of this principal, through these clients, with such a credential.
//!
//! # What it rests on
//!
//! Cedar is asked with facts that the engine computes first (`spec/chain.md`), and the two versions
//! compute them by different tables. So both are put in the facts of one call that the host states:
//! groups become the claims that they are made of, closed scopes those of the credential, consents the
//! receipts of the call, clients their ids, and whatever follows from a table stands there as its
//! definition. A difference between tables is thereby a difference that must have been reported.
//!
//! One reading is the diff's own: that users are asked again is no expansion by itself. So a receipt of
//! the new version's tables that the old version does not know, by the name of one of its consents or a
//! former name of it, counts there as if it were for the terms that the old version has now: for all that
//! they grant, for as long as they last and for any purpose of theirs. Only the old version is read so,
//! and only what it knows nothing of: a receipt for terms that it remembers and lets count no longer is
//! not renewed. The implication is therefore one about users who were asked under either version.
//!
//! What remains is listed in [`Report::trusted`]: that the tables are what the engine makes of them,
//! and what is known of quantified arguments, which comes from the analysis of conditions that the diff
//! uses too. What the certificates do not speak of is in [`Report::not_covered`].
//!
//! # Calling it
//!
//! ```no_run
//! # fn f(old: &placet_engine::Engine, new: &placet_engine::Engine) -> Result<(), placet_prove::ProveError> {
//! use placet_language::diff::{DiffLimits, diff};
//! use placet_prove::{ProveLimits, prove};
//!
//! let diff = diff(old, new, &Vec::new, &DiffLimits::default());
//! let report = prove(old.content(), new.content(), &diff, &ProveLimits::default())?;
//! print!("{report}");
//! let undecided = !report.holds();
//! # Ok(())
//! # }
//! ```
//!
//! A command exits as for an undecided diff unless [`Report::holds`], and as for unusable input on a
//! [`ProveError`], which says what to install where the solver is missing. The solver is the `cvc5` of
//! the path, or what the environment variable `CVC5` names. It runs as one process, which is killed
//! when the proof ends, however it does.

#![cfg(feature = "symcc")]

mod cells;
mod errors;
mod expansion;
mod expr;
mod kinds;
mod report;
mod rewrite;
mod solver;
mod universe;
mod version;
mod vocabulary;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use placet_engine::bundle::Content;
use placet_language::diff::Diff;

pub use report::{Certificate, Erring, Outcome, Report};

use errors::Errors;
use expansion::Said;
use solver::Solver;
use version::{Version, Which};

/// What a proof is made with, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProveLimits {
    /// The solver; `None`: what the environment variable `CVC5` names, or the `cvc5` of the path.
    pub solver: Option<PathBuf>,
    /// Whether policies are asked whether they err: not needed where the same versions were asked
    /// before.
    pub errors: bool,
    /// The time for one question; beyond, its answer is unknown.
    pub query: Duration,
    /// The time for all; what is not asked by then is unknown.
    pub total: Duration,
    /// Sets of resource patterns that some resource fits all of, for each server.
    pub resource_sets: usize,
}

impl Default for ProveLimits {
    fn default() -> Self {
        Self {
            solver: None,
            errors: true,
            query: Duration::from_secs(60),
            total: Duration::from_secs(1_800),
            resource_sets: 1_000,
        }
    }
}

/// Why nothing could be proved or refuted at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProveError {
    /// There is no solver.
    NoSolver {
        /// Where it was looked for.
        path: String,
        /// What came of that.
        why: String,
    },
    /// A bundle cannot be read, or the process cannot do what it takes.
    Unusable(String),
}

impl fmt::Display for ProveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSolver { path, why } => write!(
                formatter,
                "the solver `{path}` cannot be run: {why}. Install cvc5 (Debian: `apt-get install \
                 cvc5`), or name it by the environment variable {}",
                solver::VARIABLE
            ),
            Self::Unusable(why) => formatter.write_str(why),
        }
    }
}

impl Error for ProveError {}

/// The stack of the thread that proves: the solver's terms are walked recursively.
const STACK: usize = 256 * 1024 * 1024;

/// Proves that the diff of two versions reports all that was newly allowed, and that no policy errs.
///
/// # Errors
///
/// [`ProveError`] where there is no solver or a bundle is unusable. What is refuted or could not be told is
/// no error: see [`Report::holds`].
pub fn prove(
    old: &Content,
    new: &Content,
    diff: &Diff,
    limits: &ProveLimits,
) -> Result<Report, ProveError> {
    let said = Said {
        reported: diff.expansions.iter().flat_map(|finding| finding.concerned()).collect(),
        undecided: diff
            .undecided
            .iter()
            .map(|one| (one.server.identity.clone(), one.feature.clone()))
            .collect(),
    };
    // A thread of its own: the caller may be within a runtime, and its stack may be small.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || run(old, new, &said, limits))
            .map_err(|error| ProveError::Unusable(error.to_string()))?;
        let lost = || ProveError::Unusable(String::from("the proof broke off: a defect of Placet"));
        thread.join().map_err(|_| lost())?
    })
}

fn run(
    old: &Content,
    new: &Content,
    said: &Said,
    limits: &ProveLimits,
) -> Result<Report, ProveError> {
    let mut solver = Solver::new(limits)?;
    let now = Instant::now();
    let until = now.checked_add(limits.total).unwrap_or(now);
    let (old, new) = (Version::new(Which::Old, old)?, Version::new(Which::New, new)?);
    let mut errors = Errors::default();
    if limits.errors {
        errors::check(&old, until, &mut solver, &mut errors)?;
        errors::check(&new, until, &mut solver, &mut errors)?;
    }
    let mut report = Report {
        solver: solver.version.clone(),
        errors_checked: errors.checked,
        errors: errors.found,
        certificates: Vec::new(),
        trusted: TRUSTED.iter().map(|one| (*one).to_owned()).collect(),
        not_covered: NOT_COVERED.iter().map(|one| (*one).to_owned()).collect(),
    };
    expansion::check((&old, &new), said, limits, until, &mut solver, &mut report)?;
    Ok(report)
}

/// What every certificate rests on.
const TRUSTED: [&str; 5] = [
    "the engine computes the facts before Cedar (groups, clients, closed scopes, receipts, views, \
     confirmation, which patterns a resource fits) as the tables of the bundles say",
    "the emitted policies were put in the facts of one call without a change of meaning",
    "cedar-policy-symcc and the solver",
    "as in the diff, receipts for terms that the old version does not know count there as if they were for \
     its own of that name: asking again by itself is no expansion",
    "ages and the lifetime of a token follow from its times; claims, scopes, receipts and the views of \
     different arguments are free of one another",
];

/// What no certificate speaks of.
const NOT_COVERED: [&str; 2] = [
    "which calls of a reported principal through a reported client are new, and whether they are silent \
     or gated",
    "what the old version allowed and the new one does not",
];

fn over() -> Outcome {
    Outcome::Unknown { why: String::from("the time for the whole proof is over") }
}

/// An error with what it comes from.
fn chain(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(one) = source {
        told.push_str(": ");
        told.push_str(&one.to_string());
        source = one.source();
    }
    told
}

fn told(error: &cedar_policy_symcc::err::Error) -> String {
    use cedar_policy_symcc::err::Error::PolicyNotWellTyped;
    match error {
        PolicyNotWellTyped { errs } => {
            let errors: BTreeSet<String> = errs.iter().map(ToString::to_string).collect();
            let errors: Vec<String> = errors.into_iter().collect();
            format!("{error}: {}", errors.join("; "))
        }
        other => chain(other),
    }
}
