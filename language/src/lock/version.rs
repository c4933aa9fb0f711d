//! Versions of terms: what a user agreed to under one digest.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Access;
use placet_engine::condition::{Atom, Condition};
use placet_engine::{Digest, sorted_json};
use serde_json::{Map, Value, json};

/// What users agreed to under one digest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Version {
    /// The consent's name.
    pub name: String,
    /// The author's text.
    pub text: String,
    /// The purposes that a call may state.
    pub purposes: BTreeSet<String>,
    /// Seconds that a receipt lasts.
    pub lasts: Option<i64>,
    /// What is granted: the digests of the grants.
    pub grants: BTreeSet<Digest>,
}

/// One granted capability, without the author's name for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grant {
    /// What the user is shown.
    pub description: String,
    /// How much harm it can do.
    pub access: Option<Access>,
    /// The condition on every use.
    pub condition: Option<Condition>,
    /// Its tools by name.
    pub tools: BTreeMap<String, Pinned>,
    /// Its prompts by name.
    pub prompts: BTreeMap<String, Pinned>,
    /// Its resource patterns, each with the highest access of the resources that fit it.
    pub resources: BTreeMap<String, Option<Access>>,
}

/// A tool or a prompt of a grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    /// Its access, which another capability may have raised.
    pub access: Option<Access>,
    /// The digest of its shape.
    pub shape: Digest,
}

impl Grant {
    /// The digest under which a lock keeps the grant.
    pub fn digest(&self) -> Digest {
        digest(&self.to_json())
    }

    fn to_json(&self) -> Value {
        let access = |access: Option<Access>| access.map(|access| access.to_string());
        let defined = |defined: &BTreeMap<String, Pinned>| -> Map<String, Value> {
            let pinned = |one: &Pinned| json!({"access": access(one.access), "definition": one.shape.as_str()});
            defined.iter().map(|(name, one)| (name.clone(), pinned(one))).collect()
        };
        let mut pinned = Map::new();
        let mut pin = |name: &str, value: Value| pinned.insert(name.to_owned(), value);
        pin("description", json!(self.description));
        pin("access", json!(access(self.access)));
        pin("where", json!(self.condition.as_ref().map(ToString::to_string)));
        // By its text a condition does not tell which components compute what it reads.
        let components = self.components();
        if !components.is_empty() {
            pin("components", json!(components));
        }
        pin("tools", Value::Object(defined(&self.tools)));
        // Most capabilities have tools only, and a receipt for one should outlive an engine that
        // knows of nothing else.
        if !self.prompts.is_empty() {
            pin("prompts", Value::Object(defined(&self.prompts)));
        }
        if !self.resources.is_empty() {
            let resources: BTreeMap<&String, Option<String>> =
                self.resources.iter().map(|(pattern, one)| (pattern, access(*one))).collect();
            pin("resources", json!(resources));
        }
        Value::Object(pinned)
    }

    /// The digests of the components that compute what the condition reads, by what that is called.
    fn components(&self) -> BTreeMap<String, &Digest> {
        let atoms = self.condition.iter().flat_map(Condition::atoms);
        let read = atoms.flat_map(Atom::arguments);
        read.filter_map(|fact| Some((fact.to_string(), &fact.computed.as_ref()?.component)))
            .collect()
    }
}

impl Version {
    /// The digest that a receipt for this version carries: over the consent's name, what is shown,
    /// the purposes, how long it lasts, and of each grant what is shown, its access, its condition
    /// with the components that compute what it reads, and its tools as they are defined. No other name that an author chose enters, so renaming a
    /// capability asks nobody again.
    pub fn digest(&self, grants: &BTreeMap<Digest, Grant>) -> Digest {
        let mut capabilities: Vec<Value> = self
            .grants
            .iter()
            .map(|digest| grants.get(digest).map_or(Value::Null, Grant::to_json))
            .collect();
        capabilities.sort_by_cached_key(|pinned| sorted_json(pinned).to_string());
        digest(&json!({
            "consent": self.name,
            "text": self.text,
            "purposes": self.purposes,
            "lasts": self.lasts,
            "capabilities": capabilities,
        }))
    }
}

/// Seconds beyond ±2⁵³ have no canonical form; their text pins them as well.
fn digest(pinned: &Value) -> Digest {
    Digest::of_json(pinned)
        .unwrap_or_else(|_| Digest::of_bytes(sorted_json(pinned).to_string().as_bytes()))
}
