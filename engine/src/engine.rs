//! The engine: a loaded bundle, and the order in which a call is judged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::Decision as CedarDecision;

use crate::bundle::{self, BundleError, Content, Effect, Who};
use crate::call::{Call, Credential};
use crate::chain::rule::Attempt;
use crate::chain::{Break, credential, operation, registration, rule, scope};
use crate::decision::{Alternative, Decision, RuleReference, Unchecked, Verdict};
use crate::digest::Digest;
use crate::explain::{self, Explanation};
use crate::facts::{self, Facts};
use crate::ids;
use crate::limits::Limits;
use crate::reason::Reason;
use crate::slices::Slices;

/// A loaded bundle. Immutable; a clone shares it.
#[derive(Clone)]
pub struct Engine(Arc<Loaded>);

struct Loaded {
    content: Content,
    digest: Digest,
    slices: Slices,
    /// Server names by identity.
    servers: HashMap<String, String>,
    /// Client names by issuer and id.
    clients: HashMap<(Option<String>, String), String>,
    /// The rules that bear on each tool, by [`ids::tool`].
    rules: HashMap<String, ToolRules>,
}

/// The rules that bear on one tool.
#[derive(Default)]
struct ToolRules {
    /// An `allow` and one of its capabilities that holds the tool.
    allows: Vec<(String, String)>,
    denies: Vec<String>,
}

impl Engine {
    /// Loads a bundle.
    ///
    /// # Errors
    ///
    /// [`BundleError`]: the bytes are no bundle of this engine's, or were altered, or its Cedar does
    /// not pass Cedar's strict validation.
    pub fn load(bundle: &[u8], limits: &Limits) -> Result<Self, BundleError> {
        let (content, digest) = bundle::read(bundle, limits)?;
        let slices = Slices::new(&content)?;
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
        Ok(Self(Arc::new(Loaded { content, digest, slices, servers, clients, rules })))
    }

    /// What the bundle holds.
    pub fn content(&self) -> &Content {
        &self.0.content
    }

    /// The bundle's digest.
    pub fn digest(&self) -> &Digest {
        &self.0.digest
    }

    /// Judges a call.
    pub fn decide(&self, call: &Call) -> Decision {
        self.judge(call, |_| ()).0
    }

    /// Judges a call and tells everything that led to the decision.
    pub fn explain(&self, call: &Call) -> Explanation {
        let (decision, details) = self.judge(call, |judged| {
            let allows: Vec<_> = judged
                .attempts
                .iter()
                .map(|attempt| explain::verdict(attempt, judged.facts))
                .collect();
            (allows, explain::denies(judged.denials))
        });
        let links = explain::links(&decision);
        let (allows, denies) = details.unwrap_or_default();
        Explanation { decision, links, allows, denies }
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
        let early = registration::judge(client, call)
            .and_then(|()| credential::judge(server, place.tool, call))
            .err();

        let facts = Facts {
            call,
            arguments: place.arguments,
            server_name,
            tool: place.tool,
            client,
            groups: facts::groups(content, call.user.as_ref()),
            scopes: facts::closed_scopes(server, call),
        };
        let tool_id = ids::tool(facts.server_name, &call.target);
        let Some(rules) = self.0.rules.get(&tool_id) else {
            return (self.error(call, "the tool has no rules"), None);
        };
        let attempts = rule::attempts(content, &rules.allows, &facts);
        let denials = rule::denials(content, &rules.denies, &facts);
        let looked = look(&Judged { facts: &facts, attempts: &attempts, denials: &denials });
        let decision = match early {
            Some(broken) => self.broken(call, broken),
            None => self.by_rules(&facts, &attempts, &denials),
        };
        (self.confirmed_by_cedar(&tool_id, &facts, &attempts, decision), Some(looked))
    }

    /// What the rules say of a call whose first three links hold.
    fn by_rules(
        &self,
        facts: &Facts<'_>,
        attempts: &[Attempt<'_>],
        denials: &[(&str, &bundle::Rule)],
    ) -> Decision {
        let call = facts.call;
        // INVARIANT: attempts are ordered by what they lack, so candidates come first and nearest
        // first.
        let candidates: Vec<&Attempt<'_>> =
            attempts.iter().filter(|attempt| attempt.concerns.all()).collect();
        let Some(nearest) = candidates.first() else {
            let detail = String::from(
                "no `allow` rule concerns this user, client, tool and these arguments",
            );
            return self.denied(call, Reason::RuleNone, detail);
        };
        if !denials.is_empty() {
            let because = denials.iter().find_map(|(_, rule)| rule.because.clone());
            let mut decision = self.denied(
                call,
                Reason::RuleDenied,
                because.unwrap_or_else(|| String::from("a `deny` rule forbids the call")),
            );
            decision.rules = denials.iter().map(|(name, rule)| reference(name, rule)).collect();
            return decision;
        }
        let needs = scope::nearest(nearest.capability, &facts.scopes).cloned().unwrap_or_default();
        let Some(lack) = nearest.lacks.first() else {
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
                ..self.denied(call, Reason::EvaluationError, String::new())
            };
        };
        let mut decision = self.denied(call, lack.reason, lack.detail.clone());
        decision.rules = vec![reference(nearest.name, nearest.rule)];
        decision.remedy = Some(lack.remedy.clone());
        decision.needs = needs;
        decision.alternatives = candidates
            .iter()
            .map(|attempt| Alternative {
                rule: attempt.name.to_owned(),
                capability: attempt.capability_name.to_owned(),
                lacks: attempt.lacks.clone(),
            })
            .collect();
        decision
    }

