//! The `allow`s and the `deny`s of a random policy.

use crate::worlds::conditions::Author;
use crate::worlds::more::{caller, target};
use crate::worlds::random::Random;
use crate::worlds::statements::Planned;
use crate::worlds::tools::*;
use crate::worlds::values::*;

pub(super) fn who(random: &mut Random, groups: &[String]) -> String {
    let count = 1 + random.below(2);
    let one = |random: &mut Random| match random.below(5) {
        0 | 1 => String::from("anyone"),
        2 | 3 => random.pick(groups).clone(),
        _ => format!(
            "user {} issued by {}",
            quoted(random.pick(&SUBJECTS)),
            quoted(random.pick(&[FIRST, SECOND]))
        ),
    };
    let list: Vec<String> = (0..count).map(|_| one(random)).collect();
    list.join(", ")
}

pub(super) fn rules(
    random: &mut Random,
    groups: &[String],
    clients: &[String],
    capabilities: &[Planned],
    consents: &[(String, Vec<usize>)],
    local_level: usize,
    all: &mut Vec<String>,
) {
    let reachable = |index: &usize| {
        let one = &capabilities[*index];
        // A tool's access is the highest of its capabilities.
        let within = |tool: &&&'static str| {
            let holding = capabilities
                .iter()
                .filter(|other| other.server == one.server && other.tools.contains(**tool));
            holding.map(|other| other.access).max() <= Some(local_level)
        };
        one.server != "disk" || one.tools.iter().any(|tool| within(&tool))
    };
    let usable: Vec<usize> = (0..capabilities.len()).filter(reachable).collect();
    let mut texts = Vec::new();
    for index in 0..(5 + random.below(4)) {
        let via = match random.chance(50) {
            true => String::from("any client"),
            false => random.some(clients, 1, 2).join(", "),
        };
        let (chosen, basis) = match random.chance(65) {
            true => {
                let (name, granted) = random.pick(consents);
                let granted: Vec<usize> =
                    granted.iter().copied().filter(|one| usable.contains(one)).collect();
                if granted.is_empty() {
                    continue;
                }
                (random.some(&granted, 1, 2), format!("under {name}"))
            }
            false => {
                (random.some(&usable, 1, 2), String::from("without consent because \"no need\""))
            }
        };
        let names: Vec<&str> =
            chosen.iter().map(|index| capabilities[*index].name.as_str()).collect();
        let local = chosen.iter().any(|one| capabilities[*one].server == "disk");
        let mut text = format!(
            "allow a{index} {} via {via} to {} {basis}",
            caller(random, groups, !(basis.starts_with("under") || local)),
            names.join(", ")
        );
        let families = chosen.iter().flat_map(|one| capabilities[*one].families.clone()).collect();
        let mut author = Author { random, slots: common(&families), in_deny: false, local };
        if author.random.chance(45) {
            text.push_str(&format!("\n    when {}", author.condition(2)));
        }
        if author.random.chance(15) {
            text.push_str(&format!("\n    unless {}", author.condition(1)));
        }
        texts.push(text);
    }
    for index in 0..(1 + random.below(3)) {
        let (target, families, local) = target(random, capabilities);
        let mut text = format!("deny d{index} {}", caller(random, groups, true));
        if random.chance(35) {
            text.push_str(&format!(" via {}", random.some(clients, 1, 2).join(", ")));
        }
        text.push_str(&format!(" to {target}"));
        let mut author = Author { random, slots: common(&families), in_deny: true, local };
        if author.random.chance(85) {
            text.push_str(&format!("\n    when {}", author.condition(1)));
        }
        if author.random.chance(40) {
            text.push_str(&format!("\n    unless {}", author.condition(1)));
        }
        if author.random.chance(50) {
            text.push_str("\n    because \"so \\\"it\\\" is\"");
        }
        texts.push(text);
    }
    all.extend(texts);
}
