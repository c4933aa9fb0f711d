//! Writing a lock: one fact a line, sorted.

use std::collections::BTreeSet;

use placet_engine::bundle::Access;
use serde_json::{Value, json};

use crate::lock::line::Line;
use crate::lock::{Grant, Lock, LockedCapability, LockedClient, LockedServer, Pinned, Version};

/// What the first line says: the format that is written and read.
pub(crate) const FORMAT: &str = "placet-lock 1";

const ABOUT: &str = "\
# What was reviewed. `placet lock` writes this file; of a merge keep the lines of both sides.
";

/// Writes a lock. The same lock gives the same text.
pub fn write(lock: &Lock) -> String {
    let mut text = format!("{FORMAT}\n{ABOUT}");
    for line in lines(lock) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Every fact of a lock.
pub(crate) fn lines(lock: &Lock) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (name, server) in &lock.servers {
        self::server(name, server, &mut lines);
    }
    for (name, capability) in &lock.capabilities {
        self::capability(name, capability, &mut lines);
    }
    for (name, client) in &lock.clients {
        self::client(name, client, &mut lines);
    }
    for (file, digest) in &lock.components {
        lines.insert(Line::of("component").text(file).word(digest.as_str()).end());
    }
    for (digest, version) in &lock.terms {
        terms(digest.as_str(), version, &mut lines);
        for day in lock.replaced.get(digest).into_iter().flatten() {
            let line = Line::of("terms").word(&version.name).word(digest.as_str());
            lines.insert(line.word("replaced").word(day.to_string()).end());
        }
    }
    for (digest, grant) in &lock.grants {
        self::grant(digest.as_str(), grant, &mut lines);
    }
    for (digest, shape) in &lock.shapes {
        for (place, value) in shape.facts() {
            lines.insert(Line::of("shape").word(digest.as_str()).text(&place).json(&value));
        }
    }
    lines
}

fn server(name: &str, server: &LockedServer, lines: &mut BTreeSet<String>) {
    let line = |what: &str| Line::of("server").word(name).word(what);
    lines.insert(line("resource").text(&server.identity).end());
    lines.extend(server.issuers.iter().map(|issuer| line("issuer").text(issuer).end()));
    for (scope, implied) in &server.scopes {
        lines.insert(line("scope").text(scope).end());
        let implied = implied.iter().map(|one| line("scope").text(scope).word("implies").text(one));
        lines.extend(implied.map(Line::end));
    }
    for (kind, defined) in [("tool", &server.tools), ("prompt", &server.prompts)] {
        for (name, tool) in defined {
            let line = |what: &str| line(kind).text(name).word(what);
            let definition = tool.definition.as_ref().map_or("none", |digest| digest.as_str());
            lines.insert(line("definition").word(definition).end());
            lines.extend(tool.shape.iter().map(|shape| line("shape").word(shape.as_str()).end()));
        }
    }
}

fn capability(name: &str, capability: &LockedCapability, lines: &mut BTreeSet<String>) {
    let line = |what: &str| Line::of("capability").word(name).word(what);
    lines.insert(line("server").word(&capability.server).end());
    lines.insert(line("access").word(level(capability.access)).end());
    for scopes in &capability.needs {
        lines.insert(scopes.iter().fold(line("needs"), |line, scope| line.text(scope)).end());
    }
    lines.extend(capability.tools.iter().map(|tool| line("tool").text(tool).end()));
    lines.extend(capability.prompts.iter().map(|prompt| line("prompt").text(prompt).end()));
    let resources = capability.resources.iter().map(ToString::to_string);
    lines.extend(resources.map(|one| line("resources").text(&one).end()));
}

fn client(name: &str, client: &LockedClient, lines: &mut BTreeSet<String>) {
    let line = |what: &str| Line::of("client").word(name).word(what);
    lines.insert(line("id").text(&client.id).end());
    lines.extend(client.issuer.iter().map(|issuer| line("issuer").text(issuer).end()));
    lines.extend(client.owner.iter().map(|owner| line("owner").text(owner).end()));
    lines.extend(client.metadata.iter().map(|one| line("metadata").word(one.as_str()).end()));
}

fn terms(digest: &str, version: &Version, lines: &mut BTreeSet<String>) {
    let line = |what: &str| Line::of("terms").word(&version.name).word(digest).word(what);
    lines.insert(line("text").text(&version.text).end());
    lines.extend(version.purposes.iter().map(|purpose| line("purpose").text(purpose).end()));
    lines.extend(version.lasts.iter().map(|lasts| line("lasts").word(lasts.to_string()).end()));
    lines.extend(version.grants.iter().map(|one| line("grants").word(one.as_str()).end()));
}

fn grant(digest: &str, grant: &Grant, lines: &mut BTreeSet<String>) {
    let line = |what: &str| Line::of("grant").word(digest).word(what);
    lines.insert(line("description").text(&grant.description).end());
    lines.insert(line("access").word(level(grant.access)).end());
    if let Some(condition) = &grant.condition {
        lines.insert(line("where").text(&condition.to_string()).end());
        lines.insert(line("condition").json(&json!(condition)));
    }
    let pinned =
        |one: &Pinned, line: Line| line.word(level(one.access)).word(one.shape.as_str()).end();
    for (kind, defined) in [("tool", &grant.tools), ("prompt", &grant.prompts)] {
        lines.extend(defined.iter().map(|(name, one)| pinned(one, line(kind).text(name))));
    }
    for (pattern, access) in &grant.resources {
        lines.insert(line("resources").text(pattern).word(level(*access)).end());
    }
}

fn level(access: Option<Access>) -> String {
    access.map_or_else(|| String::from("none"), |access| access.to_string())
}

/// A level as it is written.
pub(crate) fn read_level(word: &str) -> Option<Option<Access>> {
    match word {
        "none" => Some(None),
        word => serde_json::from_value(Value::String(word.to_owned())).ok().map(Some),
    }
}
