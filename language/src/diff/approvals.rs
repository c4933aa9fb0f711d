//! Approvals: findings that somebody looked at and accepts, each with a reason and an end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use crate::diff::finding::Diff;

/// The file of a policy's approvals, beside the policy.
pub const APPROVALS_FILE: &str = "placet.approvals.toml";

/// A finding that somebody accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepts it.
    pub by: String,
    /// The last day on which it counts.
    #[serde(serialize_with = "as_text")]
    pub expires: Date,
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Every approval of a version, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals(BTreeMap<String, Approval>);

/// Why approvals cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalsError(String);

impl fmt::Display for ApprovalsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ApprovalsError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    approval: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    reason: String,
    by: String,
    expires: String,
}

impl Approvals {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`ApprovalsError`]: not TOML, an unknown key, a part that is missing or empty, a date that is
    /// none, or a fingerprint that stands twice.
    pub fn read(text: &str) -> Result<Self, ApprovalsError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                format!(" in line {}", before.matches('\n').count().saturating_add(1))
            });
            let message = error.message().trim_end();
            ApprovalsError(format!("{message}{}", line.unwrap_or_default()))
        })?;
        let mut approvals = Self::default();
        for entry in document.approval {
            let Entry { fingerprint, reason, by, expires } = entry;
            let wrong = |what: String| ApprovalsError(format!("approval `{fingerprint}` {what}"));
            for (name, value) in [("reason", &reason), ("by", &by)] {
                if value.trim().is_empty() {
                    return Err(wrong(format!("has an empty `{name}`")));
                }
            }
            let expires = expires.parse().map_err(|_| {
                wrong(format!("expires on `{expires}`, which is no date such as `2027-03-01`"))
            })?;
            let approval = Approval { fingerprint: fingerprint.clone(), reason, by, expires };
            if approvals.0.insert(fingerprint.clone(), approval).is_some() {
                return Err(ApprovalsError(format!("approval `{fingerprint}` stands twice")));
            }
        }
        Ok(approvals)
    }

    /// Adds an approval; one with the same fingerprint is replaced.
    pub fn add(&mut self, approval: Approval) {
        self.0.insert(approval.fingerprint.clone(), approval);
    }

    /// Every approval, by fingerprint.
    pub fn iter(&self) -> impl Iterator<Item = &Approval> {
        self.0.values()
    }

    /// Leaves out those that count for none of these findings, or no longer.
    pub fn prune(&mut self, diff: &Diff, today: Date) {
        let found: BTreeSet<&str> =
            diff.expansions.iter().map(|finding| finding.fingerprint.as_str()).collect();
        self.0.retain(|fingerprint, approval| {
            found.contains(fingerprint.as_str()) && approval.expires >= today
        });
    }
}

/// The file as it is written.
impl fmt::Display for Approvals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "# Findings of `placet diff` that somebody accepts; `placet diff --approve` adds one.\n",
        )?;
        for approval in self.0.values() {
            let Approval { fingerprint, reason, by, expires } = approval;
            let text = |text: &str| toml_text(text);
            write!(
                formatter,
                "\n[[approval]]\nfingerprint = {}\nreason = {}\nby = {}\nexpires = \"{expires}\"\n",
                text(fingerprint),
                text(reason),
                text(by),
            )?;
        }
        Ok(())
    }
}

/// A basic string of TOML.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            other if other.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(other)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// What approvals come to for a diff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Approved {
    /// Those that the change itself adds, used or not.
    pub added: Vec<Approval>,
    /// Those that no longer count.
    pub expired: Vec<Approval>,
    /// Those that the change adds and no finding uses.
    pub unused: Vec<Approval>,
    /// The fingerprints of the findings that are approved.
    pub fingerprints: BTreeSet<String>,
}

impl Approved {
    /// Holds the new version's approvals to the findings, the old version's and the day.
    pub fn new(diff: &Diff, old: &Approvals, new: &Approvals, today: Date) -> Self {
        let found: BTreeSet<&str> =
            diff.expansions.iter().map(|finding| finding.fingerprint.as_str()).collect();
        let mut approved = Self::default();
        for (fingerprint, approval) in &new.0 {
            let is_added = old.0.get(fingerprint) != Some(approval);
            let is_used = found.contains(fingerprint.as_str());
            if is_added {
                approved.added.push(approval.clone());
            }
            match (approval.expires < today, is_used) {
                (true, _) if is_used || is_added => approved.expired.push(approval.clone()),
                (false, true) => {
                    approved.fingerprints.insert(fingerprint.clone());
                }
                (false, false) if is_added => approved.unused.push(approval.clone()),
                _ => {}
            }
        }
        approved
    }

    /// Whether an approval is itself a mistake.
    pub fn has_errors(&self) -> bool {
        !self.expired.is_empty() || !self.unused.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut approvals = Approvals::default();
        approvals.add(Approval {
            fingerprint: String::from("0123456789abcdef"),
            reason: String::from("a \"quoted\"\nreason \\ with é"),
            by: String::from("iam@acme.example"),
            expires: Date::constant(2027, 3, 1),
        });
        assert_eq!(Approvals::read(&approvals.to_string()), Ok(approvals));
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let whole = "fingerprint = \"a\"\nreason = \"r\"\nby = \"b\"\nexpires = \"2027-03-01\"\n";
        let of = |text: &str| Approvals::read(text).unwrap_err().to_string();
        let once = format!("[[approval]]\n{whole}");
        assert!(Approvals::read(&once).is_ok());
        assert_eq!(of(&format!("{once}{once}")), "approval `a` stands twice");
        assert!(of(&format!("{once}until = \"x\"\n")).contains("unknown field `until`"));
        assert!(of(&once.replace("by = \"b\"\n", "")).contains("missing field `by`"));
        assert_eq!(of(&once.replace("\"r\"", "\" \"")), "approval `a` has an empty `reason`");
        assert_eq!(
            of(&once.replace("2027-03-01", "soon")),
            "approval `a` expires on `soon`, which is no date such as `2027-03-01`"
        );
    }
}
