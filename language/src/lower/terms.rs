//! Terms: what a user is asked to agree to today, and what each receipt of theirs covers of it.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::bundle::{Coverage, Terms, TermsVersion};

use crate::lock::{Lock, version};
use crate::lower::coverage::coverage;
use crate::model::{Capability, Consent, Held, Policy};

/// The terms of every consent, by name.
pub(crate) fn terms(policy: &Policy, held: &Held<'_>) -> BTreeMap<String, Terms> {
    let terms = |(name, consent): (&String, &Consent)| {
        let granted: Vec<(&String, &Capability)> = consent
            .grants
            .iter()
            .filter_map(|name| policy.capabilities.get_key_value(name))
            .collect();
        let (digest, today) = today(policy, held, name, consent);
        let former = consent.was.iter().map(|name| self::today(policy, held, name, consent));
        let mut versions = match &policy.lock {
            Some(lock) => history(policy, held, lock, name, consent, &granted),
            None => BTreeMap::new(),
        };
        versions.extend(former);
        versions.insert(digest.clone(), today);
        let terms = Terms {
            digest,
            server: consent.server.clone(),
            text: consent.text.clone(),
            lines: granted.iter().map(|(_, capability)| line(held, capability)).collect(),
            grants: consent.grants.clone(),
            purposes: consent.purposes.clone(),
            purpose_required: consent.purpose_required,
            lasts: consent.lasts,
            clients: policy.through(consent.via.as_ref()),
            on_change: consent.on_change,
            was: consent.was.clone(),
            versions,
        };
        (name.clone(), terms)
    };
    policy.consents.iter().map(terms).collect()
}

/// Today's version under a name that the consent has or had.
fn today(
    policy: &Policy,
    held: &Held<'_>,
    name: &str,
    consent: &Consent,
) -> (Digest, TermsVersion) {
    let mut grants = BTreeMap::new();
    let pinned = version(policy, held, name, consent, &mut grants);
    let today = TermsVersion {
        name: name.to_owned(),
        purposes: consent.purposes.clone(),
        lasts: consent.lasts,
        covers: Coverage::Whole,
    };
    (pinned.digest(&grants), today)
}

/// The versions that the lock remembers.
fn history(
    policy: &Policy,
    held: &Held<'_>,
    lock: &Lock,
    name: &str,
    consent: &Consent,
    granted: &[(&String, &Capability)],
) -> BTreeMap<Digest, TermsVersion> {
    let names: BTreeSet<&str> = consent.was.iter().map(String::as_str).chain([name]).collect();
    let remembered = lock.history(&names).map(|(digest, then)| {
        let version = TermsVersion {
            name: then.name.clone(),
            purposes: then.purposes.clone(),
            lasts: then.lasts,
            covers: coverage(policy, held, lock, then, granted),
        };
        (digest.clone(), version)
    });
    remembered.collect()
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
