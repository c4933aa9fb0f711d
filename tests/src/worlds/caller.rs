//! Calls that some rule should allow, built from the constants in the rule's conditions.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Credentials, Target, Who};
use placet_engine::condition::{
    ArgumentType, Atom, Attribute, Condition, Literal, Operand, Quantifier, Test,
};
use placet_language::catalogue::{Kind, Parameter};
use placet_language::model::{Capability, Effect, Rule};
use serde_json::{Map, Value, json};

use crate::reference::{Reference, atom_holds};
use crate::worlds::World;
use crate::worlds::random::Random;
use crate::worlds::tools::ALPHA;
use crate::worlds::values::*;

/// An `allow` with its capabilities and its consent.
type Allow<'w> = (&'w Rule, &'w BTreeSet<String>, Option<&'w String>);

/// Makes calls for a world.
pub struct Caller<'w> {
    pub(super) world: &'w World,
    reference: &'w Reference<'w>,
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
        for _ in 0..8 {
            call = self.directed();
            let reason = self.reference.judge(&call).reason;
            let enough = match reason.as_deref() {
                None => true,
                Some("rule.denied") => self.random.chance(50),
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
                Effect::Deny { .. } => None,
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
        let tool = self.random.of(&capability.tools).cloned().unwrap_or_default();
        let Some(server) = policy.servers.get(&capability.server) else { return self.stray() };
        let mut call = json!({
            "user": null, "client": null, "server": server.identity, "operation": "tools/call",
            "target": tool, "tool_digest": null, "arguments": {}, "credential": null,
            "receipts": [], "purpose": null, "confirmation": null, "now": NOW,
        });
        if self.random.chance(70) {
            call["address"] = json!(self.random.pick(&ADDRESSES));
        }
        let issuers = match &server.credentials {
            Credentials::Oauth { issuers } => issuers.clone(),
            Credentials::Local { .. } => BTreeSet::from([FIRST.to_owned(), SECOND.to_owned()]),
        };
        self.user(&mut call, rule, &issuers);
        self.client(&mut call, rule);
        if matches!(server.credentials, Credentials::Local { .. }) {
            call["credential"] = json!({"kind": "local"});
        } else {
            self.token(&mut call, capability);
        }
        if let Some(Ok(parameters)) = server.catalogue.tools.get(&tool).map(|one| &one.arguments) {
            call["arguments"] = self.object(parameters);
        }
        let conditions = [capability.condition.as_ref(), rule.when.as_ref()];
        for condition in conditions.into_iter().flatten() {
            self.satisfy(&mut call, condition, false);
        }
        for _ in 0..self.random.below(2) {
            self.receipt(&mut call, None);
        }
        if let Some(terms) = under {
            self.receipt(&mut call, Some(terms));
        }
        for _ in 0..self.random.below(2) {
            self.receipt(&mut call, None);
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

    fn user(&mut self, call: &mut Value, rule: &Rule, issuers: &BTreeSet<String>) {
        let mut issuer = self.random.of(issuers).cloned().unwrap_or_default();
        let mut subject = (*self.random.pick(&SUBJECTS)).to_owned();
        let mut claims = json!({});
        if self.random.chance(30) {
            let path = self.random.pick(&CLAIMS);
            let value = json!([self.random.pick(&VALUES), 7]);
            set_claim(&mut claims, path, value);
        }
        match self.random.of(&rule.who) {
            Some(Who::User { issuer: of, subject: named }) => {
                issuer.clone_from(of);
                subject.clone_from(named);
            }
            Some(Who::Group(name)) => self.join(name, 6, &mut claims, &mut issuer),
            _ => {}
        }
        call["user"] = json!({"issuer": issuer, "subject": subject, "claims": claims});
    }

    /// Gives a user the claims that make a member, directly or through a group within.
    fn join(&mut self, name: &str, depth: usize, claims: &mut Value, issuer: &mut String) {
        let groups = &self.world.policy.groups;
        let within: Vec<&String> = groups
            .iter()
            .filter(|(_, group)| group.within.contains(name))
            .map(|(name, _)| name)
            .collect();
        let name = match within.is_empty() || depth < 4 || self.random.chance(60) {
            true => name.to_owned(),
            false => (*self.random.pick(&within)).clone(),
        };
        let Some(group) = groups.get(&name) else { return };
        issuer.clone_from(&group.issuer);
        let path: Vec<&str> = group.claim.iter().map(String::as_str).collect();
        let mut held = &*claims;
        for part in &path {
            held = held.get(part).unwrap_or(&Value::Null);
        }
        let value = match held {
            Value::Array(items) => {
                let mut items = items.clone();
                items.push(json!(group.has));
                json!(items)
            }
            Value::String(text) => json!([text, group.has]),
            _ if self.random.chance(30) => json!(group.has),
            _ => json!([group.has]),
        };
        set_claim(claims, &path, value);
        if let Some(depth) = depth.checked_sub(1) {
            for other in &group.and_in {
                self.join(other, depth, claims, issuer);
            }
        }
    }

    fn client(&mut self, call: &mut Value, rule: &Rule) {
        let policy = &self.world.policy;
        let issuer = call["user"]["issuer"].as_str().unwrap_or_default().to_owned();
        let named = rule.clients(policy);
        let fitting: Vec<_> = policy
            .clients
            .iter()
            .filter(|(name, _)| named.as_ref().is_none_or(|named| named.contains(*name)))
            .filter(|(_, client)| client.issuer.as_ref().is_none_or(|of| *of == issuer))
            .map(|(_, client)| client)
            .collect();
        let client = match self.random.of(fitting) {
            Some(client) => client,
            None => match self.random.of(policy.clients.values()) {
                Some(client) => client,
                None => return,
            },
        };
        let registration = match client.issuer {
            None => "metadata_document",
            Some(_) => "preregistered",
        };
        call["client"] = json!({
            "id": client.id, "issuer": client.issuer, "registration": registration,
            "status": "approved", "metadata_digest": null,
        });
    }

    fn token(&mut self, call: &mut Value, capability: &Capability) {
        let policy = &self.world.policy;
        let mut scopes = self.random.of(&capability.needs).cloned().unwrap_or_default();
        let declared = policy.servers.get(&capability.server).map(|server| &server.scopes);
        // One that implies it serves as well.
        for scope in scopes.clone() {
            let above = declared.into_iter().flatten().filter(|(_, one)| one.contains(&scope));
            if let Some((above, _)) = self.random.of(above)
                && self.random.chance(30)
            {
                scopes.remove(&scope);
                scopes.insert(above.clone());
            }
        }
        if self.random.chance(20) {
            scopes.insert(String::from("unknown-scope"));
        }
        let age = *self.random.pick(&[0, 10, 89, 90, 300, 3_000]);
        let mut token = json!({
            "kind": "oauth", "issuer": call["user"]["issuer"], "audience": [call["server"]],
            "subject": call["user"]["subject"], "client_id": call["client"]["id"],
            "scopes": scopes, "issued_at": NOW - age, "expires_at": NOW + 1 + age,
        });
        if self.random.chance(70) {
            token["auth_time"] = json!(NOW - self.random.pick(&[0, 90, 299, 300, 3_599, 90_000]));
        }
        if self.random.chance(60) {
            token["acr"] = json!(self.random.pick(&["phr", "mfa", "pwd"]));
        }
        call["credential"] = token;
    }

    fn object(&mut self, parameters: &BTreeMap<String, Parameter>) -> Value {
        let mut object = Map::new();
        for (name, parameter) in parameters {
            if parameter.required || self.random.chance(50) {
                object.insert(name.clone(), self.value_of(&parameter.kind));
            }
        }
        if self.random.chance(10) {
            object.insert(String::from("unread"), json!([{"any": ["thing", 1.5]}]));
        }
        Value::Object(object)
    }

    pub(super) fn string(&mut self) -> Value {
        match self.random.chance(60) {
            true => json!(self.random.pick(&STRINGS)),
            false => json!(self.random.pick(&PATHS)),
        }
    }

    fn value_of(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::String => self.string(),
            Kind::Boolean => json!(self.random.chance(50)),
            Kind::Integer => self.integer(),
            Kind::Array(element) => {
                let count = self.random.below(4);
                (0..count).map(|_| self.value_of(element)).collect()
            }
            Kind::Object(members) => self.object(members),
            Kind::Other => json!({"some": "thing"}),
        }
    }

    pub(super) fn integer(&mut self) -> Value {
        let number = *self.random.pick(&INTEGERS);
        match self.random.below(12) {
            0 => json!(number.saturating_add(1)),
            1 => json!(number.saturating_sub(1)),
            2 => json!(number.clamp(-100, 100) as f64),
            3 => json!(2.5),
            _ => json!(number),
        }
    }

    /// Tries to make a condition hold, by setting what it reads.
    fn satisfy(&mut self, call: &mut Value, condition: &Condition, in_deny: bool) {
        match condition {
            Condition::All(parts) => {
                for part in parts {
                    self.satisfy(call, part, in_deny);
                }
            }
            Condition::Any(parts) => {
                if let Some(part) = self.random.of(parts) {
                    self.satisfy(call, part, in_deny);
                }
            }
            Condition::Atom(atom) => self.satisfy_atom(call, atom, in_deny),
        }
    }

    fn satisfy_atom(&mut self, call: &mut Value, atom: &Atom, in_deny: bool) {
        if atom_holds(call, atom, in_deny) {
            return;
        }
        let mut values = self.candidates(call, atom);
        self.random.shuffle(&mut values);
        for value in values {
            let mut changed = call.clone();
            let value = match atom.quantifier {
                None => value,
                Some(Quantifier::All) => json!([value.clone(), value]),
                Some(Quantifier::Any) => json!([self.string(), value]),
            };
            set(&mut changed, &atom.operand, value);
            if atom_holds(&changed, atom, in_deny) {
                *call = changed;
                return;
            }
        }
    }

    /// Values that may or may not pass an atom's test: its constants and what is close to them.
    fn candidates(&mut self, call: &Value, atom: &Atom) -> Vec<Value> {
        let near = |number: i64| {
            [number.saturating_sub(1), number, number.saturating_add(1)].map(|one| json!(one))
        };
        let mut values: Vec<Value> = match &atom.test {
            Test::Equals(literal) => vec![constant(literal)],
            Test::OneOf(literals) => literals.iter().map(constant).collect(),
            Test::LessThan(bound)
            | Test::AtMost(bound)
            | Test::MoreThan(bound)
            | Test::AtLeast(bound) => near(*bound).to_vec(),
            Test::Like(glob) => {
                let plain = glob.to_string();
                ["", "x", "/"]
                    .map(|part| {
                        json!(
                            plain.replace("\\*", "\u{0}").replace('*', part).replace('\u{0}', "*")
                        )
                    })
                    .to_vec()
            }
            Test::UnderFolder(folder) => {
                let folder = folder.trim_end_matches('/');
                [format!("{folder}/x"), format!("{folder}//./y"), format!("{folder}/../x")]
                    .map(|one| json!(one))
                    .to_vec()
            }
            Test::UnderNetwork(network) => {
                let base = network.to_string();
                vec![json!(base.split('/').next())]
            }
            Test::Has(member) => vec![json!([member]), json!(["other", member])],
            Test::SameAs(other) => get(call, other).into_iter().collect(),
            Test::Present => vec![json!("x"), Value::Null],
        };
        values.extend(STRINGS.iter().chain(&PATHS).map(|text| json!(text)));
        values.extend([json!(0), json!(100), json!(true), json!(false), json!(["x"])]);
        values.extend(ADDRESSES.map(|address| json!(address)));
        if let Attribute::Argument(argument) = &atom.operand.attribute
            && argument.kind == ArgumentType::String
            && atom.operand.view.is_some()
        {
            values.extend(FOLDERS.map(|folder| json!(folder)));
        }
        values
    }

    /// Tries to make a `deny` hold.
    fn deny(&mut self, call: &mut Value) {
        let policy = &self.world.policy;
        let (server, tool) = (call["server"].clone(), call["target"].clone());
        let concerned: Vec<&Rule> = policy
            .rules
            .values()
            .filter(|rule| match &rule.effect {
                Effect::Deny { targets } => targets.iter().any(|target| match target {
                    Target::Access(_) => true,
                    Target::Capability(name) => policy.capabilities.get(name).is_some_and(|one| {
                        let identity = policy.servers.get(&one.server).map(|one| &one.identity);
                        identity.map(String::as_str) == server.as_str()
                            && tool.as_str().is_some_and(|tool| one.tools.contains(tool))
                    }),
                }),
                Effect::Allow { .. } => false,
            })
            .collect();
        if let Some(rule) = self.random.of(concerned)
            && let Some(condition) = &rule.when
        {
            self.satisfy(call, condition, true);
        }
    }

    /// Adds a receipt: a good one for some terms, or one that is wrong in some way.
    fn receipt(&mut self, call: &mut Value, terms: Option<&String>) {
        let good = terms.is_some();
        let names: Vec<&String> = self.world.content.terms.keys().collect();
        let Some(name) = terms.or_else(|| self.random.of(names)) else { return };
        let Some(known) = self.world.content.terms.get(name) else { return };
        let now = call["now"].as_i64().unwrap_or(NOW);
        let given = now - *self.random.pick(&[0, 1, 60, 80, 89]);
        let id = format!("r-{}", self.random.below(5));
        let purpose = self.random.of(&known.purposes).cloned();
        let mut receipt = json!({
            "id": id, "terms": name, "digest": known.digest,
            "user": {"issuer": call["user"]["issuer"], "subject": call["user"]["subject"]},
            "client": {"id": call["client"]["id"], "issuer": call["client"]["issuer"]},
            "server": call["server"], "purpose": purpose, "given_at": given,
            "expires_at": null, "withdrawn_at": null,
        });
        if good {
            if self.random.chance(50) {
                receipt["expires_at"] = json!(now + 1 + *self.random.pick(&[0, 100, 1_000_000]));
            }
            if purpose.is_some() && (known.purpose_required || self.random.chance(50)) {
                call["purpose"] = json!(purpose);
            }
        } else {
            for _ in 0..(1 + self.random.below(2)) {
                self.spoil(&mut receipt, now);
            }
        }
        if let Some(receipts) = call["receipts"].as_array_mut() {
            receipts.push(receipt);
        }
    }

    pub(super) fn spoil(&mut self, receipt: &mut Value, now: i64) {
        match self.random.below(12) {
            0 => receipt["expires_at"] = json!(now),
            1 => receipt["expires_at"] = json!(now.saturating_sub(5)),
            2 => receipt["given_at"] = json!(now.saturating_sub(10_000_000)),
            3 => receipt["given_at"] = json!(now.saturating_add(1)),
            4 => receipt["withdrawn_at"] = json!(now),
            5 => {
                let given = receipt["given_at"].as_i64().unwrap_or_default();
                receipt["withdrawn_at"] =
                    json!(given.saturating_add(*self.random.pick(&[-1, 0, 1])));
            }
            6 => receipt["digest"] = json!(format!("sha256-{}", "0".repeat(64))),
            7 => receipt["user"]["subject"] = json!("mallory"),
            8 => receipt["client"]["issuer"] = json!("https://elsewhere.example"),
            9 => receipt["server"] = json!("https://mcp.example.com/gamma"),
            10 => receipt["given_at"] = json!(*self.random.pick(&[i64::MIN, i64::MAX])),
            _ => receipt["given_at"] = json!(now.saturating_sub(*self.random.pick(&[60, 89, 90]))),
        }
    }
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::String(text) => json!(text),
        Literal::Boolean(truth) => json!(truth),
        Literal::Integer(number) => json!(number),
        Literal::Address(address) => json!(address.to_string()),
    }
}

