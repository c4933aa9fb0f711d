//! What lint found, as people and machines read it.

mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::collections::BTreeSet;
use std::path::{Component, Path};

use placet_language::Code;
use placet_language::lint::{ALL, By, Finding, Item, Level, Linted, Rule, Standard, rule};

use crate::exit::{Exit, Failure};
use crate::output::{self, counted, plural};
use crate::report::Format;

/// A policy, linted.
pub(crate) struct Report<'r> {
    /// The policy's folder.
    pub(crate) policy: &'r Path,
    pub(crate) linted: &'r Linted,
    /// The standard whose rules are shown, if not all are.
    pub(crate) standard: Option<Standard>,
    pub(crate) exit: Exit,
    pub(crate) all: bool,
}

/// An item of a standard: the rules that serve it, and how much these found.
struct Served {
    item: Item,
    /// Those that lint applies.
    rules: Vec<Code>,
    /// Whether the scan of clients' configuration serves it.
    is_scanned: bool,
    findings: usize,
}

impl Report<'_> {
    fn count(&self, level: Level) -> usize {
        self.linted.findings.iter().filter(|one| one.level == level).count()
    }

    /// How much there is of each kind.
    fn counts(&self) -> String {
        let levels = Level::ALL.into_iter().rev();
        let found = levels.filter_map(|level| {
            let count = self.count(level);
            (count > 0).then(|| counted(count, &level.to_string()))
        });
        let allowed = self.linted.allowed.len();
        let allowed = (allowed > 0).then(|| format!("{allowed} allowed"));
        let unchecked = self.linted.unchecked.len();
        let unchecked = (unchecked > 0)
            .then(|| format!("{} could not be checked", plural(unchecked, "thing", "things")));
        found.chain(allowed).chain(unchecked).collect::<Vec<_>>().join(", ")
    }

    /// What the standard's items come to.
    fn served(&self) -> Vec<Served> {
        let Some(standard) = self.standard else { return Vec::new() };
        let served = standard.items().iter().map(|item| {
            let serves = |code: Code| {
                rule(code).is_some_and(|rule| rule.serves.contains(&(standard, item.id)))
            };
            let (scanned, linted): (Vec<&Rule>, Vec<&Rule>) = ALL
                .iter()
                .copied()
                .filter(|rule| serves(rule.code))
                .partition(|rule| rule.by == By::Scan);
            let findings = self.linted.findings.iter().filter(|one| serves(one.code())).count();
            Served {
                item: *item,
                rules: linted.into_iter().map(|rule| rule.code).collect(),
                is_scanned: !scanned.is_empty(),
                findings,
            }
        });
        served.collect()
    }

    /// Where a file of the policy is, from where the command runs.
    fn path(&self, file: &str) -> String {
        let parts = self.policy.components().filter(|part| *part != Component::CurDir);
        let parts = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.chain([file.to_owned()]).collect::<Vec<_>>().join("/")
    }

    /// The codes that were found, those of allowed findings too.
    fn codes(&self) -> BTreeSet<Code> {
        let allowed = self.linted.allowed.iter().map(|one| one.finding.code());
        self.linted.findings.iter().map(Finding::code).chain(allowed).collect()
    }
}

/// Prints a report.
pub(crate) fn print(report: &Report<'_>, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => text::print(report),
        Format::Json => output::print_json(&json::report(report)),
        Format::Sarif => output::print_json(&sarif::report(report)),
        Format::Github => output::print_exactly(&github::report(report)),
        Format::Markdown => output::print_exactly(&markdown::report(report)),
        Format::Junit => output::print(junit::report(report)),
    }
}
