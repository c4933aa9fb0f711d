//! Findings: what a change newly allows, to whom, and who is asked first.

use std::collections::BTreeSet;
use std::fmt;

use placet_engine::bundle::Access;
use placet_engine::call::Call;
use placet_engine::{Digest, Reason};
use serde::Serialize;

use crate::diff::concerned::Concerned;
use crate::reach::cell::Cell;
use crate::reach::told::{CredentialKind, FeatureName, RuleName, ServerName, Unsettled};

/// What a change does to who may call what.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Diff {
    /// What the new version allows and the old one did not.
    pub expansions: Vec<Finding>,
    /// What the old version allowed and the new one does not, even if users were asked again.
    pub contractions: Vec<Finding>,
    /// What the old version allowed and the new one does again once users have agreed to its terms.
    pub renewals: Vec<Finding>,
    /// What could not be decided.
    pub undecided: Vec<Unsettled>,
    /// Tools and prompts of both versions whose definition is another.
    pub redefined: Vec<Redefined>,
}

/// Calls of one tool, prompt or resource that one version allows and the other does not.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Names what is meant, whatever authors call it and wherever it stands.
    pub fingerprint: String,
    /// The server.
    pub server: ServerName,
    /// What is called.
    pub feature: FeatureName,
    /// The access of what is called, in the version that allows the calls.
    pub access: Option<Access>,
    /// Who calls.
    pub principal: String,
    /// Through which clients.
    pub clients: Vec<String>,
    /// How the client proves its right, where that is not by a token.
    pub credential: CredentialKind,
    /// Whether the other version allows such calls under some condition.
    pub reach: Reach,
    /// What somebody has to approve first; empty: nobody is asked.
    pub gates: BTreeSet<Gate>,
    /// The rules that allow the calls.
    pub rules: Vec<RuleName>,
    /// When they do.
    pub when: Vec<String>,
    /// The rules by which the other version allows part of the same.
    pub except: Vec<RuleName>,
    /// Why the other version denies the witness.
    pub before: Before,
    /// Which inputs make the difference.
    pub causes: BTreeSet<Cause>,
    /// A call that the one version allows and the other denies, in case notation.
    pub witness: String,
    /// The same call, for a program.
    #[serde(skip)]
    pub call: Call,
    /// What the fingerprint is of.
    #[serde(skip)]
    pub(crate) meant: Meant,
}

/// What a finding means, without the names that authors gave.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    /// Everything but the clients.
    pub(crate) text: String,
    /// Calls of the same principals through clients that are treated alike.
    pub(crate) cells: Vec<Cell>,
}

impl Finding {
    /// Whether a call is one of those that the finding is about: of this principal through one of
    /// these clients with such a credential, whatever else it says.
    pub fn is_about(&self, call: &Call) -> bool {
        self.meant.cells.iter().any(|cell| cell.holds(call))
    }

    /// Whom and what it is about: the calls of all of these together are those of
    /// [`Self::is_about`], but for clients that are named and like one of those that are not.
    pub fn concerned(&self) -> impl Iterator<Item = Concerned> + '_ {
        self.meant.cells.iter().map(Concerned::of)
    }

    /// Whether nobody is asked before such a call.
    pub fn is_silent(&self) -> bool {
        self.gates.is_empty()
    }
}

/// How much the other version allows of a principal's calls through a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nothing, under no condition.
    New,
    /// Some, under another condition.
    Loosened,
}

/// Something that somebody must newly approve before calls are allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Gate {
    /// A client that the old version does not admit.
    Client,
    /// A consent to terms that the old version does not have.
    Consent {
        /// Its name.
        terms: String,
    },
    /// A scope that the old version does not declare.
    Scope {
        /// The scope.
        scope: String,
    },
    /// A login of a class that the old version does not name.
    Login {
        /// The authentication context class.
        acr: String,
    },
    /// A confirmation of each call.
    Confirmation,
}

impl fmt::Display for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => formatter.write_str("a client that has to be admitted first"),
            Self::Consent { terms } => write!(formatter, "a new consent `{terms}`"),
            Self::Scope { scope } => write!(formatter, "a new scope `{scope}`"),
            Self::Login { acr } => write!(formatter, "a login with acr `{acr}`"),
            Self::Confirmation => formatter.write_str("a confirmation of each call"),
        }
    }
}

/// What the version that denies a witness says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Before {
    /// The reason.
    pub reason: Option<Reason>,
    /// What is wrong, for a person.
    pub detail: Option<String>,
    /// The rules that deny it or come nearest.
    pub rules: Vec<RuleName>,
}

/// An input of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The policy's rules, capabilities, groups and consents.
    Policy,
    /// A server's tools and prompts.
    Catalogue,
    /// The components that facts are computed by.
    Component,
    /// Which scopes a server has and what they imply.
    Scopes,
    /// Which clients are admitted, and their metadata.
    Clients,
    /// Which credentials a server accepts, and what it pins.
    Server,
    /// What users agreed to under earlier versions.
    Lock,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Policy => "policy",
            Self::Catalogue => "catalogue",
            Self::Component => "component",
            Self::Scopes => "scopes",
            Self::Clients => "clients",
            Self::Server => "server",
            Self::Lock => "lock",
        })
    }
}

/// A tool or a prompt whose definition is another now. Hosts that pass the digest of what they see are
/// denied the one version or the other, whatever the rules say, until they load the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redefined {
    /// The server.
    pub server: ServerName,
    /// What was redefined.
    pub feature: FeatureName,
    /// The digest before.
    pub before: Option<Digest>,
    /// The digest now.
    pub after: Option<Digest>,
}
