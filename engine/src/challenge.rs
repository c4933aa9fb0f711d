//! What an HTTP host answers where another token would mend a denial: the status and the
//! `WWW-Authenticate` header.
//!
//! | denial | status | `error` | further parameters | text |
//! |---|---|---|---|---|
//! | `credential.missing`, `credential.kind` | 401 | none | `scope` as the host gives it | RFC 6750 §3.1: a request without authentication, or with a kind that is not supported, gets no error code |
//! | any other with [`Remedy::InvalidToken`] | 401 | `invalid_token` | `scope` as the host gives it | RFC 6750 §3.1 |
//! | [`Remedy::Reauthenticate`] | 401 | `insufficient_user_authentication` | `acr_values`, `max_age`, and `scope` where scopes are lacking as well | RFC 9470 §3 |
//! | [`Remedy::InsufficientScope`] | 403 | `insufficient_scope` | `scope`: all that the operation needs | RFC 6750 §3.1, MCP 2026-07-28 "Scope Challenge Handling" |
//!
//! All carry `resource_metadata` (RFC 9728 §5.1). Authentication stands before scope in the chain,
//! and RFC 9470 §3 lets its challenge name the lacking scopes too, so a client that lacks both needs
//! one new token and not two.
//!
//! No token mends the rest, so there is no challenge. In MCP a host answers such a `tools/call`,
//! `resources/read` or `prompts/get`:
//!
//! - [`Remedy::Consent`]: with an `input_required` result that holds an `elicitation/create` request
//!   in URL mode, leading to the host's own page that shows the terms; to a client of MCP 2025-11-25
//!   with the error -32042 (`URLElicitationRequiredError`); to a client without elicitation with a
//!   JSON-RPC error of the host's own. The page must know its user by a login, the same as the
//!   token's, and must not take the client's word for the answer. What the token as a whole stands
//!   for is the authorization server's to ask (MCP says that URL mode is not for that): a host that
//!   can have the terms shown there keeps a receipt of it, and then nothing is lacking here.
//! - [`Remedy::Confirm`]: likewise. A form, which the client fills in, will do only where the client
//!   is trusted to ask.
//! - [`Remedy::Review`] or none: with a JSON-RPC error. Nothing that user or client could do helps.

use std::collections::BTreeSet;
use std::fmt;

use crate::condition::quote;
use crate::decision::{Decision, Remedy};
use crate::reason::Reason;
use crate::url;

/// An MCP server as a protected resource: what its challenges say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedResource {
    metadata: String,
    realm: String,
    scopes: BTreeSet<String>,
}

/// An answer to a request that another token would mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The HTTP status: 401 or 403.
    pub status: u16,
    /// The value of the `WWW-Authenticate` header: printable ASCII.
    pub www_authenticate: String,
}

impl ProtectedResource {
    /// A resource whose metadata (RFC 9728) is at this `https` URL, or `http` on the loopback
    /// interface.
    ///
    /// # Errors
    ///
    /// [`ChallengeError::Metadata`]: not such a URL, or one with a fragment.
    pub fn new(metadata: &str) -> Result<Self, ChallengeError> {
        let is_safe = |url: &url::Url| match url.scheme.as_str() {
            "https" => true,
            "http" => matches!(url.host.as_str(), "localhost" | "127.0.0.1" | "[::1]"),
            _ => false,
        };
        match url::parse(metadata) {
            Some(url) if is_safe(&url) && !metadata.contains('#') => Ok(Self {
                metadata: metadata.to_owned(),
                realm: String::new(),
                scopes: BTreeSet::new(),
            }),
            _ => Err(ChallengeError::Metadata(metadata.to_owned())),
        }
    }

