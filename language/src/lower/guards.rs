//! The guards of the chain: what every policy forbids, whatever its rules say.

use placet_engine::Digest;
use placet_engine::bundle::{Access, ApiKeys, Credentials, RegisterRule};
use placet_engine::call::Registration;
use placet_engine::ids;

use crate::lower::condition::{join, text};
use crate::lower::written::Written;
use crate::model::{Policy, Server};

/// Every guard of a policy.
pub(crate) fn guards(policy: &Policy) -> Vec<Written> {
    let mut guards = vec![registration(policy)];
    guards.extend(metadata(policy));
    for (name, server) in &policy.servers {
        guards.push(credential(name, server));
        if server.pin_clients {
            guards.push(pinned_clients(policy, name, server));
        }
    }
    guards
}

fn guard(id: String, link: &str, source: String, unless: Option<String>) -> Written {
    Written {
        id,
        annotations: vec![("link", link.to_owned()), ("source", source)],
        effect: "forbid",
        principal: String::from("principal"),
        action: String::from("action"),
        resource: String::from("resource"),
        clauses: unless.into_iter().map(|unless| ("unless", unless)).collect(),
    }
}

/// What no statement says, and holds in every policy.
const BUILT_IN: &str = "built in";

/// Only a client that the policy admits, registered as it says, and approved.
fn registration(policy: &Policy) -> Written {
    let named = format!("context.client.entity in ClientGroup::{}", text(ids::ADMITTED_CLIENTS));
    let by_name = format!(
        "({named} && (if context.client has issuer then context.client.registration == \
         \"preregistered\" else context.client.registration == \"metadata_document\"))"
    );
    let registered: Vec<String> = policy.registrations.iter().map(admitted).collect();
    let admitted = match registered.is_empty() {
        true => by_name,
        // Whoever has a name is judged by it.
        false => format!("({by_name} || (!({named}) && ({})))", join(registered, " || ")),
    };
    let unless = format!("{admitted} && context.client.status == \"approved\"");
    guard(String::from("guard:registration"), "registration", BUILT_IN.to_owned(), Some(unless))
}

/// Whether a `register` line admits the client.
fn admitted(rule: &RegisterRule) -> String {
    let mut tests = vec![format!("context.client.registration == {}", text(rule.kind.as_str()))];
    if rule.kind == Registration::MetadataDocument {
        let domains: Vec<String> = rule.domains.iter().map(|domain| text(domain)).collect();
        tests.push(String::from("context.client has domain"));
        tests.push(format!("[{}].contains(context.client.domain)", domains.join(", ")));
    } else {
        let issuers: Vec<String> = rule.issuers.iter().map(|issuer| text(issuer)).collect();
        tests.push(String::from("context.client has issuer"));
        tests.push(format!("[{}].contains(context.client.issuer)", issuers.join(", ")));
    }
    format!("({})", tests.join(" && "))
}

/// A reviewed client's metadata are those that were reviewed, where the call says what they are.
fn metadata(policy: &Policy) -> Option<Written> {
    let changed: Vec<String> = reviewed(policy)
        .map(|(entity, digest)| {
            format!(
                "({entity} && context.client has metadata_digest && \
                 context.client.metadata_digest != {})",
                text(digest.as_str())
            )
        })
        .collect();
    let any = !changed.is_empty();
    any.then(|| {
        let mut guard =
            guard(String::from("guard:metadata"), "registration", BUILT_IN.to_owned(), None);
        guard.clauses.push(("when", join(changed, " || ")));
        guard
    })
}

/// On a server that pins its clients the call must say what their metadata are.
fn pinned_clients(policy: &Policy, name: &str, server: &Server) -> Written {
    let same: Vec<String> = reviewed(policy)
        .map(|(entity, digest)| {
            format!(
                "({entity} && context.client has metadata_digest && \
                 context.client.metadata_digest == {})",
                text(digest.as_str())
            )
        })
        .collect();
    let unless = Some(join(same, " || ")).filter(|unless| !unless.is_empty());
    let id = format!("guard:pinned-clients/{name}");
    let guard = guard(id, "registration", server.source.to_string(), unless);
    Written { resource: format!("resource == Server::{}", text(&ids::server(name))), ..guard }
}

