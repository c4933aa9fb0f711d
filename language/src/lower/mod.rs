//! Lowering: from the model to Cedar and the tables of a bundle.

mod condition;
pub(crate) mod coverage;
mod entities;
mod guards;
mod policies;
mod probes;
mod reads;
mod schema;
mod terms;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{self, Cedar, Content, Feature};
use placet_engine::resource::Pattern;

use crate::model::{Held, Policy, Rule, Server};

/// What a compiled bundle holds.
///
/// The same policy gives the same content, whatever the order of its statements and files.
pub fn lower(policy: &Policy) -> Content {
    let held = Held::new(&policy.capabilities);
    let reads = reads::reads(policy, &held);
    let probes = probes::probes(policy, &held);
    let cedar = Cedar {
        schema: schema::schema(policy, &held, &reads),
        entities: entities::entities(policy),
        policies: policies::policies(policy, &held),
    };
    let servers = policy
        .servers
        .iter()
        .map(|(name, declared)| (name.clone(), server(&held, name, declared, &reads, &probes)))
        .collect();
    let capabilities = policy
        .capabilities
        .iter()
        .map(|(name, declared)| {
            let capability = bundle::Capability {
                server: declared.server.clone(),
                description: declared.description.clone(),
                access: declared.access,
                needs: declared.needs.clone(),
                condition: declared.condition.clone(),
            };
            (name.clone(), capability)
        })
        .collect();
    Content {
        edition: bundle::EDITION,
        locked: policy.lock.is_some(),
        cedar,
        servers,
        groups: policy.groups.clone(),
        clients: policy.clients.clone(),
        client_groups: policy.client_groups.clone(),
        registrations: policy.registrations.clone(),
        capabilities,
        terms: terms::terms(policy, &held),
        rules: policy
            .rules
            .iter()
            .map(|(name, declared)| (name.clone(), rule(policy, declared)))
            .collect(),
    }
}

/// Compiles a policy into the bytes of a bundle.
///
/// # Errors
///
/// [`serde_json::Error`] if the content has no JSON form, which no policy that checks leads to.
pub fn compile(policy: &Policy) -> Result<Vec<u8>, serde_json::Error> {
    bundle::write(&lower(policy))
}

fn server(
    held: &Held<'_>,
    name: &str,
    declared: &Server,
    reads: &reads::ByFeature,
    probes: &probes::ByTool,
) -> bundle::Server {
    let catalogue = &declared.catalogue;
    let tool = |feature: Feature| bundle::Tool {
        digest: catalogue.get(&feature).and_then(|tool| tool.digest.clone()),
        access: held.access(name, &feature),
        capabilities: held
            .capabilities(name, &feature)
            .iter()
            .map(|(held, _)| (*held).to_owned())
            .collect(),
        typed: matches!(catalogue.arguments(&feature), Some(Ok(_))),
        reads: reads.get(&(name.to_owned(), feature.clone())).cloned().unwrap_or_default(),
        // What nothing allows needs none.
        probes: probes.get(&(name.to_owned(), feature)).cloned().unwrap_or(Some(BTreeSet::new())),
    };
    let resources = |patterns: &BTreeSet<Pattern>| bundle::Resources {
        patterns: patterns.clone(),
        tool: tool(Feature::Resources(patterns.clone())),
    };
    bundle::Server {
        identity: declared.identity.clone(),
        credentials: declared.credentials.clone(),
        pin_tools: declared.pin_tools,
        pin_clients: declared.pin_clients,
        scopes: closed(&declared.scopes),
        tools: named(&catalogue.tools, |name| tool(Feature::Tool(name))),
        prompts: named(&catalogue.prompts, |name| tool(Feature::Prompt(name))),
        resources: declared.resources.iter().map(resources).collect(),
    }
}

fn named<T, U>(declared: &BTreeMap<String, T>, lower: impl Fn(String) -> U) -> BTreeMap<String, U> {
    declared.keys().map(|name| (name.clone(), lower(name.clone()))).collect()
}

/// Each scope with all that it stands for.
fn closed(scopes: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let all_of = |scope: &String| {
        let mut found = BTreeSet::from([scope.clone()]);
        let mut left = vec![scope];
        while let Some(next) = left.pop() {
            for implied in scopes.get(next).into_iter().flatten() {
                if found.insert(implied.clone()) {
                    left.push(implied);
                }
            }
        }
        found
    };
    scopes.keys().map(|scope| (scope.clone(), all_of(scope))).collect()
}

fn rule(policy: &Policy, declared: &Rule) -> bundle::Rule {
    bundle::Rule {
        effect: declared.effect.clone(),
        who: declared.who.clone(),
        clients: policy.through(declared.via.as_ref()),
        when: declared.when.clone(),
        because: declared.because.clone(),
        source: declared.source.clone(),
    }
}

/// Whether a feature's arguments can be judged.
fn is_typed(policy: &Policy, server: &str, feature: &Feature) -> bool {
    let arguments = policy.servers.get(server).and_then(|one| one.catalogue.arguments(feature));
    matches!(arguments, Some(Ok(_)))
}

/// What a `deny` forbids or a `require` guards, with its server.
fn targeted(
    policy: &Policy,
    held: &Held<'_>,
    targets: &BTreeSet<bundle::Target>,
) -> BTreeSet<(String, Feature)> {
    let mut tools = BTreeSet::new();
    for capability in policy.capabilities.iter() {
        let (name, declared) = capability;
        for tool in &declared.features {
            let access = held.access(&declared.server, tool);
            let is_target = targets.iter().any(|target| match target {
                bundle::Target::Capability(target) => target == name,
                bundle::Target::Access(level) => access.is_some_and(|access| access >= *level),
            });
            if is_target {
                tools.insert((declared.server.clone(), tool.clone()));
            }
        }
    }
    tools
}
