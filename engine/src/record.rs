//! The audit event of a decision: who wanted to do what, on the strength of which consent, and what
//! was said to it.
//!
//! `spec/record.md` describes it, with the OpenTelemetry attributes that its members go to, and
//! `spec/record.schema.json` is its schema.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::bundle::Source;
use crate::call::{Call, Client, Credential, Receipt, Registration, Status, UserId};
use crate::decision::{Decision, Remedy, Unchecked, Verdict};
use crate::digest::Digest;
use crate::reason::{Link, Reason};

/// One decision, to be kept: `serde_json::to_string` gives it as one line.
///
/// Everything that the host and the client said is left out but for what stands here: no claim of
/// the user's, no token, no text that could quote an argument, and no argument but those that
/// [`Record::with_arguments`] names. The client chose `target` and `purpose` freely; they are text to
/// be shown, never to be believed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// The version of this form: 1.
    pub version: u32,
    /// The call's `now`, in seconds since the epoch.
    pub time: i64,
    /// The host's name for the request, to find it elsewhere.
    pub correlation: Option<String>,
    /// For whom the client acted.
    pub user: Option<UserId>,
    /// Who acted.
    pub client: RecordedClient,
    /// How the client proved its right.
    pub credential: Option<RecordedCredential>,
    /// Where.
    pub server: String,
    /// The MCP method.
    pub operation: String,
    /// The tool's or the prompt's name, or the resource's URI.
    pub target: String,
    /// The digest of the tool's definition, as the host saw it.
    pub tool_digest: Option<Digest>,
    /// What the client said that the call was for.
    pub purpose: Option<String>,
    /// The arguments that the host asked for, by JSON pointer.
    pub arguments: BTreeMap<String, Value>,
    /// Allow or deny.
    pub decision: Verdict,
    /// Why it was denied.
    pub reason: Option<Reason>,
    /// The link at which the chain broke.
    pub link: Option<Link>,
    /// The rules that decided.
    pub rules: Vec<RecordedRule>,
    /// The kind of remedy, as in [`Remedy::kind`].
    pub remedy: Option<&'static str>,
    /// The consent that the allow rests on, or that the user is to be asked for.
    pub consent: Option<RecordedConsent>,
    /// The scopes that the operation needs.
    pub needs: BTreeSet<String>,
    /// The scopes that the credential carries.
    pub holds: BTreeSet<String>,
    /// The digest of the operation, where it must be confirmed.
    pub operation_digest: Option<Digest>,
    /// The confirmation that was used up.
    pub confirmation: Option<String>,
    /// The bundle's digest.
    pub policy: Digest,
    /// What could not be checked.
    pub unchecked: Vec<Unchecked>,
}

/// The client of a recorded call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedClient {
    /// As in [`Client::id`].
    pub id: String,
    /// As in [`Client::issuer`].
    pub issuer: Option<String>,
    /// How it became known.
    pub registration: Registration,
    /// Where its review stood.
    pub status: Status,
}

/// The credential of a recorded call: what it was, and nothing of what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedCredential {
    /// `oauth`, `api_key` or `local`.
    pub kind: &'static str,
    /// The host's name for the API key.
    pub id: Option<String>,
}

/// A rule that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedRule {
    /// Its name.
    pub id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
}

/// A consent that mattered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedConsent {
    /// The consent's name in the policy; `None` where several receipts of the call have the id.
    pub terms: Option<String>,
    /// The digest of its terms; `None` likewise.
    pub digest: Option<Digest>,
    /// The receipt that the allow rests on.
    pub receipt: Option<String>,
}

impl Record {
    /// The event of a decision on a call.
    pub fn new(call: &Call, decision: &Decision) -> Self {
        let user = call.user.as_ref();
        let Client { id, issuer, registration, status, metadata_digest: _ } = &call.client;
        let rule = |rule: &crate::RuleReference| RecordedRule {
            id: rule.id.clone(),
            source: rule.source.clone(),
        };
        Self {
            version: 1,
            time: call.now,
            correlation: None,
            user: user
                .map(|user| UserId { issuer: user.issuer.clone(), subject: user.subject.clone() }),
            client: RecordedClient {
                id: id.clone(),
                issuer: issuer.clone(),
                registration: *registration,
                status: *status,
            },
            credential: call.credential.as_ref().map(credential),
            server: call.server.clone(),
            operation: call.operation.clone(),
            target: call.target.clone(),
            tool_digest: call.tool_digest.clone(),
            purpose: call.purpose.clone(),
            arguments: BTreeMap::new(),
            decision: decision.decision,
            reason: decision.reason,
            link: decision.link,
            rules: decision.rules.iter().map(rule).collect(),
            remedy: decision.remedy.as_ref().map(Remedy::kind),
            consent: consent(call, decision),
            needs: decision.needs.clone(),
            holds: decision.holds.clone(),
            operation_digest: decision.operation.clone(),
            confirmation: decision.consume.clone(),
            policy: decision.policy.clone(),
            unchecked: decision.unchecked.clone(),
        }
    }

    /// The same with the host's name for the request.
    pub fn with_correlation(self, correlation: &str) -> Self {
        Self { correlation: Some(correlation.to_owned()), ..self }
    }

    /// The same with these arguments of the call, each by its JSON pointer (RFC 6901): `/owner`,
    /// `/parent/page_id`. One that is absent is left out, and so are all where the call's arguments
    /// cannot be judged. No pointer names them all.
    pub fn with_arguments(mut self, call: &Call, pointers: &[&str]) -> Self {
        let Ok(arguments) = &call.arguments else { return self };
        for pointer in pointers {
            let Some(path) = pointer.strip_prefix('/') else { continue };
            let (name, rest) = match path.split_once('/') {
                Some((name, rest)) => (name, format!("/{rest}")),
                None => (path, String::new()),
            };
            let name = name.replace("~1", "/").replace("~0", "~");
            if let Some(value) = arguments.get(&name).and_then(|value| value.pointer(&rest)) {
                self.arguments.insert((*pointer).to_owned(), value.clone());
            }
        }
        self
    }
}

fn credential(credential: &Credential) -> RecordedCredential {
    let (kind, id) = match credential {
        Credential::Oauth(_) => ("oauth", None),
        Credential::ApiKey(key) => ("api_key", Some(key.id.clone())),
        Credential::Local {} => ("local", None),
    };
    RecordedCredential { kind, id }
}

fn consent(call: &Call, decision: &Decision) -> Option<RecordedConsent> {
    if let Some(Remedy::Consent { terms, digest, .. }) = &decision.remedy {
        return Some(RecordedConsent {
            terms: Some(terms.clone()),
            digest: Some(digest.clone()),
            receipt: None,
        });
    }
    let id = decision.receipt.as_ref()?;
    let mut given = call.receipts.iter().filter(|receipt| receipt.id == *id);
    let Receipt { terms, digest, .. } = given.next()?;
    // Of two receipts by one name it cannot be said which it was.
    let is_told = given.all(|other| other.terms == *terms && other.digest == *digest);
    Some(RecordedConsent {
        terms: is_told.then(|| terms.clone()),
        digest: is_told.then(|| digest.clone()),
        receipt: Some(id.clone()),
    })
}
