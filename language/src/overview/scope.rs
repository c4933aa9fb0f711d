//! Scopes: what implies what, who may request it, and what it opens.

use std::collections::BTreeSet;

use placet_engine::bundle::{Content, Source};
use placet_engine::call::Registration;
use serde::Serialize;

use crate::model::{Capability, Policy};

/// An OAuth scope of a server.
#[derive(Debug, Clone, Serialize)]
pub struct Scope {
    /// The server's name.
    pub server: String,
    /// The scope.
    pub name: String,
    /// What it directly implies.
    pub implies: BTreeSet<String>,
    /// All that it stands for: itself, and what follows.
    pub stands_for: BTreeSet<String>,
    /// The capabilities whose `needs` name it.
    pub needed_by: Vec<String>,
    /// The capabilities that need a scope, and for which a token with this one alone suffices.
    pub opens: Vec<String>,
    /// The `register` statements whose clients may request it. Clients with a name may request any.
    pub registrations: Vec<RegisterName>,
}

/// A `register` statement, which has no name, by its kind and its place.
#[derive(Debug, Clone, Serialize)]
pub struct RegisterName {
    /// How such clients register.
    pub kind: Registration,
    /// Where it stands.
    pub source: Source,
}

pub(super) fn scopes(policy: &Policy, content: &Content) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for (server, declared) in &policy.servers {
        let closed = content.servers.get(server).map(|one| &one.scopes);
        for (name, implies) in &declared.scopes {
            let stands_for = |name| closed.and_then(|scopes| scopes.get(name));
            let all = stands_for(name).cloned().unwrap_or_default();
            let needing = |fits: &dyn Fn(&BTreeSet<String>) -> bool| {
                let needs = |one: &&(&String, &Capability)| {
                    one.1.server == *server && one.1.needs.iter().any(fits)
                };
                let capabilities: Vec<_> = policy.capabilities.iter().collect();
                capabilities.iter().filter(needs).map(|(name, _)| (*name).clone()).collect()
            };
            let requesting = policy.registrations.iter().filter(|rule| {
                let mut requested = rule.may_request.iter().filter_map(stands_for);
                requested.any(|all| all.contains(name))
            });
            scopes.push(Scope {
                server: server.clone(),
                name: name.clone(),
                implies: implies.clone(),
                needed_by: needing(&|set| set.contains(name)),
                opens: needing(&|set| !set.is_empty() && set.is_subset(&all)),
                registrations: requesting
                    .map(|rule| RegisterName { kind: rule.kind, source: rule.source.clone() })
                    .collect(),
                stands_for: all,
            });
        }
    }
    scopes
}
