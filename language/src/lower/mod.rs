//! Lowering: from the model to Cedar and the tables of a bundle.

mod condition;
mod entities;
mod policies;
mod reads;
mod schema;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{self, Cedar, Content};

use crate::model::{Held, Policy, Rule, Server};

/// What a compiled bundle holds.
///
/// The same policy gives the same content, whatever the order of its statements and files.
pub fn lower(policy: &Policy) -> Content {
    let held = Held::new(&policy.capabilities);
    let reads = reads::reads(policy, &held);
    let cedar = Cedar {
        schema: schema::schema(policy, &held, &reads),
        entities: entities::entities(policy),
        policies: policies::policies(policy, &held),
    };
    let servers = policy
        .servers
        .iter()
        .map(|(name, declared)| (name.clone(), server(&held, name, declared, &reads)))
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
        locked: false,
        cedar,
        servers,
        groups: policy.groups.clone(),
        clients: policy.clients.clone(),
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
    reads: &BTreeMap<(String, String), bundle::Reads>,
) -> bundle::Server {
    let tool = |(tool_name, tool): (&String, &crate::catalogue::Tool)| {
        let key = (name.to_owned(), tool_name.clone());
        let tool = bundle::Tool {
            digest: tool.digest.clone(),
            access: held.access(name, tool_name),
            capabilities: held
                .capabilities(name, tool_name)
                .iter()
                .map(|(held, _)| (*held).to_owned())
                .collect(),
            typed: tool.arguments.is_ok(),
            reads: reads.get(&key).cloned().unwrap_or_default(),
        };
        (tool_name.clone(), tool)
    };
    bundle::Server {
        identity: declared.identity.clone(),
        credentials: declared.credentials.clone(),
        scopes: closed(&declared.scopes),
        tools: declared.catalogue.tools.iter().map(tool).collect(),
    }
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
        clients: declared.clients(policy),
        when: declared.when.clone(),
        because: declared.because.clone(),
        source: declared.source.clone(),
    }
}

/// Whether a tool's arguments can be judged.
fn is_typed(policy: &Policy, server: &str, tool: &str) -> bool {
    policy
        .servers
        .get(server)
        .and_then(|server| server.catalogue.tools.get(tool))
        .is_some_and(|tool| tool.arguments.is_ok())
}

/// The tools that a `deny` forbids, as server and name.
fn denied_tools(
    policy: &Policy,
    held: &Held<'_>,
    targets: &BTreeSet<bundle::Target>,
) -> BTreeSet<(String, String)> {
    let mut tools = BTreeSet::new();
    for capability in policy.capabilities.iter() {
        let (name, declared) = capability;
        for tool in &declared.tools {
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
