//! From what a case says to a call: what it leaves out is filled in with what is usual, so that a
//! case only has to say what it is about.

use std::collections::BTreeMap;

use placet_engine::Digest;
use placet_engine::bundle::{self, Content, Credentials};
use placet_engine::call::{self, Call, InvalidArguments, Registration, Status};
use serde_json::Map;

use crate::case::NOW;
use crate::case::ast::{
    Arguments, Case, Client, Credential, Identity, Method, Operation, Receipt, Seen, Server,
};
use crate::case::credential;
use crate::case::fact;
use crate::case::moment::{Moment, When};
use crate::case::places::Part;
use crate::case::state::State;
use crate::case::{confirmation, user};
use crate::diagnostic::did_you_mean;

/// Why a case cannot be asked of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// What is wrong.
    pub message: String,
    /// What to say at the place.
    pub(crate) label: String,
    /// What to do.
    pub help: Option<String>,
    /// The part that is to blame, and the name that it has there.
    pub(crate) part: (Part, String),
}

impl Unresolved {
    pub(crate) fn new(part: Part, message: impl Into<String>, label: impl Into<String>) -> Self {
        let part = (part, String::new());
        Self { message: message.into(), label: label.into(), help: None, part }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Nothing of the policy has this name.
    pub(crate) fn unknown<'k>(
        part: Part,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k String>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
        let some = known.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let help = did_you_mean(name, known.iter().copied())
            .or_else(|| (!some.is_empty()).then(|| format!("the policy has {}", some.join(", "))));
        let mut unknown =
            Self::new(part, format!("there is no {what} called `{name}`"), "not in the policy");
        unknown.part.1 = name.to_owned();
        unknown.help = help;
        unknown
    }
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Unresolved {}

/// Makes the call that a case says.
///
/// # Errors
///
/// [`Unresolved`]: the case names a server, client, group or consent that the policy does not have,
/// leaves open whose user it is, or says what does not fit together. A tool that the server does not
/// have is none: the engine has an answer to that.
pub fn resolve(case: &Case, content: &Content) -> Result<Call, Unresolved> {
    Surroundings { content, state: &State::new(NOW) }.call(case)
}

/// What a case is asked of.
pub(crate) struct Surroundings<'s> {
    pub(crate) content: &'s Content,
    pub(crate) state: &'s State,
}

/// A server as calls name it, with what the policy knows of it.
pub(crate) struct Place<'c> {
    pub(crate) identity: String,
    pub(crate) name: Option<&'c String>,
    pub(crate) declared: Option<&'c bundle::Server>,
}

