//! Access tokens: from the `Authorization` header to what the engine has to know.

use axum::http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use placet_engine::call::{Client, Credential, Registration, Status, Token, User};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What verifies the tokens of one issuer.
pub struct Issuer {
    key: DecodingKey,
    validation: Validation,
}

/// Why a request comes without a user.
pub enum NoToken {
    /// It has no token.
    Missing,
    /// Its token could not be verified.
    Invalid,
}

/// The claims of an access token (RFC 9068).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    client_id: String,
    #[serde(default)]
    scope: String,
    iat: Option<i64>,
    exp: Option<i64>,
    auth_time: Option<i64>,
    acr: Option<String>,
    /// All others, of which groups are made.
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Issuer {
    /// An issuer with its key, which a service takes from the issuer's JWK set, and the audience that
    /// its tokens must name.
    pub fn new(issuer: &str, audience: &str, key: DecodingKey) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        Self { key, validation }
    }

    /// Verifies the token of a request. The engine judges issuer, audience and times once more for the
    /// calls that it sees; lists and pings are for holders of good tokens too.
    ///
    /// # Errors
    ///
    /// [`NoToken`].
    pub fn verify(
        &self,
        headers: &HeaderMap,
    ) -> Result<(Option<User>, Client, Credential), NoToken> {
        let mut headers = headers.get_all(header::AUTHORIZATION).into_iter();
        let token = match (headers.next(), headers.next()) {
            (None, _) => return Err(NoToken::Missing),
            (Some(one), None) => one.to_str().ok().and_then(|one| one.split_once(' ')),
            (Some(_), Some(_)) => None,
        };
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or(NoToken::Invalid)?;
        let claims: Claims =
            decode(token, &self.key, &self.validation).map_err(|_| NoToken::Invalid)?.claims;
        // The token of a client that acts for itself has the client as subject (RFC 9068, 2.2).
        let user = (claims.sub != claims.client_id).then(|| User {
            issuer: claims.iss.clone(),
            subject: claims.sub.clone(),
            claims: claims.others,
        });
        let token = Token {
            audience: match claims.aud {
                OneOrMany::One(one) => [one].into(),
                OneOrMany::Many(many) => many.into_iter().collect(),
            },
            scopes: claims
                .scope
                .split(' ')
                .filter(|one| !one.is_empty())
                .map(String::from)
                .collect(),
            subject: claims.sub,
            client_id: claims.client_id.clone(),
            issued_at: claims.iat,
            expires_at: claims.exp,
            auth_time: claims.auth_time,
            acr: claims.acr,
            issuer: claims.iss.clone(),
        };
        Ok((user, client(claims.client_id, claims.iss), Credential::Oauth(token)))
    }
}

/// A client that names itself by the URL of its metadata document is the same at every issuer. All
/// others were registered by hand, here; who takes dynamic registrations looks up what each is and
/// where its review stands.
fn client(id: String, issuer: String) -> Client {
    let (issuer, registration) = match id.starts_with("https://") {
        true => (None, Registration::MetadataDocument),
        false => (Some(issuer), Registration::Preregistered),
    };
    Client { id, issuer, registration, status: Status::Approved, metadata_digest: None }
}
