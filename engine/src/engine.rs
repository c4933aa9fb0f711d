//! The engine: a loaded bundle, and the order in which a call is judged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::Decision as CedarDecision;

use crate::bundle::{
    self, BundleError, Content, Effect, Otherwise, SignedBy, Through, TrustedKeys, Who,
};
use crate::call::{Call, Credential};
use crate::chain::registration::Admission;
use crate::chain::requirement::{self, Unmet};
use crate::chain::rule::Attempt;
use crate::chain::{Break, credential, operation, registration, rule, scope};
use crate::consent::{ConsentDecision, ConsentRequest};
use crate::decision::{Alternative, Decision, Lack, Remedy, RuleReference, Unchecked, Verdict};
use crate::digest::Digest;
use crate::explain::{self, Explanation};
use crate::facts::{self, Facts};
use crate::ids;
use crate::limits::Limits;
use crate::reason::Reason;
use crate::registration::{RegistrationDecision, RegistrationRequest};
use crate::remedied::{Remedied, Unconfirmed};
use crate::slices::Slices;

/// A loaded bundle. Immutable; a clone shares it.
#[derive(Clone)]
pub struct Engine(Arc<Loaded>);

struct Loaded {
    content: Content,
    digest: Digest,
    signed_by: Option<SignedBy>,
    slices: Slices,
    /// Server names by identity.
    servers: HashMap<String, String>,
    /// Client names by issuer and id.
    clients: HashMap<(Option<String>, String), String>,
    /// The rules that bear on each feature, by [`ids::feature`].
    rules: HashMap<String, ToolRules>,
}

/// The rules that bear on one tool.
#[derive(Default)]
struct ToolRules {
    /// An `allow` and one of its capabilities that holds the tool.
    allows: Vec<(String, String)>,
    denies: Vec<String>,
    requires: Vec<String>,
    /// Whether one of the requirements asks for a confirmation.
    confirms: bool,
}

impl Engine {
    /// Loads a bundle that is not signed, and of which the host knows in another way whose it is.
    ///
    /// # Errors
    ///
    /// [`BundleError`]: the bytes are no bundle of this engine's, or were altered, or its Cedar does
    /// not pass Cedar's strict validation, or it is signed.
    pub fn load(bundle: &[u8], limits: &Limits) -> Result<Self, BundleError> {
        let (content, digest) = bundle::read(bundle, limits)?;
        Self::of(content, digest, None)
    }

    /// Loads a bundle that one of these keys signed. Nothing in it is read before the signature holds,
    /// and its Cedar is not validated a second time: whoever signed it vouches for that.
    ///
    /// # Errors
    ///
    /// [`BundleError`]: not signed, by no trusted key, with another signature, with too low a serial;
    /// or as [`Engine::load`].
    pub fn load_signed(
        bundle: &[u8],
        keys: &TrustedKeys,
        limits: &Limits,
    ) -> Result<Self, BundleError> {
        let (content, digest, signed_by) = bundle::read_signed(bundle, keys, limits)?;
        Self::of(content, digest, Some(signed_by))
    }

    fn of(
        content: Content,
        digest: Digest,
        signed_by: Option<SignedBy>,
    ) -> Result<Self, BundleError> {
        let slices = Slices::new(&content, signed_by.is_some())?;
        check_names(&content)?;
        let servers = content
            .servers
            .iter()
            .map(|(name, server)| (server.identity.clone(), name.clone()))
            .collect();
        let clients = content
            .clients
            .iter()
            .map(|(name, client)| ((client.issuer.clone(), client.id.clone()), name.clone()))
            .collect();
        let rules = tool_rules(&content);
        Ok(Self(Arc::new(Loaded { content, digest, signed_by, slices, servers, clients, rules })))
    }

    /// What the bundle holds.
    pub fn content(&self) -> &Content {
        &self.0.content
    }

    /// The bundle's digest.
    pub fn digest(&self) -> &Digest {
        &self.0.digest
    }

