//! Who may come: clients that the policy names, others that register, and the groups of users.

use placet_engine::bundle::{Redirect, RegisterRule};
use placet_engine::condition::quote;
use placet_language::overview::{Client, Group, Overview};

use crate::output::length;
use crate::overview::content::words;
use crate::overview::document::{Block, Inline, Section, Table};

pub(super) fn section(overview: &Overview) -> Section {
    let mut blocks = Vec::new();
    blocks.push(Block::Heading(String::from("clients-named"), "Clients by name".into()));
    blocks.push(match overview.clients.is_empty() {
        true => Block::Paragraph("The policy names no client.".into()),
        false => Block::Table(Table::plain(
            "Clients that the policy names",
            &["client", "id", "registered", "owner", "reviewed metadata"],
            overview.clients.iter().map(client).collect(),
        )),
    });
    if !overview.clients.is_empty() {
        blocks
            .push(Block::Paragraph("They may request every scope that a server declares.".into()));
    }
    blocks.push(Block::Heading(String::from("clients-others"), "Other clients".into()));
    if overview.registrations.is_empty() {
        let none = "No other client is admitted: none can register.";
        blocks.push(Block::Paragraph(none.into()));
    } else {
        blocks.push(Block::Table(Table::plain(
            "Clients that may register",
            &["registered by", "from", "may request", "sends users back to", "review", "statement"],
            overview.registrations.iter().map(registration).collect(),
        )));
        let bound = "Any of these admits a client. Other scopes in its token do not count.";
        blocks.push(Block::Paragraph(bound.into()));
    }
    if !overview.groups.is_empty() {
        blocks.push(Block::Heading(String::from("groups"), "Groups of users".into()));
        blocks.push(Block::Table(Table::plain(
            "Groups that rules speak of",
            &["group", "who has the claim", "issuer", "and is in", "its members are in"],
            overview.groups.iter().map(group).collect(),
        )));
    }
    Section { id: "clients", title: "Who may come", blocks }
}

fn client(one: &Client) -> Vec<Inline> {
    let client = &one.client;
    let registered = match &client.issuer {
        Some(issuer) => Inline::text("at ").and_code(quote(issuer)),
        None => Inline::text("by its metadata document"),
    };
    let owner = match &client.owner {
        Some(owner) => Inline::text(owner.clone()),
        None => Inline::text("none"),
    };
    let metadata = match &client.metadata_digest {
        Some(digest) => Inline::code(digest.to_string()),
        None => Inline::default().and_strong("not reviewed"),
    };
    let name = Inline::code(one.name.clone());
    let name = match one.groups.is_empty() {
        true => name,
        false => name.and(" in ").then(Inline::codes(&one.groups, ", ", "")),
    };
    vec![name, Inline::code(client.id.clone()), registered, owner, metadata]
}

fn registration(rule: &RegisterRule) -> Vec<Inline> {
    let from = match rule.domains.is_empty() {
        true => words::quoted(&rule.issuers, "no issuer"),
        false => words::quoted(&rule.domains, "nowhere"),
    };
    let redirects: Vec<String> = rule
        .redirects
        .iter()
        .map(|one| match one {
            Redirect::Loopback => String::from("loopback"),
            Redirect::SameDomain => String::from("same domain"),
            Redirect::Uri(uri) => quote(uri),
        })
        .collect();
    let redirects = match redirects.is_empty() {
        true => Inline::default().and_strong("anywhere"),
        false => Inline::text(redirects.join(", ")),
    };
    let review = match &rule.review {
        None => Inline::default().and_strong("none"),
        Some(review) => {
            let within = review.within.map(|seconds| format!(" within {}", length(seconds)));
            Inline::text(format!("{}{}", review.by, within.unwrap_or_default()))
        }
    };
    vec![
        Inline::code(rule.kind.as_str()),
        from,
        words::quoted(&rule.may_request, "nothing"),
        redirects,
        review,
        Inline::text(words::place(&rule.source)),
    ]
}

fn group(one: &Group) -> Vec<Inline> {
    let group = &one.group;
    let claim: Vec<String> = group.claim.iter().map(|name| quote(name)).collect();
    vec![
        Inline::code(one.name.clone()),
        Inline::code(format!("{} has {}", claim.join("."), quote(&group.has))),
        Inline::code(quote(&group.issuer)),
        Inline::codes(&group.and_in, ", ", "–"),
        Inline::codes(&group.within, ", ", "–"),
    ]
}
