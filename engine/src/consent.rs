//! Consent decisions: may this user give these terms to this client, and what must be shown first?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bundle::{
    Access, Capability, Content, Effect, Otherwise, Rule, Server, Target, Terms, Tool,
};
use crate::call::{CallError, Client, ClientId, Receipt, User, UserId, bounds};
use crate::chain::registration::{self, Admission};
use crate::chain::{Break, consent};
use crate::condition::quote;
use crate::decision::{Remedy, RuleReference, Verdict};
use crate::digest::Digest;
use crate::facts::{self, Party};
use crate::json::{self, Object};
use crate::limits::Limits;
use crate::reason::{Link, Reason};

/// A user who is about to be asked for a consent, or who just gave it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// The host's name for the receipt.
    pub id: String,
    /// Who would agree.
    #[serde(deserialize_with = "json::object")]
    pub user: User,
    /// The client that would act.
    #[serde(deserialize_with = "json::object")]
    pub client: Client,
    /// The server's resource URI (RFC 8707), or `local:` and a name.
    pub server: String,
    /// The consent's name in the policy.
    pub terms: String,
    /// What the client says that it is for.
    #[serde(default)]
    pub purpose: Option<String>,
    /// An end that the user chose, in seconds since the epoch; the terms may end it sooner.
    #[serde(default)]
    pub expires_at: Option<i64>,
    /// Seconds since the epoch.
    pub now: i64,
}

impl ConsentRequest {
    /// Reads a request from JSON; `spec/consent.schema.json` describes it.
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
    /// [`ConsentRequest::from_json`] reads does.
    ///
    /// # Errors
    ///
    /// [`CallError`]: over which limit it is.
    pub fn check(&self, limits: &Limits) -> Result<(), CallError> {
        bounds::short("id", &self.id, limits)?;
        bounds::user(&self.user, limits)?;
        bounds::client(&self.client, limits)?;
        bounds::short("server", &self.server, limits)?;
        bounds::short("terms", &self.terms, limits)?;
        bounds::each("purpose", &self.purpose, limits)
    }
}

/// Whether a user may give a consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentDecision {
    /// Whether the user may.
    pub decision: Verdict,
    /// Why not; `None` on an allow.
    pub reason: Option<Reason>,
    /// The link at which the chain broke; `None` on an allow.
    pub link: Option<Link>,
    /// What is wrong, for a person.
    pub detail: Option<String>,
    /// What would mend it.
    pub remedy: Option<Remedy>,
    /// The rules that the consent would make usable; of a denial by rules, those.
    pub rules: Vec<RuleReference>,
    /// What the user must be shown before agreeing; `None` on a denial.
    pub shown: Option<Shown>,
    /// The smallest set of scopes that a token needs for all that becomes usable.
    pub scopes: BTreeSet<String>,
    /// The receipt to store once the user agreed; `None` on a denial.
    pub receipt: Option<Receipt>,
    /// The bundle's digest.
    pub policy: Digest,
}

impl ConsentDecision {
    pub(crate) fn denied(policy: &Digest) -> Self {
        Self {
            decision: Verdict::Deny,
            reason: None,
            link: None,
            detail: None,
            remedy: None,
            rules: Vec::new(),
            shown: None,
            scopes: BTreeSet::new(),
            receipt: None,
            policy: policy.clone(),
        }
    }

    /// Whether the user may give the consent.
    pub fn is_allow(&self) -> bool {
        self.decision == Verdict::Allow
    }
}

/// What a user must be shown before agreeing. The digest in the receipt is over this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The author's text, in which `{client}` stands for the client's name.
    pub text: String,
    /// One line for each granted capability.
    pub lines: Vec<String>,
    /// What it may be used for; empty: a call that states a purpose is denied.
    pub purposes: BTreeSet<String>,
    /// The highest access that is granted.
    pub access: Option<Access>,
    /// Until when, in seconds since the epoch; `None`: until it is taken back.
    pub expires_at: Option<i64>,
}