    /// Who signed the bundle, and its serial; `None` where it was loaded without a signature.
    pub fn signed_by(&self) -> Option<&SignedBy> {
        self.0.signed_by.as_ref()
    }

    /// Judges a call.
    pub fn decide(&self, call: &Call) -> Decision {
        self.judge(call, |_| ()).0
    }

    /// Judges a client's registration, with the same rules that its calls are judged by.
    pub fn decide_registration(&self, request: &RegistrationRequest) -> RegistrationDecision {
        let name = self.0.clients.get(&(request.issuer.clone(), request.id.clone()));
        crate::registration::judge(&self.0.content, name.map(String::as_str), request)
    }

    /// Judges whether a user may give a consent to a client, says what must be shown first and which
    /// scopes to ask for, and hands out the receipt to store once the user agreed.
    pub fn decide_consent(&self, request: &ConsentRequest) -> ConsentDecision {
        let client = &request.client;
        let name = self.0.clients.get(&(client.issuer.clone(), client.id.clone()));
        crate::consent::judge(&self.0.content, &self.0.digest, name.map(String::as_str), request)
    }

    /// The digest of a call's operation: what a confirmation of it carries. It covers user, client,
    /// server, method, target, the definition that the policy was compiled with, purpose and all
    /// arguments, and neither credential nor receipts nor time.
    ///
    /// # Errors
    ///
    /// Why the operation has no digest: arguments that cannot be judged, or an integer beyond ±2⁵³.
    pub fn operation_digest(&self, call: &Call) -> Result<Digest, String> {
        self.0.content.operation_digest(call)
    }

    /// Judges a call and tells everything that led to the decision.
    pub fn explain(&self, call: &Call) -> Explanation {
        let (decision, details) = self.judge(call, |judged| {
            let allows: Vec<_> = judged
                .attempts
                .iter()
                .map(|attempt| explain::verdict(attempt, judged.facts))
                .collect();
            let requires = explain::requires(&judged.unmet.rules, judged.facts);
            (allows, explain::denies(judged.denials), requires)
        });
        let links = explain::links(&decision);
        let (allows, denies, requires) = details.unwrap_or_default();
        Explanation { decision, links, allows, denies, requires }
    }

    /// Judges a call, and lets `look` at what was judged if the call got as far as the rules.
    fn judge<T>(
        &self,
        call: &Call,
        look: impl FnOnce(&Judged<'_, '_>) -> T,
    ) -> (Decision, Option<T>) {
        let content = &self.0.content;
        let server = self
            .0
            .servers
            .get(&call.server)
            .and_then(|name| content.servers.get_key_value(name.as_str()));
        let place = match operation::judge(server.map(|(_, server)| server), call) {
            Ok(place) => place,
            Err(broken) => return (self.broken(call, broken), None),
        };
        let Some((server_name, server)) = server else {
            return (self.error(call, "the server vanished"), None);
        };
        let client = self
            .0
            .clients
            .get(&(call.client.issuer.clone(), call.client.id.clone()))
            .map(String::as_str);
        let tool_id = ids::feature(server_name, &place.feature);
        let Some((tool_id, rules)) = self.0.rules.get_key_value(&tool_id) else {
            return (self.error(call, "the tool has no rules"), None);
        };
        let operation = match rules.confirms.then(|| operation::digest(call, Some(place.tool))) {
            None => None,
            Some(Ok(digest)) => Some(digest),
            Some(Err(broken)) => return (self.broken(call, broken), None),
        };
        let admission = Admission::of(content, client, &call.client);
        let early = registration::judge(content, admission.as_ref(), server, &call.client)
            .and_then(|()| credential::judge(server, place.tool, call))
            .err();
        let may_request = admission.as_ref().and_then(Admission::may_request);
        let requestable = facts::requestable(server, may_request.as_ref());

        let facts = Facts {
            call,
            arguments: place.arguments,
            tool: place.tool,
            feature: tool_id,
            client,
            groups: facts::groups(content, call.user.as_ref()),
            domain: facts::domain(&call.client),
            scopes: facts::closed_scopes(server, call, requestable.as_ref()),
            requestable,
            operation,
        };
        let attempts = rule::attempts(content, &rules.allows, &facts);
        let denials = rule::denials(content, &rules.denies, &facts, &facts);
        let unmet = requirement::unmet(content, &rules.requires, &facts);
        let judged =
            Judged { facts: &facts, attempts: &attempts, denials: &denials, unmet: &unmet };
        let looked = look(&judged);
        let decision = match early {
            Some(broken) => self.broken(call, broken),
            None => self.by_rules(rules, &judged),
        };
        let decision = Decision { operation: facts.operation.clone(), ..decision };
        let agreed = requirement::agreed(content, &rules.requires, &facts);
        (self.confirmed_by_cedar(tool_id, &facts, &attempts, agreed, decision), Some(looked))
    }

