//! What nothing leads to: tools that nobody thought of, and declarations that nothing uses.

use std::collections::BTreeSet;

use placet_engine::bundle::Feature;
use serde::Serialize;

use crate::ask::FeatureName;
use crate::model::{Effect, Held, Policy};
use crate::overview::matrix::Reached;
use crate::overview::rule::asks;

/// What nothing leads to. All of it is denied.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Uncovered {
    /// Tools and prompts that are in no capability.
    pub features: Vec<ServerFeature>,
    /// What is in a capability, and nobody may call.
    pub uncallable: Vec<ServerFeature>,
    /// Capabilities that no rule allows.
    pub capabilities: Vec<String>,
    /// Consents that no rule rests on and none asks for.
    pub consents: Vec<String>,
    /// Capabilities that a consent grants, and that no rule allows on the strength of it.
    pub grants: Vec<Grant>,
}

/// A tool, a prompt or resources, with the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ServerFeature {
    /// The server's name.
    pub server: String,
    /// Which it is.
    #[serde(flatten)]
    pub feature: FeatureName,
}

/// A capability that a consent grants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Grant {
    /// The consent.
    pub consent: String,
    /// The capability.
    pub capability: String,
}

pub(super) fn uncovered(policy: &Policy, reached: &Reached) -> Uncovered {
    let held = Held::new(&policy.capabilities);
    let mut uncovered = Uncovered::default();
    for (server, declared) in &policy.servers {
        let tools = declared.catalogue.tools.keys().cloned().map(Feature::Tool);
        let prompts = declared.catalogue.prompts.keys().cloned().map(Feature::Prompt);
        for feature in tools.chain(prompts) {
            if held.access(server, &feature).is_none() {
                let (server, feature) = (server.clone(), FeatureName::of(&feature));
                uncovered.features.push(ServerFeature { server, feature });
            }
        }
    }
    let in_some: BTreeSet<ServerFeature> = policy
        .capabilities
        .values()
        .flat_map(|one| {
            let name = |feature| (one.server.clone(), FeatureName::of(feature));
            one.features.iter().map(name)
        })
        .map(|(server, feature)| ServerFeature { server, feature })
        .collect();
    let dead = |one: &ServerFeature| !reached.is_callable(&one.server, &one.feature);
    uncovered.uncallable = in_some.into_iter().filter(dead).collect();
    let allows = |capability: &String, consent: Option<&String>| {
        policy.rules.values().any(|rule| match &rule.effect {
            Effect::Allow { capabilities, under } => {
                capabilities.contains(capability)
                    && consent.is_none_or(|_| under.as_ref() == consent)
            }
            _ => false,
        })
    };
    let unused = policy.capabilities.keys().filter(|name| !allows(name, None));
    uncovered.capabilities = unused.cloned().collect();
    for (name, consent) in &policy.consents {
        let granted: Vec<&String> =
            consent.grants.iter().filter(|one| !allows(one, Some(name))).collect();
        let is_asked = policy.rules.values().any(|rule| asks(rule) == Some(name));
        if is_asked {
            // Agreeing to it is what counts, not what it grants.
            continue;
        }
        if granted.len() == consent.grants.len() {
            uncovered.consents.push(name.clone());
            continue;
        }
        uncovered.grants.extend(
            granted.into_iter().map(|one| Grant { consent: name.clone(), capability: one.clone() }),
        );
    }
    uncovered
}
