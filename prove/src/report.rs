//! What was proved, for programs and for people.

use std::collections::BTreeSet;
use std::fmt;

use cedar_policy_symcc::Env;
use placet_language::diff::{FeatureName, ServerName};
use serde::Serialize;

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It holds of every call.
    Proved,
    /// It does not hold, which is a defect of Placet: the diff, the compiler or this proof is wrong.
    Refuted {
        /// A call of which it does not hold, in the facts that the proof speaks of.
        counterexample: String,
    },
    /// It could not be told.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl Outcome {
    /// Whether it was proved.
    pub fn is_proved(&self) -> bool {
        *self == Self::Proved
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proved => formatter.write_str("proved"),
            Self::Refuted { .. } => formatter.write_str("refuted, which is a defect of Placet"),
            Self::Unknown { why } => write!(formatter, "unknown: {why}"),
        }
    }
}

/// An emitted policy of which it was not proved that it never errs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erring {
    /// `old` or `new`.
    pub version: &'static str,
    /// The policy's id.
    pub policy: String,
    /// An action in its scope.
    pub action: String,
    /// What was found; never [`Outcome::Proved`].
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Whether nothing but what is reported of a tool, a prompt or a resource was newly allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The server.
    pub server: ServerName,
    /// What is called.
    pub feature: FeatureName,
    /// How many cells of findings are left out: the calls of a principal through some clients.
    pub reported: usize,
    /// Whether the solver was asked; where not, the policies themselves show it.
    pub solved: bool,
    /// What was found.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The certificates for a pair of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The solver.
    pub solver: String,
    /// How many questions of whether a policy can err were asked: each policy of both versions, once
    /// for each shape of call in its scope, of users and of machines.
    pub errors_checked: usize,
    /// The policies that may err, or of which that is not known.
    pub errors: Vec<Erring>,
    /// Each tool, prompt and set of resources of the new version.
    pub certificates: Vec<Certificate>,
    /// What the certificates rest on.
    pub trusted: BTreeSet<String>,
    /// What they do not speak of.
    pub not_covered: BTreeSet<String>,
}

impl Report {
    /// Whether everything that was asked is proved. Otherwise the diff is undecided.
    pub fn holds(&self) -> bool {
        self.errors.is_empty() && self.certificates.iter().all(|one| one.outcome.is_proved())
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}\n")).collect();
    lines.concat()
}

fn outcome(formatter: &mut fmt::Formatter<'_>, outcome: &Outcome) -> fmt::Result {
    match outcome {
        Outcome::Proved => Ok(()),
        Outcome::Refuted { counterexample } => {
            writeln!(formatter, ": {outcome}, by the call")?;
            formatter.write_str(&indented(counterexample))
        }
        Outcome::Unknown { why } => writeln!(formatter, ": unknown, since {why}"),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proved = self.certificates.iter().filter(|one| one.outcome.is_proved()).count();
        writeln!(
            formatter,
            "proved with {}: {proved} of {} certificates that nothing but what is reported was newly \
             allowed",
            self.solver,
            self.certificates.len(),
        )?;
        for one in self.certificates.iter().filter(|one| !one.outcome.is_proved()) {
            let FeatureName { kind, name } = &one.feature;
            write!(formatter, "  {kind} `{name}` of {}", one.server.name)?;
            outcome(formatter, &one.outcome)?;
        }
        let erring = self.errors.len();
        writeln!(
            formatter,
            "proved that policies never err: {} of {}",
            self.errors_checked.saturating_sub(erring),
            self.errors_checked,
        )?;
        for one in &self.errors {
            write!(formatter, "  {} policy `{}` at {}", one.version, one.policy, one.action)?;
            outcome(formatter, &one.outcome)?;
        }
        if !self.trusted.is_empty() {
            writeln!(formatter, "trusted:")?;
            self.trusted.iter().try_for_each(|one| writeln!(formatter, "  {one}"))?;
        }
        if !self.not_covered.is_empty() {
            writeln!(formatter, "not covered by the certificates:")?;
            self.not_covered.iter().try_for_each(|one| writeln!(formatter, "  {one}"))?;
        }
        Ok(())
    }
}

/// A counterexample in words: who calls, and what is known of the call.
pub(crate) fn counterexample(env: &Env) -> String {
    let request = &env.request;
    let principal = request.principal().map(ToString::to_string).unwrap_or_default();
    let context = request.context().map(ToString::to_string).unwrap_or_default();
    format!("principal {principal}\n{context}")
}
