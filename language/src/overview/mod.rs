//! The overview: what somebody should know of a policy before a server is exposed.
//!
//! It says who may come, what is checked of whoever comes, which consent leads to which tools, what
//! nothing covers, and what changed since somebody reviewed it. That a consent really leads to a tool
//! is not read off the rules: it is asked as a [question](mod@crate::ask), so a consent whose tools
//! every call is denied does not look as if it granted them.
//!
//! ```
//! use placet_language::ask::AskLimits;
//! use placet_language::overview::{Reviewed, overview};
//! # fn show(
//! #     policy: &placet_language::Policy,
//! #     engine: &placet_engine::Engine,
//! # ) -> Result<(), placet_language::ask::QuestionError> {
//! let reviewed = Reviewed { policy, engine, findings: &[], changes: None };
//! for cell in overview(&reviewed, &AskLimits::default())?.matrix {
//!     println!("{:?} leads to {}: {:?}", cell.consent, cell.feature.name, cell.callers);
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod consent;
mod matrix;
mod rule;
mod scope;
mod server;
mod uncovered;
mod words;

use placet_engine::bundle::{Access, RegisterRule};
use placet_engine::{Digest, Engine};
use serde::Serialize;

use crate::ask::{AskLimits, QuestionError, Unsettled};
use crate::lint::{Finding, Level};
use crate::lock::Change;
use crate::model::{Held, Policy};

pub use crate::ask::FeatureName;
pub use client::{Client, Group};
pub use consent::{Capability, Consent, HeldFeature};
pub use matrix::{Callers, Cell};
pub use rule::{Kind, Rule};
pub use scope::{RegisterName, Scope};
pub use server::{Check, Server};
pub use uncovered::{Grant, ServerFeature, Uncovered};

use matrix::Reached;

/// A policy, and what was found out about it.
#[derive(Clone, Copy)]
pub struct Reviewed<'r> {
    /// The policy.
    pub policy: &'r Policy,
    /// What it compiles to.
    pub engine: &'r Engine,
    /// What is to be said about it, as [`lint`](mod@crate::lint) does.
    pub findings: &'r [Finding],
    /// What changed since its lock was written; `None` where it has none.
    pub changes: Option<&'r [Change]>,
}

/// What somebody should know of a policy. Every list is in an order that does not depend on the order
/// of statements and files.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// The digest of the compiled policy, as every decision names it.
    pub policy: Digest,
    /// The servers by name.
    pub servers: Vec<Server>,
    /// The groups of users by name.
    pub groups: Vec<Group>,
    /// The clients that the policy names.
    pub clients: Vec<Client>,
    /// How other clients are admitted; any of these, none where they are not.
    pub registrations: Vec<RegisterRule>,
    /// The scopes by server and name.
    pub scopes: Vec<Scope>,
    /// The capabilities by server and name.
    pub capabilities: Vec<Capability>,
    /// The consents by name.
    pub consents: Vec<Consent>,
    /// The rules: what allows by name, then what denies, then what is required.
    pub rules: Vec<Rule>,
    /// Where each consent leads, and what is allowed without one, which comes last.
    pub matrix: Vec<Cell>,
    /// What nothing leads to.
    pub uncovered: Uncovered,
    /// What changed since the lock was written; `None` where there is no lock.
    pub since_lock: Option<Vec<Change>>,
    /// What lint finds, in the order of files and places.
    pub findings: Vec<Found>,
    /// Of what it could not be told whether anybody may call it.
    pub undecided: Vec<Unsettled>,
}

/// Something that lint found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The stable code of its rule.
    pub code: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The file, where it concerns a place.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

impl Found {
    fn of(finding: &Finding) -> Self {
        let diagnostic = &finding.diagnostic;
        Self {
            code: diagnostic.code.as_str(),
            level: finding.level,
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            file: diagnostic.file().map(str::to_owned),
            line: diagnostic.position().map(|(line, _)| line),
        }
    }
}

impl Overview {
    /// A capability by its name.
    pub fn capability(&self, name: &str) -> Option<&Capability> {
        self.capabilities.iter().find(|one| one.name == name)
    }

    /// The highest access of what may be called without a consent; `None` where nothing may.
    pub fn without_consent(&self) -> Option<Access> {
        let cells = self.matrix.iter().filter(|cell| cell.consent.is_none());
        cells.filter(|cell| cell.callers != Callers::Nobody).map(|cell| cell.access).max()
    }
}

/// Says what somebody should know of a policy.
///
/// # Errors
///
/// [`QuestionError`]: it could not be asked who may call what, which no policy leads to. An overview
/// without the answer would say that nobody may.
pub fn overview(reviewed: &Reviewed<'_>, limits: &AskLimits) -> Result<Overview, QuestionError> {
    let Reviewed { policy, engine, findings, changes } = *reviewed;
    let held = Held::new(&policy.capabilities);
    let reached = Reached::new(engine, limits)?;
    let matrix = matrix::matrix(policy, &held, &reached);
    Ok(Overview {
        policy: engine.digest().clone(),
        servers: server::servers(policy),
        groups: client::groups(policy),
        clients: client::clients(policy),
        registrations: policy.registrations.iter().cloned().collect(),
        scopes: scope::scopes(policy, engine.content()),
        capabilities: consent::capabilities(policy, &held),
        consents: consent::consents(policy, engine.content()),
        rules: rule::rules(policy),
        uncovered: uncovered::uncovered(policy, &reached),
        matrix,
        since_lock: changes.map(<[Change]>::to_vec),
        findings: findings.iter().map(Found::of).collect(),
        undecided: reached.undecided,
    })
}