pub(super) fn set_claim(claims: &mut Value, path: &[&str], value: Value) {
    match path.split_first() {
        None => *claims = value,
        Some((first, rest)) => {
            if !claims.is_object() {
                *claims = json!({});
            }
            set_claim(&mut claims[*first], rest, value);
        }
    }
}

/// What an operand reads, where that is an argument or the user's subject.
pub(super) fn get(call: &Value, operand: &Operand) -> Option<Value> {
    match &operand.attribute {
        Attribute::Argument(argument) => {
            let mut value = &call["arguments"];
            for name in &argument.path {
                value = value.get(name)?;
            }
            Some(value.clone())
        }
        Attribute::UserSubject => Some(call["user"]["subject"].clone()),
        _ => None,
    }
}

/// Sets what an operand reads, where that can be set without breaking the call's other links.
pub(super) fn set(call: &mut Value, operand: &Operand, value: Value) {
    let now = call["now"].as_i64().unwrap_or(NOW);
    let number = value.as_i64();
    let oauth = call["credential"]["kind"] == "oauth";
    match (&operand.attribute, number) {
        (Attribute::Argument(argument), _) => {
            let path: Vec<&str> = argument.path.iter().map(String::as_str).collect();
            set_claim(&mut call["arguments"], &path, value);
        }
        (Attribute::UserSubject, _) if value.is_string() => {
            call["user"]["subject"] = value.clone();
            if oauth {
                call["credential"]["subject"] = value;
            }
        }
        (Attribute::CallAddress, _) if value.is_string() || value.is_null() => {
            let text = value.as_str().unwrap_or("0.0.0.0");
            if text.parse::<std::net::IpAddr>().is_ok() {
                call["address"] = value;
            }
        }
        (Attribute::TokenAcr, _) if oauth && (value.is_string() || value.is_null()) => {
            call["credential"]["acr"] = value;
        }
        (Attribute::TokenAge, Some(age)) if oauth => {
            call["credential"]["issued_at"] = json!(now.saturating_sub(age));
        }
        (Attribute::TokenAuthAge, Some(age)) if oauth => {
            call["credential"]["auth_time"] = json!(now.saturating_sub(age));
        }
        (Attribute::TokenLifetime, Some(length)) if oauth && length > 1 => {
            call["credential"]["issued_at"] = json!(now - length / 2);
            call["credential"]["expires_at"] = json!(now - length / 2 + length);
        }
        _ => {}
    }
}