    /// Cedar's answer is the decision; the chain explains it. If they disagree, or Cedar errs, the
    /// call is denied.
    fn confirmed_by_cedar(
        &self,
        tool_id: &str,
        facts: &Facts<'_>,
        attempts: &[Attempt<'_>],
        decision: Decision,
    ) -> Decision {
        if facts.call.user.is_none() && !decision.is_allow() {
            // Cedar has no principal to ask about.
            return decision;
        }
        let covered: BTreeSet<String> = attempts
            .iter()
            .filter(|attempt| attempt.receipt.is_some())
            .filter_map(|attempt| match &attempt.rule.effect {
                Effect::Allow { under: Some(terms), .. } => {
                    Some(ids::consent(terms, attempt.capability_name))
                }
                _ => None,
            })
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
        unchecked.push(Unchecked::MetadataDigest);
        Decision {
            decision: Verdict::Deny,
            reason: Some(reason),
            link: Some(reason.link()),
            detail: Some(detail),
            rules: Vec::new(),
            remedy: None,
            needs: BTreeSet::new(),
            holds: match &call.credential {
                Some(Credential::Oauth(token)) => token.scopes.clone(),
                _ => BTreeSet::new(),
            },
            receipt: None,
            policy: self.0.digest.clone(),
            alternatives: Vec::new(),
            unchecked,
        }
    }
}

/// What was judged of a call that got as far as the rules.
struct Judged<'j, 'a> {
    facts: &'j Facts<'a>,
    attempts: &'j [Attempt<'a>],
    denials: &'j [(&'a str, &'a bundle::Rule)],
}

fn reference(name: &str, rule: &bundle::Rule) -> RuleReference {
    RuleReference {
        id: name.to_owned(),
        source: rule.source.clone(),
        because: rule.because.clone(),
    }
}

/// The rules that allow a call, each once.
fn allowing(candidates: &[&Attempt<'_>]) -> Vec<RuleReference> {
    let mut seen = BTreeSet::new();
    candidates
        .iter()
        .filter(|attempt| attempt.lacks.is_empty() && seen.insert(attempt.name))
        .map(|attempt| reference(attempt.name, attempt.rule))
        .collect()
}

fn tool_rules(content: &Content) -> HashMap<String, ToolRules> {
    let mut rules = HashMap::new();
    for (server_name, server) in &content.servers {
        for (tool_name, tool) in &server.tools {
            let mut bearing = ToolRules::default();
            for (name, rule) in &content.rules {
                match &rule.effect {
                    Effect::Allow { capabilities, .. } => {
                        let through = capabilities.intersection(&tool.capabilities);
                        bearing
                            .allows
                            .extend(through.map(|capability| (name.clone(), capability.clone())));
                    }
                    Effect::Deny { .. } => {
                        if rule::targets_tool(rule, tool) {
                            bearing.denies.push(name.clone());
                        }
                    }
                }
            }
            rules.insert(ids::tool(server_name, tool_name), bearing);
        }
    }
    rules
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
    for tool in content.servers.values().flat_map(|server| server.tools.values()) {
        tool.capabilities.iter().try_for_each(capability)?;
    }
    for declared in content.groups.values() {
        declared.and_in.iter().chain(&declared.within).try_for_each(group)?;
    }
    content.capabilities.values().try_for_each(|declared| server(&declared.server))?;
    for terms in content.terms.values() {
        server(&terms.server)?;
        terms.grants.iter().try_for_each(capability)?;
        let elsewhere = terms.grants.iter().find(|name| {
            content.capabilities.get(*name).is_some_and(|held| held.server != terms.server)
        });
        if let Some(name) = elsewhere {
            known(&format!("capability of server `{}` called", terms.server), name, false)?;
        }
    }
    for rule in content.rules.values() {
        rule.clients.iter().flatten().try_for_each(client)?;
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
            Effect::Deny { targets } => {
                for target in targets {
                    if let bundle::Target::Capability(name) = target {
                        capability(name)?;
                    }
                }
            }
        }
    }
    Ok(())
}
