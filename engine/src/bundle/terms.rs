//! Terms: what a user is asked to agree to today, and what was agreed to under each earlier version.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::bundle::{BundleError, Content, Through};
use crate::digest::Digest;
use crate::ids;

/// A declared consent: what the user is shown, and what it grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The digest that a receipt given today carries.
    pub digest: Digest,
    /// The server's name in the policy.
    pub server: String,
    /// The author's text, in which `{client}` stands for the client's name.
    pub text: String,
    /// One generated line for each granted capability, shown below the text.
    pub lines: Vec<String>,
    /// The granted capabilities.
    pub grants: BTreeSet<String>,
    /// The purposes that a call may state.
    pub purposes: BTreeSet<String>,
    /// Whether a call must state one.
    pub purpose_required: bool,
    /// Seconds that a receipt lasts from `given_at`.
    pub lasts: Option<i64>,
    /// The clients that it may be given to; `None`: any.
    pub clients: Option<BTreeSet<Through>>,
    /// What happens to receipts when what they cover changes.
    pub on_change: OnChange,
    /// Names that the consent had. Receipts under these are receipts for it.
    pub was: BTreeSet<String>,
    /// What users agreed to, by the digest in their receipts: today's version and every earlier one
    /// that the lock remembers. A digest that is not here is matched by nothing, least of all by
    /// its name.
    pub versions: BTreeMap<Digest, TermsVersion>,
}

impl Terms {
    /// Checks that today's terms are one of their own versions, and that no version covers what is
    /// not granted today.
    pub(crate) fn check(&self, name: &str, content: &Content) -> Result<(), BundleError> {
        let wrong =
            |what: String| Err(BundleError::Inconsistent(format!("consent `{name}` {what}")));
        let is_today = |version: &TermsVersion| {
            version.name == name
                && version.purposes == self.purposes
                && version.lasts == self.lasts
                && version.covers == Coverage::Whole
        };
        if !self.versions.get(&self.digest).is_some_and(is_today) {
            return wrong(String::from("is not one of its own versions"));
        }
        let strange =
            self.versions.values().find(|one| one.name != name && !self.was.contains(&one.name));
        if let Some(strange) = strange {
            return wrong(format!("was never called `{}`", strange.name));
        }
        let partial = self.versions.values().filter_map(|version| match &version.covers {
            Coverage::Whole => None,
            Coverage::Part(covered) => Some(covered),
        });
        let mut partial = partial.flatten().peekable();
        if partial.peek().is_none() {
            return Ok(());
        }
        let mut granted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let server = content.servers.get(&self.server).into_iter();
        for (feature, tool) in server.flat_map(|server| server.features()) {
            for capability in tool.capabilities.intersection(&self.grants) {
                let id = ids::feature(&self.server, &feature);
                granted.entry(capability).or_default().insert(id);
            }
        }
        for (capability, features) in partial {
            if !granted.get(capability.as_str()).is_some_and(|granted| features.is_subset(granted))
            {
                return wrong(String::from("has a version that covers what is not granted today"));
            }
        }
        Ok(())
    }
}

/// What happens to receipts when what they cover changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// Any widening asks the user again.
    #[default]
    AskAgain,
    /// What the user was shown stays covered, what is new is not.
    Keep,
    /// What is new is covered too.
    Extend,
}

/// What users agreed to under one digest, as far as it bears on today's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsVersion {
    /// The consent's name then, which the digest covers.
    pub name: String,
    /// The purposes then.
    pub purposes: BTreeSet<String>,
    /// Seconds that a receipt lasted then.
    pub lasts: Option<i64>,
    /// How much of what is granted today it granted.
    pub covers: Coverage,
}

/// How much of what is granted today an earlier version granted: as wide a definition, as high an
/// access, and a `where` that held wherever today's does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All of it.
    Whole,
    /// By capability these of its features, by [`ids::feature`](crate::ids::feature).
    Part(BTreeMap<String, BTreeSet<String>>),
}

impl Coverage {
    /// Whether a use of a feature as one of a capability is covered.
    pub fn holds(&self, capability: &str, feature: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Part(held) => held.get(capability).is_some_and(|held| held.contains(feature)),
        }
    }
}
