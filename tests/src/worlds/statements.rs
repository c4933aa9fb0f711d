//! The statements of a random policy.

use std::collections::BTreeSet;

use crate::reference::fits;
use crate::worlds::conditions::Author;
use crate::worlds::more::*;
use crate::worlds::random::Random;
use crate::worlds::rules::rules;
use crate::worlds::tools::*;
use crate::worlds::values::*;

/// A capability while the text is being written.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) server: &'static str,
    pub(super) access: usize,
    pub(super) families: BTreeSet<u8>,
    pub(super) tools: BTreeSet<&'static str>,
}

pub(super) const LEVELS: [&str; 3] = ["read", "write", "destructive"];

pub(super) fn statements(random: &mut Random) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let (alpha_issuers, beta_issuers) = match random.below(3) {
        0 => (format!("{}, {}", quoted(FIRST), quoted(SECOND)), quoted(FIRST)),
        _ => (format!("{}, {}", quoted(FIRST), quoted(SECOND)), quoted(SECOND)),
    };
    let local_level = random.below(3);
    for (server, issuers) in
        [("alpha", alpha_issuers), ("beta", beta_issuers), ("gamma", quoted(FIRST))]
    {
        let clauses = server_clauses(random, server);
        all.push(format!(
            "server {server} {{\n    resource  \"https://mcp.example.com/{server}\"\n    issuer    \
             {issuers}\n    catalogue \"{server}.json\"\n{clauses}}}"
        ));
    }
    all.push(format!(
        "server disk {{\n    local       \"disk\"\n    credentials local for {} because \"own\"\n    \
         catalogue   \"disk.json\"\n}}",
        LEVELS[local_level]
    ));
    all.extend([
        String::from("scope \"all\" on alpha implies \"edit\", \"run:it/'x'\""),
        String::from("scope \"edit\" on alpha implies \"view\""),
        String::from("scope \"view\" on alpha"),
        String::from("scope \"run:it/'x'\" on alpha"),
        String::from("scope \"view\" on beta"),
        String::from("scope \"run:it/'x'\" on beta implies \"view\""),
        String::from("scope \"view\" on gamma"),
    ]);
    all.extend(FACTS.map(str::to_owned));
    let groups = groups(random, &mut all);
    let clients = clients(random, &mut all);
    registers(random, &mut all);
    let capabilities = capabilities(random, local_level, &mut all);
    let consents = consents(random, &capabilities, &mut all);
    rules(random, &groups, &clients, &capabilities, &consents, local_level, &mut all);
    requirements(random, &groups, &clients, &capabilities, &consents, &mut all);
    random.shuffle(&mut all);
    all
}

fn groups(random: &mut Random, all: &mut Vec<String>) -> Vec<String> {
    let names = ["staff", "eng", "lead", "guest", "claim"];
    let mut earlier: Vec<(String, &str)> = Vec::new();
    for name in names {
        let issuer = *random.pick(&[FIRST, FIRST, SECOND]);
        let claim: Vec<String> = random.pick(&CLAIMS).iter().map(quoted).collect();
        let same: Vec<String> =
            earlier.iter().filter(|(_, of)| *of == issuer).map(|(name, _)| name.clone()).collect();
        let any: Vec<String> = earlier.iter().map(|(name, _)| name.clone()).collect();
        let mut text = format!("group {name}");
        if !any.is_empty() && random.chance(50) {
            text.push_str(&format!(" in {}", random.some(&any, 1, 2).join(", ")));
        }
        text.push_str(&format!(
            " from claim {} has {} issued by {}",
            claim.join("."),
            quoted(random.pick(&VALUES)),
            quoted(issuer)
        ));
        if !same.is_empty() && random.chance(40) {
            text.push_str(&format!(" and in {}", random.some(&same, 1, 2).join(", ")));
        }
        all.push(text);
        earlier.push((name.to_owned(), issuer));
    }
    names.map(str::to_owned).to_vec()
}

fn clients(random: &mut Random, all: &mut Vec<String>) -> Vec<String> {
    let mut metadata = |letter: &str| match random.chance(40) {
        true => format!(" metadata \"sha256-{}\"", letter.repeat(64)),
        false => String::new(),
    };
    all.push(format!(
        "clients editors {{\n    client cursor \"https://cursor.example/c.json\" owner \
         \"it@example.com\"{}\n    client zed \"https://zed.example/c%231.json\"{}\n}}",
        metadata("a"),
        metadata("b"),
    ));
    all.push(format!(
        "clients tools {{\n    client cli \"a\\\"b#%23\\\\\" issued by {}\n}}",
        quoted(FIRST)
    ));
    all.push(format!("client far \"a#b%23\" issued by {}", quoted(SECOND)));
    all.push(String::from("client page \"https://page.example/c.json\""));
    let dynamic = "clients where registration is dynamic";
    let domain = "clients where domain is \"app.example\"";
    ["editors", "tools", "cli", "far", "page", "zed", dynamic, domain].map(str::to_owned).to_vec()
}

