//! What plain Cedar says of a call, over all policies at once.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Decision, Entity, EntityUid, Request};
use placet_engine::bundle::Feature;
use serde_json::{Value, json};

use crate::reference::Reference;
use crate::reference::conditions::*;
use crate::reference::operation::Place;

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
    /// such operation, or arguments that cannot be judged, all of which deny by themselves.
    ///
    /// # Errors
    ///
    /// The request does not fit the emitted schema.
    pub fn cedar(&self, call: &Value) -> Result<Option<CedarAnswer>, String> {
        let Ok(place) = self.place(call) else { return Ok(None) };
        let id = self.action(&place).ok_or("no action was emitted for this")?;
        let shape = self.actions.get(&id).ok_or("the action is not declared")?;
        let reader = Reader { operation: place.operation.clone(), ..Reader::of(call) };
        let context_value = self.context(&place, shape, &reader);
        let principal = match reader.user() {
            Some((issuer, subject)) => {
                entity("User", &format!("user:{}#{}", escaped(issuer), escaped(subject)))?
            }
            None => entity("Machine", &client_id(call, "machine"))?,
        };
        let action = entity("Action", &id)?;
        let resource = entity("Server", &format!("server:{}", place.name))?;
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

    /// The action that was emitted for what the call is about. A resource's names all patterns that
    /// it fits, in whatever order.
    fn action(&self, place: &Place<'_>) -> Option<String> {
        match &place.feature {
            Feature::Tool(name) => Some(format!("tool:{}/{name}", place.name)),
            Feature::Prompt(name) => Some(format!("prompt:{}/{name}", place.name)),
            Feature::Resources(fitting) => {
                let wanted: BTreeSet<String> = fitting.iter().map(ToString::to_string).collect();
                let of = |id: &String| -> Option<BTreeSet<String>> {
                    let rest = id.strip_prefix(&format!("resource:{}/", place.name))?;
                    Some(rest.split(' ').map(str::to_owned).collect())
                };
                self.actions.keys().find(|id| of(id).as_ref() == Some(&wanted)).cloned()
            }
        }
    }
}

/// A client's id, behind a kind.
pub(super) fn client_id(call: &Value, kind: &str) -> String {
    let client = member(call, "client").cloned().unwrap_or_default();
    let id = text(&client, "id").unwrap_or_default();
    match text(&client, "issuer") {
        Some(issuer) => format!("{kind}:{}#{}", escaped(issuer), escaped(id)),
        None => format!("{kind}:{}", escaped(id)),
    }
}