    /// What the rules say of a call whose first three links hold.
    fn by_rules(&self, rules: &ToolRules, judged: &Judged<'_, '_>) -> Decision {
        let (facts, unmet) = (judged.facts, judged.unmet);
        let call = facts.call;
        let mut candidates: Vec<&Attempt<'_>> =
            judged.attempts.iter().filter(|attempt| attempt.is_candidate(facts)).collect();
        if candidates.is_empty() {
            let detail = String::from(
                "no `allow` rule concerns this user, client, tool and these arguments",
            );
            return self.denied(call, Reason::RuleNone, detail);
        }
        let remedied = Remedied { facts, done: unmet.done.clone() };
        let mut blocking = self.blocking(rules, judged, &remedied);
        candidates.retain(|attempt| attempt.holds_of(facts, &remedied));
        if blocking.is_empty() && candidates.is_empty() {
            // Whoever did what these ask for would lose every rule that allows the call.
            blocking.clone_from(&unmet.rules);
        }
        // INVARIANT: nearest first, by all that is lacking. What the requirements lack is lacking to
        // every candidate, but for the consent that one stands on anyway.
        let mut candidates: Vec<(&Attempt<'_>, Vec<Lack>)> =
            candidates.into_iter().map(|attempt| (attempt, lacks(attempt, unmet, facts))).collect();
        candidates.sort_by(|(one, lacks), (other, other_lacks)| {
            one.key(lacks.len()).cmp(&other.key(other_lacks.len()))
        });
        let nearest = candidates.first().filter(|_| blocking.is_empty());
        let Some((nearest, lacks)) = nearest else { return self.blocked(call, &blocking) };
        let needs = scope::nearest(nearest.capability, facts).cloned().unwrap_or_default();
        let Some(lack) = lacks.first() else {
            return Decision {
                decision: Verdict::Allow,
                reason: None,
                link: None,
                detail: None,
                rules: allowing(&candidates),
                remedy: None,
                needs,
                receipt: nearest.receipt.map(str::to_owned),
                alternatives: Vec::new(),
                consume: self.consumed(rules, facts),
                ..self.denied(call, Reason::EvaluationError, String::new())
            };
        };
        let mut decision = self.denied(call, lack.reason, lack.detail.clone());
        decision.rules = vec![reference(nearest.name, nearest.rule)];
        decision.remedy = Some(lack.remedy.clone());
        decision.needs = needs;
        decision.alternatives = candidates
            .iter()
            .map(|(attempt, lacks)| Alternative {
                rule: attempt.name.to_owned(),
                capability: attempt.capability_name.to_owned(),
                lacks: lacks.clone(),
            })
            .collect();
        decision
    }

    /// The confirmation that an allow uses up: one without which some requirement would not be met.
    fn consumed(&self, rules: &ToolRules, facts: &Facts<'_>) -> Option<String> {
        let confirmation = facts.confirmation_age().and(facts.call.confirmation.as_ref())?;
        let unmet = requirement::failing(
            &self.0.content,
            &rules.requires,
            facts,
            &Unconfirmed(facts),
            &BTreeSet::new(),
        );
        (!unmet.is_empty()).then(|| confirmation.id.clone())
    }

    /// A denial by rules that nothing the user could do would mend.
    fn blocked(&self, call: &Call, blocking: &[(&str, &bundle::Rule)]) -> Decision {
        let because = blocking.iter().find_map(|(_, rule)| rule.because.clone());
        let otherwise = match blocking.first().map(|(_, rule)| &rule.effect) {
            Some(Effect::Require { .. }) => {
                "a `require` rule is not met, and nothing would meet it"
            }
            _ => "a `deny` rule forbids the call",
        };
        let detail = because.unwrap_or_else(|| otherwise.to_owned());
        let mut decision = self.denied(call, Reason::RuleDenied, detail);
        decision.rules = blocking.iter().map(|(name, rule)| reference(name, rule)).collect();
        decision
    }

    /// The rules that would still stand in the way once the user had done all that is asked for.
    /// Scopes and receipts are read by no condition, so what else is lacking makes no difference.
    fn blocking<'j>(
        &'j self,
        rules: &'j ToolRules,
        judged: &Judged<'_, '_>,
        remedied: &Remedied<'_, '_>,
    ) -> Vec<(&'j str, &'j bundle::Rule)> {
        let (content, unmet) = (&self.0.content, judged.unmet);
        let mut blocking = rule::denials(content, &rules.denies, judged.facts, remedied);
        blocking.extend(requirement::failing(
            content,
            &rules.requires,
            judged.facts,
            remedied,
            &unmet.asked,
        ));
        blocking
    }

