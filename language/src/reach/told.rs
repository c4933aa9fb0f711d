//! What is told of a reach: servers, features and rules by their names, for people and programs.

use std::fmt;

use placet_engine::bundle::{Content, Feature, Source};
use serde::{Serialize, Serializer};

use crate::analysis::Undecided;
use crate::reach::context::Proof;
use crate::reach::slice::Origin;

/// A server by its name in the policy and by its identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ServerName {
    /// As the policy calls it.
    pub name: String,
    /// As calls name it.
    pub identity: String,
}

/// What is called, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FeatureName {
    /// `tool`, `prompt` or `resource`.
    pub kind: &'static str,
    /// Its name, or the patterns that the resources fit.
    pub name: String,
}

impl FeatureName {
    pub(crate) fn of(feature: &Feature) -> Self {
        let kind = match feature {
            Feature::Tool(_) => "tool",
            Feature::Prompt(_) => "prompt",
            Feature::Resources(_) => "resource",
        };
        Self { kind, name: feature.name() }
    }
}

/// How a client proves its right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// With an OAuth access token.
    Token,
    /// With an API key.
    ApiKey,
    /// As whoever runs a local server.
    Local,
}

impl CredentialKind {
    pub(crate) fn of(proof: &Proof) -> Self {
        match proof {
            Proof::Token { .. } => Self::Token,
            Proof::ApiKey => Self::ApiKey,
            Proof::Local => Self::Local,
        }
    }
}

/// A rule by its name and its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleName {
    /// The rule.
    pub rule: String,
    /// The capability through which it allows.
    pub capability: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
}

impl RuleName {
    pub(crate) fn of(origin: &Origin, content: &Content) -> Self {
        let source = content.rules.get(&origin.rule).map(|rule| rule.source.clone());
        Self {
            rule: origin.rule.clone(),
            capability: origin.capability.clone(),
            source: source.unwrap_or(Source { file: String::new(), line: 0 }),
        }
    }
}

/// Something of which it could not be told whether it is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unsettled {
    /// The server.
    pub server: ServerName,
    /// What is called.
    pub feature: FeatureName,
    /// Why it could not be told.
    #[serde(serialize_with = "as_text")]
    pub why: Undecided,
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
