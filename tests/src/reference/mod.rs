//! The reference: a second, slow engine, straight from the checked policy and a call's JSON.
//!
//! It shares no code with the engine's chain or with the lowering, so that a mistake in either shows
//! as a disagreement. Twice over it says what must be decided: [`Reference::judge`] walks the chain
//! by itself, and [`Reference::cedar`] computes the facts that come before Cedar and asks plain
//! `cedar-policy` over the emitted files, as a user of those files would.
//!
//! Where the specification leaves something open, the comment at the place says what was chosen.

mod admission;
mod cedar;
mod conditions;
mod consent;
mod context;
mod operation;
mod requirements;
mod rules;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Entities, Policy as CedarPolicy, PolicyId, PolicySet, Schema, SchemaFragment};
use placet_engine::bundle::{Content, Terms};
use placet_language::Policy;
use serde_json::{Map, Value};

pub use cedar::CedarAnswer;
pub use conditions::atom_holds;
use conditions::atoms;
pub use values::{fits, resource_fits};

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
    /// The login that is lacking: the classes that it may have, and how old it may be.
    pub login: Option<(Vec<String>, Option<i64>)>,
    /// The confirmation that is lacking: of which operation, and how long it counts.
    pub confirm: Option<(String, i64)>,
    /// The confirmation that an allow uses up.
    pub consume: Option<String>,
    /// How the reference came to it.
    pub story: String,
}

/// A policy to judge by.
pub struct Reference<'p> {
    policy: &'p Policy,
    /// Of which only the digests are read.
    terms: BTreeMap<String, Terms>,
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    /// The emitted actions by id, as Cedar's JSON schema has them.
    actions: Map<String, Value>,
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
        let terms = content.terms.clone();
        Ok(Self { policy, terms, schema, policies, entities, actions })
    }

    /// The policies that were emitted, by id.
    pub fn policy_ids(&self) -> BTreeSet<String> {
        self.policies.policies().map(|policy| policy.id().to_string()).collect()
    }

    /// Walks the chain.
    pub fn judge(&self, call: &Value) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.reason = self.chain(call, &mut verdict).err().map(str::to_owned);
        verdict
    }

    fn chain(&self, call: &Value, verdict: &mut Verdict) -> Result<(), &'static str> {
        let place = self.place(call)?;
        self.registration(call, place.server)?;
        self.credential(call, &place)?;
        self.rules(call, &place, verdict)
    }
}
