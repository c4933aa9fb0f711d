//! Taking a lock of a policy that checks.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::bundle::{Credentials, Feature};

use crate::catalogue::{Shape, Tool};
use crate::lock::{
    Grant, Lock, LockedCapability, LockedClient, LockedServer, LockedTool, Pinned, Version,
};
use crate::model::{Capability, Consent, Held, Policy, Server};

impl Lock {
    /// The lock of a policy. Of the one before all terms are kept, with what they granted: there may
    /// be receipts for them.
    pub fn take(policy: &Policy, before: Option<&Self>) -> Self {
        let mut lock = Self::default();
        for (name, server) in &policy.servers {
            lock.servers.insert(name.clone(), locked_server(server, &mut lock.shapes));
        }
        for (name, capability) in &policy.capabilities {
            lock.capabilities.insert(name.clone(), locked_capability(capability));
        }
        for (name, client) in &policy.clients {
            let client = LockedClient {
                id: client.id.clone(),
                issuer: client.issuer.clone(),
                owner: client.owner.clone(),
                metadata: client.metadata_digest.clone(),
            };
            lock.clients.insert(name.clone(), client);
        }
        lock.components = policy.components.clone();
        let held = Held::new(&policy.capabilities);
        for (name, consent) in &policy.consents {
            let version = version(policy, &held, name, consent, &mut lock.grants);
            lock.terms.insert(version.digest(&lock.grants), version);
        }
        let current: BTreeSet<Digest> = lock.terms.keys().cloned().collect();
        for (digest, version) in before.iter().flat_map(|before| &before.terms) {
            lock.terms.insert(digest.clone(), version.clone());
        }
        lock.replaced = before.map(|before| before.replaced.clone()).unwrap_or_default();
        lock.replaced.retain(|digest, _| !current.contains(digest));
        for (digest, grant) in before.iter().flat_map(|before| &before.grants) {
            lock.grants.insert(digest.clone(), grant.clone());
        }
        let pinned = |grant: &Grant| -> Vec<Digest> {
            let pinned = grant.tools.values().chain(grant.prompts.values());
            pinned.map(|pinned| pinned.shape.clone()).collect()
        };
        for digest in lock.grants.values().flat_map(pinned) {
            if let Some(shape) = before.and_then(|before| before.shapes.get(&digest)) {
                lock.shapes.entry(digest).or_insert_with(|| shape.clone());
            }
        }
        lock
    }
}

fn locked_server(server: &Server, shapes: &mut BTreeMap<Digest, Shape>) -> LockedServer {
    let mut locked = |defined: &BTreeMap<String, Tool>| {
        let locked = |(name, tool): (&String, &Tool)| {
            let shape = tool.shape.digest();
            shapes.insert(shape.clone(), tool.shape.clone());
            (name.clone(), LockedTool { definition: tool.digest.clone(), shape: Some(shape) })
        };
        defined.iter().map(locked).collect()
    };
    LockedServer {
        identity: server.identity.clone(),
        issuers: match &server.credentials {
            Credentials::Oauth { issuers, .. } => issuers.clone(),
            Credentials::Local { .. } => Default::default(),
        },
        scopes: server.scopes.clone(),
        tools: locked(&server.catalogue.tools),
        prompts: locked(&server.catalogue.prompts),
    }
}

fn locked_capability(capability: &Capability) -> LockedCapability {
    let mut locked = LockedCapability {
        server: capability.server.clone(),
        access: Some(capability.access),
        needs: capability.needs.clone(),
        resources: capability.patterns.clone(),
        ..LockedCapability::default()
    };
    for feature in &capability.features {
        match feature {
            Feature::Tool(name) => locked.tools.insert(name.clone()),
            Feature::Prompt(name) => locked.prompts.insert(name.clone()),
            Feature::Resources(_) => continue,
        };
    }
    locked
}

/// What users who agree to a consent now agree to, under a name that it has or had. What is granted
/// is put with the other grants.
pub(crate) fn version(
    policy: &Policy,
    held: &Held<'_>,
    name: &str,
    consent: &Consent,
    grants: &mut BTreeMap<Digest, Grant>,
) -> Version {
    let capabilities = consent.grants.iter().filter_map(|name| policy.capabilities.get(name));
    let granted = capabilities.map(|capability| {
        let grant = grant(policy, held, capability);
        let digest = grant.digest();
        grants.insert(digest.clone(), grant);
        digest
    });
    Version {
        name: name.to_owned(),
        text: consent.text.clone(),
        purposes: consent.purposes.clone(),
        lasts: consent.lasts,
        grants: granted.collect(),
    }
}

fn grant(policy: &Policy, held: &Held<'_>, capability: &Capability) -> Grant {
    let catalogue = policy.servers.get(&capability.server).map(|server| &server.catalogue);
    let mut grant = Grant {
        description: capability.description.clone(),
        access: Some(capability.access),
        condition: capability.condition.clone(),
        ..Grant::default()
    };
    for feature in &capability.features {
        let access = held.access(&capability.server, feature);
        let Some(tool) = catalogue.and_then(|catalogue| catalogue.get(feature)) else { continue };
        let pinned = Pinned { access, shape: tool.shape.digest() };
        match feature {
            Feature::Tool(name) => grant.tools.insert(name.clone(), pinned),
            Feature::Prompt(name) => grant.prompts.insert(name.clone(), pinned),
            Feature::Resources(_) => None,
        };
    }
    // Resources have no definition: the text of each pattern is what was shown.
    for pattern in &capability.patterns {
        let fitting = capability
            .features
            .iter()
            .filter(|feature| matches!(feature, Feature::Resources(set) if set.contains(pattern)));
        let access = fitting.filter_map(|feature| held.access(&capability.server, feature)).max();
        grant.resources.insert(pattern.to_string(), access);
    }
    grant
}
