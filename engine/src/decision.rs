//! The decision: allow or deny, why, and what would mend it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::bundle::Source;
use crate::digest::Digest;
use crate::reason::{Link, Reason};

/// Allow or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The call may be carried out.
    Allow,
    /// The call must not be carried out.
    Deny,
}

/// What the engine says of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Allow or deny.
    pub decision: Verdict,
    /// Why it is denied; `None` on an allow.
    pub reason: Option<Reason>,
    /// The link at which the chain broke; `None` on an allow.
    pub link: Option<Link>,
    /// What is wrong, for a person.
    pub detail: Option<String>,
    /// The rules that decided: those that allow, those that deny, or the one that came nearest.
    pub rules: Vec<RuleReference>,
    /// What would mend the denial.
    pub remedy: Option<Remedy>,
    /// The scopes that the chosen capability needs: the smallest set that suffices.
    pub needs: BTreeSet<String>,
    /// The token's scopes.
    pub holds: BTreeSet<String>,
    /// The receipt that the allow rests on.
    pub receipt: Option<String>,
    /// The bundle's digest.
    pub policy: Digest,
    /// What else the nearest rule lacks, and what other rules lack: ways to an allow, nearest first.
    pub alternatives: Vec<Alternative>,
    /// What the host did not let the engine check.
    pub unchecked: Vec<Unchecked>,
    /// The digest of the operation, where it must be confirmed: an allow is for just this one.
    pub operation: Option<Digest>,
    /// The confirmation that the allow uses up: the host must not accept it a second time.
    pub consume: Option<String>,
}

impl Decision {
    /// Whether the call may be carried out.
    pub fn is_allow(&self) -> bool {
        self.decision == Verdict::Allow
    }
}

/// A rule that bears on a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReference {
    /// The rule's name.
    pub id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
    /// The author's reason.
    pub because: Option<String>,
}

/// What would mend a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Remedy {
    /// A person must approve the client.
    Review {
        /// Who, where the policy says.
        by: Option<String>,
        /// Seconds from its registration that this may take, where the policy says.
        within: Option<i64>,
    },
    /// Answer 401 with the error `insufficient_user_authentication` (RFC 9470).
    Reauthenticate {
        /// `acr_values`, the first preferred; empty: any.
        acr_values: Vec<String>,
        /// `max_age` in seconds.
        max_age: Option<i64>,
    },
    /// Ask the user to confirm this one operation.
    Confirm {
        /// The digest that the confirmation must carry.
        operation: Digest,
        /// Seconds that it counts.
        within: i64,
    },
    /// Answer 401 with the error `invalid_token` (RFC 6750): the client gets another token.
    InvalidToken,
    /// Answer 403 with the error `insufficient_scope` (RFC 6750): the client asks for these scopes.
    InsufficientScope {
        /// The smallest set that suffices for the operation, all of it and not only what is missing.
        scopes: BTreeSet<String>,
    },
    /// Ask the user for a consent.
    Consent {
        /// The consent's name in the policy.
        terms: String,
        /// The digest that the receipt will carry.
        digest: Digest,
        /// The purpose that the call must then state, if any.
        purpose: Option<String>,
    },
}

impl Remedy {
    /// The word for it in decisions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Review { .. } => "review",
            Self::Reauthenticate { .. } => "reauthenticate",
            Self::Confirm { .. } => "confirm",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::Consent { .. } => "consent",
        }
    }
}

/// One thing that a rule lacks to allow the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// The reason that it would be denied for.
    pub reason: Reason,
    /// What is missing, for a person.
    pub detail: String,
    /// What would mend it.
    pub remedy: Remedy,
}

/// A rule that would allow the call, had it what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The rule's name.
    pub rule: String,
    /// The capability through which it would allow.
    pub capability: String,
    /// All that it lacks, in the order of the chain.
    pub lacks: Vec<Lack>,
}

/// Something that the call left out, so that it was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unchecked {
    /// `tool_digest`: whether the tool is still what it was at compile time.
    ToolDigest,
    /// `client.metadata_digest`: the policy has no digest to compare it with, or the call has none.
    MetadataDigest,
}

impl Unchecked {
    /// The word for it in decisions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToolDigest => "tool_digest",
            Self::MetadataDigest => "metadata_digest",
        }
    }
}