    /// The same with a `realm` (RFC 9110 §11.5).
    ///
    /// # Errors
    ///
    /// [`ChallengeError::Realm`]: a character that is not printable ASCII.
    pub fn with_realm(self, realm: &str) -> Result<Self, ChallengeError> {
        match realm.chars().all(is_printable) {
            true => Ok(Self { realm: realm.to_owned(), ..self }),
            false => Err(ChallengeError::Realm(realm.to_owned())),
        }
    }

    /// The same with the scopes that a client without a good token is told to ask for: what it needs
    /// to begin with. Without any it asks for the metadata's `scopes_supported` (MCP 2026-07-28,
    /// "Scope Selection Strategy").
    ///
    /// # Errors
    ///
    /// [`ChallengeError::Scope`]: one that no challenge can name.
    pub fn with_scopes(self, scopes: BTreeSet<String>) -> Result<Self, ChallengeError> {
        scope(&scopes)?;
        Ok(Self { scopes, ..self })
    }

    /// For a request without a token, whatever it asks for.
    pub fn without_token(&self) -> Challenge {
        self.bearer(401, &[("scope", joined(&self.scopes))])
    }

    /// For a request whose token the host could not verify, so that there is no call to judge.
    pub fn invalid_token(&self) -> Challenge {
        self.unauthorized("The access token could not be verified.")
    }

    /// For a request that was denied; `None` where no token would mend that, and on an allow.
    ///
    /// # Errors
    ///
    /// [`ChallengeError`]: the policy asks for something that the header cannot say. The call stays
    /// denied; the host answers 403 without a challenge.
    pub fn challenge(&self, decision: &Decision) -> Result<Option<Challenge>, ChallengeError> {
        let (Some(reason), Some(remedy)) = (decision.reason, &decision.remedy) else {
            return Ok(None);
        };
        let challenge = match (remedy, reason) {
            (Remedy::InvalidToken, Reason::CredentialMissing | Reason::CredentialKind) => {
                self.without_token()
            }
            (Remedy::InvalidToken, _) => self.unauthorized(reason.meaning()),
            (Remedy::Reauthenticate { acr_values, max_age }, _) => {
                let parameters = [
                    error("insufficient_user_authentication"),
                    description(reason.meaning()),
                    ("acr_values", classes(acr_values)?),
                    ("max_age", seconds(*max_age)?),
                    ("scope", scope(lacking_scopes(decision))?),
                ];
                self.bearer(401, &parameters)
            }
            (Remedy::InsufficientScope { scopes }, _) => {
                let parameters = [
                    error("insufficient_scope"),
                    description(reason.meaning()),
                    ("scope", scope(scopes)?),
                ];
                self.bearer(403, &parameters)
            }
            (Remedy::Review { .. } | Remedy::Confirm { .. } | Remedy::Consent { .. }, _) => {
                return Ok(None);
            }
        };
        Ok(Some(challenge))
    }

    fn unauthorized(&self, why: &str) -> Challenge {
        let scope = ("scope", joined(&self.scopes));
        self.bearer(401, &[error("invalid_token"), description(why), scope])
    }

    /// A challenge with these parameters, but for those without a value, between what every one has.
    fn bearer(&self, status: u16, parameters: &[Parameter]) -> Challenge {
        let realm = ("realm", self.realm.clone());
        let metadata = ("resource_metadata", self.metadata.clone());
        let said: Vec<String> = [&realm]
            .into_iter()
            .chain(parameters)
            .chain([&metadata])
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", quoted(value)))
            .collect();
        Challenge { status, www_authenticate: format!("Bearer {}", said.join(", ")) }
    }
}

