//! Clients: of all that there may be, one of each kind that two versions tell apart.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::call::{Client, Registration, Status};
use placet_engine::condition::{Attribute, Condition, Literal, Test};
use placet_engine::url;
use placet_engine::view::View;

use crate::analysis::{Budget, Undecided, texts};
use crate::reach::names::{Clients, ClientsId, Names};
use crate::reach::slice::{Admission, ServerPart};

/// A client that stands for all of its kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientClass {
    pub(crate) client: Client,
    /// Whether a `client` line of either version names it.
    pub(crate) is_named: bool,
}

/// What a version says of a client at a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Admitted {
    /// The scopes that count in its tokens; `None`: any.
    pub(crate) may_request: Option<BTreeSet<String>>,
}

impl ClientClass {
    /// The host of its metadata document.
    pub(crate) fn domain(&self) -> Option<String> {
        domain(&self.client)
    }

    /// Whether it is among some clients.
    pub(crate) fn is_among(&self, id: Option<ClientsId>, names: &Names) -> bool {
        let Some(id) = id else { return true };
        names.clients(id).into_iter().flatten().any(|one| match one {
            Clients::One { id, issuer } => *id == self.client.id && *issuer == self.client.issuer,
            Clients::Registered(kind) => *kind == self.client.registration,
            Clients::Domain(domain) => self.domain().as_ref() == Some(domain),
        })
    }

    /// How a version admits it at a server, if it does.
    pub(crate) fn admitted(&self, admission: &Admission, server: &ServerPart) -> Option<Admitted> {
        let client = &self.client;
        let key = (client.issuer.clone(), client.id.clone());
        let reviewed = admission.named.get(&key);
        let admitted = match reviewed {
            Some(_) => {
                let expected = expected(client.issuer.as_deref());
                (client.registration == expected).then_some(Admitted { may_request: None })
            }
            None => {
                let mut admitting = admission.registrations.iter().filter(|rule| {
                    rule.kind == client.registration
                        && match (client.registration, &client.issuer) {
                            (Registration::MetadataDocument, None) => {
                                self.domain().is_some_and(|domain| rule.domains.contains(&domain))
                            }
                            (Registration::MetadataDocument, Some(_)) | (_, None) => false,
                            (_, Some(issuer)) => rule.issuers.contains(issuer),
                        }
                });
                admitting.next().map(|first| Admitted {
                    may_request: Some(
                        std::iter::once(first)
                            .chain(admitting)
                            .flat_map(|rule| rule.may_request.iter().cloned())
                            .collect(),
                    ),
                })
            }
        }?;
        let metadata = match (reviewed.and_then(Option::as_ref), &client.metadata_digest) {
            (Some(reviewed), Some(seen)) => reviewed == seen,
            _ if server.pin_clients => false,
            _ => true,
        };
        metadata.then_some(admitted)
    }
}

fn domain(client: &Client) -> Option<String> {
    let document = client.registration == Registration::MetadataDocument && client.issuer.is_none();
    let url = url::parse(&client.id).filter(|url| document && url.scheme == "https")?;
    Some(url.host)
}

/// How a client that a policy names must be registered.
fn expected(issuer: Option<&str>) -> Registration {
    match issuer {
        Some(_) => Registration::Preregistered,
        None => Registration::MetadataDocument,
    }
}

/// Where a client that no line names is registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Domain(String),
    Issuer(Registration, String),
}

/// One client of every kind that either version admits and that their conditions tell apart.
///
/// # Errors
///
/// [`Undecided`] where it cannot be told which clients are enough.
pub(crate) fn clients(
    versions: &[&Admission],
    conditions: &[&Condition],
    budget: &Budget,
) -> Result<Vec<ClientClass>, Undecided> {
    let mut named: BTreeMap<&(Option<String>, String), Vec<Option<&Digest>>> = BTreeMap::new();
    for version in versions {
        for (key, digest) in &version.named {
            named.entry(key).or_default().push(digest.as_ref());
        }
    }
    let mut found = Vec::new();
    for ((issuer, id), reviewed) in &named {
        let in_all = reviewed.len() == versions.len();
        for kind in Registration::ALL {
            // Where all name it, nobody admits it otherwise.
            if in_all && kind != expected(issuer.as_deref()) {
                continue;
            }
            for metadata_digest in digests(reviewed, in_all) {
                let client = Client {
                    id: id.clone(),
                    issuer: issuer.clone(),
                    registration: kind,
                    status: Status::Approved,
                    metadata_digest,
                };
                found.push(ClientClass { client, is_named: true });
            }
        }
    }
    let mut places = BTreeSet::new();
    for rule in versions.iter().flat_map(|version| &version.registrations) {
        match rule.kind {
            Registration::MetadataDocument => {
                places.extend(rule.domains.iter().cloned().map(Where::Domain));
            }
            kind => {
                places.extend(rule.issuers.iter().map(|one| Where::Issuer(kind, one.clone())));
            }
        }
    }
    for place in places {
        let taken: BTreeSet<&str> = named.keys().map(|(_, id)| id.as_str()).collect();
        for id in unnamed(&place, &taken, conditions, budget)? {
            let (registration, issuer) = match &place {
                Where::Domain(_) => (Registration::MetadataDocument, None),
                Where::Issuer(kind, issuer) => (*kind, Some(issuer.clone())),
            };
            let key = (issuer, id);
            if named.contains_key(&key) {
                continue;
            }
            let (issuer, id) = key;
            let client = Client {
                id,
                issuer,
                registration,
                status: Status::Approved,
                metadata_digest: None,
            };
            found.push(ClientClass { client, is_named: false });
        }
    }
    Ok(found)
}

/// What its metadata may be, as far as some version tells: as reviewed, unknown, or something else.
fn digests(reviewed: &[Option<&Digest>], in_all: bool) -> Vec<Option<Digest>> {
    // The newest first, which is what a host most likely sees.
    let mut known: Vec<Option<Digest>> = Vec::new();
    for digest in reviewed.iter().rev().copied().flatten() {
        if !known.contains(&Some(digest.clone())) {
            known.push(Some(digest.clone()));
        }
    }
    let agreed = in_all && reviewed.windows(2).all(|pair| pair.first() == pair.last());
    if !known.is_empty() && !agreed {
        known.push(Some(Digest::of_bytes(b"metadata that nobody reviewed")));
    }
    known.push(None);
    known
}

/// The ids of clients at a place that no version names, one of every class that conditions tell apart.
fn unnamed(
    place: &Where,
    taken: &BTreeSet<&str>,
    conditions: &[&Condition],
    budget: &Budget,
) -> Result<Vec<String>, Undecided> {
    let is = |text: &str| Test::Equals(Literal::String(text.to_owned()));
    let taken_ids: Vec<(Option<View>, Test)> = taken.iter().map(|id| (None, is(id))).collect();
    let within: Vec<(Option<View>, Test)> = match place {
        Where::Domain(domain) => {
            vec![(Some(View::UrlHost), is(domain)), (Some(View::UrlScheme), is("https"))]
        }
        Where::Issuer(..) => Vec::new(),
    };
    let found = texts(&Attribute::ClientId, conditions, &taken_ids, &within, budget)?;
    if found.is_empty() {
        let usual = (1..=taken.len().saturating_add(1)).map(|number| {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            match place {
                Where::Domain(domain) => format!("https://{domain}/some-client{number}.json"),
                Where::Issuer(..) => format!("some-client{number}"),
            }
        });
        return Ok(usual.filter(|id| !taken.contains(id.as_str())).take(1).collect());
    }
    Ok(found)
}
