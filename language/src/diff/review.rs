//! Reviews: what a diff comes to, once approvals and what shall fail are known.

use std::collections::{BTreeSet, HashMap};

use placet_engine::bundle::Access;
use serde::Serialize;

use crate::diff::approvals::Approved;
use crate::diff::finding::{Diff, Finding};

/// What makes a diff fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailOn {
    /// An expansion before which nobody is asked.
    Silent,
    /// An expansion of what is destructive.
    Destructive,
    /// Any expansion.
    Any,
}

/// How a diff ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something was found that shall fail.
    Failed,
    /// Nothing was found that shall fail, but not all could be decided.
    Undecided,
    /// All was decided, and nothing was found that shall fail.
    Passed,
}

/// Whether a finding is of a kind that shall fail, approved or not.
pub fn fails(finding: &Finding, fail_on: &BTreeSet<FailOn>) -> bool {
    fail_on.iter().any(|what| match what {
        FailOn::Silent => finding.is_silent(),
        FailOn::Destructive => finding.access == Some(Access::Destructive),
        FailOn::Any => true,
    })
}

/// How a diff ends. An approval that expired or approves nothing fails it, too.
pub fn outcome(diff: &Diff, approved: &Approved, fail_on: &BTreeSet<FailOn>) -> Outcome {
    let open = diff.expansions.iter().any(|finding| {
        fails(finding, fail_on) && !approved.fingerprints.contains(&finding.fingerprint)
    });
    if open || approved.has_errors() {
        Outcome::Failed
    } else if !diff.undecided.is_empty() {
        Outcome::Undecided
    } else {
        Outcome::Passed
    }
}

/// Findings that say the same of several tools.
#[derive(Debug)]
pub struct Group<'f> {
    /// The findings, one for each tool.
    pub findings: Vec<&'f Finding>,
}

impl<'f> Group<'f> {
    /// What is said of all of them.
    pub fn first(&self) -> Option<&'f Finding> {
        self.findings.first().copied()
    }

    /// The highest access among them.
    pub fn access(&self) -> Option<Access> {
        self.findings.iter().filter_map(|one| one.access).max()
    }
}

/// All that is said of a finding but for what is called.
fn said(finding: &Finding) -> String {
    let Finding {
        fingerprint: _,
        server,
        feature: _,
        access: _,
        principal,
        clients,
        credential,
        reach,
        gates,
        rules,
        when,
        except,
        before,
        causes,
        witness: _,
        call: _,
        meant: _,
    } = finding;
    serde_json::json!([
        server, principal, clients, credential, reach, gates, rules, when, except, before, causes
    ])
    .to_string()
}

/// Findings in groups of those that say the same, in the order of the first of each: what nobody is
/// asked about first, then what does most harm, then what is newly reached.
pub fn groups<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Group<'f>> {
    let mut groups: Vec<Group<'f>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let place = *places.entry(said(finding)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { findings: vec![finding] }),
        }
    }
    groups.sort_by_key(|group| {
        let first = group.first();
        (
            first.is_some_and(|one| !one.is_silent()),
            std::cmp::Reverse(group.access()),
            first.map(|one| one.reach),
        )
    });
    groups
}