impl Surroundings<'_> {
    pub(crate) fn call(&self, case: &Case) -> Result<Call, Unresolved> {
        let now = case.at.unwrap_or(self.state.now);
        let place = self.place(&case.operation.server)?;
        let client = self.client(&case.client)?;
        let user = match &case.user {
            Some(user) => {
                Some(user::resolve(user, self.content, client.issuer.as_deref(), &place)?)
            }
            None => None,
        };
        let purpose = case.purpose.clone();
        let mut call = Call {
            tool_digest: self.tool_digest(case, &place),
            user,
            client,
            operation: case.operation.method.as_str().to_owned(),
            target: case.operation.target.clone(),
            arguments: arguments(&case.arguments),
            facts: case
                .facts
                .iter()
                .map(|one| fact::resolve(one, self.content))
                .collect::<Result<_, _>>()?,
            credential: None,
            receipts: Vec::new(),
            purpose,
            confirmation: None,
            address: case.address.map(|address| address.to_canonical()),
            now,
            server: place.identity.clone(),
        };
        call.credential = credential::resolve(case, self.content, &place, &call)?;
        call.receipts = self.state.receipts_for(&call);
        for receipt in &case.receipts {
            let receipt = self.receipt(receipt, &call)?;
            call.receipts.push(receipt);
        }
        if let Some(confirmed) = &case.confirmation {
            let confirmation = confirmation::resolve(confirmed, self.content, &call)?;
            call.confirmation = Some(confirmation);
        }
        Ok(call)
    }

    /// The server that a case means. An identity that no server has is allowed: the engine has an
    /// answer to that.
    pub(crate) fn place(&self, server: &Server) -> Result<Place<'_>, Unresolved> {
        match server {
            Server::Named(name) => match self.content.servers.get_key_value(name) {
                Some((name, declared)) => Ok(Place {
                    identity: declared.identity.clone(),
                    name: Some(name),
                    declared: Some(declared),
                }),
                None => {
                    let known = self.content.servers.keys();
                    Err(Unresolved::unknown(Part::Server, "server", name, known))
                }
            },
            Server::Identity(identity) => {
                let mut servers = self.content.servers.iter();
                let found = servers.find(|(_, server)| server.identity == *identity);
                Ok(Place {
                    identity: identity.clone(),
                    name: found.map(|(name, _)| name),
                    declared: found.map(|(_, server)| server),
                })
            }
        }
    }

    /// A client's id and issuer.
    pub(crate) fn identity(&self, identity: &Identity) -> Result<call::ClientId, Unresolved> {
        match identity {
            Identity::Written { id, issuer } => {
                Ok(call::ClientId { id: id.clone(), issuer: issuer.clone() })
            }
            Identity::Alias(name) => match self.content.clients.get(name) {
                Some(client) => {
                    Ok(call::ClientId { id: client.id.clone(), issuer: client.issuer.clone() })
                }
                None => {
                    let known = self.content.clients.keys();
                    let unknown = Unresolved::unknown(Part::Alias, "client", name, known);
                    Err(match unknown.help {
                        Some(_) => unknown,
                        None => unknown.help("write it out: `client \"https://…\"`"),
                    })
                }
            },
        }
    }

    fn client(&self, client: &Client) -> Result<call::Client, Unresolved> {
        let id = self.identity(&client.identity)?;
        let usual = match id.issuer {
            Some(_) => Registration::Preregistered,
            None => Registration::MetadataDocument,
        };
        let known = self.state.client(&id);
        let registered = known.and_then(|known| known.registration);
        let status = known.map_or(Status::Approved, |known| known.status);
        Ok(call::Client {
            id: id.id,
            issuer: id.issuer,
            registration: client.registration.or(registered).unwrap_or(usual),
            status: client.status.unwrap_or(status),
            metadata_digest: match &client.metadata {
                Seen::Compiled => self.reviewed(&client.identity),
                Seen::Unknown => None,
                Seen::Is(digest) => Some(digest.clone()),
            },
        })
    }

    /// The digest of a client's metadata as they were reviewed.
    fn reviewed(&self, identity: &Identity) -> Option<Digest> {
        match identity {
            Identity::Alias(name) => self.content.clients.get(name)?.metadata_digest.clone(),
            Identity::Written { .. } => None,
        }
    }

    /// The digest of the tool as the host sees it.
    fn tool_digest(&self, case: &Case, place: &Place<'_>) -> Option<Digest> {
        match &case.tool_digest {
            Seen::Unknown => None,
            Seen::Is(digest) => Some(digest.clone()),
            Seen::Compiled => {
                let Operation { method, target, .. } = &case.operation;
                match place.name.filter(|name| self.state.has_changed(name, target)) {
                    Some(_) => Some(Digest::of_bytes(b"the changed definition of a tool")),
                    None => compiled_digest(place.declared?, method, target),
                }
            }
        }
    }

    /// The terms of a consent that the policy has.
    pub(crate) fn terms(&self, name: &str) -> Result<&bundle::Terms, Unresolved> {
        let terms = &self.content.terms;
        terms
            .get(name)
            .ok_or_else(|| Unresolved::unknown(Part::Consent, "consent", name, terms.keys()))
    }

    /// A receipt, good for the call unless the case says otherwise.
    fn receipt(&self, receipt: &Receipt, call: &Call) -> Result<call::Receipt, Unresolved> {
        let known = self.content.terms.get(&receipt.terms);
        let digest = match (&receipt.digest, known) {
            (Some(digest), _) => digest.clone(),
            (None, Some(terms)) => terms.digest.clone(),
            (None, None) => self.terms(&receipt.terms)?.digest.clone(),
        };
        let user = match (&receipt.giver, &call.user) {
            (Some(giver), user) => confirmation::giver(giver, user.as_ref(), Part::Consent)?,
            (None, Some(user)) => {
                call::UserId { issuer: user.issuer.clone(), subject: user.subject.clone() }
            }
            (None, None) => {
                let message = "a machine has nobody who could consent";
                return Err(Unresolved::new(Part::User, message, "no user")
                    .help("name the user, or say who gave the consent: `by alice of \"…\"`"));
            }
        };
        let client = match &receipt.holder {
            Some(holder) => self.identity(holder)?,
            None => {
                call::ClientId { id: call.client.id.clone(), issuer: call.client.issuer.clone() }
            }
        };
        let server = match &receipt.server {
            Some(server) => self.place(server)?.identity,
            None => call.server.clone(),
        };
        let moment = |moment: Moment| seconds(moment, call.now, Part::Consent);
        let given_at = receipt.given.map_or(Ok(call.now), moment)?;
        let lasts = known.and_then(|terms| terms.lasts);
        Ok(call::Receipt {
            id: match &receipt.id {
                Some(id) => id.clone(),
                None => format!("r-{}", call.receipts.len().saturating_add(1)),
            },
            terms: receipt.terms.clone(),
            digest,
            user,
            client,
            server,
            purpose: receipt.purpose.clone(),
            given_at,
            expires_at: match receipt.expires {
                Some(When::Never) => None,
                Some(When::Then(at)) => Some(moment(at)?),
                None => lasts.map(|lasts| given_at.saturating_add(lasts)),
            },
            withdrawn_at: receipt.withdrawn.map(moment).transpose()?,
        })
    }
}