    /// Cedar's answer is the decision; the chain explains it. If they disagree, or Cedar errs, the
    /// call is denied.
    fn confirmed_by_cedar(
        &self,
        tool_id: &str,
        facts: &Facts<'_>,
        attempts: &[Attempt<'_>],
        agreed: BTreeSet<&str>,
        decision: Decision,
    ) -> Decision {
        let covered: BTreeSet<String> = attempts
            .iter()
            .filter(|attempt| attempt.receipt.is_some())
            .filter_map(|attempt| match &attempt.rule.effect {
                Effect::Allow { under: Some(terms), .. } => {
                    Some(ids::consent(terms, attempt.capability_name))
                }
                _ => None,
            })
            .chain(agreed.into_iter().map(ids::agreed))
            .collect();
        match self.0.slices.decide(tool_id, facts, covered) {
            Err(error) => self.error(facts.call, &error),
            Ok(cedar) if (cedar == CedarDecision::Allow) != decision.is_allow() => {
                let detail = format!(
                    "Cedar says {cedar:?}, the chain says {:?}: this is a defect of Placet or of \
                     the bundle",
                    decision.decision
                );
                self.error(facts.call, &detail)
            }
            Ok(_) => decision,
        }
    }

    fn broken(&self, call: &Call, broken: Break) -> Decision {
        let mut decision = self.denied(call, broken.reason, broken.detail);
        decision.remedy = broken.remedy;
        decision
    }

    fn error(&self, call: &Call, detail: &str) -> Decision {
        self.denied(call, Reason::EvaluationError, detail.to_owned())
    }

    fn denied(&self, call: &Call, reason: Reason, detail: String) -> Decision {
        let mut unchecked = Vec::new();
        if call.tool_digest.is_none() {
            unchecked.push(Unchecked::ToolDigest);
        }
        let reviewed = self
            .0
            .clients
            .get(&(call.client.issuer.clone(), call.client.id.clone()))
            .and_then(|name| self.0.content.clients.get(name))
            .and_then(|client| client.metadata_digest.as_ref());
        if reviewed.is_none() || call.client.metadata_digest.is_none() {
            unchecked.push(Unchecked::MetadataDigest);
        }
        Decision {
            decision: Verdict::Deny,
            reason: Some(reason),
            link: Some(reason.link()),
            detail: Some(detail),
            rules: Vec::new(),
            remedy: None,
            needs: BTreeSet::new(),
            holds: call
                .credential
                .as_ref()
                .and_then(Credential::scopes)
                .cloned()
                .unwrap_or_default(),
            receipt: None,
            policy: self.0.digest.clone(),
            alternatives: Vec::new(),
            unchecked,
            operation: None,
            consume: None,
        }
    }
}

/// What was judged of a call that got as far as the rules.
struct Judged<'j, 'a> {
    facts: &'j Facts<'a>,
    attempts: &'j [Attempt<'a>],
    denials: &'j [(&'a str, &'a bundle::Rule)],
    unmet: &'j Unmet<'a>,
}

