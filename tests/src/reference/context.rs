//! The facts that come before Cedar.

use std::collections::BTreeSet;

use placet_engine::condition::{ArgumentType, Atom, Attribute, Test};
use placet_language::model::Effect;
use serde_json::{Map, Value, json};

use crate::reference::Reference;
use crate::reference::admission::domain;
use crate::reference::cedar::client_id;
use crate::reference::conditions::*;
use crate::reference::operation::Place;

impl<'p> Reference<'p> {
    pub(super) fn context(&self, place: &Place<'_>, shape: &Value, reader: &Reader<'_>) -> Value {
        let call = reader.call;
        let mut context = Map::new();
        context.insert("now".into(), json!(number(call, "now")));
        // A machine has no user.
        let user = reader.user().map(|user| json!({"issuer": user.0, "subject": user.1}));
        context.extend(user.map(|user| (String::from("user"), user)));
        context.insert("client".into(), client_facts(call));
        context.insert("token".into(), token_facts(reader));
        let mut facts = Map::new();
        if let Some(address) = reader.address() {
            let address = json!({"__extn": {"fn": "ip", "arg": address.to_string()}});
            facts.insert("address".into(), address);
        }
        let age = reader.confirmation_age().map(|age| json!(age));
        facts.extend(age.map(|age| (String::from("confirmation_age"), age)));
        context.insert("call".into(), Value::Object(facts));
        context.insert("scopes".into(), json!(self.closed_scopes(place.server, call)));
        let mut covered = Vec::new();
        for (name, one) in &self.policy.consents {
            if one.server == *place.name && self.consent(name, call).is_ok() {
                covered.extend(one.grants.iter().map(|capability| format!("{name}/{capability}")));
                covered.extend(self.may_be_given(name, call).then(|| name.clone()));
            }
        }
        context.insert("consents".into(), json!(covered));
        let wanted = |name: &str| shape.pointer(&format!("/appliesTo/context/attributes/{name}"));
        if let Some(wanted) = wanted("args") {
            context.insert("args".into(), arguments(wanted, member(call, "arguments")));
        }
        let (allow, deny) = self.read_atoms(place);
        let both = || allow.iter().chain(&deny);
        if wanted("computed").is_some() {
            let mut computed = Map::new();
            for atom in
                both().filter(|atom| atom.quantifier.is_none() && atom.test != Test::Present)
            {
                for operand in atom.operands().filter(|one| one.view.is_none()) {
                    let Attribute::Argument(argument) = &operand.attribute else { continue };
                    if let (Some(_), Some(value)) = (&argument.computed, reader.value(operand)) {
                        computed.insert(operand.to_string(), plain(value));
                    }
                }
            }
            context.insert("computed".into(), Value::Object(computed));
        }
        if wanted("views").is_some() {
            let mut views = Map::new();
            for atom in both() {
                let other = match &atom.test {
                    Test::SameAs(other) => Some(other),
                    _ => None,
                };
                let plain = Some(&atom.operand).filter(|_| atom.quantifier.is_none());
                for operand in plain.into_iter().chain(other).filter(|one| one.view.is_some()) {
                    let seen = match reader.value(operand) {
                        Some(Scalar::Text(text)) => json!(text),
                        Some(Scalar::Number(number)) => json!(number),
                        _ => continue,
                    };
                    views.insert(operand.to_string(), seen);
                }
            }
            context.insert("views".into(), Value::Object(views));
        }
        if wanted("present").is_some() {
            let asked = both().filter(|atom| atom.test == Test::Present);
            let present: BTreeSet<String> = asked
                .map(|atom| &atom.operand.attribute)
                .filter(|one| matches!(one, Attribute::Argument(_)) && reader.is_present(one))
                .map(ToString::to_string)
                .collect();
            context.insert("present".into(), json!(present));
        }
        if wanted("facts").is_some() {
            let quantified = |atom: &&&Atom| atom.quantifier.is_some();
            let mut facts = Map::new();
            for atom in allow.iter().filter(quantified) {
                facts.insert(atom.to_string(), json!(reader.atom(atom, Stands::InAllow)));
            }
            for atom in deny.iter().filter(quantified) {
                let name = format!("{atom}, or no value");
                facts.insert(name, json!(reader.atom(atom, Stands::InDeny)));
            }
            context.insert("facts".into(), Value::Object(facts));
        }
        Value::Object(context)
    }