fn capabilities(random: &mut Random, local_level: usize, all: &mut Vec<String>) -> Vec<Planned> {
    let mut planned = Vec::new();
    let servers: [(&'static str, &[Tool], usize); 4] = [
        ("alpha", &ALPHA, 4 + random.below(3)),
        ("beta", &BETA, 1 + random.below(2)),
        ("disk", &DISK, 1 + random.below(2)),
        ("gamma", &GAMMA, 1 + random.below(2)),
    ];
    for (server, tools, count) in servers {
        for index in 0..count {
            let family = *random.pick(&[Family::Rich, Family::Rich, Family::Slim]);
            let mut patterns: Vec<String> = random
                .some(tools, 1, 4)
                .into_iter()
                .filter(|(_, of)| *of == family || random.chance(25))
                .map(|(name, _)| literal_pattern(name))
                .collect();
            let globs = ["create_*", "\"*\"", "\"*e*\"", "\"a/*\"", "*_*"];
            let fitting = |pattern: &str| {
                let glob = pattern.trim_matches('"');
                tools.iter().any(|(name, _)| fits(glob, name))
            };
            if patterns.is_empty() || random.chance(30) {
                let usable: Vec<&str> =
                    globs.into_iter().filter(|pattern| fitting(pattern)).collect();
                patterns.push((*random.pick(&usable)).to_owned());
            }
            let held = |name: &str| {
                patterns.iter().any(|pattern| match globs.contains(&pattern.as_str()) {
                    true => fits(pattern.trim_matches('"'), name),
                    false => *pattern == literal_pattern(name),
                })
            };
            let mut families: BTreeSet<u8> = tools
                .iter()
                .filter(|(name, _)| held(name))
                .map(|(_, family)| family_number(*family))
                .collect();
            let access = match server {
                "disk" if random.chance(80) => random.below(local_level + 1),
                _ => random.below(3),
            };
            let name = format!("{}_{index}", ["edit", "view", "files"][random.below(3)]);
            let name = format!("{name}_{server}");
            let mut holds = format!("    tools  {}\n", patterns.join(", "));
            if ["alpha", "gamma"].contains(&server) {
                holds.push_str(&more_features(random, &mut families));
            }
            let mut text = format!(
                "capability {name} {} on {server} {{\n{holds}    access {}\n",
                quoted(random.pick(&["Do \"it\"", "Look around", "Ändern"])),
                LEVELS[access]
            );
            let needs = match server {
                "alpha" => *random.pick(&[
                    "nothing because \"public\"",
                    "\"view\"",
                    "\"edit\"",
                    "\"edit\" and \"run:it/'x'\" or \"all\"",
                    "\"view\" or \"run:it/'x'\"",
                    "\"view\" and \"run:it/'x'\"",
                ]),
                "gamma" => *random.pick(&["\"view\"", "nothing because \"x\""]),
                "beta" => *random.pick(&["\"view\"", "\"run:it/'x'\"", "nothing because \"x\""]),
                _ => "",
            };
            if !needs.is_empty() {
                text.push_str(&format!("    needs  {needs}\n"));
            }
            if random.chance(40) {
                let slots = common(&families);
                let local = server == "disk";
                let mut author = Author { random, slots, in_deny: false, local };
                text.push_str(&format!("    where  {}\n", author.condition(1)));
            }
            text.push('}');
            all.push(text);
            let tools = tools.iter().map(|(name, _)| *name).filter(|name| held(name)).collect();
            planned.push(Planned { name, server, access, families, tools });
        }
    }
    planned
}

fn consents(
    random: &mut Random,
    capabilities: &[Planned],
    all: &mut Vec<String>,
) -> Vec<(String, Vec<usize>)> {
    let mut consents = Vec::new();
    for index in 0..4 {
        let server = *random.pick(&["alpha", "alpha", "beta", "disk", "gamma"]);
        let on: Vec<usize> = capabilities
            .iter()
            .enumerate()
            .filter(|(_, one)| one.server == server)
            .map(|(index, _)| index)
            .collect();
        let granted = random.some(&on, 1, 3);
        let names: Vec<&str> =
            granted.iter().map(|index| capabilities[*index].name.as_str()).collect();
        let name = ["triage", "release", "grants", "lasts"][index];
        let mut text = format!(
            "consent {name} \"Let {{client}} do \\\"{index}\\\"\" {{\n    grants  {}\n",
            names.join(", ")
        );
        match random.below(4) {
            0 => {}
            1 => text.push_str("    purpose \"triage\"\n"),
            2 => text.push_str("    purpose \"triage\", \"to \\\"release\\\"\"\n"),
            _ => text.push_str("    purpose \"triage\", \"é\"\n    purpose required\n"),
        }
        if random.chance(70) {
            let lasts = *random.pick(&["30 days", "8 hours", "90 seconds"]);
            text.push_str(&format!("    lasts   {lasts}\n"));
        }
        text.push_str(&consent_clauses(random, name));
        text.push('}');
        all.push(text);
        consents.push((name.to_owned(), granted));
    }
    consents
}