/// All that a rule lacks to allow the call, in the order of the chain, each consent once.
fn lacks(attempt: &Attempt<'_>, unmet: &Unmet<'_>, facts: &Facts<'_>) -> Vec<Lack> {
    let mut lacks = attempt.lacks.clone();
    let new = unmet.lacks.iter().filter(|lack| !attempt.lacks.contains(lack));
    lacks.extend(new.cloned());
    lacks.sort_by_key(|lack| lack.reason);
    confirm_as_mended(&mut lacks, facts);
    lacks
}

/// Under a consent that is lacking the call will state that consent's purpose, which is part of what
/// the user confirms.
fn confirm_as_mended(lacks: &mut [Lack], facts: &Facts<'_>) {
    let purpose = lacks.iter().rev().find_map(|lack| match &lack.remedy {
        Remedy::Consent { purpose, .. } => Some(purpose.clone()),
        _ => None,
    });
    let confirmed = lacks.iter_mut().find_map(|lack| match &mut lack.remedy {
        Remedy::Confirm { operation, .. } => Some(operation),
        _ => None,
    });
    let (Some(purpose), Some(confirmed)) = (purpose, confirmed) else { return };
    let mended = Call { purpose, ..facts.call.clone() };
    if let Ok(digest) = operation::digest(&mended, Some(facts.tool)) {
        *confirmed = digest;
    }
}

fn reference(name: &str, rule: &bundle::Rule) -> RuleReference {
    RuleReference {
        id: name.to_owned(),
        source: rule.source.clone(),
        because: rule.because.clone(),
    }
}

