//! Consents and the capabilities that they grant.

use std::collections::BTreeSet;

use placet_engine::Digest;
use placet_engine::bundle::{Access, Content, OnChange};
use serde::Serialize;

use crate::ask::FeatureName;
use crate::model::{self, Effect, Held, Policy};
use crate::overview::rule::asks;
use crate::overview::words;

/// A named set of tools, prompts and resources.
#[derive(Debug, Clone, Serialize)]
pub struct Capability {
    /// Its name.
    pub name: String,
    /// The server's name.
    pub server: String,
    /// What the user is shown.
    pub description: String,
    /// How much harm it can do.
    pub access: Access,
    /// Scope sets, any of which suffices; one empty set where nothing is needed.
    pub needs: BTreeSet<BTreeSet<String>>,
    /// The condition on every use.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// What it holds, patterns and selectors resolved.
    pub features: Vec<HeldFeature>,
    /// The consents that grant it.
    pub consents: Vec<String>,
    /// The rules that allow it, under a consent or without.
    pub rules: Vec<String>,
}

/// Something that a capability holds.
#[derive(Debug, Clone, Serialize)]
pub struct HeldFeature {
    /// Which it is.
    #[serde(flatten)]
    pub feature: FeatureName,
    /// Its access, which another capability may have raised.
    pub access: Access,
}

/// What a user is asked to agree to.
#[derive(Debug, Clone, Serialize)]
pub struct Consent {
    /// Its name.
    pub name: String,
    /// The server's name.
    pub server: String,
    /// The author's text, in which `{client}` stands for the client's name.
    pub text: String,
    /// The lines that are shown below the text, one for each capability.
    pub lines: Vec<String>,
    /// The digest that a receipt given today carries.
    pub digest: Digest,
    /// The capabilities that it grants.
    pub grants: BTreeSet<String>,
    /// The purposes that a call may state; empty: none.
    pub purposes: BTreeSet<String>,
    /// Whether a call must state one of them.
    pub purpose_required: bool,
    /// Seconds that it lasts; `None`: until it is taken back.
    pub lasts: Option<i64>,
    /// The clients that it may be given to, as the policy writes it; `None`: any.
    pub via: Option<Vec<String>>,
    /// What happens to receipts when what they cover changes.
    pub on_change: OnChange,
    /// Names that it had.
    pub was: BTreeSet<String>,
    /// How many earlier versions the lock remembers, for which there may be receipts.
    pub earlier: usize,
    /// The rules that allow something under it.
    pub rules: Vec<String>,
    /// The requirements that ask for it.
    pub asked_by: Vec<String>,
}

pub(super) fn capabilities(policy: &Policy, held: &Held<'_>) -> Vec<Capability> {
    let capability = |(name, capability): (&String, &model::Capability)| {
        let features = capability.features.iter().map(|feature| HeldFeature {
            feature: FeatureName::of(feature),
            access: held.access(&capability.server, feature).unwrap_or(capability.access),
        });
        let granting = policy.consents.iter().filter(|(_, one)| one.grants.contains(name));
        let allowing = policy.rules.iter().filter(|(_, rule)| match &rule.effect {
            Effect::Allow { capabilities, .. } => capabilities.contains(name),
            _ => false,
        });
        Capability {
            name: name.clone(),
            server: capability.server.clone(),
            description: capability.description.clone(),
            access: capability.access,
            needs: capability.needs.clone(),
            condition: capability.condition.as_ref().map(ToString::to_string),
            features: features.collect(),
            consents: granting.map(|(name, _)| name.clone()).collect(),
            rules: allowing.map(|(name, _)| name.clone()).collect(),
        }
    };
    let mut capabilities: Vec<Capability> = policy.capabilities.iter().map(capability).collect();
    capabilities.sort_by(|one, other| one.server.cmp(&other.server));
    capabilities
}

pub(super) fn consents(policy: &Policy, content: &Content) -> Vec<Consent> {
    let consent = |(name, consent): (&String, &model::Consent)| {
        let terms = content.terms.get(name)?;
        let resting = policy.rules.iter().filter(|(_, rule)| match &rule.effect {
            Effect::Allow { under, .. } => under.as_ref() == Some(name),
            _ => false,
        });
        let asking = policy.rules.iter().filter(|(_, rule)| asks(rule) == Some(name));
        Some(Consent {
            name: name.clone(),
            server: consent.server.clone(),
            text: consent.text.clone(),
            lines: terms.lines.clone(),
            digest: terms.digest.clone(),
            grants: consent.grants.clone(),
            purposes: consent.purposes.clone(),
            purpose_required: consent.purpose_required,
            lasts: consent.lasts,
            via: words::through(consent.via.as_ref()),
            on_change: consent.on_change,
            was: consent.was.clone(),
            earlier: terms.versions.keys().filter(|digest| **digest != terms.digest).count(),
            rules: resting.map(|(name, _)| name.clone()).collect(),
            asked_by: asking.map(|(name, _)| name.clone()).collect(),
        })
    };
    policy.consents.iter().filter_map(consent).collect()
}