    /// The atoms of the conditions that concern the call, in `allow`, `where` and `require`, and in
    /// `deny`.
    fn read_atoms(&self, place: &Place<'_>) -> (Vec<&'p Atom>, Vec<&'p Atom>) {
        let (mut allow, mut deny) = (Vec::new(), Vec::new());
        for rule in self.policy.rules.values() {
            match &rule.effect {
                Effect::Allow { capabilities, .. } => {
                    let held = capabilities
                        .iter()
                        .filter_map(|name| self.policy.capabilities.get(name))
                        .filter(|one| Self::is_held(one, place));
                    let mut any = false;
                    for capability in held {
                        any = true;
                        capability.condition.iter().for_each(|one| atoms(one, &mut allow));
                    }
                    rule.when.iter().filter(|_| any).for_each(|one| atoms(one, &mut allow));
                }
                Effect::Deny { targets } if self.is_target(targets, place) => {
                    rule.when.iter().for_each(|one| atoms(one, &mut deny));
                }
                Effect::Require { targets, .. } if self.is_target(targets, place) => {
                    rule.when.iter().for_each(|one| atoms(one, &mut allow));
                }
                Effect::Deny { .. } | Effect::Require { .. } => {}
            }
        }
        (allow, deny)
    }
}

fn client_facts(call: &Value) -> Value {
    let client = member(call, "client").cloned().unwrap_or_default();
    let mut facts = Map::new();
    facts.insert(
        "entity".into(),
        json!({"__entity": {"type": "Client", "id": client_id(call, "client")}}),
    );
    for name in ["id", "issuer", "registration", "status", "metadata_digest"] {
        facts.extend(member(&client, name).map(|value| (name.to_owned(), value.clone())));
    }
    facts.extend(domain(call).map(|domain| (String::from("domain"), json!(domain))));
    Value::Object(facts)
}

fn token_facts(reader: &Reader<'_>) -> Value {
    let credential = member(reader.call, "credential").cloned().unwrap_or_default();
    let mut facts = Map::new();
    facts.insert("kind".into(), json!(text(&credential, "kind").unwrap_or("none")));
    for name in ["acr", "audience", "client_id", "expires_at", "issued_at", "issuer", "subject"] {
        facts.extend(member(&credential, name).map(|value| (name.to_owned(), value.clone())));
    }
    let ages =
        [("age", reader.age()), ("auth_age", reader.auth_age()), ("lifetime", reader.lifetime())];
    facts.extend(ages.into_iter().filter_map(|(name, age)| Some((name.to_owned(), json!(age?)))));
    Value::Object(facts)
}

/// Of the arguments, those that the schema has room for and that are of its types.
fn arguments(shape: &Value, given: Option<&Value>) -> Value {
    let mut fitting = Map::new();
    let members = shape.get("attributes").and_then(Value::as_object);
    for (name, shape) in members.into_iter().flatten() {
        let value = given.and_then(|given| given.as_object()?.get(name));
        let kind = match (text(shape, "type"), text(shape, "name")) {
            (Some("Record"), _) => {
                fitting.insert(name.clone(), arguments(shape, value));
                continue;
            }
            (Some("Set"), _) => ArgumentType::Strings,
            (_, Some("Long" | "__cedar::Long")) => ArgumentType::Integer,
            (_, Some("Bool" | "__cedar::Bool")) => ArgumentType::Boolean,
            _ => ArgumentType::String,
        };
        let value = value.and_then(|value| typed(value, kind)).map(plain);
        fitting.extend(value.map(|value| (name.clone(), value)));
    }
    Value::Object(fitting)
}

fn plain(value: Scalar) -> Value {
    match value {
        Scalar::Text(text) => json!(text),
        Scalar::Truth(truth) => json!(truth),
        Scalar::Number(number) => json!(number),
        Scalar::Address(address) => json!(address.to_string()),
        Scalar::Texts(texts) => json!(texts),
    }
}
