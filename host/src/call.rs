//! Calls as records: from JSON, and from the library's.

use placet_engine::call::{self, Credential, InvalidArguments, Registration, Status};
use placet_engine::{CallError, Limits};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::judge;

/// Reads a call from JSON. Its arguments are handed over as they stand there, so that those which
/// cannot be judged are denied as the library denies them.
///
/// # Errors
///
/// [`CallError`]: as [`placet_engine::Call::from_json`].
pub fn call_from_json(bytes: &[u8], limits: &Limits) -> Result<judge::Call, CallError> {
    #[derive(Deserialize)]
    struct Arguments<'a> {
        #[serde(default, borrow)]
        arguments: Option<&'a RawValue>,
    }
    let call = placet_engine::Call::from_json(bytes, limits)?;
    // INVARIANT: what was read as a call has these, or none.
    let read: Option<Arguments<'_>> = serde_json::from_slice(bytes).ok();
    let arguments = read.and_then(|read| read.arguments);
    Ok(record(&call, arguments.map(|arguments| arguments.get().to_owned())))
}

/// The record of a call.
///
/// # Errors
///
/// [`InvalidArguments`]: the arguments could not be read, so there is nothing to hand over. A host
/// that has their text sets [`judge::Call::arguments`] to it.
pub fn call(call: &placet_engine::Call) -> Result<judge::Call, InvalidArguments> {
    let arguments = call.arguments.as_ref().map_err(Clone::clone)?;
    Ok(record(call, Some(json(arguments))))
}

fn record(call: &placet_engine::Call, arguments: Option<String>) -> judge::Call {
    judge::Call {
        user: call.user.as_ref().map(|user| judge::User {
            issuer: user.issuer.clone(),
            subject: user.subject.clone(),
            claims: Some(json(&user.claims)),
        }),
        client: judge::Client {
            id: call.client.id.clone(),
            issuer: call.client.issuer.clone(),
            registration: match call.client.registration {
                Registration::Preregistered => judge::RegistrationKind::Preregistered,
                Registration::MetadataDocument => judge::RegistrationKind::MetadataDocument,
                Registration::Dynamic => judge::RegistrationKind::Dynamic,
            },
            status: match call.client.status {
                Status::Approved => judge::Status::Approved,
                Status::Pending => judge::Status::Pending,
                Status::Blocked => judge::Status::Blocked,
            },
            metadata_digest: call.client.metadata_digest.as_ref().map(ToString::to_string),
        },
        server: call.server.clone(),
        operation: call.operation.clone(),
        target: call.target.clone(),
        tool_digest: call.tool_digest.as_ref().map(ToString::to_string),
        arguments,
        facts: call.facts.iter().map(fact).collect(),
        credential: call.credential.as_ref().map(credential),
        receipts: call.receipts.iter().map(receipt).collect(),
        purpose: call.purpose.clone(),
        confirmation: call.confirmation.as_ref().map(|confirmation| judge::Confirmation {
            id: confirmation.id.clone(),
            operation: confirmation.operation.to_string(),
            user: user_id(&confirmation.user),
            given_at: confirmation.given_at,
        }),
        address: call.address.map(|address| address.to_string()),
        now: call.now,
    }
}

fn json(members: &Map<String, Value>) -> String {
    // INVARIANT: what was read from JSON can be written.
    serde_json::to_string(members).unwrap_or_default()
}

fn fact(fact: &call::Fact) -> judge::Fact {
    judge::Fact {
        component: fact.function.component.to_string(),
        function: fact.function.name.clone(),
        argument: fact.argument.clone(),
        value: fact.value.to_string(),
    }
}

fn credential(credential: &Credential) -> judge::Credential {
    let list = |texts: &std::collections::BTreeSet<String>| texts.iter().cloned().collect();
    match credential {
        Credential::Oauth(token) => judge::Credential::Oauth(judge::Token {
            issuer: token.issuer.clone(),
            audience: list(&token.audience),
            subject: token.subject.clone(),
            client_id: token.client_id.clone(),
            scopes: list(&token.scopes),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            auth_time: token.auth_time,
            acr: token.acr.clone(),
        }),
        Credential::ApiKey(key) => judge::Credential::ApiKey(judge::ApiKey {
            id: key.id.clone(),
            scopes: list(&key.scopes),
            issued_at: key.issued_at,
            expires_at: key.expires_at,
        }),
        Credential::Local {} => judge::Credential::Local,
    }
}

fn user_id(user: &call::UserId) -> judge::UserId {
    judge::UserId { issuer: user.issuer.clone(), subject: user.subject.clone() }
}

fn receipt(receipt: &call::Receipt) -> judge::Receipt {
    judge::Receipt {
        id: receipt.id.clone(),
        terms: receipt.terms.clone(),
        digest: receipt.digest.to_string(),
        user: user_id(&receipt.user),
        client: judge::ClientId {
            id: receipt.client.id.clone(),
            issuer: receipt.client.issuer.clone(),
        },
        server: receipt.server.clone(),
        purpose: receipt.purpose.clone(),
        given_at: receipt.given_at,
        expires_at: receipt.expires_at,
        withdrawn_at: receipt.withdrawn_at,
    }
}
