//! Credentials: a fresh token of the user's for the server, unless the case says otherwise.

use std::collections::BTreeSet;

use placet_engine::bundle::Content;
use placet_engine::call::{self, Call};

use crate::case::ast::{Case, Credential, Key, Token};
use crate::case::moment::When;
use crate::case::places::Part;
use crate::case::resolve::{Place, Unresolved, accepted, is_local, issuers, seconds};

/// Seconds for which a token is valid.
const LIFETIME: i64 = 3_600;

/// What a key is called that the case gives no name.
const KEY: &str = "key";

/// The credential of a case whose user, client and time the call has already.
pub(crate) fn resolve(
    case: &Case,
    content: &Content,
    place: &Place<'_>,
    call: &Call,
) -> Result<Option<call::Credential>, Unresolved> {
    let scopes = match &case.credential {
        Credential::Token(scopes) => scopes.clone(),
        _ => BTreeSet::new(),
    };
    let without_token = match &case.credential {
        Credential::None => Some((None, "there is no credential, and so no token")),
        Credential::Key(key) => {
            let key = api_key(key, call)?;
            Some((Some(key), "an API key is no token; say `issued` and `expires` after `with key`"))
        }
        _ if is_local(case, place) => {
            let local = call::Credential::Local {};
            Some((Some(local), "a local credential is no token"))
        }
        _ => None,
    };
    match without_token {
        None => {
            let issuer = issuer(case, content, place, call)?;
            token(&case.token, scopes, issuer, call).map(Some)
        }
        Some((credential, _)) if case.token == Token::default() => Ok(credential),
        Some((_, message)) => Err(Unresolved::new(Part::Token, message, "of which token?")
            .help("leave `token …` out, or say `with scopes …` or `with no scopes`")),
    }
}

/// The token's issuer: the user's; a machine's is its client's, else the only one that the server
/// accepts, else the only one that the policy names.
fn issuer(
    case: &Case,
    content: &Content,
    place: &Place<'_>,
    call: &Call,
) -> Result<String, Unresolved> {
    if let Some(issuer) = &case.token.issuer {
        return Ok(issuer.clone());
    }
    if let Some(user) = &call.user {
        return Ok(user.issuer.clone());
    }
    if let Some(issuer) = &call.client.issuer {
        return Ok(issuer.clone());
    }
    let of_server = accepted(place.declared);
    let of_policy = issuers(content);
    match (of_server.as_slice(), of_policy.keys().next(), of_policy.len()) {
        ([only], _, _) => Ok((*only).clone()),
        (_, Some(only), 1) => Ok((*only).to_owned()),
        _ => {
            let message = "it is not clear whose token the machine has";
            Err(Unresolved::new(Part::User, message, "of which issuer?")
                .help("say it: `token from \"https://…\"`"))
        }
    }
}

fn token(
    token: &Token,
    scopes: BTreeSet<String>,
    issuer: String,
    call: &Call,
) -> Result<call::Credential, Unresolved> {
    let time = |when: Option<When>, usual: Option<i64>| match when {
        None => Ok(usual),
        Some(When::Never) => Ok(None),
        Some(When::Then(moment)) => seconds(moment, call.now, Part::Token).map(Some),
    };
    let subject = match (&token.subject, &call.user) {
        (Some(subject), _) => subject.clone(),
        (None, Some(user)) => user.subject.clone(),
        // RFC 9068: the subject of a client's own token is the client.
        (None, None) => call.client.id.clone(),
    };
    let issued_at = time(token.issued, Some(call.now))?;
    Ok(call::Credential::Oauth(call::Token {
        issuer,
        audience: match &token.audience {
            Some(audience) => audience.clone(),
            None => BTreeSet::from([call.server.clone()]),
        },
        subject,
        client_id: token.client.clone().unwrap_or_else(|| call.client.id.clone()),
        scopes,
        issued_at,
        expires_at: time(token.expires, Some(call.now.saturating_add(LIFETIME)))?,
        // Whoever was issued a token then had signed in by then.
        auth_time: time(token.logged_in, Some(issued_at.unwrap_or(call.now)))?,
        acr: token.acr.clone(),
    }))
}

/// A key that was issued now and does not expire, unless the case says otherwise.
fn api_key(key: &Key, call: &Call) -> Result<call::Credential, Unresolved> {
    let time = |when: Option<When>, usual: Option<i64>| match when {
        None => Ok(usual),
        Some(When::Never) => Ok(None),
        Some(When::Then(moment)) => seconds(moment, call.now, Part::Credential).map(Some),
    };
    Ok(call::Credential::ApiKey(call::ApiKey {
        id: key.id.clone().unwrap_or_else(|| String::from(KEY)),
        scopes: key.scopes.clone(),
        issued_at: time(key.issued, Some(call.now))?,
        expires_at: time(key.expires, None)?,
    }))
}

/// What a case says of a call's credential, and of its token if it is one.
pub(crate) fn told(
    credential: Option<&call::Credential>,
    now: i64,
) -> (Credential, Option<&call::Token>) {
    match credential {
        None => (Credential::None, None),
        Some(call::Credential::ApiKey(key)) => {
            let told = Key {
                id: Some(key.id.clone()).filter(|id| id != KEY),
                scopes: key.scopes.clone(),
                issued: Some(When::told(key.issued_at, now)).filter(|_| key.issued_at != Some(now)),
                expires: key.expires_at.map(|at| When::told(Some(at), now)),
            };
            (Credential::Key(told), None)
        }
        Some(call::Credential::Local {}) => (Credential::Local, None),
        Some(call::Credential::Oauth(token)) => {
            (Credential::Token(token.scopes.clone()), Some(token))
        }
    }
}
