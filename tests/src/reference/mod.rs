//! The reference: a second, slow engine, straight from the checked policy and a call's JSON.
//!
//! It shares no code with the engine's chain or with the lowering, so that a mistake in either shows
//! as a disagreement. Twice over it says what must be decided: [`Reference::judge`] walks the chain
//! by itself, and [`Reference::cedar`] computes the facts that come before Cedar and asks plain
//! `cedar-policy` over the emitted files, as a user of those files would.
//!
//! Where the specification leaves something open, the comment at the place says what was chosen.

mod cedar;
mod conditions;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cedar_policy::{Entities, Policy as CedarPolicy, PolicyId, PolicySet, Schema, SchemaFragment};
use placet_engine::bundle::{Access, Content, Credentials, Target, Who};
use placet_engine::condition::Condition;
use placet_language::Policy;
use placet_language::model::{Capability, Effect, Rule, Server};
use serde_json::{Map, Value};

pub use cedar::CedarAnswer;
use conditions::*;
pub use conditions::{atom_holds, fits};

/// What must be decided of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is denied; `None` where it is allowed.
    pub reason: Option<String>,
    /// The rules that decided: all that allow, all that deny, or the one that came nearest.
    pub rules: BTreeSet<String>,
    /// Where only remedies are missing: rule, capability and lacks, nearest first.
    pub alternatives: Vec<(String, String, Vec<String>)>,
    /// The sets of scopes of which the smallest must be asked for, where scopes are lacking.
    pub needs: BTreeSet<BTreeSet<String>>,
    /// Each receipt that an allow may rest on, by id; with `None` if some rule needs no consent.
    pub receipts: BTreeSet<Option<String>>,
    /// How the reference came to it.
    pub story: String,
}

/// A policy to judge by.
pub struct Reference<'p> {
    policy: &'p Policy,
    digests: BTreeMap<String, String>,
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    /// The emitted actions by id, as Cedar's JSON schema has them.
    actions: Map<String, Value>,
}

/// A (rule, capability) pair that concerns the call, and what it lacks.
struct Candidate {
    /// The highest access that the consent grants, and how many capabilities.
    asks: (Option<Access>, usize),
    receipt: Option<String>,
    needs: BTreeSet<BTreeSet<String>>,
    lacks: Vec<&'static str>,
    access: Access,
    rule: String,
    capability: String,
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or(0).saturating_add(1)
}

impl<'p> Reference<'p> {
    /// Reads the emitted Cedar of a policy. Of all else that was compiled only the digests of the
    /// terms are taken.
    ///
    /// # Errors
    ///
    /// What Cedar has against the emitted files.
    pub fn new(policy: &'p Policy, content: &Content) -> Result<Self, String> {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(&content.cedar.schema)
            .map_err(|error| error.to_string())?;
        let written = fragment.clone().to_json_value().map_err(|error| error.to_string())?;
        let actions = written
            .pointer("//actions")
            .and_then(Value::as_object)
            .cloned()
            .ok_or("the schema declares no actions")?;
        let schema =
            Schema::from_schema_fragments([fragment]).map_err(|error| error.to_string())?;
        let mut policies = PolicySet::new();
        for (id, text) in &content.cedar.policies {
            let one = CedarPolicy::parse(Some(PolicyId::new(id)), text)
                .map_err(|error| format!("{id}: {error}"))?;
            policies.add(one).map_err(|error| error.to_string())?;
        }
        let entities =
            serde_json::to_value(&content.cedar.entities).map_err(|error| error.to_string())?;
        let entities = Entities::from_json_value(entities, Some(&schema))
            .map_err(|error| error.to_string())?;
        let digests = content
            .terms
            .iter()
            .map(|(name, terms)| (name.clone(), terms.digest.to_string()))
            .collect();
        Ok(Self { policy, digests, schema, policies, entities, actions })
    }