/// Judges a request. `name` is what the policy calls the client, if it names it; `groups` are those
/// that the user is in.
pub(crate) fn judge(
    content: &Content,
    name: Option<&str>,
    groups: BTreeSet<&str>,
    request: &ConsentRequest,
    decision: &mut ConsentDecision,
) {
    let party = Party {
        user: Some(&request.user),
        client: &request.client,
        name,
        groups,
        domain: facts::domain(&request.client),
    };
    if let Err(broken) = agree(content, &party, request, decision) {
        decision.reason = Some(broken.reason);
        decision.link = Some(broken.reason.link());
        decision.detail = Some(broken.detail);
        decision.remedy = broken.remedy;
    }
}

fn agree(
    content: &Content,
    party: &Party<'_>,
    request: &ConsentRequest,
    decision: &mut ConsentDecision,
) -> Result<(), Break> {
    let refuse = |reason, detail| Err(Break::without_remedy(reason, detail));
    let ConsentRequest { user, client, .. } = request;
    let servers = &content.servers;
    let Some((server_name, server)) =
        servers.iter().find(|(_, server)| server.identity == request.server)
    else {
        let detail = format!("the policy has no server {}", quote(&request.server));
        return refuse(Reason::UnknownServer, detail);
    };
    let admission = Admission::of(content, party.name, client);
    registration::judge(content, admission.as_ref(), server, client)?;
    let declared = content.terms.get(&request.terms).filter(|terms| terms.server == *server_name);
    let Some(terms) = declared else {
        let detail = format!("the server has no consent called {}", quote(&request.terms));
        return refuse(Reason::ConsentUnknown, detail);
    };
    if !party.is_through(terms.clients.as_ref()) {
        let detail = format!("consent `{}` may not be given to this client", request.terms);
        return refuse(Reason::ConsentClient, detail);
    }
    if let Some(detail) = consent::purpose_defect(&request.terms, terms, request.purpose.as_ref()) {
        return refuse(Reason::ConsentPurpose, detail);
    }
    let lasts_until = terms.lasts.map(|lasts| request.now.saturating_add(lasts));
    let expires_at = [request.expires_at, lasts_until].into_iter().flatten().min();
    if expires_at.is_some_and(|end| end <= request.now) {
        return refuse(Reason::ConsentExpired, String::from("it would have ended already"));
    }

    let may_request = admission.as_ref().and_then(Admission::may_request);
    let requestable = facts::requestable(server, may_request.as_ref());
    let uses = Uses { content, server, party, requestable: requestable.as_ref() };
    let (usable, rules) = uses.of(&request.terms, terms);
    if rules.is_empty() {
        let detail = format!(
            "no rule lets this user do anything under `{}` through this client",
            request.terms
        );
        return refuse(Reason::RuleNone, detail);
    }
    if usable.is_empty() && !uses.is_asked_for(&request.terms) {
        let denying = uses.denying();
        let because = denying.iter().find_map(|(_, rule)| rule.because.clone());
        decision.rules = references(&denying);
        let detail =
            because.unwrap_or_else(|| String::from("`deny` rules forbid all that it grants"));
        return refuse(Reason::RuleDenied, detail);
    }

    let granted =
        server.features().filter(|(_, tool)| !tool.capabilities.is_disjoint(&terms.grants));
    decision.decision = Verdict::Allow;
    decision.rules = references(&rules);
    decision.shown = Some(Shown {
        text: terms.text.clone(),
        lines: terms.lines.clone(),
        purposes: terms.purposes.clone(),
        access: granted.filter_map(|(_, tool)| tool.access).max(),
        expires_at,
    });
    decision.scopes = uses.scopes(&usable);
    decision.receipt = Some(Receipt {
        id: request.id.clone(),
        terms: request.terms.clone(),
        digest: terms.digest.clone(),
        user: UserId { issuer: user.issuer.clone(), subject: user.subject.clone() },
        client: ClientId { id: client.id.clone(), issuer: client.issuer.clone() },
        server: request.server.clone(),
        purpose: request.purpose.clone(),
        given_at: request.now,
        expires_at,
        withdrawn_at: None,
    });
    Ok(())
}

type Named<'a> = (&'a str, &'a Rule);

fn references(rules: &[Named<'_>]) -> Vec<RuleReference> {
    let reference = |(name, rule): &Named<'_>| RuleReference {
        id: (*name).to_owned(),
        source: rule.source.clone(),
        because: rule.because.clone(),
    };
    rules.iter().map(reference).collect()
}

