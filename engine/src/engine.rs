//! The engine: a loaded bundle, and the order in which a call is judged.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::Decision as CedarDecision;

use crate::arguments::Arguments;
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
use crate::groups::Groups;
use crate::ids;
use crate::index::{Bearing, Index, Named, Tool};
use crate::limits::Limits;
use crate::reason::Reason;
use crate::registration::{RegistrationDecision, RegistrationRequest};
use crate::remedied::{Remedied, Unconfirmed};
use crate::slices::Slices;

/// A loaded bundle. Immutable; a clone shares it, so any number of threads may decide with it at once.
///
/// A new policy is a new engine, put in the place of the old one. Whoever decides takes a clone, and
/// is done with one policy even if the next comes meanwhile:
///
/// ```
/// use std::sync::{PoisonError, RwLock};
///
/// use placet_engine::{BundleError, Call, Decision, Engine, Limits};
///
/// struct Policy(RwLock<Engine>);
///
/// impl Policy {
///     fn decide(&self, call: &Call) -> Decision {
///         let engine = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
///         engine.decide(call)
///     }
///
///     /// A bundle that does not load leaves the policy as it is.
///     fn reload(&self, bundle: &[u8]) -> Result<(), BundleError> {
///         let engine = Engine::load(bundle, &Limits::default())?;
///         *self.0.write().unwrap_or_else(PoisonError::into_inner) = engine;
///         Ok(())
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Loaded>);