    /// The policies that were emitted, by id.
    pub fn policy_ids(&self) -> BTreeSet<String> {
        self.policies.policies().map(|policy| policy.id().to_string()).collect()
    }

    fn server(&self, call: &Value) -> Option<(&'p String, &'p Server)> {
        let identity = text(call, "server")?;
        self.policy.servers.iter().find(|(_, server)| server.identity == identity)
    }

    fn tool_access(&self, server: &str, tool: &str) -> Option<Access> {
        let holding = |one: &&Capability| one.server == server && one.tools.contains(tool);
        self.policy.capabilities.values().filter(holding).map(|one| one.access).max()
    }

    /// The scopes that a token's scopes stand for.
    fn closed_scopes(&self, server: &Server, call: &Value) -> BTreeSet<String> {
        let held = member(call, "credential").and_then(|credential| member(credential, "scopes"));
        let held = held.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut waiting: Vec<String> = held.map(str::to_owned).collect();
        let mut closed = BTreeSet::new();
        while let Some(scope) = waiting.pop() {
            if let Some(implied) = server.scopes.get(&scope) {
                waiting.extend(implied.iter().filter(|one| !closed.contains(*one)).cloned());
            }
            closed.insert(scope);
        }
        closed
    }

    /// The groups of the call's user: the least set that the declarations allow.
    fn groups(&self, call: &Value) -> BTreeSet<String> {
        let mut groups: BTreeSet<String> = BTreeSet::new();
        let Some(user) = member(call, "user") else { return groups };
        loop {
            let before = groups.len();
            for (name, group) in &self.policy.groups {
                let mut claim = member(user, "claims");
                for part in &group.claim {
                    claim = claim.and_then(|claim| claim.as_object()?.get(part));
                }
                let has = match claim {
                    Some(Value::String(text)) => *text == group.has,
                    Some(Value::Array(items)) => {
                        items.iter().any(|item| item.as_str() == Some(&group.has))
                    }
                    _ => false,
                };
                let by_claim = has
                    && text(user, "issuer") == Some(group.issuer.as_str())
                    && group.and_in.is_subset(&groups);
                // `and in` asks for more of whoever has the claim, not of the members of groups within.
                let by_member = self.policy.groups.iter().any(|(inner, declared)| {
                    groups.contains(inner) && declared.within.contains(name)
                });
                if by_claim || by_member {
                    groups.insert(name.clone());
                }
            }
            if groups.len() == before {
                return groups;
            }
        }
    }

    fn who(&self, rule: &Rule, groups: &BTreeSet<String>, reader: &Reader<'_>) -> bool {
        let Some((issuer, subject)) = reader.user() else { return false };
        rule.who.iter().any(|who| match who {
            Who::Anyone => true,
            Who::Group(name) => groups.contains(name),
            Who::User { issuer: of, subject: named } => of == issuer && named == subject,
        })
    }