/// The seconds of a moment, which may be out of range.
pub(crate) fn seconds(moment: Moment, now: i64, part: Part) -> Result<i64, Unresolved> {
    moment
        .seconds(now)
        .ok_or_else(|| Unresolved::new(part, "a time here is out of range", "too far away"))
}

/// What the policy was compiled with. Resources have no digest.
fn compiled_digest(server: &bundle::Server, method: &Method, target: &str) -> Option<Digest> {
    match method {
        Method::Calls => server.tools.get(target)?.digest.clone(),
        Method::Gets => server.prompts.get(target)?.digest.clone(),
        Method::Reads | Method::Sends(_) => None,
    }
}

fn arguments(arguments: &Arguments) -> Result<Map<String, serde_json::Value>, InvalidArguments> {
    match arguments {
        Arguments::Object(members) => Ok(members.clone()),
        Arguments::Other(_) => Err(InvalidArguments::NotAnObject),
        Arguments::Unreadable => {
            Err(InvalidArguments::Unreadable(String::from("the case says so")))
        }
    }
}

/// The issuers that a server accepts; none for a local one.
pub(crate) fn accepted(server: Option<&bundle::Server>) -> Vec<&String> {
    match server.map(|server| &server.credentials) {
        Some(Credentials::Oauth { issuers, .. }) => issuers.iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether a case asks for the credential of a local server.
pub(crate) fn is_local(case: &Case, place: &Place<'_>) -> bool {
    match &case.credential {
        Credential::Local => true,
        Credential::Usual => match place.declared.map(|server| &server.credentials) {
            Some(Credentials::Local { .. }) => true,
            Some(Credentials::Oauth { .. }) => false,
            None => place.identity.starts_with("local:"),
        },
        _ => false,
    }
}

/// Every issuer that a policy names.
pub(crate) fn issuers(content: &Content) -> BTreeMap<&str, ()> {
    let servers = content.servers.values().flat_map(|server| accepted(Some(server)));
    let groups = content.groups.values().map(|group| &group.issuer);
    let clients = content.clients.values().filter_map(|client| client.issuer.as_ref());
    servers.chain(groups).chain(clients).map(|issuer| (issuer.as_str(), ())).collect()
}
