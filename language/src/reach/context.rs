//! Contexts: who calls through which client with which kind of credential, as far as that can be
//! enumerated. Everything else of a call is left open within one.

use std::collections::BTreeSet;

use placet_engine::Digest;
use placet_engine::bundle::Credentials;
use placet_engine::condition::{Attribute, Condition};

use crate::analysis::{Budget, Undecided, texts};
use crate::reach::client::ClientClass;
use crate::reach::fixed::Fixed;
use crate::reach::names::Names;
use crate::reach::slice::{Slice, Whom};

/// For whom a client acts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// A user of this issuer.
    User { issuer: String },
    /// For itself.
    Machine,
}

/// How a client proves its right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// With a token of this issuer.
    Token {
        issuer: String,
    },
    ApiKey,
    Local,
}

/// What is enumerated of a call.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) principal: Principal,
    pub(crate) proof: Proof,
    pub(crate) client: ClientClass,
    /// What the host says of the tool's definition.
    pub(crate) tool_digest: Option<Digest>,
    /// What follows for the attributes that conditions read.
    pub(crate) fixed: Fixed,
}

impl Context {
    pub(crate) fn issuer(&self) -> Option<&str> {
        match &self.principal {
            Principal::User { issuer } => Some(issuer),
            Principal::Machine => None,
        }
    }
}

/// A user's issuer where nothing depends on it.
const SOME_ISSUER: &str = "https://login.example";

/// Every way to call a feature through a client that some of these slices may allow: they are of one
/// feature, each of another version.
///
/// # Errors
///
/// [`Undecided`] where it cannot be told which issuers are enough.
pub(crate) fn contexts(
    slices: &[&Slice],
    client: &ClientClass,
    tool_digest: Option<&Digest>,
    names: &Names,
    budget: &Budget,
) -> Result<Vec<Context>, Undecided> {
    let (mut token_issuers, mut keys, mut local) = (BTreeSet::new(), false, false);
    for slice in slices {
        match &slice.server.credentials {
            Credentials::Oauth { issuers, api_keys } => {
                token_issuers.extend(issuers.iter());
                keys |= api_keys.is_some();
            }
            Credentials::Local { .. } => local = true,
        }
    }
    let mut ways: Vec<(Principal, Proof)> = Vec::new();
    for issuer in token_issuers {
        if client.client.issuer.as_ref().is_some_and(|at| at != issuer) {
            continue;
        }
        let proof = Proof::Token { issuer: issuer.clone() };
        ways.push((Principal::User { issuer: issuer.clone() }, proof.clone()));
        ways.push((Principal::Machine, proof));
    }
    if keys || local {
        for issuer in user_issuers(slices, names, budget)? {
            let user = Principal::User { issuer };
            if keys {
                ways.push((user.clone(), Proof::ApiKey));
            }
            if local {
                ways.push((user, Proof::Local));
            }
        }
        if keys {
            ways.push((Principal::Machine, Proof::ApiKey));
        }
    }
    let context = |(principal, proof): (Principal, Proof)| {
        let fixed = fixed(&principal, &proof, client);
        let tool_digest = tool_digest.cloned();
        Context { principal, proof, client: client.clone(), tool_digest, fixed }
    };
    Ok(ways.into_iter().map(context).collect())
}

fn fixed(principal: &Principal, proof: &Proof, client: &ClientClass) -> Fixed {
    let mut fixed = Fixed::default();
    fixed.text(Attribute::ClientId, &client.client.id);
    fixed.text(Attribute::ClientRegistration, client.client.registration.as_str());
    match principal {
        Principal::User { issuer } => fixed.text(Attribute::UserIssuer, issuer),
        Principal::Machine => {
            for attribute in
                [Attribute::UserIssuer, Attribute::UserSubject, Attribute::ConfirmationAge]
            {
                fixed.set(attribute, None);
            }
        }
    }
    if !matches!(proof, Proof::Token { .. }) {
        fixed.set(Attribute::TokenAcr, None);
        fixed.set(Attribute::TokenAuthAge, None);
    }
    if *proof == Proof::Local {
        fixed.set(Attribute::TokenAge, None);
        fixed.set(Attribute::TokenLifetime, None);
    }
    fixed
}

/// Issuers that users may have where no token says so: those that rules tell apart, and one that
/// none mentions.
fn user_issuers(
    slices: &[&Slice],
    names: &Names,
    budget: &Budget,
) -> Result<BTreeSet<String>, Undecided> {
    let mut found = BTreeSet::new();
    let mut groups = Vec::new();
    for slice in slices {
        let of_paths = slice.paths.iter().map(|(path, _)| &path.who);
        let bounds = slice.denies.iter().chain(&slice.requires).map(|(bound, _)| &bound.who);
        for whom in of_paths.chain(bounds).flatten() {
            match whom {
                Whom::Group(id) => groups.push(*id),
                Whom::User { issuer, .. } => {
                    found.insert(issuer.clone());
                }
                Whom::Anyone | Whom::Machine => {}
            }
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(id) = groups.pop() {
        if let Some(group) = names.group(id).filter(|_| seen.insert(id)) {
            found.extend(group.own.iter().map(|own| own.issuer.clone()));
            groups.extend(group.others());
        }
    }
    let conditions: Vec<&Condition> =
        slices.iter().flat_map(|slice| slice.conditions()).map(AsRef::as_ref).collect();
    found.extend(texts(&Attribute::UserIssuer, &conditions, &[], &[], budget)?);
    if !found.contains(SOME_ISSUER) {
        found.insert(SOME_ISSUER.to_owned());
    }
    Ok(found)
}
