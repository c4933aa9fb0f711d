//! Judges MCP (Model Context Protocol) calls against a compiled Placet policy and says why.
//!
//! The engine knows bundles and calls, never policy text. It is pure: no clock, no file, no network,
//! no randomness. The host passes the time, the verified token's claims, the user's receipts and the
//! call, and gets a [`Decision`]: allow or deny, the link at which the chain broke, a stable
//! [`Reason`], the rules that decided, and the [`Remedy`] that would mend a denial.
//!
//! ```no_run
//! use placet_engine::{Call, Engine, Limits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limits = Limits::default();
//! let engine = Engine::load(&std::fs::read("policy.bundle")?, &limits)?;
//! let call = Call::from_json(&std::fs::read("call.json")?, &limits)?;
//! let decision = engine.decide(&call);
//! if !decision.is_allow() {
//!     eprintln!("denied: {}", serde_json::to_string(&decision)?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it keeps to
//!
//! - Default deny, and deny wins; the order of rules makes no difference.
//! - Cedar's answer is the decision. The chain of links explains it, and where the two disagree, or
//!   a policy's evaluation errs, the call is denied with `evaluation.error`.
//! - Taking a live receipt, a token's scope or an `allow` away never allows more.
//! - Following a denial's remedies ends in an allow.
//! - Bytes are read within [`Limits`], and in one form only. Of a signed bundle
//!   ([`Engine::load_signed`]) nothing is read before the signature holds.

mod arguments;
pub mod bundle;
pub mod call;
mod cedar;
mod chain;
mod challenge;
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
mod nesting;
pub mod network;
mod parallel;
mod reason;
mod record;
mod registration;
mod remedied;
pub mod resource;
mod slices;
pub mod url;
mod validate;
pub mod view;

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
pub use json::parse as parse_json;
pub use limits::Limits;
pub use reason::{Link, Reason};
pub use record::{Record, RecordedClient, RecordedConsent, RecordedCredential, RecordedRule};
pub use registration::{RegistrationDecision, RegistrationRequest, RegistrationVerdict};
