//! The facts that come before Cedar, and what plain Cedar says of them over all policies at once.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Decision, Entity, EntityUid, Request};
use placet_engine::condition::{ArgumentType, Atom, Attribute, Test};
use placet_language::model::{Effect, Server};
use serde_json::{Map, Value, json};

use crate::reference::conditions::*;
use crate::reference::{Reference, depth};

/// What plain Cedar says of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CedarAnswer {
    /// Whether it allows the call.
    pub allow: bool,
    /// The policies that decided, by id.
    pub decided: BTreeSet<String>,
    /// Evaluation errors: there must be none.
    pub errors: Vec<String>,
    /// The context that was asked with.
    pub context: Value,
}

/// A part of an entity id.
fn escaped(part: &str) -> String {
    part.chars()
        .map(|c| match c {
            '%' => String::from("%25"),
            '#' => String::from("%23"),
            other => other.to_string(),
        })
        .collect()
}

/// An id in the one spelling that Cedar's JSON takes as it is.
fn entity(kind: &str, id: &str) -> Result<EntityUid, String> {
    EntityUid::from_json(json!({"type": kind, "id": id})).map_err(|error| error.to_string())
}

impl<'p> Reference<'p> {
    /// Asks plain Cedar, over all policies at once. `None` where the call cannot be put to Cedar: no
    /// such tool, no user, or arguments that are no object, all of which deny by themselves.
    ///
    /// # Errors
    ///
    /// The request does not fit the emitted schema.
    pub fn cedar(&self, call: &Value) -> Result<Option<CedarAnswer>, String> {
        let reader = Reader { call };
        let Some((server_name, server)) = self.server(call) else { return Ok(None) };
        let tool = text(call, "target").unwrap_or_default();
        let action = format!("tool:{server_name}/{tool}");
        let (Some(shape), Some((issuer, subject))) = (self.actions.get(&action), reader.user())
        else {
            return Ok(None);
        };
        if text(call, "operation") != Some("tools/call") {
            return Ok(None);
        }
        if member(call, "arguments").is_some_and(|one| !one.is_object() || depth(one) > 64) {
            return Ok(None);
        }
        if let Some(seen) = text(call, "tool_digest") {
            let known = server.catalogue.tools.get(tool).and_then(|tool| tool.digest.as_ref());
            if known.map(|digest| digest.as_str()) != Some(seen) {
                return Ok(None);
            }
        }
        let context_value = self.context(call, server_name, server, tool, shape, &reader);
        let principal = entity("User", &format!("user:{}#{}", escaped(issuer), escaped(subject)))?;
        let action = entity("Action", &action)?;
        let resource = entity("Server", &format!("server:{server_name}"))?;
        let context =
            Context::from_json_value(context_value.clone(), Some((&self.schema, &action)))
                .map_err(|error| format!("{error:?}\n{context_value:#}"))?;
        let parents = self
            .groups(call)
            .iter()
            .map(|name| entity("Group", &format!("group:{name}")))
            .collect::<Result<_, _>>()?;
        let user = Entity::new_no_attrs(principal.clone(), parents);
        let entities = self
            .entities
            .clone()
            .add_entities([user], Some(&self.schema))
            .map_err(|error| error.to_string())?;
        let request = Request::new(principal, action, resource, context, Some(&self.schema))
            .map_err(|error| error.to_string())?;
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        Ok(Some(CedarAnswer {
            allow: answer.decision() == Decision::Allow,
            decided: answer.diagnostics().reason().map(ToString::to_string).collect(),
            errors: answer.diagnostics().errors().map(ToString::to_string).collect(),
            context: context_value,
        }))
    }

