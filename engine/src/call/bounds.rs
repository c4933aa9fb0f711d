//! How much a call may hold besides its arguments, which are judged by themselves.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::call::{Call, CallError, Client, ClientId, Credential, Fact, User, UserId};
use crate::json;
use crate::limits::Limits;

/// Whether a call keeps within the limits.
pub(super) fn check(call: &Call, limits: &Limits) -> Result<(), CallError> {
    few("receipts", call.receipts.len(), limits.receipts)?;
    let short = |what, text: &str| short(what, text, limits);
    short("server", &call.server)?;
    short("operation", &call.operation)?;
    short("target", &call.target)?;
    client(&call.client, limits)?;
    each("purpose", &call.purpose, limits)?;
    if let Some(user) = &call.user {
        self::user(user, limits)?;
    }
    if let Some(credential) = &call.credential {
        self::credential(credential, limits)?;
    }
    facts(&call.facts, limits)?;
    for receipt in &call.receipts {
        short("receipts.id", &receipt.id)?;
        short("receipts.terms", &receipt.terms)?;
        short("receipts.server", &receipt.server)?;
        each("receipts.purpose", &receipt.purpose, limits)?;
        let UserId { issuer, subject } = &receipt.user;
        short("receipts.user.issuer", issuer)?;
        short("receipts.user.subject", subject)?;
        let ClientId { id, issuer } = &receipt.client;
        short("receipts.client.id", id)?;
        each("receipts.client.issuer", issuer, limits)?;
    }
    if let Some(confirmation) = &call.confirmation {
        short("confirmation.id", &confirmation.id)?;
        let UserId { issuer, subject } = &confirmation.user;
        short("confirmation.user.issuer", issuer)?;
        short("confirmation.user.subject", subject)?;
    }
    Ok(())
}

pub(crate) fn user(user: &User, limits: &Limits) -> Result<(), CallError> {
    short("user.issuer", &user.issuer, limits)?;
    short("user.subject", &user.subject, limits)?;
    claims(&user.claims, limits)
}

pub(crate) fn client(client: &Client, limits: &Limits) -> Result<(), CallError> {
    short("client.id", &client.id, limits)?;
    each("client.issuer", &client.issuer, limits)
}

fn credential(credential: &Credential, limits: &Limits) -> Result<(), CallError> {
    match credential {
        Credential::Oauth(token) => {
            short("credential.issuer", &token.issuer, limits)?;
            few("audiences", token.audience.len(), limits.audiences)?;
            each("credential.audience", &token.audience, limits)?;
            short("credential.subject", &token.subject, limits)?;
            short("credential.client_id", &token.client_id, limits)?;
            each("credential.acr", &token.acr, limits)?;
        }
        Credential::ApiKey(key) => short("credential.id", &key.id, limits)?,
        Credential::Local {} => {}
    }
    credential.scopes().map_or(Ok(()), |held| scopes("credential.scopes", held, limits))
}

/// Facts, each of which is given once.
fn facts(facts: &[Fact], limits: &Limits) -> Result<(), CallError> {
    few("facts", facts.len(), limits.facts)?;
    let mut known = BTreeSet::new();
    let mut values = 0_usize;
    for Fact { function, argument, value } in facts {
        short("facts.function", &function.name, limits)?;
        each("facts.argument", argument, limits)?;
        let elements = match value {
            Value::Array(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        values = values.saturating_add(elements.len());
        for element in elements {
            match element {
                Value::String(text) => short("facts.value", text, limits)?,
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
                Value::Array(_) | Value::Object(_) => {
                    let message =
                        "a fact is a string, a boolean, an integer or an array of strings";
                    return Err(unreadable(message));
                }
            }
        }
        if !known.insert((function, argument)) {
            return Err(unreadable("a fact is given twice"));
        }
    }
    few("values in the facts", values, limits.fact_values)
}

fn unreadable(message: &str) -> CallError {
    CallError::Unreadable { message: message.to_owned(), line: 0, column: 0 }
}

/// A set of scopes.
pub(crate) fn scopes(
    what: &'static str,
    scopes: &BTreeSet<String>,
    limits: &Limits,
) -> Result<(), CallError> {
    few("scopes", scopes.len(), limits.scopes)?;
    each(what, scopes, limits)
}

fn claims(claims: &serde_json::Map<String, Value>, limits: &Limits) -> Result<(), CallError> {
    let deepest = claims.values().map(json::depth).max().unwrap_or(0);
    if deepest > limits.claim_depth {
        return Err(CallError::TooDeep { limit: limits.claim_depth });
    }
    let mut waiting: Vec<&Value> = claims.values().collect();
    let mut count = 0_usize;
    each("user.claims", claims.keys(), limits)?;
    while let Some(value) = waiting.pop() {
        count = count.saturating_add(1);
        match value {
            Value::String(text) => short("user.claims", text, limits)?,
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => {
                each("user.claims", members.keys(), limits)?;
                waiting.extend(members.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    few("values in the claims", count, limits.claims)
}

/// Whether there are not too many of something.
pub(crate) fn few(what: &'static str, count: usize, limit: usize) -> Result<(), CallError> {
    if count > limit { Err(CallError::TooMany { what, count, limit }) } else { Ok(()) }
}

/// Whether a text is not too long.
pub(crate) fn short(what: &'static str, text: &str, limits: &Limits) -> Result<(), CallError> {
    let (bytes, limit) = (text.len(), limits.text_bytes);
    if bytes > limit { Err(CallError::TooLong { what, bytes, limit }) } else { Ok(()) }
}

/// Whether none of these texts is too long.
pub(crate) fn each<'t>(
    what: &'static str,
    texts: impl IntoIterator<Item = &'t String>,
    limits: &Limits,
) -> Result<(), CallError> {
    texts.into_iter().try_for_each(|text| short(what, text, limits))
}
