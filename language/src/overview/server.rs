//! Servers, and what is checked of a call before any rule is looked at.

use placet_engine::Reason;
use placet_engine::bundle::{ApiKeys, Credentials, Source};
use placet_engine::condition::quote;
use serde::Serialize;

use crate::case::Duration;
use crate::model::{self, Policy};

/// An MCP server.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// Its name in the policy.
    pub name: String,
    /// Its canonical resource URI (RFC 8707), or `local:` and a name.
    pub identity: String,
    /// Which credentials it accepts.
    pub credentials: Credentials,
    /// What is checked of every call.
    pub checks: Vec<Check>,
    /// Whether a call must carry the digest of the tool's definition.
    pub pin_tools: bool,
    /// Whether a call must carry the digest of the client's metadata.
    pub pin_clients: bool,
    /// How many tools its catalogue has.
    pub tools: usize,
    /// How many prompts.
    pub prompts: usize,
    /// Where it stands.
    pub source: Source,
}

/// Something that must hold of every call.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What is looked at, in a word or two.
    pub what: &'static str,
    /// Of a token, the claim (RFC 9068, section 2.2).
    pub claim: Option<&'static str>,
    /// What must hold.
    pub demands: String,
    /// The reasons of a denial where it does not; none where it is the host's to check.
    pub reasons: Vec<Reason>,
}

pub(super) fn servers(policy: &Policy) -> Vec<Server> {
    let server = |(name, server): (&String, &model::Server)| Server {
        name: name.clone(),
        identity: server.identity.clone(),
        credentials: server.credentials.clone(),
        checks: checks(server),
        pin_tools: server.pin_tools,
        pin_clients: server.pin_clients,
        tools: server.catalogue.tools.len(),
        prompts: server.catalogue.prompts.len(),
        source: server.source.clone(),
    };
    policy.servers.iter().map(server).collect()
}

fn check(what: &'static str, demands: impl Into<String>, reasons: &[Reason]) -> Check {
    Check { what, claim: None, demands: demands.into(), reasons: reasons.to_vec() }
}

/// A check of one claim of a token.
fn claim(
    what: &'static str,
    claim: &'static str,
    demands: impl Into<String>,
    reasons: &[Reason],
) -> Check {
    Check { claim: Some(claim), ..check(what, demands, reasons) }
}

/// In the order in which the engine judges, as far as it has one.
fn checks(server: &model::Server) -> Vec<Check> {
    let mut checks = vec![
        check(
            "tool",
            match server.pin_tools {
                true => {
                    "the call carries the digest of the tool's definition, and it is the one here"
                }
                false => {
                    "where the call carries a digest of the tool's definition, it is the one here"
                }
            },
            &[Reason::ToolChanged],
        ),
        check(
            "client",
            "the policy admits it, it registered as it says, and its review ended well",
            &[
                Reason::UnknownClient,
                Reason::ClientPending,
                Reason::ClientBlocked,
                Reason::RegistrationKind,
            ],
        ),
        check(
            "client metadata",
            match server.pin_clients {
                true => "they were reviewed, and the call carries the digest that they had then",
                false => {
                    "where they were reviewed and the call carries a digest of them, it is the one that \
                     they had then"
                }
            },
            &[Reason::MetadataChanged],
        ),
    ];
    match &server.credentials {
        Credentials::Oauth { issuers, api_keys } => {
            let issuers: Vec<String> = issuers.iter().map(|issuer| quote(issuer)).collect();
            checks.extend(token(&server.identity, &issuers.join(" or ")));
            checks.extend(api_keys.as_ref().map(api_key));
        }
        Credentials::Local { up_to, .. } => checks.extend([
            check(
                "credential",
                format!("whoever starts the server may use tools up to access {up_to}"),
                &[Reason::CredentialMissing, Reason::CredentialKind],
            ),
            check(
                "user",
                "the host vouches for the user for whom it calls",
                &[Reason::CredentialSubject],
            ),
        ]),
    }
    checks
}

/// What is checked of an access token.
fn token(identity: &str, issuers: &str) -> Vec<Check> {
    vec![
        check(
            "signature",
            "the host has verified the token before it asks: the engine is given its claims",
            &[],
        ),
        claim(
            "issuer",
            "iss",
            format!("is {issuers}, and the issuer of the call's user is the same"),
            &[Reason::CredentialIssuer],
        ),
        claim(
            "audience",
            "aud",
            format!("has {}, the server's resource URI (RFC 8707)", quote(identity)),
            &[Reason::CredentialAudience],
        ),
        claim(
            "expiry",
            "exp",
            "is there and not past",
            &[Reason::CredentialExpired, Reason::CredentialLifetime],
        ),
        claim(
            "issued at",
            "iat",
            "is not in the future, where it is there",
            &[Reason::CredentialNotYetValid],
        ),
        claim(
            "subject",
            "sub",
            "is the call's user; without a user, the client itself (RFC 9068, section 2.2)",
            &[Reason::CredentialSubject],
        ),
        claim(
            "client binding",
            "client_id",
            "is the calling client, and that of an issuer has its token from there",
            &[Reason::CredentialClient],
        ),
        claim(
            "scope",
            "scope",
            "has what the capability needs, or what implies it; of a client without a name only what \
             it may request counts",
            &[Reason::ScopeInsufficient],
        ),
    ]
}

/// What is checked of an API key, where they are accepted.
fn api_key(bound: &ApiKeys) -> Check {
    let networks: Vec<String> =
        bound.networks.iter().map(|network| quote(&network.to_string())).collect();
    let from = match networks.is_empty() {
        true => String::from("from anywhere"),
        false => format!("from {}", networks.join(" or ")),
    };
    let lasts = match bound.lasts {
        Some(seconds) => {
            format!("for {} from when it was issued", Duration(seconds.unsigned_abs()))
        }
        None => String::from("for as long as the host says"),
    };
    check(
        "API key",
        format!("up to access {}, {from}, {lasts}", bound.up_to),
        &[
            Reason::CredentialKind,
            Reason::CredentialExpired,
            Reason::CredentialNotYetValid,
            Reason::CredentialNetwork,
            Reason::CredentialLifetime,
        ],
    )
}