    fn context(
        &self,
        call: &Value,
        server_name: &str,
        server: &Server,
        tool: &str,
        shape: &Value,
        reader: &Reader<'_>,
    ) -> Value {
        let mut context = Map::new();
        context.insert("now".into(), json!(number(call, "now")));
        let user = reader.user().unwrap_or_default();
        context.insert("user".into(), json!({"issuer": user.0, "subject": user.1}));
        context.insert("client".into(), client_facts(call));
        context.insert("token".into(), token_facts(reader));
        let mut facts = Map::new();
        if let Some(address) = reader.address() {
            let address = json!({"__extn": {"fn": "ip", "arg": address.to_string()}});
            facts.insert("address".into(), address);
        }
        context.insert("call".into(), Value::Object(facts));
        context.insert("scopes".into(), json!(self.closed_scopes(server, call)));
        let covered: Vec<String> = self
            .policy
            .consents
            .iter()
            .filter(|(name, one)| one.server == *server_name && self.consent(name, call).is_ok())
            .flat_map(|(name, one)| one.grants.iter().map(move |cap| format!("{name}/{cap}")))
            .collect();
        context.insert("consents".into(), json!(covered));
        let wanted = |name: &str| shape.pointer(&format!("/appliesTo/context/attributes/{name}"));
        if let Some(wanted) = wanted("args") {
            context.insert("args".into(), arguments(wanted, member(call, "arguments")));
        }
        let (allow, deny) = self.read_atoms(server_name, tool);
        let both = || allow.iter().chain(&deny);
        if wanted("views").is_some() {
            let mut views = Map::new();
            for atom in both() {
                let other = match &atom.test {
                    Test::SameAs(other) => Some(other),
                    _ => None,
                };
                let plain = Some(&atom.operand).filter(|_| atom.quantifier.is_none());
                for operand in plain.into_iter().chain(other).filter(|one| one.view.is_some()) {
                    if let Some(Scalar::Text(path)) = reader.value(operand) {
                        views.insert(operand.to_string(), json!(path));
                    }
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

    /// The atoms of the conditions that concern a tool, in `allow` and `where`, and in `deny`.
    fn read_atoms(&self, server: &str, tool: &str) -> (Vec<&'p Atom>, Vec<&'p Atom>) {
        let (mut allow, mut deny) = (Vec::new(), Vec::new());
        for rule in self.policy.rules.values() {
            match &rule.effect {
                Effect::Allow { capabilities, .. } => {
                    let held = capabilities
                        .iter()
                        .filter_map(|name| self.policy.capabilities.get(name))
                        .filter(|one| one.server == server && one.tools.contains(tool));
                    let mut any = false;
                    for capability in held {
                        any = true;
                        capability.condition.iter().for_each(|one| atoms(one, &mut allow));
                    }
                    rule.when.iter().filter(|_| any).for_each(|one| atoms(one, &mut allow));
                }
                Effect::Deny { targets } if self.denied_tool(targets, server, tool) => {
                    rule.when.iter().for_each(|one| atoms(one, &mut deny));
                }
                Effect::Deny { .. } => {}
            }
        }
        (allow, deny)
    }
}

fn client_facts(call: &Value) -> Value {
    let client = member(call, "client").cloned().unwrap_or_default();
    let id = text(&client, "id").unwrap_or_default();
    let entity = match text(&client, "issuer") {
        Some(issuer) => format!("client:{}#{}", escaped(issuer), escaped(id)),
        None => format!("client:{}", escaped(id)),
    };
    let mut facts = Map::new();
    facts.insert("entity".into(), json!({"__entity": {"type": "Client", "id": entity}}));
    for name in ["id", "issuer", "registration", "status"] {
        facts.extend(member(&client, name).map(|value| (name.to_owned(), value.clone())));
    }
    Value::Object(facts)
}

fn token_facts(reader: &Reader<'_>) -> Value {
    let credential = member(reader.call, "credential").cloned().unwrap_or_default();
    let mut facts = Map::new();
    facts.insert("kind".into(), json!(text(&credential, "kind").unwrap_or("none")));
    for name in ["acr", "audience", "client_id", "expires_at", "issued_at", "issuer", "subject"] {
        facts.extend(member(&credential, name).map(|value| (name.to_owned(), value.clone())));
    }
    let ages = [
        ("age", reader.since("issued_at")),
        ("auth_age", reader.since("auth_time")),
        ("lifetime", reader.lifetime()),
    ];
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
        let value = value.and_then(|value| typed(value, kind)).map(|value| match value {
            Scalar::Text(text) => json!(text),
            Scalar::Truth(truth) => json!(truth),
            Scalar::Number(number) => json!(number),
            Scalar::Address(address) => json!(address.to_string()),
            Scalar::Texts(texts) => json!(texts),
        });
        fitting.extend(value.map(|value| (name.clone(), value)));
    }
    Value::Object(fitting)
}