    /// The name of the call's client in the policy.
    fn client(&self, call: &Value) -> Option<&'p String> {
        let client = member(call, "client")?;
        let (id, issuer) = (text(client, "id")?, text(client, "issuer"));
        let named = self.policy.clients.iter();
        named
            .filter(|(_, one)| one.id == id && one.issuer.as_deref() == issuer)
            .map(|(name, _)| name)
            .next()
    }

    fn via(&self, rule: &Rule, client: &str) -> bool {
        rule.clients(self.policy).is_none_or(|clients| clients.contains(client))
    }

    /// Judges a condition of a rule that concerns a tool. Where the tool's schema could not be
    /// translated, a condition that reads arguments counts against the call as a whole.
    fn holds(
        &self,
        condition: Option<&Condition>,
        judged: bool,
        reader: &Reader<'_>,
        stands: Stands,
    ) -> bool {
        let Some(condition) = condition else { return true };
        let mut read = Vec::new();
        atoms(condition, &mut read);
        if !judged && read.into_iter().any(reads_arguments) {
            return stands == Stands::InDeny;
        }
        reader.condition(condition, stands)
    }

    fn denied_tool(&self, targets: &BTreeSet<Target>, server: &str, tool: &str) -> bool {
        targets.iter().any(|target| match target {
            Target::Capability(name) => self
                .policy
                .capabilities
                .get(name)
                .is_some_and(|one| one.server == server && one.tools.contains(tool)),
            Target::Access(level) => {
                self.tool_access(server, tool).is_some_and(|access| access >= *level)
            }
        })
    }

    /// The receipt under which some terms cover the call, or what the consent link lacks.
    ///
    /// SEMANTICS 4 says which receipts are valid, and not which of several invalid ones gives the
    /// reason. Chosen: the latest, as with valid ones; one given in the future is as good as none;
    /// and a withdrawal is named before a drift, a drift before an expiry.
    fn consent(&self, name: &str, call: &Value) -> Result<String, &'static str> {
        let consent = self.policy.consents.get(name).ok_or("consent.none")?;
        let now = i128::from(number(call, "now").unwrap_or_default());
        let same = |receipt: &&Value| {
            let user = member(receipt, "user").zip(member(call, "user"));
            let client = member(receipt, "client").zip(member(call, "client"));
            text(receipt, "terms") == Some(name)
                && text(receipt, "server") == text(call, "server")
                && user.is_some_and(|(one, other)| {
                    text(one, "issuer") == text(other, "issuer")
                        && text(one, "subject") == text(other, "subject")
                })
                && client.is_some_and(|(one, other)| {
                    text(one, "id") == text(other, "id")
                        && text(one, "issuer") == text(other, "issuer")
                })
        };
        let receipts = member(call, "receipts").and_then(Value::as_array);
        let all: Vec<&Value> = receipts.into_iter().flatten().filter(same).collect();
        let given = |receipt: &Value| number(receipt, "given_at").unwrap_or_default();
        let withdrawn = all.iter().filter_map(|one| number(one, "withdrawn_at")).max();
        let fault = |receipt: &Value| {
            let own = member(receipt, "withdrawn_at").is_some();
            let lasts = consent
                .lasts
                .map(|lasts| i128::from(given(receipt)).saturating_add(i128::from(lasts)));
            let stated = number(receipt, "expires_at").map(i128::from);
            if own || withdrawn.is_some_and(|at| given(receipt) <= at) {
                Some("consent.withdrawn")
            } else if text(receipt, "digest") != self.digests.get(name).map(String::as_str) {
                Some("consent.drifted")
            } else if [lasts, stated].into_iter().flatten().any(|end| end <= now) {
                Some("consent.expired")
            } else {
                None
            }
        };
        let mut past: Vec<&Value> =
            all.into_iter().filter(|receipt| i128::from(given(receipt)) <= now).collect();
        past.sort_by_key(|receipt| (Reverse(given(receipt)), text(receipt, "id")));
        let live: Vec<&Value> =
            past.iter().copied().filter(|receipt| fault(receipt).is_none()).collect();
        if live.is_empty() {
            return Err(past.first().and_then(|latest| fault(latest)).unwrap_or("consent.none"));
        }
        // A receipt that names a purpose speaks for no other one: "not one that the user agreed to"
        // is the reason's meaning.
        let stated = text(call, "purpose");
        let declared = match stated {
            Some(purpose) => consent.purposes.contains(purpose),
            None => !consent.purpose_required,
        };
        let agreed = |one: &&Value| match (stated, text(one, "purpose")) {
            (Some(stated), Some(agreed)) => stated == agreed,
            _ => true,
        };
        let named = live.into_iter().filter(|_| declared).find(agreed);
        named.and_then(|one| text(one, "id")).map(str::to_owned).ok_or("consent.purpose")
    }

    /// Whether one of the sets of scopes is held.
    fn scopes_suffice(capability: &Capability, closed: &BTreeSet<String>) -> bool {
        capability.needs.iter().any(|set| set.is_subset(closed))
    }

    /// Walks the chain.
    pub fn judge(&self, call: &Value) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.reason = self.chain(call, &mut verdict).err().map(str::to_owned);
        verdict
    }

    fn chain(&self, call: &Value, verdict: &mut Verdict) -> Result<(), &'static str> {
        let (server_name, server) = self.server(call).ok_or("operation.unknown-server")?;
        if text(call, "operation") != Some("tools/call") {
            return Err("operation.unknown-method");
        }
        let tool_name = text(call, "target").unwrap_or_default();
        let tool = server.catalogue.tools.get(tool_name).ok_or("operation.unknown-tool")?;
        if let Some(seen) = text(call, "tool_digest")
            && tool.digest.as_ref().map(|digest| digest.as_str()) != Some(seen)
        {
            return Err("operation.tool-changed");
        }
        match member(call, "arguments") {
            None => {}
            Some(arguments) if arguments.is_object() && depth(arguments) <= 64 => {}
            Some(_) => return Err("operation.invalid-arguments"),
        }
        let client_name = self.registration(call)?;
        self.credential(call, server_name, server, tool_name)?;

        let story = &mut verdict.story;
        let reader = Reader { call };
        let groups = self.groups(call);
        let closed = self.closed_scopes(server, call);
        let _ = writeln!(story, "client {client_name}, groups {groups:?}, scopes {closed:?}");
        let judged = tool.arguments.is_ok();
        let mut candidates = Vec::new();
        for (rule_name, rule) in &self.policy.rules {
            let Effect::Allow { capabilities, under } = &rule.effect else { continue };
            for capability_name in capabilities {
                let Some(capability) = self.policy.capabilities.get(capability_name) else {
                    continue;
                };
                if capability.server != *server_name || !capability.tools.contains(tool_name) {
                    continue;
                }
                let who = self.who(rule, &groups, &reader);
                let via = self.via(rule, client_name);
                let inner =
                    self.holds(capability.condition.as_ref(), judged, &reader, Stands::InAllow);
                let when = self.holds(rule.when.as_ref(), judged, &reader, Stands::InAllow);
                let _ = writeln!(
                    story,
                    "{rule_name}/{capability_name}: who {who}, via {via}, where {inner}, when {when}"
                );
                if !(who && via && inner && when) {
                    continue;
                }
                let mut lacks = Vec::new();
                let local = matches!(server.credentials, Credentials::Local { .. });
                if !local && !Self::scopes_suffice(capability, &closed) {
                    lacks.push("scope.insufficient");
                }
                let consent = under.as_ref().map(|terms| self.consent(terms, call)).transpose();
                lacks.extend(consent.as_ref().err());
                let _ = writeln!(story, "  a candidate, lacks {lacks:?}");
                let asked = under.as_ref().and_then(|terms| self.policy.consents.get(terms));
                let granted = asked.map(|terms| &terms.grants).into_iter().flatten();
                let granted = granted.filter_map(|name| self.policy.capabilities.get(name));
                candidates.push(Candidate {
                    asks: (granted.clone().map(|one| one.access).max(), granted.count()),
                    receipt: consent.ok().flatten(),
                    needs: capability.needs.clone(),
                    lacks,
                    access: capability.access,
                    rule: rule_name.clone(),
                    capability: capability_name.clone(),
                });
            }
        }
        if candidates.is_empty() {
            return Err("rule.none");
        }
        for (rule_name, rule) in &self.policy.rules {
            let Effect::Deny { targets } = &rule.effect else { continue };
            if self.denied_tool(targets, server_name, tool_name)
                && self.who(rule, &groups, &reader)
                && self.via(rule, client_name)
                && self.holds(rule.when.as_ref(), judged, &reader, Stands::InDeny)
            {
                verdict.rules.insert(rule_name.clone());
            }
        }
        if !verdict.rules.is_empty() {
            return Err("rule.denied");
        }
        candidates.sort_by(|a, b| {
            // SEMANTICS 3.2 breaks ties by access and then by rule id. Between the two comes the consent
            // that asks the user for less.
            let key = |one: &Candidate| (one.lacks.len(), one.access, one.asks);
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.rule, &a.capability).cmp(&(&b.rule, &b.capability)))
        });
        let Some(nearest) = candidates.first() else { return Err("rule.none") };
        let Some(lack) = nearest.lacks.first() else {
            for one in candidates.iter().filter(|one| one.lacks.is_empty()) {
                verdict.rules.insert(one.rule.clone());
                verdict.receipts.insert(one.receipt.clone());
            }
            return Ok(());
        };
        verdict.rules.insert(nearest.rule.clone());
        verdict.needs.clone_from(&nearest.needs);
        for one in &candidates {
            let lacks = one.lacks.iter().map(|lack| (*lack).to_owned()).collect();
            verdict.alternatives.push((one.rule.clone(), one.capability.clone(), lacks));
        }
        Err(lack)
    }

    /// DESIGN 3 and 6. A client that is declared by the URL of its metadata document must have
    /// registered so, and one that is declared at an issuer must be preregistered there.
    fn registration(&self, call: &Value) -> Result<&'p String, &'static str> {
        let name = self.client(call).ok_or("registration.unknown-client")?;
        let declared = self.policy.clients.get(name).ok_or("registration.unknown-client")?;
        let client = member(call, "client").ok_or("registration.unknown-client")?;
        match text(client, "status") {
            Some("approved") => {}
            Some("pending") => return Err("registration.pending"),
            _ => return Err("registration.blocked"),
        }
        let kind = match declared.issuer {
            None => "metadata_document",
            Some(_) => "preregistered",
        };
        if text(client, "registration") == Some(kind) { Ok(name) } else { Err("registration.kind") }
    }

    fn credential(
        &self,
        call: &Value,
        server_name: &str,
        server: &Server,
        tool: &str,
    ) -> Result<(), &'static str> {
        let credential = member(call, "credential").ok_or("credential.missing")?;
        let user = member(call, "user");
        let now = number(call, "now").unwrap_or_default();
        match (&server.credentials, text(credential, "kind")) {
            (Credentials::Local { up_to, .. }, Some("local")) => {
                if self.tool_access(server_name, tool).is_some_and(|access| access > *up_to) {
                    return Err("credential.kind");
                }
                user.map(|_| ()).ok_or("credential.subject")
            }
            (Credentials::Oauth { issuers }, Some("oauth")) => {
                let issuer = text(credential, "issuer").unwrap_or_default();
                if !issuers.contains(issuer)
                    || user.is_some_and(|user| text(user, "issuer") != Some(issuer))
                {
                    return Err("credential.issuer");
                }
                let audience = member(credential, "audience").and_then(Value::as_array);
                let mut audience = audience.into_iter().flatten();
                if !audience.any(|one| one.as_str() == Some(&server.identity)) {
                    return Err("credential.audience");
                }
                let expires = number(credential, "expires_at");
                if expires.is_some_and(|end| end <= now) {
                    return Err("credential.expired");
                }
                if number(credential, "issued_at").is_some_and(|start| start > now) {
                    return Err("credential.not-yet-valid");
                }
                let subject = user.and_then(|user| text(user, "subject"));
                if subject.is_none() || subject != text(credential, "subject") {
                    return Err("credential.subject");
                }
                let client = member(call, "client").ok_or("credential.client")?;
                let elsewhere = text(client, "issuer").is_some_and(|one| one != issuer);
                if elsewhere || text(client, "id") != text(credential, "client_id") {
                    return Err("credential.client");
                }
                expires.map(|_| ()).ok_or("credential.lifetime")
            }
            _ => Err("credential.kind"),
        }
    }
}
