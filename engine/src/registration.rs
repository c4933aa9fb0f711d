//! Registration decisions: may this client register, asking for these scopes?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bundle::{Content, Redirect, RegisterRule};
use crate::call::bounds::{each, few, scopes, short};
use crate::call::{CallError, Client, Registration, Status};
use crate::chain::registration::Admission;
use crate::condition::quote;
use crate::decision::Remedy;
use crate::facts;
use crate::json::Object;
use crate::limits::Limits;
use crate::reason::Reason;
use crate::url;

/// A client that wants to register (RFC 7591, or a client ID metadata document).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// The https URL of the metadata document; with an `issuer`, the `client_id` there.
    pub id: String,
    /// The issuer at which the client registers; `None` for a metadata document.
    #[serde(default)]
    pub issuer: Option<String>,
    /// How it registers.
    pub registration: Registration,
    /// The scopes that it asks for.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// Where it may have users sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

impl RegistrationRequest {
    /// Reads a request from JSON; `spec/registration.schema.json` describes it.
    ///
    /// # Errors
    ///
    /// [`CallError`]: over a limit, not JSON, or a part is missing, unknown, repeated or of the wrong
    /// type.
    pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Self, CallError> {
        if bytes.len() > limits.call_bytes {
            return Err(CallError::TooLarge { bytes: bytes.len(), limit: limits.call_bytes });
        }
        let Object(request): Object<Self> =
            serde_json::from_slice(bytes).map_err(CallError::unreadable)?;
        request.check(limits)?;
        Ok(request)
    }

    /// Whether a request that a host built by itself keeps within the limits, as what
    /// [`RegistrationRequest::from_json`] reads does.
    ///
    /// # Errors
    ///
    /// [`CallError`]: over which limit it is.
    pub fn check(&self, limits: &Limits) -> Result<(), CallError> {
        short("id", &self.id, limits)?;
        each("issuer", &self.issuer, limits)?;
        scopes("scopes", &self.scopes, limits)?;
        few("redirect URIs", self.redirect_uris.len(), limits.redirect_uris)?;
        each("redirect_uris", &self.redirect_uris, limits)
    }
}

/// Whether a client may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationVerdict {
    /// It may act at once.
    Approved,
    /// It may act once somebody approved it.
    Pending,
    /// It may not act.
    Refused,
}

/// What the engine says of a client that wants to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegistrationDecision {
    /// Whether it may.
    pub decision: RegistrationVerdict,
    /// Why it may not, or not yet.
    pub reason: Option<Reason>,
    /// What is wrong, for a person.
    pub detail: Option<String>,
    /// What would mend it.
    pub remedy: Option<Remedy>,
}

impl RegistrationDecision {
    fn refused(reason: Reason, detail: String) -> Self {
        Self {
            decision: RegistrationVerdict::Refused,
            reason: Some(reason),
            detail: Some(detail),
            remedy: Some(Remedy::Review { by: None, within: None }),
        }
    }

    const APPROVED: Self =
        Self { decision: RegistrationVerdict::Approved, reason: None, detail: None, remedy: None };
}

/// Judges a registration. `name` is what the policy calls the client, if it names it.
pub(crate) fn judge(
    content: &Content,
    name: Option<&str>,
    request: &RegistrationRequest,
) -> RegistrationDecision {
    let client = Client {
        id: request.id.clone(),
        issuer: request.issuer.clone(),
        registration: request.registration,
        status: Status::Pending,
        metadata_digest: None,
    };
    let rules = match Admission::of(content, name, &client) {
        None => {
            let detail = format!(
                "no `client` or `register` line admits {} by {} registration",
                quote(&request.id),
                request.registration.as_str()
            );
            return RegistrationDecision::refused(Reason::UnknownClient, detail);
        }
        Some(Admission::Named(name)) => {
            let expected = match request.issuer {
                Some(_) => Registration::Preregistered,
                None => Registration::MetadataDocument,
            };
            if request.registration == expected {
                return RegistrationDecision::APPROVED;
            }
            let detail = format!("client `{name}` is admitted by {}", expected.as_str());
            return RegistrationDecision::refused(Reason::RegistrationKind, detail);
        }
        Some(Admission::Registered(rules)) => rules,
    };
    let domain = facts::domain(&client);
    let mut refusal = None;
    let mut review = None;
    for rule in rules {
        match (refused(content, rule, request, domain.as_deref()), &rule.review) {
            (Some((reason, detail)), _) => {
                refusal.get_or_insert_with(|| RegistrationDecision::refused(reason, detail));
            }
            (None, None) => return RegistrationDecision::APPROVED,
            (None, Some(wanted)) => {
                review.get_or_insert(wanted);
            }
        }
    }
    match (review, refusal) {
        (Some(review), _) => RegistrationDecision {
            decision: RegistrationVerdict::Pending,
            reason: Some(Reason::ClientPending),
            detail: Some(format!("awaits its review by {}", review.by)),
            remedy: Some(Remedy::Review { by: Some(review.by.clone()), within: review.within }),
        },
        (None, Some(refusal)) => refusal,
        (None, None) => RegistrationDecision::refused(
            Reason::EvaluationError,
            String::from("no line judges it"),
        ),
    }
}

/// Why a `register` line does not admit a client that is of its kind and place.
fn refused(
    content: &Content,
    rule: &RegisterRule,
    request: &RegistrationRequest,
    domain: Option<&str>,
) -> Option<(Reason, String)> {
    let implied = content.servers.values().flat_map(|server| {
        rule.may_request.iter().filter_map(|scope| server.scopes.get(scope)).flatten()
    });
    let requestable: BTreeSet<&String> = implied.chain(&rule.may_request).collect();
    if let Some(scope) = request.scopes.iter().find(|scope| !requestable.contains(scope)) {
        let detail = format!("it may not request scope {}", quote(scope));
        return Some((Reason::RegistrationScope, detail));
    }
    let is_allowed = |uri: &&String| {
        rule.redirects.is_empty() || rule.redirects.iter().any(|one| fits(one, uri, domain))
    };
    let uri = request.redirect_uris.iter().find(|uri| !is_allowed(uri))?;
    Some((Reason::RegistrationRedirect, format!("it may not redirect to {}", quote(uri))))
}

fn fits(redirect: &Redirect, uri: &str, domain: Option<&str>) -> bool {
    match redirect {
        Redirect::Uri(exact) => exact == uri,
        Redirect::Loopback => url::parse(uri).is_some_and(|url| {
            url.scheme == "http" && matches!(url.host.as_str(), "127.0.0.1" | "[::1]" | "localhost")
        }),
        Redirect::SameDomain => url::parse(uri)
            .is_some_and(|url| url.scheme == "https" && Some(url.host.as_str()) == domain),
    }
}
