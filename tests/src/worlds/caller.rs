//! Calls that some rule should allow, built from the constants in the rule's conditions.

use std::collections::BTreeSet;

use placet_engine::bundle::{Credentials, Otherwise, Target};
use placet_engine::condition::{Attribute, Condition};
use placet_language::model::{Capability, Effect, Rule};
use serde_json::{Value, json};

use crate::reference::Reference;
use crate::worlds::World;
use crate::worlds::random::Random;
use crate::worlds::tools::ALPHA;
use crate::worlds::values::*;

/// An `allow` with its capabilities and its consent.
type Allow<'w> = (&'w Rule, &'w BTreeSet<String>, Option<&'w String>);

/// Makes calls for a world.
pub struct Caller<'w> {
    pub(super) world: &'w World,
    pub(super) reference: &'w Reference<'w>,
    /// Where the calls come from.
    pub random: Random,
}

impl<'w> Caller<'w> {
    /// A caller of a seed.
    pub fn new(world: &'w World, reference: &'w Reference<'w>, seed: u64) -> Self {
        Self { world, reference, random: Random::new(seed) }
    }

    /// A call: most often one that some rule allows, or one like it that is broken in a few places.
    pub fn call(&mut self) -> Value {
        let mut call = self.hopeful();
        if self.random.chance(50) {
            for _ in 0..(1 + self.random.below(2)) {
                self.break_something(&mut call);
            }
        }
        call
    }

    /// A call that the reference allows, unless none was found in a few tries.
    pub fn hopeful(&mut self) -> Value {
        let mut call = Value::Null;
        for _ in 0..10 {
            call = self.directed();
            let reason = self.reference.judge(&call).reason;
            let enough = match reason.as_deref() {
                None => true,
                Some("rule.denied") => self.random.chance(30),
                Some("authentication.insufficient" | "confirmation.required") => {
                    self.random.chance(60)
                }
                Some(_) => false,
            };
            if enough {
                break;
            }
        }
        if self.random.chance(10) {
            self.deny(&mut call);
        }
        call
    }

    fn allows(&self) -> Vec<Allow<'w>> {
        let rules = self.world.policy.rules.values();
        rules
            .filter_map(|rule| match &rule.effect {
                Effect::Allow { capabilities, under } => Some((rule, capabilities, under.as_ref())),
                Effect::Deny { .. } | Effect::Require { .. } => None,
            })
            .collect()
    }

    /// A call built from one rule.
    fn directed(&mut self) -> Value {
        let policy = &self.world.policy;
        let Some((rule, capabilities, under)) = self.random.of(self.allows()) else {
            return self.stray();
        };
        let name = self.random.of(capabilities).cloned().unwrap_or_default();
        let Some(capability) = policy.capabilities.get(&name) else { return self.stray() };
        let Some(feature) = self.random.of(&capability.features) else { return self.stray() };
        let Some(server) = policy.servers.get(&capability.server) else { return self.stray() };
        let mut call = json!({
            "user": null, "client": null, "server": server.identity, "operation": null,
            "target": null, "tool_digest": null, "arguments": {}, "credential": null,
            "receipts": [], "purpose": null, "confirmation": null, "now": NOW,
        });
        if self.random.chance(70) {
            call["address"] = json!(self.random.pick(&ADDRESSES));
        }
        let issuers = match &server.credentials {
            Credentials::Oauth { issuers, .. } if !issuers.is_empty() => issuers.clone(),
            _ => BTreeSet::from([FIRST.to_owned(), SECOND.to_owned()]),
        };
        let issuer = self.user(&mut call, rule, &issuers);
        let consent = under.and_then(|terms| policy.consents.get(terms));
        let via = [rule.via.as_ref(), consent.and_then(|consent| consent.via.as_ref())];
        self.client(&mut call, &issuer, via);
        self.credential(&mut call, &issuer, server, capability);
        self.aim(&mut call, server, feature);
        let conditions = [capability.condition.as_ref(), rule.when.as_ref()];
        for condition in conditions.into_iter().flatten() {
            self.satisfy(&mut call, condition, false);
        }
        let asked = self.meet_requirements(&mut call);
        for _ in 0..self.random.below(2) {
            self.receipt(&mut call, None);
        }
        for terms in under.into_iter().chain(&asked) {
            self.receipt(&mut call, Some(terms));
        }
        for _ in 0..self.random.below(2) {
            self.receipt(&mut call, None);
        }
        if self.random.chance(85) {
            self.confirm(&mut call, true);
        }
        call
    }

    /// A call for a policy without rules.
    fn stray(&mut self) -> Value {
        json!({
            "user": {"issuer": FIRST, "subject": "alice", "claims": {"groups": ["eng"]}},
            "client": {"id": "https://cursor.example/c.json", "issuer": null,
                       "registration": "metadata_document", "status": "approved"},
            "server": "https://mcp.example.com/alpha", "operation": "tools/call",
            "target": ALPHA[self.random.below(ALPHA.len())].0,
            "arguments": {"owner": "acme", "path": "/srv"},
            "credential": {"kind": "oauth", "issuer": FIRST,
                           "audience": ["https://mcp.example.com/alpha"],
                           "subject": "alice", "client_id": "https://cursor.example/c.json",
                           "scopes": ["all"], "issued_at": NOW, "expires_at": NOW + 600},
            "receipts": [], "now": NOW,
        })
    }

    /// The rules that are about what a call is about.
    fn about(&self, call: &Value) -> Vec<&'w Rule> {
        let policy = &self.world.policy;
        let held = |one: &Capability| {
            let identity = policy.servers.get(&one.server).map(|one| &one.identity);
            identity.map(String::as_str) == call["server"].as_str()
                && self.reference.is_about(one, call)
        };
        let about = |target: &Target| match target {
            Target::Access(_) => true,
            Target::Capability(name) => policy.capabilities.get(name).is_some_and(held),
        };
        let rules = policy.rules.values().filter(|rule| match &rule.effect {
            Effect::Deny { targets } | Effect::Require { targets, .. } => targets.iter().any(about),
            Effect::Allow { .. } => false,
        });
        rules.collect()
    }

    /// Does most of what requirements ask for, but for consents: these are named.
    fn meet_requirements(&mut self, call: &mut Value) -> Vec<String> {
        let mut asked = Vec::new();
        for rule in self.about(call) {
            let Effect::Require { otherwise, .. } = &rule.effect else { continue };
            if self.random.chance(10) {
                continue;
            }
            match (otherwise, &rule.when) {
                (Some(Otherwise::Ask { terms }), _) => asked.push(terms.clone()),
                (Some(Otherwise::Confirm { .. }), Some(Condition::Atom(atom)))
                    if atom.operand.attribute == Attribute::ConfirmationAge => {}
                (_, Some(condition)) => self.satisfy(call, condition, false),
                _ => {}
            }
        }
        asked
    }

    /// Tries to make a `deny` hold.
    fn deny(&mut self, call: &mut Value) {
        let about = self.about(call);
        let denies = about.into_iter().filter(|rule| matches!(rule.effect, Effect::Deny { .. }));
        if let Some(rule) = self.random.of(denies)
            && let Some(condition) = &rule.when
        {
            self.satisfy(call, condition, true);
        }
    }
}
