//! What is not covered.

use std::collections::BTreeMap;

use placet_language::overview::{Overview, ServerFeature};

use crate::output::counted;
use crate::overview::document::{Block, Inline, Section};

pub(super) fn section(overview: &Overview) -> Section {
    let uncovered = &overview.uncovered;
    let mut blocks = Vec::new();
    for (title, features) in [
        ("In no capability, and so denied", &uncovered.features),
        ("In a capability, and every call is denied", &uncovered.uncallable),
    ] {
        if features.is_empty() {
            continue;
        }
        blocks.push(Block::Paragraph(Inline::default().and_strong(title).and(":")));
        blocks.push(Block::List(by_server(features)));
    }
    let mut others = Vec::new();
    if !uncovered.capabilities.is_empty() {
        let names = Inline::codes(&uncovered.capabilities, ", ", "");
        others.push(Inline::text("Capabilities that no rule allows: ").then(names));
    }
    if !uncovered.consents.is_empty() {
        let names = Inline::codes(&uncovered.consents, ", ", "");
        others.push(Inline::text("Consents that no rule rests on: ").then(names));
    }
    others.extend(uncovered.grants.iter().map(|grant| {
        Inline::text("Consent ")
            .and_code(grant.consent.clone())
            .and(" grants ")
            .and_code(grant.capability.clone())
            .and(", and no rule allows that under it")
    }));
    others.extend(overview.undecided.iter().map(|one| {
        Inline::text("It could not be told whether anybody may call ")
            .and_code(format!("{}/{}", one.server.name, one.feature.name))
            .and(format!(": {}", one.why))
    }));
    if !others.is_empty() {
        let title = Inline::default().and_strong("Declared for nothing, or undecided").and(":");
        blocks.push(Block::Paragraph(title));
        blocks.push(Block::List(others));
    }
    if blocks.is_empty() {
        blocks.push(Block::Paragraph(
            "Every tool and prompt is in a capability, and every consent and \
                                      capability is used."
                .into(),
        ));
    }
    Section { id: "uncovered", title: "Not covered", blocks }
}

fn by_server(features: &[ServerFeature]) -> Vec<Inline> {
    let mut servers: BTreeMap<&str, Vec<&ServerFeature>> = BTreeMap::new();
    for one in features {
        servers.entry(&one.server).or_default().push(one);
    }
    servers
        .into_iter()
        .map(|(server, features)| {
            let count = counted(features.len(), "tool");
            let mut said = Inline::code(server).and(format!(", {count}: "));
            for (index, one) in features.into_iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                let kind = match one.feature.kind {
                    "tool" => String::new(),
                    kind => format!("{kind} "),
                };
                said = said.and(format!("{comma}{kind}")).and_code(one.feature.name.clone());
            }
            said
        })
        .collect()
}
