//! The registration and the credential: links that are judged on the call alone.

use std::collections::BTreeSet;

use placet_engine::bundle::{Credentials, RegisterRule};
use placet_engine::call::Registration;
use placet_language::model::Server;
use serde_json::Value;

use crate::reference::Reference;
use crate::reference::conditions::*;
use crate::reference::operation::Place;
use crate::reference::values::{in_network, url_place};

/// How a client is admitted.
pub(super) enum Admission<'p> {
    /// By its `client` line.
    Named(&'p String),
    /// By these `register` lines.
    Registered(Vec<&'p RegisterRule>),
}

/// The host of a client's metadata document.
pub(super) fn domain(call: &Value) -> Option<String> {
    let client = member(call, "client")?;
    let of_document = text(client, "registration") == Some("metadata_document")
        && member(client, "issuer").is_none();
    let place = url_place(text(client, "id")?).filter(|_| of_document)?;
    (place.scheme == "https").then_some(place.host)
}

impl<'p> Reference<'p> {
    /// The name of the call's client in the policy.
    pub(super) fn client(&self, call: &Value) -> Option<&'p String> {
        let client = member(call, "client")?;
        let (id, issuer) = (text(client, "id")?, text(client, "issuer"));
        let mut named = self.policy.clients.iter();
        named.find(|(_, one)| one.id == id && one.issuer.as_deref() == issuer).map(|(name, _)| name)
    }

    /// What admits the client, SEMANTICS 2.3: whoever is named is judged by the name.
    pub(super) fn admission(&self, call: &Value) -> Option<Admission<'p>> {
        if let Some(name) = self.client(call) {
            return Some(Admission::Named(name));
        }
        let client = member(call, "client")?;
        let issuer = text(client, "issuer");
        let domain = domain(call);
        let admits = |rule: &&RegisterRule| {
            let at = match rule.kind {
                Registration::MetadataDocument => {
                    issuer.is_none()
                        && domain.as_ref().is_some_and(|domain| rule.domains.contains(domain))
                }
                Registration::Preregistered | Registration::Dynamic => {
                    issuer.is_some_and(|issuer| rule.issuers.contains(issuer))
                }
            };
            at && text(client, "registration") == Some(rule.kind.as_str())
        };
        let rules: Vec<_> = self.policy.registrations.iter().filter(admits).collect();
        (!rules.is_empty()).then_some(Admission::Registered(rules))
    }

    /// DESIGN 3 and 6. A client that is declared by the URL of its metadata document must have
    /// registered so, and one that is declared at an issuer must be preregistered there.
    pub(super) fn registration(&self, call: &Value, server: &Server) -> Result<(), &'static str> {
        let admission = self.admission(call).ok_or("registration.unknown-client")?;
        let client = member(call, "client").ok_or("registration.unknown-client")?;
        match text(client, "status") {
            Some("approved") => {}
            Some("pending") => return Err("registration.pending"),
            _ => return Err("registration.blocked"),
        }
        let mut reviewed = None;
        if let Admission::Named(name) = admission {
            let declared = self.policy.clients.get(name).ok_or("registration.unknown-client")?;
            let kind = match declared.issuer {
                None => "metadata_document",
                Some(_) => "preregistered",
            };
            if text(client, "registration") != Some(kind) {
                return Err("registration.kind");
            }
            reviewed = declared.metadata_digest.as_ref().map(|digest| digest.as_str());
        }
        let seen = text(client, "metadata_digest");
        let same = reviewed.is_some() && seen == reviewed;
        let unknown = reviewed.is_none() || seen.is_none();
        if same || (unknown && !server.pin_clients) {
            return Ok(());
        }
        Err("registration.metadata-changed")
    }

    /// The scopes that a credential's scopes stand for, SEMANTICS 2.5.
    pub(super) fn closed_scopes(&self, server: &Server, call: &Value) -> BTreeSet<String> {
        let held = member(call, "credential").and_then(|credential| member(credential, "scopes"));
        let held = held.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let requestable = self.requestable(server, call);
        let held = held.filter(|scope| requestable.as_ref().is_none_or(|all| all.contains(*scope)));
        closure(server, held)
    }

    /// The scopes that may count in a token of the call's client; `None`: any.
    pub(super) fn requestable(&self, server: &Server, call: &Value) -> Option<BTreeSet<String>> {
        let Some(Admission::Registered(rules)) = self.admission(call) else { return None };
        let asked = rules.iter().flat_map(|rule| &rule.may_request);
        Some(closure(server, asked.map(String::as_str)))
    }

    pub(super) fn credential(&self, call: &Value, place: &Place<'_>) -> Result<(), &'static str> {
        let credential = member(call, "credential").ok_or("credential.missing")?;
        let user = member(call, "user");
        match (&place.server.credentials, text(credential, "kind")) {
            (Credentials::Local { up_to, .. }, Some("local")) => {
                if self.access(place).is_some_and(|access| access > *up_to) {
                    return Err("credential.kind");
                }
                user.map(|_| ()).ok_or("credential.subject")
            }
            (Credentials::Oauth { issuers, .. }, Some("oauth")) => {
                token(call, credential, issuers, &place.server.identity)
            }
            (Credentials::Oauth { api_keys: Some(keys), .. }, Some("api_key")) => {
                if self.access(place).is_some_and(|access| access > keys.up_to) {
                    return Err("credential.kind");
                }
                timely(call, credential)?;
                let reader = Reader::of(call);
                let inside = |network: &_| {
                    let written = format!("{network}");
                    reader.address().is_some_and(|address| in_network(address, &written))
                };
                if !keys.networks.is_empty() && !keys.networks.iter().any(inside) {
                    return Err("credential.network");
                }
                let young = |lasts| reader.age().is_some_and(|age| age < lasts);
                keys.lasts.is_none_or(young).then_some(()).ok_or("credential.lifetime")
            }
            _ => Err("credential.kind"),
        }
    }
}