/// A name and a value of printable ASCII. An empty value is not said.
type Parameter = (&'static str, String);

fn error(code: &str) -> Parameter {
    ("error", code.to_owned())
}

/// What is wrong, if it is in the characters that RFC 6750 §3 gives an `error_description`.
fn description(text: &str) -> Parameter {
    let sayable = text.chars().all(|c| c == ' ' || is_scope_character(c));
    ("error_description", if sayable { text.to_owned() } else { String::new() })
}

/// The scopes in a row, if each is a `scope-token` (RFC 6749 §3.3). One that is none is not left out:
/// a token without it would not do, and the client would ask for such tokens for ever.
fn scope(scopes: &BTreeSet<String>) -> Result<String, ChallengeError> {
    let is_token = |one: &&String| !one.is_empty() && one.chars().all(is_scope_character);
    match scopes.iter().find(|one| !is_token(one)) {
        Some(other) => Err(ChallengeError::Scope(other.clone())),
        None => Ok(joined(scopes)),
    }
}

fn joined(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The authentication context classes in a row, the first preferred.
fn classes(acr_values: &[String]) -> Result<String, ChallengeError> {
    let is_word = |one: &&String| !one.is_empty() && one.chars().all(|c| c.is_ascii_graphic());
    match acr_values.iter().find(|one| !is_word(one)) {
        Some(other) => Err(ChallengeError::AcrValue(other.clone())),
        None => Ok(acr_values.join(" ")),
    }
}

fn seconds(max_age: Option<i64>) -> Result<String, ChallengeError> {
    match max_age {
        Some(age) if age.is_negative() => Err(ChallengeError::MaxAge(age)),
        Some(age) => Ok(age.to_string()),
        None => Ok(String::new()),
    }
}

/// The scopes that the chosen rule needs, if they are lacking as well.
fn lacking_scopes(decision: &Decision) -> &BTreeSet<String> {
    const NONE: &BTreeSet<String> = &BTreeSet::new();
    let chosen = decision.alternatives.first();
    let mut remedies = chosen.into_iter().flat_map(|one| &one.lacks).map(|lack| &lack.remedy);
    let scopes = remedies.find_map(|remedy| match remedy {
        Remedy::InsufficientScope { scopes } => Some(scopes),
        _ => None,
    });
    scopes.unwrap_or(NONE)
}

/// `NQCHAR` of RFC 6749, appendix A.
fn is_scope_character(character: char) -> bool {
    character.is_ascii_graphic() && !matches!(character, '"' | '\\')
}

fn is_printable(character: char) -> bool {
    character == ' ' || character.is_ascii_graphic()
}

/// A `quoted-string` (RFC 9110 §5.6.4).
fn quoted(value: &str) -> String {
    // INVARIANT: every value was checked to be printable ASCII, so nothing else could end the string.
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

/// Why a challenge cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChallengeError {
    /// The metadata's URL is not an absolute `https` URL without a fragment.
    Metadata(String),
    /// The realm has a character that is not printable ASCII.
    Realm(String),
    /// The scope is empty, or has a character that no scope has (RFC 6749 §3.3).
    Scope(String),
    /// The authentication context class is empty, or has a space or a character beyond ASCII.
    AcrValue(String),
    /// The age is negative.
    MaxAge(i64),
}

impl fmt::Display for ChallengeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata(url) => {
                write!(formatter, "{} is no `https` URL without a fragment", quote(url))
            }
            Self::Realm(realm) => {
                write!(formatter, "the realm {} is not printable ASCII", quote(realm))
            }
            Self::Scope(scope) => write!(formatter, "{} is no scope of OAuth's", quote(scope)),
            Self::AcrValue(class) => write!(formatter, "{} is no `acr` value", quote(class)),
            Self::MaxAge(age) => write!(formatter, "{age} is no number of seconds"),
        }
    }
}

impl std::error::Error for ChallengeError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A description would be left out if somebody gave its reason another sentence.
    #[test]
    fn every_reason_that_a_token_mends_can_be_described() {
        for reason in Reason::ALL {
            let challenged = reason.as_str().starts_with("credential.")
                || matches!(reason, Reason::AuthenticationInsufficient | Reason::ScopeInsufficient);
            assert!(!challenged || !description(reason.meaning()).1.is_empty(), "{reason}");
        }
    }
}
