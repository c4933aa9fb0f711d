//! The credential: is it one that this server accepts, live, and this user's and this client's?

use std::collections::BTreeSet;

use crate::bundle::{Access, ApiKeys, Credentials, Server, Tool};
use crate::call::{ApiKey, Call, Credential, Token};
use crate::chain::Break;
use crate::condition::quote;
use crate::decision::Remedy;
use crate::reason::Reason;

pub(crate) fn judge(server: &Server, tool: &Tool, call: &Call) -> Result<(), Break> {
    let Some(credential) = &call.credential else {
        let detail = String::from("the call brings no credential");
        return match &server.credentials {
            Credentials::Oauth { .. } => invalid_token(Reason::CredentialMissing, detail),
            // There are no tokens to be had for a local server.
            Credentials::Local { .. } => {
                Err(Break::without_remedy(Reason::CredentialMissing, detail))
            }
        };
    };
    match (&server.credentials, credential) {
        (Credentials::Oauth { issuers, .. }, Credential::Oauth(token)) => {
            oauth(&server.identity, issuers, token, call)
        }
        (Credentials::Oauth { api_keys: Some(bound), .. }, Credential::ApiKey(key)) => {
            api_key(bound, key, tool, call)
        }
        (Credentials::Local { up_to, .. }, Credential::Local {}) => local(*up_to, tool, call),
        (Credentials::Oauth { .. }, Credential::Local {}) => invalid_token(
            Reason::CredentialKind,
            String::from("the server accepts OAuth tokens, not a local credential"),
        ),
        (Credentials::Oauth { .. }, Credential::ApiKey(_)) => invalid_token(
            Reason::CredentialKind,
            String::from("the server accepts OAuth tokens, not API keys"),
        ),
        (Credentials::Local { .. }, _) => Err(Break::without_remedy(
            Reason::CredentialKind,
            String::from("the server is local and accepts a local credential, and no other"),
        )),
    }
}

fn invalid_token(reason: Reason, detail: String) -> Result<(), Break> {
    Err(Break { reason, detail, remedy: Some(Remedy::InvalidToken) })
}

fn oauth(
    identity: &str,
    issuers: &BTreeSet<String>,
    token: &Token,
    call: &Call,
) -> Result<(), Break> {
    if !issuers.contains(&token.issuer) {
        return invalid_token(
            Reason::CredentialIssuer,
            format!("the server accepts no tokens from {}", quote(&token.issuer)),
        );
    }
    if call.user.as_ref().is_some_and(|user| user.issuer != token.issuer) {
        return invalid_token(
            Reason::CredentialIssuer,
            format!("the token is from {}, the user is not", quote(&token.issuer)),
        );
    }
    if !token.audience.contains(identity) {
        let audience: Vec<String> = token.audience.iter().map(|one| quote(one)).collect();
        let audience =
            if audience.is_empty() { String::from("nobody") } else { audience.join(", ") };
        return invalid_token(
            Reason::CredentialAudience,
            format!("the token is meant for {audience}, not for {}", quote(identity)),
        );
    }
    if let Some(expires_at) = token.expires_at
        && expires_at <= call.now
    {
        return invalid_token(
            Reason::CredentialExpired,
            format!("the token expired at {expires_at}; it is {} now", call.now),
        );
    }
    if let Some(issued_at) = token.issued_at
        && issued_at > call.now
    {
        return invalid_token(
            Reason::CredentialNotYetValid,
            format!("the token was issued at {issued_at}; it is {} now", call.now),
        );
    }
    match &call.user {
        // Without a user the client acts for itself, and its token says so (RFC 9068, section 2.2).
        None if token.subject != token.client_id => {
            return invalid_token(
                Reason::CredentialSubject,
                format!(
                    "the token belongs to {}, and the call names no user",
                    quote(&token.subject)
                ),
            );
        }
        Some(user) if user.subject != token.subject => {
            return invalid_token(
                Reason::CredentialSubject,
                format!(
                    "the token belongs to {}, the call is made for {}",
                    quote(&token.subject),
                    quote(&user.subject)
                ),
            );
        }
        _ => {}
    }
    let other_issuer = call.client.issuer.as_ref().is_some_and(|issuer| *issuer != token.issuer);
    if token.client_id != call.client.id || other_issuer {
        return invalid_token(
            Reason::CredentialClient,
            format!(
                "the token was issued to {} at {}, which is not the calling client",
                quote(&token.client_id),
                quote(&token.issuer)
            ),
        );
    }
    if token.expires_at.is_none() {
        let detail = String::from("the token has no expiry");
        return invalid_token(Reason::CredentialLifetime, detail);
    }
    Ok(())
}

fn api_key(bound: &ApiKeys, key: &ApiKey, tool: &Tool, call: &Call) -> Result<(), Break> {
    if let Some(access) = tool.access.filter(|access| *access > bound.up_to) {
        return invalid_token(
            Reason::CredentialKind,
            format!("API keys reach up to {}, and the tool's access is {access}", bound.up_to),
        );
    }
    if let Some(expires_at) = key.expires_at.filter(|expires_at| *expires_at <= call.now) {
        return invalid_token(
            Reason::CredentialExpired,
            format!("the API key expired at {expires_at}; it is {} now", call.now),
        );
    }
    if let Some(issued_at) = key.issued_at.filter(|issued_at| *issued_at > call.now) {
        return invalid_token(
            Reason::CredentialNotYetValid,
            format!("the API key was issued at {issued_at}; it is {} now", call.now),
        );
    }
    let within = |address| bound.networks.iter().any(|network| network.contains(address));
    if !bound.networks.is_empty() && !call.address.is_some_and(|one| within(one.to_canonical())) {
        let from = match call.address {
            Some(address) => format!("the call comes from {address}"),
            None => String::from("the call has no address"),
        };
        return Err(Break::without_remedy(
            Reason::CredentialNetwork,
            format!("API keys are accepted from some networks only, and {from}"),
        ));
    }
    let Some(lasts) = bound.lasts else { return Ok(()) };
    match key.issued_at.and_then(|issued_at| call.now.checked_sub(issued_at)) {
        Some(age) if age < lasts => Ok(()),
        Some(age) => invalid_token(
            Reason::CredentialLifetime,
            format!("the API key is {age} seconds old, and one lasts {lasts}"),
        ),
        None => invalid_token(
            Reason::CredentialLifetime,
            String::from("it is not known when the API key was issued"),
        ),
    }
}

fn local(up_to: Access, tool: &Tool, call: &Call) -> Result<(), Break> {
    if let Some(access) = tool.access.filter(|access| *access > up_to) {
        return Err(Break::without_remedy(
            Reason::CredentialKind,
            format!("local credentials reach up to {up_to}, and the tool's access is {access}"),
        ));
    }
    match call.user {
        Some(_) => Ok(()),
        None => Err(Break::without_remedy(
            Reason::CredentialSubject,
            String::from("the host vouches for no user"),
        )),
    }
}
