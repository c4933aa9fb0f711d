//! Validation: every policy passes Cedar's strict validator for every tool in its scope.
//!
//! Cedar's validator runs each policy under every action of a schema, so validating all policies
//! under the whole schema takes policies times tools. A policy says nothing of tools outside its
//! scope, so each slice is validated under the part of the schema that it speaks of, and slices that
//! differ in nothing but the tool's name are validated once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cedar_policy::{
    ActionConstraint, EntityUid, Policy, PolicySet, Schema, ValidationMode, Validator,
};
use serde_json::{Map, Value, json};

use crate::bundle::{Access, BundleError};
use crate::ids;
use crate::slices::unusable;

/// The validation of a bundle's slices.
#[derive(Clone)]
pub(crate) struct Validation {
    /// The schema in Cedar's JSON form, its actions apart.
    types: Value,
    actions: Map<String, Value>,
    /// Whether a trusted signer vouches that the policies pass.
    vouched: bool,
    /// The slices that passed, as the tool's declaration and the policies' ids.
    passed: HashSet<(String, BTreeSet<String>)>,
}

impl Validation {
    /// From a schema in Cedar's JSON form.
    pub(crate) fn new(mut schema: Value, vouched: bool) -> Result<Self, BundleError> {
        let actions =
            schema.get_mut("").and_then(|namespace| namespace.get_mut("actions")).map(Value::take);
        match actions {
            Some(Value::Object(actions)) => {
                Ok(Self { types: schema, actions, vouched, passed: HashSet::new() })
            }
            _ => Err(unusable("the schema declares no actions")),
        }
    }

    /// Whether the schema declares every action in a policy's scope. One that it does not would
    /// leave the policy out of every slice.
    pub(crate) fn scope(&self, policy: &Policy) -> Result<(), BundleError> {
        match scope(policy).iter().find(|uid| !self.declares(uid)) {
            None => Ok(()),
            Some(uid) => Err(unusable(format_args!(
                "policy `{}` names {uid}, which is not declared",
                policy.id()
            ))),
        }
    }

    fn declares(&self, action: &EntityUid) -> bool {
        action.type_name().to_string() == "Action"
            && self.actions.contains_key::<str>(action.id().unescaped())
    }

    /// Validates the policies of a tool.
    pub(crate) fn slice(
        &mut self,
        tool: &EntityUid,
        ancestors: &HashSet<EntityUid>,
        policies: &[&Policy],
        set: &PolicySet,
    ) -> Result<(), BundleError> {
        if self.vouched {
            return Ok(());
        }
        let name: &str = tool.id().unescaped();
        let declared = self.actions.get(name).ok_or_else(|| unusable("a tool is not declared"))?;
        let policy_ids = policies.iter().map(|policy| policy.id().to_string()).collect();
        let key = (declared.to_string(), policy_ids);
        if self.passed.contains(&key) {
            return Ok(());
        }
        let schema = self.part(name, declared, ancestors, policies)?;
        let verdict = Validator::new(schema).validate(set, ValidationMode::Strict);
        if let Some(error) = verdict.validation_errors().next() {
            return Err(unusable(error));
        }
        self.passed.insert(key);
        Ok(())
    }

    /// The part of the schema that a tool's policies speak of: the tool, the groups that hold it,
    /// and by name alone whatever else stands in a scope.
    fn part(
        &self,
        name: &str,
        declared: &Value,
        ancestors: &HashSet<EntityUid>,
        policies: &[&Policy],
    ) -> Result<Schema, BundleError> {
        let scopes = policies.iter().flat_map(|policy| scope(policy));
        let mut named: BTreeSet<String> =
            scopes.map(|uid| uid.id().unescaped().to_owned()).collect();
        // The guards ask for access levels.
        named.extend(Access::ALL.into_iter().map(ids::access));
        let mut actions: BTreeMap<String, Value> = named
            .into_iter()
            .filter(|name| self.actions.contains_key(name))
            .map(|name| (name, json!({})))
            .collect();
        for ancestor in ancestors {
            let name: &str = ancestor.id().unescaped();
            if let Some(group) = self.actions.get(name) {
                actions.insert(name.to_owned(), group.clone());
            }
        }
        actions.insert(name.to_owned(), declared.clone());
        let mut part = self.types.clone();
        if let Some(place) = part.get_mut("").and_then(|namespace| namespace.get_mut("actions")) {
            *place = json!(actions);
        }
        Schema::from_json_value(part).map_err(unusable)
    }
}

/// The actions that a policy's scope names.
fn scope(policy: &Policy) -> Vec<EntityUid> {
    match policy.action_constraint() {
        ActionConstraint::Any => Vec::new(),
        ActionConstraint::Eq(only) => vec![only],
        ActionConstraint::In(groups) => groups,
    }
}
