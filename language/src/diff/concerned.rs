//! Whom and what a finding is about, in the words of bundles: for whoever checks a diff by other
//! means.

use std::collections::BTreeSet;

use placet_engine::bundle::Feature;
use placet_engine::call::Registration;
use placet_engine::resource::Pattern;

use crate::reach::cell::Cell;
use crate::reach::client::ClientClass;
use crate::reach::context::Proof;
use crate::reach::slice::Whom;

/// The calls of one principal through some clients at one feature, whatever else they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// The server's identity.
    pub server: String,
    /// What is called, as the version that allows the calls has it.
    pub feature: Feature,
    /// Of resources, all the patterns of both versions that they fit.
    pub patterns: Option<BTreeSet<Pattern>>,
    /// Who calls.
    pub principal: Principal,
    /// Claims that the user has besides: each a path, and what is found there.
    pub claims: BTreeSet<(Vec<String>, String)>,
    /// How the client proves its right.
    pub proof: Proven,
    /// Through clients of any of these kinds.
    pub clients: Vec<ClientKind>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A user.
    Anyone,
    /// A client for itself.
    Machine,
    /// A member of a group, by the name that it has in the version that allows the calls.
    Group(String),
    /// One user.
    User {
        /// The issuer.
        issuer: String,
        /// The subject.
        subject: String,
    },
}

/// How a client proves its right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// With a token of this issuer.
    Token {
        /// The issuer.
        issuer: String,
    },
    /// With an API key.
    ApiKey,
    /// As whoever runs a local server.
    Local,
}

/// Clients that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKind {
    /// The one with this id; `None`: any that neither version names.
    pub id: Option<String>,
    /// Where they are registered; `None`: by a metadata document.
    pub issuer: Option<String>,
    /// How they are registered.
    pub registration: Registration,
    /// The host of their metadata document.
    pub domain: Option<String>,
}

impl Concerned {
    pub(super) fn of(cell: &Cell) -> Self {
        // Field by field, so that a part that is added to cells is not forgotten here.
        let Cell { names: _, server, feature, patterns, whom, group, claims, proof, clients } =
            cell;
        Self {
            server: server.clone(),
            feature: feature.clone(),
            patterns: patterns.as_ref().map(|(fitting, _)| fitting.clone()),
            principal: match whom {
                Whom::Anyone => Principal::Anyone,
                Whom::Machine => Principal::Machine,
                Whom::Group(_) => Principal::Group(group.clone().unwrap_or_default()),
                Whom::User { issuer, subject } => {
                    Principal::User { issuer: issuer.clone(), subject: subject.clone() }
                }
            },
            claims: claims.iter().map(|claim| (claim.path.clone(), claim.has.clone())).collect(),
            proof: match proof {
                Proof::Token { issuer } => Proven::Token { issuer: issuer.clone() },
                Proof::ApiKey => Proven::ApiKey,
                Proof::Local => Proven::Local,
            },
            clients: clients.iter().map(kind).collect(),
        }
    }
}

fn kind(class: &ClientClass) -> ClientKind {
    ClientKind {
        id: class.is_named.then(|| class.client.id.clone()),
        issuer: class.client.issuer.clone(),
        registration: class.client.registration,
        domain: class.domain(),
    }
}
