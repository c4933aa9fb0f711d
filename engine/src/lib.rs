//! Judges MCP (Model Context Protocol) calls against a compiled Placet policy and says why.
//!
//! The engine knows bundles and calls, never policy text. It is pure: no clock, no file, no network,
//! no randomness. The host passes the time, the verified token's claims, the user's receipts and the
//! call, and gets a [`Decision`]: allow or deny, the link at which the chain broke, a stable
//! [`Reason`], the rules that decided, and the [`Remedy`] that would mend a denial.
//!
//! # The first decision
//!
//! ```sh
//! cargo add placet-engine serde_json
//! placet compile examples/notes -o notes.bundle
//! ```
//!
//! ```
//! use placet_engine::call::{self, Client, Credential, Registration, Status, Token, User};
//! use placet_engine::{Call, Engine, Limits, ProtectedResource, Reason, Record, Remedy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # macro_rules! notes { ($name:literal) => {
//! #     ($name.into(), include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/notes/", $name)).into())
//! # } }
//! # let files = std::collections::BTreeMap::from([notes!("policy.placet"), notes!("catalogue.json")]);
//! # let policy = placet_language::check(&files, &Default::default()).policy.ok_or("a mistake")?;
//! # let bundle = placet_language::compile(&policy)?;
//! # let (issuer, now) = (String::from("https://login.example.com"), 1_790_000_100);
//! // Once. An engine is `Send + Sync`, and a clone shares it.
//! let limits = Limits::default();
//! let engine = Engine::load(&bundle, &limits)?; // std::fs::read("notes.bundle")?
//! let metadata = "https://notes.example.com/.well-known/oauth-protected-resource/mcp"; // RFC 9728
//! let resource = ProtectedResource::new(metadata)?;
//!
//! // For each request: what it asks for, and what the host verified and looked up.
//! let server = "https://notes.example.com/mcp";
//! let client = Client {
//!     id: "https://assistant.example/oauth/client.json".into(),
//!     issuer: None,
//!     registration: Registration::MetadataDocument,
//!     status: Status::Approved,
//!     metadata_digest: None,
//! };
//! let mut call = Call::new(client, server, "tools/call", "add_note", now);
//! call.arguments = call::arguments(Some(r#"{ "text": "milk" }"#), &limits);
//! let claims = Default::default(); // the token's, of which groups are made
//! call.user = Some(User { issuer: issuer.clone(), subject: "alice".into(), claims });
//! call.credential = Some(Credential::Oauth(Token {
//!     issuer,
//!     audience: [server.into()].into(),
//!     subject: "alice".into(),
//!     client_id: call.client.id.clone(),
//!     scopes: ["notes:read".into()].into(),
//!     issued_at: Some(now - 60),
//!     expires_at: Some(now + 600),
//!     auth_time: Some(now - 60),
//!     acr: None,
//! }));
//! call.receipts = Vec::new(); // all that Alice gave this client, withdrawn ones too
//!
//! let decision = engine.decide(&call);
//! println!("{}", serde_json::to_string(&Record::new(&call, &decision))?);
//! if decision.is_allow() {
//!     // Carry out just this call. If `decision.consume` names a confirmation, it is used up.
//! } else if let Some(challenge) = resource.challenge(&decision)? {
//!     // Another token would do. This one lacks a scope:
//!     assert_eq!(challenge.status, 403);
//!     assert!(challenge.www_authenticate.contains(r#"scope="notes:write""#));
//! } else {
//!     match &decision.remedy {
//!         Some(Remedy::Consent { terms, .. }) => { /* show these terms, keep a receipt */ }
//!         Some(Remedy::Confirm { operation, .. }) => { /* let the user confirm just this */ }
//!         Some(Remedy::Review { by, .. }) => { /* somebody has to approve the client */ }
//!         _ => { /* denied, and nothing would mend it */ }
//!     }
//! }
//! assert_eq!(decision.reason, Some(Reason::ScopeInsufficient));
//! # Ok(())
//! # }
//! ```
//!
//! A call can be read from JSON as well: [`Call::from_json`]. `examples/` in the repository holds hosts
//! to copy, an axum middleware and a stdio gateway; [`challenge`] tells which denial gets which
//! challenge, and what an MCP host answers where none does; [`Engine::explain`] shows every link of the
//! chain. A new policy is a new engine: swap it for the old one between two decisions.
//!
//! # The laws it keeps
//!
//! Tests hold the engine to these on generated policies and calls (`tests/tests/laws.rs`):
//!
//! - Without an `allow` everything is denied, and one more `deny` never allows more.
//! - The order of statements and files makes no difference, and a policy compiles to the same bytes
//!   every time.
//! - Taking an `allow`, a token's scope, a confirmation or a receipt that is not withdrawn away never
//!   allows more.
//! - Doing what the remedies of a denial ask for, one after the other, ends in an allow.
//! - No change of one member of a call opens it, but one with which the rules allow it by themselves.
//! - An argument is what its name says, whatever characters that has.
//!
//! And to the rest of the world (`tests/tests/differential.rs`):
//!
//! - Cedar's answer is the decision. The chain of links explains it, and where the two disagree, or a
//!   policy's evaluation errs, the call is denied with `evaluation.error`.
//! - A second implementation of the chain, made from the policy and not from the bundle, gives the same
//!   reason for every call, and plain Cedar over the emitted policies the same decision.
//! - Every emitted policy decides some call, and every reason occurs.
//!
//! And to what leaves it (`tests/tests/challenge.rs`, `record.rs`):
//!
//! - A challenge is one challenge: nothing in policy or call ends its quoted strings.
//! - A secret anywhere in a call but where [`Record`] says so is not in its record.
//! - Bytes are read within [`Limits`], and in one form only. Of a signed bundle
//!   ([`Engine::load_signed`]) nothing is read before the signature holds (`limits.rs`,
//!   `signed_bundles.rs`).
//! - A receipt covers what its user was shown, and no more (`history.rs`).

mod arguments;
pub mod bundle;
pub mod call;
mod cedar;
mod chain;
pub mod challenge;
pub mod condition;
mod consent;
mod decision;
mod digest;
mod engine;
mod evaluator;
mod explain;
mod facts;
pub mod glob;
mod groups;
pub mod ids;
mod index;
mod json;
mod limits;
mod needed;
mod nesting;
pub mod network;
mod parallel;
pub mod probe;
mod reason;
mod record;
mod registration;
mod remedied;
pub mod resource;
mod slices;
pub mod url;
mod validate;
pub mod view;
mod visible;

pub use arguments::Arguments;
pub use bundle::BundleError;
pub use call::{Call, CallError};
pub use cedar::policy_text;
pub use challenge::{Challenge, ChallengeError, ProtectedResource};
pub use consent::{ConsentDecision, ConsentRequest, Shown};
pub use decision::{Alternative, Decision, Lack, Remedy, RuleReference, Unchecked, Verdict};
pub use digest::{Digest, NotCanonical};
pub use engine::Engine;
pub use explain::{AllowVerdict, DenyVerdict, Explanation, LinkVerdict, Outcome, RequireVerdict};
pub use json::{parse as parse_json, sorted as sorted_json};
pub use limits::Limits;
pub use needed::NeededFact;
pub use probe::{Probe, ProbeFact, Sample};
pub use reason::{Link, Reason};
pub use record::{Record, RecordedClient, RecordedConsent, RecordedCredential, RecordedRule};
pub use registration::{RegistrationDecision, RegistrationRequest, RegistrationVerdict};
pub use visible::{ToolVisibility, Visibility};
