//! What hosts ask, from the records of the interface.

use std::fmt::Display;
use std::net::IpAddr;

use placet_engine::call::{self, arguments};
use placet_engine::condition::Function;
use placet_engine::{Call, ConsentRequest, Digest, Limits, RegistrationRequest, parse_json};
use serde_json::{Map, Value};

use crate::judge::{self, CallError, CallErrorKind};

/// A question of which something is no such thing as it should be.
pub(crate) fn unreadable(message: impl Display) -> CallError {
    CallError { kind: CallErrorKind::Unreadable, message: message.to_string(), line: 0, column: 0 }
}

pub(crate) fn call_error(error: call::CallError) -> CallError {
    let message = error.to_string();
    let position = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    match error {
        call::CallError::Unreadable { line, column, .. } => CallError {
            kind: CallErrorKind::Unreadable,
            message,
            line: position(line),
            column: position(column),
        },
        _ => CallError { kind: CallErrorKind::Limit, message, line: 0, column: 0 },
    }
}

pub(crate) fn call(call: judge::Call) -> Result<Call, CallError> {
    let limits = Limits::default();
    let address = |text: String| match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical()),
        Err(_) => Err(unreadable(format_args!("`{text}` is no IP address"))),
    };
    let call = Call {
        user: call.user.map(user).transpose()?,
        client: client(call.client)?,
        server: call.server,
        operation: call.operation,
        target: call.target,
        tool_digest: call.tool_digest.map(digest).transpose()?,
        arguments: arguments(call.arguments.as_deref(), &limits),
        facts: call.facts.into_iter().map(fact).collect::<Result<_, _>>()?,
        credential: call.credential.map(credential),
        receipts: call.receipts.into_iter().map(receipt).collect::<Result<_, _>>()?,
        purpose: call.purpose,
        confirmation: call.confirmation.map(confirmation).transpose()?,
        address: call.address.map(address).transpose()?,
        now: call.now,
    };
    call.check(&limits).map_err(call_error)?;
    Ok(call)
}

pub(crate) fn registration_request(
    request: judge::RegistrationRequest,
) -> Result<RegistrationRequest, CallError> {
    let request = RegistrationRequest {
        id: request.id,
        issuer: request.issuer,
        registration: registration(request.registration),
        scopes: request.scopes.into_iter().collect(),
        redirect_uris: request.redirect_uris,
    };
    request.check(&Limits::default()).map_err(call_error)?;
    Ok(request)
}

pub(crate) fn consent_request(request: judge::ConsentRequest) -> Result<ConsentRequest, CallError> {
    let request = ConsentRequest {
        id: request.id,
        user: user(request.user)?,
        client: client(request.client)?,
        server: request.server,
        terms: request.terms,
        purpose: request.purpose,
        expires_at: request.expires_at,
        now: request.now,
    };
    request.check(&Limits::default()).map_err(call_error)?;
    Ok(request)
}

fn digest(text: String) -> Result<Digest, CallError> {
    Digest::parse(&text).ok_or_else(|| {
        unreadable(format_args!(
            "`{text}` is not a digest: `sha256-` and 64 lower-case hexadecimal digits"
        ))
    })
}

fn user(user: judge::User) -> Result<call::User, CallError> {
    let claims = user.claims.as_deref().map_or_else(|| Ok(Map::new()), claims);
    Ok(call::User { issuer: user.issuer, subject: user.subject, claims: claims? })
}

fn claims(json: &str) -> Result<Map<String, Value>, CallError> {
    match parse_json(json.as_bytes()) {
        Ok(Value::Object(claims)) => Ok(claims),
        Ok(_) => Err(unreadable("`claims` is not an object")),
        Err(error) => Err(unreadable(format_args!("in `claims`: {error}"))),
    }
}

fn fact(fact: judge::Fact) -> Result<call::Fact, CallError> {
    let value = parse_json(fact.value.as_bytes())
        .map_err(|error| unreadable(format_args!("in `facts`: {error}")))?;
    let function = Function { component: digest(fact.component)?, name: fact.function };
    Ok(call::Fact { function, argument: fact.argument, value })
}

fn client(client: judge::Client) -> Result<call::Client, CallError> {
    Ok(call::Client {
        id: client.id,
        issuer: client.issuer,
        registration: registration(client.registration),
        status: match client.status {
            judge::Status::Approved => call::Status::Approved,
            judge::Status::Pending => call::Status::Pending,
            judge::Status::Blocked => call::Status::Blocked,
        },
        metadata_digest: client.metadata_digest.map(digest).transpose()?,
    })
}

fn registration(kind: judge::RegistrationKind) -> call::Registration {
    match kind {
        judge::RegistrationKind::Preregistered => call::Registration::Preregistered,
        judge::RegistrationKind::MetadataDocument => call::Registration::MetadataDocument,
        judge::RegistrationKind::Dynamic => call::Registration::Dynamic,
    }
}

fn credential(credential: judge::Credential) -> call::Credential {
    match credential {
        judge::Credential::Oauth(token) => call::Credential::Oauth(call::Token {
            issuer: token.issuer,
            audience: token.audience.into_iter().collect(),
            subject: token.subject,
            client_id: token.client_id,
            scopes: token.scopes.into_iter().collect(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            auth_time: token.auth_time,
            acr: token.acr,
        }),
        judge::Credential::ApiKey(key) => call::Credential::ApiKey(call::ApiKey {
            id: key.id,
            scopes: key.scopes.into_iter().collect(),
            issued_at: key.issued_at,
            expires_at: key.expires_at,
        }),
        judge::Credential::Local => call::Credential::Local {},
    }
}

fn user_id(user: judge::UserId) -> call::UserId {
    call::UserId { issuer: user.issuer, subject: user.subject }
}

fn receipt(receipt: judge::Receipt) -> Result<call::Receipt, CallError> {
    Ok(call::Receipt {
        id: receipt.id,
        terms: receipt.terms,
        digest: digest(receipt.digest)?,
        user: user_id(receipt.user),
        client: call::ClientId { id: receipt.client.id, issuer: receipt.client.issuer },
        server: receipt.server,
        purpose: receipt.purpose,
        given_at: receipt.given_at,
        expires_at: receipt.expires_at,
        withdrawn_at: receipt.withdrawn_at,
    })
}

fn confirmation(confirmation: judge::Confirmation) -> Result<call::Confirmation, CallError> {
    Ok(call::Confirmation {
        id: confirmation.id,
        operation: digest(confirmation.operation)?,
        user: user_id(confirmation.user),
        given_at: confirmation.given_at,
    })
}
