//! Terms: what a receipt pins.

use std::collections::BTreeMap;

use placet_engine::Digest;
use placet_engine::bundle::{Feature, Terms};
use serde_json::{Value, json};

use crate::catalogue::sorted;
use crate::model::{Capability, Consent, Held, Policy};

/// The terms of every consent, by name.
pub(crate) fn terms(policy: &Policy, held: &Held<'_>) -> BTreeMap<String, Terms> {
    let terms = |(name, consent): (&String, &Consent)| {
        let granted: Vec<&Capability> =
            consent.grants.iter().filter_map(|name| policy.capabilities.get(name)).collect();
        let was = |old: &String| (old.clone(), digest(policy, held, old, consent, &granted));
        let terms = Terms {
            digest: digest(policy, held, name, consent, &granted),
            clients: policy.through(consent.via.as_ref()),
            on_change: consent.on_change,
            was: consent.was.iter().map(was).collect(),
            server: consent.server.clone(),
            text: consent.text.clone(),
            lines: granted.iter().map(|capability| line(held, capability)).collect(),
            grants: consent.grants.clone(),
            purposes: consent.purposes.clone(),
            purpose_required: consent.purpose_required,
            lasts: consent.lasts,
        };
        (name.clone(), terms)
    };
    policy.consents.iter().map(terms).collect()
}

/// What the user is shown of one capability: with the access of its tools, which another capability
/// may have raised.
fn line(held: &Held<'_>, capability: &Capability) -> String {
    let Capability { description, access, condition, .. } = capability;
    let features = capability.features.iter();
    let raised = features.filter_map(|tool| held.access(&capability.server, tool)).max();
    let access = raised.unwrap_or(*access);
    match condition {
        None => format!("{description} ({access})"),
        Some(condition) => format!("{description} ({access}), only where {condition}"),
    }
}

/// The digest over the consent's name, what is shown, the purposes, how long it lasts, and of each
/// capability what is shown, its access, its condition, and its tools as they are defined now. No
/// other name that an author chose enters, so renaming a capability asks nobody again.
fn digest(
    policy: &Policy,
    held: &Held<'_>,
    name: &str,
    consent: &Consent,
    granted: &[&Capability],
) -> Digest {
    let mut capabilities: Vec<Value> =
        granted.iter().map(|capability| pinned(policy, held, capability)).collect();
    capabilities.sort_by_cached_key(|pinned| sorted(pinned).to_string());
    let pinned = json!({
        "consent": name,
        "text": consent.text,
        "purposes": consent.purposes,
        "lasts": consent.lasts,
        "capabilities": capabilities,
    });
    // Seconds beyond ±2⁵³ have no canonical form; their text pins them as well.
    Digest::of_json(&pinned)
        .unwrap_or_else(|_| Digest::of_bytes(sorted(&pinned).to_string().as_bytes()))
}

fn pinned(policy: &Policy, held: &Held<'_>, capability: &Capability) -> Value {
    let catalogue = policy.servers.get(&capability.server).map(|server| &server.catalogue);
    let (mut tools, mut prompts) = (BTreeMap::new(), BTreeMap::new());
    for feature in &capability.features {
        let access = held.access(&capability.server, feature).map(|access| access.to_string());
        let Some(tool) = catalogue.and_then(|catalogue| catalogue.get(feature)) else { continue };
        let pinned = json!({"access": access, "definition": tool.privilege_digest().as_str()});
        match feature {
            Feature::Tool(name) => tools.insert(name, pinned),
            Feature::Prompt(name) => prompts.insert(name, pinned),
            Feature::Resources(_) => None,
        };
    }
    // Resources have no definition: the text of each pattern is what was shown.
    let resources: BTreeMap<String, Option<String>> = capability
        .patterns
        .iter()
        .map(|pattern| {
            let raised = capability
                .features
                .iter()
                .filter(
                    |feature| matches!(feature, Feature::Resources(set) if set.contains(pattern)),
                )
                .filter_map(|feature| held.access(&capability.server, feature))
                .max();
            (pattern.to_string(), raised.map(|access| access.to_string()))
        })
        .collect();
    let mut pinned = vec![
        ("description", json!(capability.description)),
        ("access", json!(capability.access.to_string())),
        ("where", json!(capability.condition.as_ref().map(ToString::to_string))),
        ("tools", json!(tools)),
    ];
    // Most capabilities have tools only, and a receipt for one should outlive an engine that knows
    // of nothing else.
    if !prompts.is_empty() {
        pinned.push(("prompts", json!(prompts)));
    }
    if !resources.is_empty() {
        pinned.push(("resources", json!(resources)));
    }
    let members = pinned.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect())
}