/// The clients whose metadata were reviewed: the test that the client is this one, and the digest.
fn reviewed(policy: &Policy) -> impl Iterator<Item = (String, &Digest)> {
    policy.clients.values().filter_map(|client| {
        let digest = client.metadata_digest.as_ref()?;
        let id = ids::client(client.issuer.as_deref(), &client.id);
        Some((format!("context.client.entity == Client::{}", text(&id)), digest))
    })
}

/// Only a live credential for this server, this user and this client.
fn credential(name: &str, server: &Server) -> Written {
    let Server { identity, credentials, source, .. } = server;
    let (accepted, because) = match credentials {
        Credentials::Oauth { issuers, api_keys } => {
            let token = Some(token(issuers.iter().map(String::as_str).collect(), identity));
            let token = token.filter(|_| !issuers.is_empty());
            let key = api_keys.as_ref().map(api_key);
            let accepted: Vec<String> = token.into_iter().chain(key).collect();
            (join(accepted, " || "), api_keys.as_ref().map(|keys| &keys.because))
        }
        Credentials::Local { up_to, because } => {
            let kind = format!(
                "context.token.kind == \"local\" && context has user{}",
                up_to_level(*up_to)
            );
            (kind, Some(because))
        }
    };
    let unless = Some(accepted).filter(|accepted| !accepted.is_empty());
    let mut guard =
        guard(format!("guard:credential/{name}"), "credential", source.to_string(), unless);
    guard.annotations.extend(because.map(|because| ("because", because.clone())));
    Written { resource: format!("resource == Server::{}", text(&ids::server(name))), ..guard }
}

/// The part of a conjunction that bounds the access, if anything is beyond the bound.
fn up_to_level(up_to: Access) -> String {
    match up_to.above() {
        None => String::new(),
        Some(above) => format!(" && !(action in Action::{})", text(&ids::access(above))),
    }
}

fn token(issuers: Vec<&str>, identity: &str) -> String {
    let issuers: Vec<String> = issuers.into_iter().map(text).collect();
    let tests = [
        String::from("context.token.kind == \"oauth\""),
        format!(
            "context.token has issuer && [{}].contains(context.token.issuer)",
            issuers.join(", ")
        ),
        String::from(
            "(if context has user then context.token.issuer == context.user.issuer else true)",
        ),
        format!(
            "context.token has audience && context.token.audience.contains({})",
            text(identity)
        ),
        String::from("context.token has expires_at && context.now < context.token.expires_at"),
        String::from(
            "(if context.token has issued_at then context.token.issued_at <= context.now else true)",
        ),
        String::from(
            "context.token has subject && context.token has client_id && (if context has user then \
             context.token.subject == context.user.subject else context.token.subject == \
             context.token.client_id)",
        ),
        String::from("context.token.client_id == context.client.id"),
        String::from(
            "(if context.client has issuer then context.client.issuer == context.token.issuer else \
             true)",
        ),
    ];
    format!("({})", tests.join(" && "))
}

fn api_key(keys: &ApiKeys) -> String {
    let mut tests = vec![
        format!("context.token.kind == \"api_key\"{}", up_to_level(keys.up_to)),
        String::from(
            "(if context.token has expires_at then context.now < context.token.expires_at else true)",
        ),
        String::from(
            "(if context.token has issued_at then context.token.issued_at <= context.now else true)",
        ),
    ];
    if !keys.networks.is_empty() {
        let within = keys
            .networks
            .iter()
            .map(|network| format!("context.call.address.isInRange(ip(\"{network}\"))"));
        tests.push(format!("context.call has address && ({})", join(within.collect(), " || ")));
    }
    if let Some(lasts) = keys.lasts {
        tests.push(format!("context.token has age && context.token.age < {lasts}"));
    }
    format!("({})", tests.join(" && "))
}
