//! What else a random policy may say: requirements, registrations, machines, API keys, pins, prompts
//! and resources.

use std::collections::BTreeSet;

use crate::worlds::conditions::Author;
use crate::worlds::random::Random;
use crate::worlds::rules::who;
use crate::worlds::statements::{LEVELS, Planned};
use crate::worlds::tools::*;

/// What a server accepts and pins besides.
pub(super) fn server_clauses(random: &mut Random, server: &str) -> String {
    let mut text = String::new();
    if random.chance(50) {
        let network = *random.pick(&["", " from network \"10.0.0.0/8\"", " from network \"::/0\""]);
        let lasts = *random.pick(&["", " lasts 90 seconds", " lasts 1 day"]);
        text.push_str(&format!(
            "    credentials api_key for {}{network}{lasts} because \"batch\"\n",
            random.pick(&LEVELS)
        ));
    }
    if random.chance(15) {
        text.push_str("    pin tools\n");
    }
    if server == "beta" && random.chance(15) {
        text.push_str("    pin clients\n");
    }
    text
}

/// `register` lines.
pub(super) fn registers(random: &mut Random, all: &mut Vec<String>) {
    let scopes = ["nothing", "\"view\"", "\"edit\"", "\"all\"", "\"view\", \"run:it/'x'\""];
    for (kind, often) in [
        ("metadata_document from \"app.example\"", 70),
        ("metadata_document from \"sub.app.example\", \"app.example\"", 30),
        ("dynamic", 60),
        ("dynamic issued by \"https://login.example.com\"", 30),
        ("preregistered issued by \"https://login.example.com\"", 20),
    ] {
        if random.chance(often) {
            let mut text = format!("register {kind} may request {}", random.pick(&scopes));
            if random.chance(40) {
                text.push_str(" redirect loopback");
            }
            if random.chance(40) {
                text.push_str(" pending review by \"iam@example.com\" within 7 days");
            }
            all.push(text);
        }
    }
}

/// Prompts and resources that a capability holds besides its tools.
pub(super) fn more_features(random: &mut Random, families: &mut BTreeSet<u8>) -> String {
    let mut text = String::new();
    if random.chance(30) {
        families.insert(PROMPT);
        let prompts = ["\"review*\"", "review_code", "\"*\" except review_code", "\"a/b\""];
        text.push_str(&format!("    prompts {}\n", random.pick(&prompts)));
    }
    if random.chance(30) {
        families.insert(RESOURCES);
        let patterns = ["\"r://a/*\"", "\"r://*/b\"", "\"r://a/b/*\"", "\"r://a/b\"", "\"r://*\""];
        text.push_str(&format!("    resources {}\n", random.some(&patterns, 1, 2).join(", ")));
    }
    text
}

/// To whom a consent may be given, and what it was.
pub(super) fn consent_clauses(random: &mut Random, name: &str) -> String {
    let mut text = String::new();
    if random.chance(30) {
        let kind = *random.pick(&["metadata_document", "dynamic", "preregistered"]);
        // Whose domain any client might have: a rule's clients may be these.
        text.push_str(&format!(
            "    via editors, clients where registration is {kind}, clients where domain is \
             \"app.example\"\n"
        ));
    }
    if random.chance(30) {
        text.push_str(&format!("    was \"old_{name}\"\n"));
    }
    let on_change = ["ask again", "keep what was shown", "extend"];
    if random.chance(30) {
        text.push_str(&format!("    on change {}\n", random.pick(&on_change)));
    }
    text
}

/// Users, and machines where they may be.
pub(super) fn caller(random: &mut Random, groups: &[String], machines: bool) -> String {
    match random.chance(25) && machines {
        true if random.chance(50) => String::from("machine"),
        true => format!("{}, machine", who(random, groups)),
        false => who(random, groups),
    }
}

/// What a rule forbids or guards, with the families of it, and whether it may be local.
pub(super) fn target(
    random: &mut Random,
    capabilities: &[Planned],
) -> (String, BTreeSet<u8>, bool) {
    if random.chance(60) {
        let one = random.pick(capabilities);
        return (one.name.clone(), one.families.clone(), one.server == "disk");
    }
    let level = random.below(3);
    let above = capabilities.iter().filter(|one| one.access >= level);
    let families = above.flat_map(|one| one.families.clone()).collect();
    (format!("access {}", LEVELS[level]), families, true)
}

/// `require` rules.
pub(super) fn requirements(
    random: &mut Random,
    groups: &[String],
    clients: &[String],
    capabilities: &[Planned],
    consents: &[(String, Vec<usize>)],
    all: &mut Vec<String>,
) {
    for index in 0..random.below(4) {
        let (mut target, mut families, mut local) = target(random, capabilities);
        let (terms, granted) = random.pick(consents);
        let asks = random.chance(20);
        if asks {
            let one = &capabilities[granted[0]];
            (target, families) = (one.name.clone(), one.families.clone());
            local = one.server == "disk";
        }
        let mut text = format!("require r{index}");
        if random.chance(40) {
            text.push_str(&format!(" {}", caller(random, groups, true)));
        }
        if random.chance(25) {
            text.push_str(&format!(" via {}", random.some(clients, 1, 2).join(", ")));
        }
        let kind = random.below(6);
        let mut author = Author { random, slots: common(&families), in_deny: false, local };
        let condition = author.condition(1);
        let (own, remedy) = match kind {
            _ if asks => ("", format!("else ask {terms}")),
            0 => ("token.auth_age <= 1 hour", String::from("else reauthenticate within 1 hour")),
            1 => (
                "token.acr in [\"phr\", \"mfa\"]",
                String::from("else reauthenticate acr \"phr\", \"mfa\""),
            ),
            2 => (
                "token.acr == \"mfa\" and token.age < 5 minutes",
                String::from("else reauthenticate acr \"mfa\" within 5 minutes"),
            ),
            3 => ("call.confirmed", String::from("else confirm within 2 minutes")),
            4 => ("call.confirmed", String::from("else confirm within 60 seconds")),
            _ => ("", String::new()),
        };
        let tests = match (own, asks && random.chance(60), random.chance(30)) {
            ("", true, _) => String::new(),
            ("", false, _) => condition,
            (own, _, true) => format!("({own}) or ({condition})"),
            (own, _, false) => own.to_owned(),
        };
        text.push_str(&format!(" for {target}\n    {tests} {remedy}"));
        if random.chance(30) {
            text.push_str("\n    because \"we \\\"must\\\"\"");
        }
        all.push(text);
    }
}
