//! Coverage: how much of what is granted today users agreed to under an earlier version.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Coverage, Feature};
use placet_engine::condition::Condition;
use placet_engine::{Digest, ids};

use crate::analysis::{Budget, implies};
use crate::catalogue::{Shape, is_wider};
use crate::lock::{Grant, Lock, Pinned, Version};
use crate::model::{Capability, Held, Policy};

/// What a version covers of some capabilities, which are all of one server.
pub(crate) fn coverage(
    policy: &Policy,
    held: &Held<'_>,
    lock: &Lock,
    version: &Version,
    granted: &[(&String, &Capability)],
) -> Coverage {
    let grants: Vec<&Grant> =
        version.grants.iter().filter_map(|digest| lock.grants.get(digest)).collect();
    let mut whole = true;
    let mut part: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, capability) in granted {
        let server = capability.server.as_str();
        // Most features of a capability are held by the same grants.
        let mut implied: BTreeMap<Vec<usize>, bool> = BTreeMap::new();
        for feature in &capability.features {
            let shape = policy
                .servers
                .get(server)
                .and_then(|server| server.catalogue.get(feature))
                .map(|tool| Today { digest: tool.shape.digest(), shape: &tool.shape });
            let access = held.access(server, feature);
            let holding: Vec<usize> = grants
                .iter()
                .enumerate()
                .filter(|(_, grant)| holds(grant, lock, feature, shape.as_ref(), access))
                .map(|(place, _)| place)
                .collect();
            let covered = *implied.entry(holding).or_insert_with_key(|holding| {
                let then = holding.iter().filter_map(|place| grants.get(*place));
                let then: Vec<Option<&Condition>> =
                    then.map(|grant| grant.condition.as_ref()).collect();
                held_then(capability.condition.as_ref(), &then)
            });
            match covered {
                true => {
                    let covered = part.entry((*name).clone()).or_default();
                    covered.insert(ids::feature(server, feature));
                }
                false => whole = false,
            }
        }
    }
    if whole { Coverage::Whole } else { Coverage::Part(part) }
}

/// A definition as it is today.
struct Today<'p> {
    digest: Digest,
    shape: &'p Shape,
}

/// Whether a grant held a feature as it is today, its condition apart.
fn holds(
    grant: &Grant,
    lock: &Lock,
    feature: &Feature,
    today: Option<&Today<'_>>,
    access: Option<Access>,
) -> bool {
    let pinned: Option<&Pinned> = match feature {
        Feature::Tool(name) => grant.tools.get(name),
        Feature::Prompt(name) => grant.prompts.get(name),
        // Whoever agreed to a pattern agreed to every resource that fits it.
        Feature::Resources(patterns) => {
            return patterns.iter().any(|pattern| {
                grant.resources.get(&pattern.to_string()).is_some_and(|then| access <= *then)
            });
        }
    };
    let (Some(pinned), Some(today)) = (pinned, today) else { return false };
    let no_wider = pinned.shape == today.digest
        || lock.shapes.get(&pinned.shape).is_some_and(|then| !is_wider(then, today.shape));
    no_wider && access <= pinned.access
}

/// Whether today's condition holds only where one of those held. What cannot be told counts as no.
fn held_then(today: Option<&Condition>, then: &[Option<&Condition>]) -> bool {
    let conditions: Option<Vec<Condition>> = then.iter().map(|one| one.cloned()).collect();
    match (today, conditions) {
        // One of them was none, and so always held.
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(today), Some(then)) if then.contains(today) => true,
        (Some(today), Some(then)) => {
            let then = Condition::Any(then);
            implies(Some(today), Some(&then), &Budget::default()).unwrap_or(false)
        }
    }
}