struct Loaded {
    content: Content,
    digest: Digest,
    signed_by: Option<SignedBy>,
    slices: Slices,
    index: Index,
    groups: Groups,
    /// Server names by identity.
    servers: HashMap<String, String>,
    /// Clients by id, each with its issuer and its name.
    clients: HashMap<String, Vec<(Option<String>, String)>>,
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
        Self::of(content, digest, None, limits)
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
        Self::of(content, digest, Some(signed_by), limits)
    }

    fn of(
        content: Content,
        digest: Digest,
        signed_by: Option<SignedBy>,
        limits: &Limits,
    ) -> Result<Self, BundleError> {
        let mut slices = Slices::new(&content, signed_by.is_some(), limits)?;
        check_names(&content)?;
        check_facts(&content)?;
        crate::probe::check(&content)?;
        let index = Index::new(&content, &mut slices);
        let groups = Groups::new(&content);
        let servers = content
            .servers
            .iter()
            .map(|(name, server)| (server.identity.clone(), name.clone()))
            .collect();
        let mut clients: HashMap<String, Vec<(Option<String>, String)>> = HashMap::new();
        for (name, client) in &content.clients {
            let named = (client.issuer.clone(), name.clone());
            clients.entry(client.id.clone()).or_default().push(named);
        }
        Ok(Self(Arc::new(Loaded {
            content,
            digest,
            signed_by,
            slices,
            index,
            groups,
            servers,
            clients,
        })))
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
        match self.place(call) {
            Ok((placed, early)) => self.conclude(&placed, early),
            Err(denied) => *denied,
        }
    }

    /// Judges a client's registration, with the same rules that its calls are judged by.
    pub fn decide_registration(&self, request: &RegistrationRequest) -> RegistrationDecision {
        let name = self.client_name(request.issuer.as_ref(), &request.id);
        crate::registration::judge(&self.0.content, name, request)
    }

    /// Judges whether a user may give a consent to a client, says what must be shown first and which
    /// scopes to ask for, and hands out the receipt to store once the user agreed.
    pub fn decide_consent(&self, request: &ConsentRequest) -> ConsentDecision {
        let client = &request.client;
        let name = self.client_name(client.issuer.as_ref(), &client.id);
        let groups = self.0.groups.of(Some(&request.user));
        let mut decision = ConsentDecision::denied(&self.0.digest);
        crate::consent::judge(&self.0.content, name, groups, request, &mut decision);
        decision
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
        let (placed, early) = match self.place(call) {
            Ok(placed) => placed,
            Err(decision) => {
                let links = explain::links(&decision);
                let (allows, denies, requires) = (Vec::new(), Vec::new(), Vec::new());
                return Explanation { decision: *decision, links, allows, denies, requires };
            }
        };
        let decision = self.conclude(&placed, early);
        let facts = &placed.facts;
        let all = self.0.index.all(placed.tool);
        let attempts = rule::attempts(&all.allows, facts);
        let unmet = requirement::unmet(&self.0.content, &all.requires, facts);
        Explanation {
            links: explain::links(&decision),
            allows: attempts.iter().map(|attempt| explain::verdict(attempt, facts)).collect(),
            denies: explain::denies(&rule::denials(&all.denies, facts, facts)),
            requires: explain::requires(&unmet.rules, facts),
            decision,
        }
    }

    /// What the policy calls a client.
    fn client_name(&self, issuer: Option<&String>, id: &str) -> Option<&str> {
        let named = self.0.clients.get(id)?.iter().find(|(at, _)| at.as_ref() == issuer);
        named.map(|(_, name)| name.as_str())
    }

    /// Finds what a call is about and what bears on it, and whether the registration or the
    /// credential breaks the chain. The decision, where the call does not get as far.
    pub(crate) fn place<'a>(
        &'a self,
        call: &'a Call,
    ) -> Result<(Placed<'a>, Option<Break>), Box<Decision>> {
        let content = &self.0.content;
        let broken = |broken| Box::new(self.broken(call, broken));
        let server = self
            .0
            .servers
            .get(&call.server)
            .and_then(|name| content.servers.get_key_value(name.as_str()));
        let place = operation::judge(server.map(|(_, server)| server), call).map_err(broken)?;
        let Some((server_name, server)) = server else {
            return Err(Box::new(self.error(call, "the server vanished")));
        };
        let client = self.client_name(call.client.issuer.as_ref(), &call.client.id);
        let Some(tool) = self.0.index.tool(server_name, &place.feature) else {
            return Err(Box::new(self.error(call, "the tool has no rules")));
        };
        let operation = tool.confirms.then(|| operation::digest(call, Some(place.tool)));
        let operation = operation.transpose().map_err(broken)?;
        let admission = Admission::of(content, client, &call.client);
        let early = registration::judge(content, admission.as_ref(), server, &call.client)
            .and_then(|()| credential::judge(server, place.tool, call))
            .err();
        let may_request = admission.as_ref().and_then(Admission::may_request);
        let requestable = facts::requestable(server, may_request.as_ref());
        let facts = Facts {
            call,
            arguments: Arguments { given: place.arguments, facts: &call.facts },
            tool: place.tool,
            feature: &tool.id,
            client,
            groups: self.0.groups.of(call.user.as_ref()),
            domain: OnceCell::new(),
            scopes: facts::closed_scopes(server, call, requestable.as_ref()),
            requestable,
            operation,
        };
        let bearing = self.0.index.bearing(tool, call.user.as_ref(), &facts.groups);
        Ok((Placed { tool, facts, bearing }, early))
    }

    fn conclude(&self, placed: &Placed<'_>, early: Option<Break>) -> Decision {
        let Placed { tool, facts, bearing } = placed;
        let content = &self.0.content;
        let attempts = rule::concerned(&bearing.allows, facts);
        let unmet = requirement::unmet(content, &bearing.requires, facts);
        let decision = match early {
            Some(broken) => self.broken(facts.call, broken),
            None => self.by_rules(&Judged { facts, bearing, attempts: &attempts, unmet: &unmet }),
        };
        let decision = Decision { operation: facts.operation.clone(), ..decision };
        let agreed = requirement::agreed(content, &bearing.requires, facts);
        let agreed: Vec<String> = agreed.into_iter().map(ids::agreed).collect();
        let covered = attempts.iter().filter_map(|attempt| attempt.covered);
        let consents: Vec<&str> = covered.chain(agreed.iter().map(String::as_str)).collect();
        match self.0.slices.decide(&tool.slice, facts, &consents) {
            Err(error) => self.error(facts.call, &error),
            // Cedar's answer is the decision; the chain explains it.
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

    /// What the rules say of a call whose first three links hold.
    fn by_rules(&self, judged: &Judged<'_, '_>) -> Decision {
        let (facts, unmet) = (judged.facts, judged.unmet);
        let call = facts.call;
        let mut candidates: Vec<&Attempt<'_>> =
            judged.attempts.iter().filter(|attempt| attempt.is_candidate(facts)).collect();
        if candidates.is_empty() {
            let detail = match facts.tool.capabilities.is_empty() {
                true => "no capability of the policy holds this tool",
                false => "no `allow` rule concerns this user, client, tool and these arguments",
            };
            return self.denied(call, Reason::RuleNone, String::from(detail));
        }
        let remedied = Remedied { facts, done: unmet.done.clone() };
        let mut blocking = self.blocking(judged, &remedied);
        candidates.retain(|attempt| attempt.holds_of(facts, &remedied));
        if blocking.is_empty() && candidates.is_empty() {
            // Whoever did what these ask for would lose every rule that allows the call.
            blocking.clone_from(&unmet.rules);
        }
        // INVARIANT: nearest first, by all that is lacking. What the requirements lack is lacking to
        // every candidate, but for the consent that one stands on anyway.
        let mut candidates: Vec<(&Attempt<'_>, Vec<Lack>)> =
            candidates.into_iter().map(|attempt| (attempt, self.lacks(attempt, judged))).collect();
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
                consume: self.consumed(&judged.bearing.requires, facts),
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
    fn consumed(&self, requires: &[Named<'_>], facts: &Facts<'_>) -> Option<String> {
        let confirmation = facts.confirmation_age().and(facts.call.confirmation.as_ref())?;
        let unmet = requirement::failing(
            &self.0.content,
            requires,
            facts,
            &Unconfirmed(facts),
            &BTreeSet::new(),
        );
        (!unmet.is_empty()).then(|| confirmation.id.clone())
    }

    /// A denial by rules that nothing the user could do would mend.
    fn blocked(&self, call: &Call, blocking: &[Named<'_>]) -> Decision {
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
    fn blocking<'j>(&self, judged: &Judged<'j, '_>, remedied: &Remedied<'_, '_>) -> Vec<Named<'j>> {
        let (bearing, unmet) = (judged.bearing, judged.unmet);
        let mut blocking = rule::denials(&bearing.denies, judged.facts, remedied);
        blocking.extend(requirement::failing(
            &self.0.content,
            &bearing.requires,
            judged.facts,
            remedied,
            &unmet.asked,
        ));
        blocking
    }

    /// All that a rule lacks to allow the call, in the order of the chain, each consent once.
    fn lacks(&self, attempt: &Attempt<'_>, judged: &Judged<'_, '_>) -> Vec<Lack> {
        let mut lacks = attempt.lacks.clone();
        let new = judged.unmet.lacks.iter().filter(|lack| !attempt.lacks.contains(lack));
        lacks.extend(new.cloned());
        lacks.sort_by_key(|lack| lack.reason);
        self.confirm_as_mended(&mut lacks, judged);
        lacks
    }

    /// Under a consent that is lacking the call will state that consent's purpose, which is part of
    /// what the user confirms, or has confirmed and must confirm again.
    fn confirm_as_mended(&self, lacks: &mut Vec<Lack>, judged: &Judged<'_, '_>) {
        let facts = judged.facts;
        let mut purposes = lacks.iter().rev().filter_map(|lack| match &lack.remedy {
            Remedy::Consent { purpose, .. } => Some(purpose),
            _ => None,
        });
        let other = purposes.clone().any(|purpose| *purpose != facts.call.purpose);
        let Some(purpose) = purposes.next().filter(|_| other).cloned() else { return };
        if facts.confirmation_age().is_some() {
            let (unmet, requires) = (judged.unmet, &judged.bearing.requires);
            let unconfirmed = Unconfirmed(facts);
            let failing =
                requirement::failing(&self.0.content, requires, facts, &unconfirmed, &unmet.asked);
            lacks.retain(|lack| lack.reason != Reason::ConfirmationRequired);
            lacks.extend(requirement::confirmation(&failing, facts));
        }
        let confirmed = lacks.iter_mut().find_map(|lack| match &mut lack.remedy {
            Remedy::Confirm { operation, .. } => Some(operation),
            _ => None,
        });
        let mended = Call { purpose, ..facts.call.clone() };
        if let (Some(confirmed), Ok(digest)) =
            (confirmed, operation::digest(&mended, Some(facts.tool)))
        {
            *confirmed = digest;
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
        let reviewed = || {
            let name = self.client_name(call.client.issuer.as_ref(), &call.client.id)?;
            self.0.content.clients.get(name)?.metadata_digest.as_ref()
        };
        if call.client.metadata_digest.is_none() || reviewed().is_none() {
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

/// A call that is about something the policy knows, and what bears on it.
pub(crate) struct Placed<'a> {
    tool: &'a Tool,
    pub(crate) facts: Facts<'a>,
    bearing: Bearing<'a>,
}

/// What was judged of a call that got as far as the rules.
struct Judged<'j, 'a> {
    facts: &'j Facts<'a>,
    bearing: &'j Bearing<'a>,
    attempts: &'j [Attempt<'a>],
    unmet: &'j Unmet<'a>,
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

/// Checks that no two components compute what is called the same (see
/// [`Argument`](crate::condition::Argument)), and that nothing rests on a fact's absence, which a host
/// brings about that computes none.
fn check_facts(content: &Content) -> Result<(), BundleError> {
    let mut known: HashMap<(&str, &[String]), &Digest> = HashMap::new();
    let tools = content.servers.values().flat_map(|server| server.features());
    for (_, tool) in tools {
        if let Some(read) = tool.reads.present.iter().find(|one| one.computed.is_some()) {
            let what = format!("a rule asks whether `{read}` is there");
            return Err(BundleError::Inconsistent(what));
        }
    }
    let tools = content.servers.values().flat_map(|server| server.features());
    for read in tools.flat_map(|(_, tool)| tool.reads.all()) {
        let Some(function) = &read.computed else { continue };
        let component = known.entry((&function.name, &read.path)).or_insert(&function.component);
        if **component != function.component {
            let what = format!("two components compute `{read}`");
            return Err(BundleError::Inconsistent(what));
        }
    }
    Ok(())
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
