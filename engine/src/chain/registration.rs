//! The registration: does the policy admit this client, and was it approved?

use std::collections::BTreeSet;

use crate::bundle::{Content, RegisterRule, Server};
use crate::call::{Client, Registration, Status};
use crate::chain::Break;
use crate::condition::quote;
use crate::decision::Remedy;
use crate::facts;
use crate::reason::Reason;

/// How a client is admitted.
pub(crate) enum Admission<'a> {
    /// By a `client` line, under this name.
    Named(&'a str),
    /// By these `register` lines.
    Registered(Vec<&'a RegisterRule>),
}

impl<'a> Admission<'a> {
    /// What admits a client, whatever its status; `None` where nothing does.
    pub(crate) fn of(content: &'a Content, name: Option<&'a str>, client: &Client) -> Option<Self> {
        if let Some(name) = name {
            return Some(Self::Named(name));
        }
        let rules = content.registrations.iter();
        let admitting: Vec<_> =
            rules.filter(|rule| admits(rule, client.registration, client)).collect();
        (!admitting.is_empty()).then_some(Self::Registered(admitting))
    }

    /// The scopes that the client may request; `None` where nothing bounds them.
    pub(crate) fn may_request(&self) -> Option<BTreeSet<&'a str>> {
        match self {
            Self::Named(_) => None,
            Self::Registered(rules) => {
                Some(rules.iter().flat_map(|rule| &rule.may_request).map(String::as_str).collect())
            }
        }
    }

    fn review(&self) -> Remedy {
        let review = match self {
            Self::Named(_) => None,
            Self::Registered(rules) => rules.iter().find_map(|rule| rule.review.as_ref()),
        };
        Remedy::Review {
            by: review.map(|review| review.by.clone()),
            within: review.and_then(|review| review.within),
        }
    }
}

/// Whether a `register` line admits a client of this kind. A metadata document is identified by its
/// URL alone, every other client by an issuer and its id there.
fn admits(rule: &RegisterRule, kind: Registration, client: &Client) -> bool {
    let placed = match (kind, &client.issuer) {
        (Registration::MetadataDocument, None) => {
            facts::domain(client).is_some_and(|domain| rule.domains.contains(&domain))
        }
        (Registration::MetadataDocument, Some(_)) | (_, None) => false,
        (_, Some(issuer)) => rule.issuers.contains(issuer),
    };
    rule.kind == kind && placed
}

pub(crate) fn judge(
    content: &Content,
    admission: Option<&Admission<'_>>,
    server: &Server,
    client: &Client,
) -> Result<(), Break> {
    let refuse = |reason, detail, remedy| Err(Break { reason, detail, remedy: Some(remedy) });
    let Some(admission) = admission else {
        let at = client.issuer.as_ref().map(|issuer| format!(" issued by {}", quote(issuer)));
        return refuse(
            Reason::UnknownClient,
            format!(
                "no `client` or `register` line admits {}{}, whose registration is {}",
                quote(&client.id),
                at.unwrap_or_default(),
                client.registration.as_str()
            ),
            Remedy::Review { by: None, within: None },
        );
    };
    let name = match admission {
        Admission::Named(name) => format!("`{name}`"),
        Admission::Registered(_) => quote(&client.id),
    };
    match client.status {
        Status::Approved => {}
        Status::Pending => {
            let detail = format!("client {name} awaits its review");
            return refuse(Reason::ClientPending, detail, admission.review());
        }
        Status::Blocked => {
            let detail = format!("client {name} is blocked");
            return refuse(Reason::ClientBlocked, detail, admission.review());
        }
    }
    let expected = match client.issuer {
        Some(_) => Registration::Preregistered,
        None => Registration::MetadataDocument,
    };
    if matches!(admission, Admission::Named(_)) && client.registration != expected {
        return refuse(
            Reason::RegistrationKind,
            format!(
                "client {name} is admitted by {}, but this one's registration is {}",
                expected.as_str(),
                client.registration.as_str()
            ),
            admission.review(),
        );
    }
    match metadata(content, admission, server, client) {
        Some(detail) => {
            refuse(Reason::MetadataChanged, format!("client {name} {detail}"), admission.review())
        }
        None => Ok(()),
    }
}

/// What is wrong with the client's metadata, if something is.
fn metadata(
    content: &Content,
    admission: &Admission<'_>,
    server: &Server,
    client: &Client,
) -> Option<&'static str> {
    let reviewed = match admission {
        Admission::Named(name) => {
            content.clients.get(*name).and_then(|client| client.metadata_digest.as_ref())
        }
        Admission::Registered(_) => None,
    };
    match (reviewed, &client.metadata_digest) {
        (Some(reviewed), Some(seen)) if reviewed != seen => {
            Some("has other metadata than those that were reviewed")
        }
        (Some(_), None) if server.pin_clients => {
            Some("is pinned, and the call has no digest of its metadata")
        }
        (None, _) if server.pin_clients => {
            Some("has no reviewed metadata, and the server's clients are pinned")
        }
        _ => None,
    }
}