/// The rules that allow a call, each once.
fn allowing(candidates: &[(&Attempt<'_>, Vec<Lack>)]) -> Vec<RuleReference> {
    let mut seen = BTreeSet::new();
    candidates
        .iter()
        .filter(|(attempt, lacks)| lacks.is_empty() && seen.insert(attempt.name))
        .map(|(attempt, _)| reference(attempt.name, attempt.rule))
        .collect()
}

/// The rules by what they are about, so that each is looked at once and not once a tool.
#[derive(Default)]
struct RulesByTarget<'a> {
    allows: HashMap<&'a str, Vec<&'a String>>,
    capabilities: HashMap<&'a str, Vec<&'a String>>,
    levels: Vec<(bundle::Access, &'a String)>,
}

impl<'a> RulesByTarget<'a> {
    fn new(content: &'a Content) -> Self {
        let mut by = Self::default();
        for (name, rule) in &content.rules {
            match &rule.effect {
                Effect::Allow { capabilities, .. } => {
                    for capability in capabilities {
                        by.allows.entry(capability).or_default().push(name);
                    }
                }
                Effect::Deny { targets } | Effect::Require { targets, .. } => {
                    for target in targets {
                        match target {
                            bundle::Target::Capability(capability) => {
                                by.capabilities.entry(capability).or_default().push(name);
                            }
                            bundle::Target::Access(level) => by.levels.push((*level, name)),
                        }
                    }
                }
            }
        }
        by
    }

    fn of(&self, content: &Content, tool: &bundle::Tool) -> ToolRules {
        let mut bearing = ToolRules::default();
        let mut others: BTreeSet<&String> = BTreeSet::new();
        for capability in &tool.capabilities {
            let allows = self.allows.get(capability.as_str()).into_iter().flatten();
            bearing.allows.extend(allows.map(|name| ((*name).clone(), capability.clone())));
            others.extend(self.capabilities.get(capability.as_str()).into_iter().flatten());
        }
        let within = |level: bundle::Access| tool.access.is_some_and(|access| access >= level);
        let levels = self.levels.iter().filter(|(level, _)| within(*level));
        others.extend(levels.map(|(_, name)| name));
        for name in others {
            match content.rules.get(name).map(|rule| &rule.effect) {
                Some(Effect::Deny { .. }) => bearing.denies.push(name.clone()),
                Some(Effect::Require { otherwise, .. }) => {
                    bearing.confirms |= matches!(otherwise, Some(Otherwise::Confirm { .. }));
                    bearing.requires.push(name.clone());
                }
                Some(Effect::Allow { .. }) | None => {}
            }
        }
        bearing
    }
}

fn tool_rules(content: &Content) -> HashMap<String, ToolRules> {
    let by_target = RulesByTarget::new(content);
    let servers = content.servers.iter();
    let features = servers.flat_map(|(name, server)| server.features().map(move |one| (name, one)));
    features
        .map(|(server, (feature, tool))| {
            (ids::feature(server, &feature), by_target.of(content, tool))
        })
        .collect()
}

/// Checks that every name in the tables is there, and that no two servers or clients are the same.
fn check_names(content: &Content) -> Result<(), BundleError> {
    let known = |what: &str, name: &str, there: bool| {
        if there {
            Ok(())
        } else {
            Err(BundleError::Inconsistent(format!("there is no {what} `{name}`")))
        }
    };
    let capability =
        |name: &String| known("capability", name, content.capabilities.contains_key(name));
    let group = |name: &String| known("group", name, content.groups.contains_key(name));
    let client = |name: &String| known("client", name, content.clients.contains_key(name));
    let server = |name: &String| known("server", name, content.servers.contains_key(name));

    let identities: BTreeSet<&str> =
        content.servers.values().map(|server| server.identity.as_str()).collect();
    if identities.len() != content.servers.len() {
        return Err(BundleError::Inconsistent(String::from("two servers have one identity")));
    }
    let clients: BTreeSet<_> =
        content.clients.values().map(|client| (&client.issuer, &client.id)).collect();
    if clients.len() != content.clients.len() {
        return Err(BundleError::Inconsistent(String::from("two clients have one identity")));
    }
    for (_, tool) in content.servers.values().flat_map(|server| server.features()) {
        tool.capabilities.iter().try_for_each(capability)?;
    }
    for declared in content.groups.values() {
        declared.and_in.iter().chain(&declared.within).try_for_each(group)?;
    }
    content.capabilities.values().try_for_each(|declared| server(&declared.server))?;
    for (name, terms) in &content.terms {
        terms.check(name, content)?;
        server(&terms.server)?;
        terms.grants.iter().try_for_each(capability)?;
        let elsewhere = terms.grants.iter().find(|name| {
            content.capabilities.get(*name).is_some_and(|held| held.server != terms.server)
        });
        if let Some(name) = elsewhere {
            known(&format!("capability of server `{}` called", terms.server), name, false)?;
        }
    }
    let through = |through: &Through| match through {
        Through::Client(name) => client(name),
        Through::Registration(_) | Through::Domain(_) => Ok(()),
    };
    for terms in content.terms.values() {
        terms.clients.iter().flatten().try_for_each(through)?;
    }
    for rule in content.rules.values() {
        rule.clients.iter().flatten().try_for_each(through)?;
        for who in &rule.who {
            if let Who::Group(name) = who {
                group(name)?;
            }
        }
        match &rule.effect {
            Effect::Allow { capabilities, under } => {
                capabilities.iter().try_for_each(capability)?;
                if let Some(name) = under {
                    let terms = content.terms.get(name);
                    known("consent", name, terms.is_some())?;
                    let granted = terms.is_some_and(|terms| capabilities.is_subset(&terms.grants));
                    known("grant of every capability in consent", name, granted)?;
                }
            }
            Effect::Deny { targets } | Effect::Require { targets, .. } => {
                for target in targets {
                    if let bundle::Target::Capability(name) = target {
                        capability(name)?;
                    }
                }
                if let Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } =
                    &rule.effect
                {
                    known("consent", terms, content.terms.contains_key(terms))?;
                }
            }
        }
    }
    Ok(())
}
