//! Reports: a diff as people and machines read it.

pub(crate) mod drift;
mod github;
mod json;
mod junit;
pub(crate) mod lint;
mod markdown;
mod sarif;
mod text;
mod words;

use std::collections::BTreeSet;
use std::path::{Component, Path};

use placet_language::diff::{Approved, Diff, FailOn, Finding, Group, Outcome, fails, groups};

use crate::exit::Failure;
use crate::output;
use crate::proof::Proof;

/// How a diff is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For machines; `spec/diff.schema.json` describes it.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// A comment in a pull request.
    Markdown,
    /// For build servers: JUnit's XML.
    Junit,
}

/// Two versions, compared.
pub(crate) struct Compared<'c> {
    pub(crate) old: &'c str,
    pub(crate) new: &'c str,
    pub(crate) diff: &'c Diff,
    pub(crate) approved: &'c Approved,
    pub(crate) fail_on: &'c BTreeSet<FailOn>,
    pub(crate) outcome: Outcome,
    /// What a solver says, where it was asked.
    pub(crate) proof: Option<&'c Proof>,
    /// The lines that the change adds to the lock.
    pub(crate) locked: Vec<&'c str>,
    pub(crate) all: bool,
    /// The new policy's folder, where it has one.
    pub(crate) folder: Option<&'c Path>,
}

/// What could not be told.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// What a finding comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It makes the diff fail.
    Fails,
    /// It would, and somebody approved it.
    Approved,
    /// It is shown.
    Shown,
}

impl Compared<'_> {
    pub(crate) fn standing(&self, finding: &Finding) -> Standing {
        match self.approved.fingerprints.contains(&finding.fingerprint) {
            true => Standing::Approved,
            false if fails(finding, self.fail_on) => Standing::Fails,
            false => Standing::Shown,
        }
    }

    /// Findings in groups of those that say the same and come to the same, what fails first: who reads that
    /// a group is approved must not take it for all of them.
    pub(crate) fn groups<'f>(&self, findings: &[&'f Finding]) -> Vec<(Standing, Group<'f>)> {
        let of = |standing: Standing| {
            let same = findings.iter().copied().filter(|one| self.standing(one) == standing);
            groups(same).into_iter().map(|group| (standing, group)).collect::<Vec<_>>()
        };
        [Standing::Fails, Standing::Approved, Standing::Shown].into_iter().flat_map(of).collect()
    }

    /// All that could not be told, by the diff or by the solver.
    pub(crate) fn open(&self) -> Vec<Open> {
        let undecided = self.diff.undecided.iter().map(|one| Open {
            what: match one.feature.kind {
                "tool" => format!("{}/{}", one.server.name, one.feature.name),
                kind => format!("{kind} {}/{}", one.server.name, one.feature.name),
            },
            why: one.why.to_string(),
        });
        undecided.chain(self.proof.into_iter().flat_map(|proof| proof.open.clone())).collect()
    }

    /// Where a file of the new policy is.
    pub(crate) fn path(&self, file: &str) -> String {
        let folder = self.folder.unwrap_or(Path::new(""));
        let parts = folder.components().filter(|part| *part != Component::CurDir);
        let parts = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.chain([file.to_owned()]).collect::<Vec<_>>().join("/")
    }

    pub(crate) fn silent(&self) -> Vec<&Finding> {
        self.diff.expansions.iter().filter(|one| one.is_silent()).collect()
    }

    pub(crate) fn gated(&self) -> Vec<&Finding> {
        self.diff.expansions.iter().filter(|one| !one.is_silent()).collect()
    }
}

/// Prints a report.
pub(crate) fn print(compared: &Compared<'_>, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => output::print(text::report(compared)),
        Format::Json => output::print_json(&json::report(compared)),
        Format::Sarif => output::print_json(&sarif::report(compared)),
        Format::Github => output::print_exactly(&github::report(compared)),
        Format::Markdown => output::print_exactly(&markdown::report(compared)),
        Format::Junit => output::print(junit::report(compared)),
    }
}