/// Scopes that the server declares, with all that they imply.
fn closure<'s>(server: &Server, scopes: impl IntoIterator<Item = &'s str>) -> BTreeSet<String> {
    let mut waiting: Vec<String> = scopes.into_iter().map(str::to_owned).collect();
    let mut closed = BTreeSet::new();
    while let Some(scope) = waiting.pop() {
        let Some(implied) = server.scopes.get(&scope) else { continue };
        if closed.insert(scope) {
            waiting.extend(implied.iter().cloned());
        }
    }
    closed
}

fn timely(call: &Value, credential: &Value) -> Result<(), &'static str> {
    let now = number(call, "now").unwrap_or_default();
    if number(credential, "expires_at").is_some_and(|end| end <= now) {
        return Err("credential.expired");
    }
    if number(credential, "issued_at").is_some_and(|start| start > now) {
        return Err("credential.not-yet-valid");
    }
    Ok(())
}

fn token(
    call: &Value,
    token: &Value,
    issuers: &BTreeSet<String>,
    identity: &str,
) -> Result<(), &'static str> {
    let user = member(call, "user");
    let issuer = text(token, "issuer").unwrap_or_default();
    if !issuers.contains(issuer) || user.is_some_and(|user| text(user, "issuer") != Some(issuer)) {
        return Err("credential.issuer");
    }
    let audience = member(token, "audience").and_then(Value::as_array);
    if !audience.into_iter().flatten().any(|one| one.as_str() == Some(identity)) {
        return Err("credential.audience");
    }
    timely(call, token)?;
    // Who calls without a user calls for itself: RFC 9068, section 2.2.
    let whose = match user {
        Some(user) => text(user, "subject"),
        None => text(token, "client_id"),
    };
    if whose.is_none() || whose != text(token, "subject") {
        return Err("credential.subject");
    }
    let client = member(call, "client").ok_or("credential.client")?;
    let elsewhere = text(client, "issuer").is_some_and(|one| one != issuer);
    if elsewhere || text(client, "id") != text(token, "client_id") {
        return Err("credential.client");
    }
    number(token, "expires_at").map(|_| ()).ok_or("credential.lifetime")
}