/// What a user could do through a client at a server.
struct Uses<'a> {
    content: &'a Content,
    server: &'a Server,
    party: &'a Party<'a>,
    /// The scopes that could count in a token of this client; `None`: any.
    requestable: Option<&'a BTreeSet<&'a str>>,
}

impl<'a> Uses<'a> {
    /// The rules that speak of this user and client.
    fn rules(&self) -> impl Iterator<Item = Named<'a>> {
        let rules = self.content.rules.iter().map(|(name, rule)| (name.as_str(), rule));
        rules.filter(|(_, rule)| {
            self.party.is_one_of(&rule.who) && self.party.is_through(rule.clients.as_ref())
        })
    }

    /// The capabilities that become usable, and the rules that stand on the terms.
    fn of(&self, name: &str, terms: &Terms) -> (Vec<&'a Capability>, Vec<Named<'a>>) {
        let mut capabilities = BTreeSet::new();
        let mut standing = Vec::new();
        for (id, rule) in self.rules() {
            match &rule.effect {
                Effect::Allow { capabilities: allowed, under: Some(under) } if under == name => {
                    let reachable = allowed.iter().filter(|one| self.may_be_reached(one));
                    let reachable: Vec<&String> =
                        reachable.filter(|one| terms.grants.contains(*one)).collect();
                    if !reachable.is_empty() {
                        standing.push((id, rule));
                    }
                    capabilities.extend(reachable);
                }
                Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. }
                    if terms == name =>
                {
                    standing.push((id, rule));
                }
                _ => {}
            }
        }
        let usable = capabilities.into_iter().filter(|name| !self.is_denied(name));
        (usable.filter_map(|name| self.content.capabilities.get(name)).collect(), standing)
    }

    fn is_asked_for(&self, name: &str) -> bool {
        self.rules().any(|(_, rule)| {
            matches!(&rule.effect,
                Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } if terms == name)
        })
    }

    /// Whether a token of the client could have the scopes that a capability needs.
    fn may_be_reached(&self, capability: &str) -> bool {
        let capability = self.content.capabilities.get(capability);
        capability.is_some_and(|capability| self.obtainable(capability).next().is_some())
    }

    fn obtainable(&self, capability: &'a Capability) -> impl Iterator<Item = &'a BTreeSet<String>> {
        capability.needs.iter().filter(|set| {
            self.requestable.is_none_or(|all| set.iter().all(|scope| all.contains(scope.as_str())))
        })
    }

    /// The `deny` rules that hold whatever the call.
    fn denying(&self) -> Vec<Named<'a>> {
        let always = |(_, rule): &Named<'a>| {
            matches!(rule.effect, Effect::Deny { .. }) && rule.when.is_none()
        };
        self.rules().filter(always).collect()
    }

    /// Whether all that a capability holds is denied, whatever the call.
    fn is_denied(&self, capability: &str) -> bool {
        let denying = self.denying();
        let is_denied = |tool: &Tool| {
            denying.iter().any(|(_, rule)| match &rule.effect {
                Effect::Deny { targets } => targets.iter().any(|target| match target {
                    Target::Capability(name) => tool.capabilities.contains(name),
                    Target::Access(level) => tool.access.is_some_and(|access| access >= *level),
                }),
                _ => false,
            })
        };
        self.server
            .features()
            .filter(|(_, tool)| tool.capabilities.contains(capability))
            .all(|(_, tool)| is_denied(tool))
    }

    /// The smallest set of scopes that suffices for each of some capabilities; of equals the first
    /// by name.
    fn scopes(&self, capabilities: &[&'a Capability]) -> BTreeSet<String> {
        /// Beyond so many sets the larger ones are given up, and the set may not be the smallest.
        const SETS: usize = 1_000;
        let mut sets: BTreeSet<BTreeSet<String>> = BTreeSet::from([BTreeSet::new()]);
        for capability in capabilities {
            let joined: BTreeSet<BTreeSet<String>> = sets
                .iter()
                .flat_map(|set| self.obtainable(capability).map(move |needs| set | needs))
                .collect();
            let mut by_size: Vec<BTreeSet<String>> = joined.into_iter().collect();
            by_size.sort_by_key(BTreeSet::len);
            by_size.truncate(SETS);
            sets = by_size.into_iter().collect();
        }
        sets.into_iter().min_by_key(BTreeSet::len).unwrap_or_default()
    }
}
