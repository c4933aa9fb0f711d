//! What the policies that concern a tool read of its arguments.

use std::collections::BTreeMap;

use placet_engine::bundle::{Feature, Reads};
use placet_engine::condition::{Atom, Attribute, Condition, Operand, Side, Test};

use crate::lower::{is_typed, targeted};
use crate::model::{Effect, Held, Policy};

/// By server and feature.
pub(crate) type ByFeature = BTreeMap<(String, Feature), Reads>;

pub(crate) fn reads(policy: &Policy, held: &Held<'_>) -> ByFeature {
    let mut reads = ByFeature::new();
    let mut add = |server: &str, tool: &Feature, condition: Option<&Condition>, side: Side| {
        if let Some(condition) = condition
            && is_typed(policy, server, tool)
        {
            let reads = reads.entry((server.to_owned(), tool.clone())).or_default();
            for atom in condition.atoms() {
                read(reads, atom, side);
            }
        }
    };
    for rule in policy.rules.values() {
        match &rule.effect {
            Effect::Allow { capabilities, .. } => {
                let named = capabilities.iter().filter_map(|name| policy.capabilities.get(name));
                for capability in named {
                    for tool in &capability.features {
                        let server = &capability.server;
                        add(server, tool, capability.condition.as_ref(), Side::Allow);
                        add(server, tool, rule.when.as_ref(), Side::Allow);
                    }
                }
            }
            Effect::Deny { targets } => {
                for (server, tool) in targeted(policy, held, targets) {
                    add(&server, &tool, rule.when.as_ref(), Side::Deny);
                }
            }
            Effect::Require { targets, .. } => {
                for (server, tool) in targeted(policy, held, targets) {
                    add(&server, &tool, rule.when.as_ref(), Side::Allow);
                }
            }
        }
    }
    reads
}

fn read(reads: &mut Reads, atom: &Atom, side: Side) {
    if atom.quantifier.is_some() {
        match side {
            Side::Allow => reads.allow_facts.insert(atom.clone()),
            Side::Deny => reads.deny_facts.insert(atom.clone()),
        };
        return;
    }
    if let (Test::Present, Attribute::Argument(argument)) = (&atom.test, &atom.operand.attribute) {
        reads.present.insert(argument.clone());
        return;
    }
    read_operand(reads, &atom.operand);
    if let Test::SameAs(other) = &atom.test {
        read_operand(reads, other);
    }
}

fn read_operand(reads: &mut Reads, operand: &Operand) {
    let Attribute::Argument(argument) = &operand.attribute else { return };
    match operand.view {
        Some(_) => reads.views.insert(operand.clone()),
        None => reads.arguments.insert(argument.clone()),
    };
}
