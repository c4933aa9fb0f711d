//! How tokens are validated, server by server.

use placet_engine::bundle::Credentials;
use placet_language::overview::{Check, Overview, Server};

use crate::overview::document::{Block, Inline, Section, Table};

pub(super) fn section(overview: &Overview) -> Section {
    let mut blocks = vec![Block::Paragraph(
        "What is checked of every call: the scope with the rule that fits, all else before any rule \
         is looked at. Whatever fails denies the call."
            .into(),
    )];
    for (index, server) in overview.servers.iter().enumerate() {
        blocks.push(Block::Heading(format!("server-{index}"), Inline::code(server.name.clone())));
        blocks.push(Block::Paragraph(about(server)));
        blocks.push(Block::Table(Table::plain(
            "What is checked",
            &["check", "claim", "must hold", "denied as"],
            server.checks.iter().map(row).collect(),
        )));
    }
    Section { id: "tokens", title: "How tokens are validated", blocks }
}

fn about(server: &Server) -> Inline {
    let said = Inline::code(server.identity.clone());
    match &server.credentials {
        Credentials::Oauth { api_keys: None, .. } => said.and(" takes OAuth access tokens."),
        Credentials::Oauth { api_keys: Some(keys), .. } => {
            let because = &keys.because;
            said.and(format!(" takes OAuth access tokens, and API keys: {because}"))
        }
        Credentials::Local { because, .. } => {
            said.and(format!(" is started by its user and takes no tokens: {because}"))
        }
    }
}

fn row(check: &Check) -> Vec<Inline> {
    let reasons: Vec<String> = check.reasons.iter().map(ToString::to_string).collect();
    vec![
        Inline::text(check.what),
        check.claim.map(Inline::code).unwrap_or_default(),
        Inline::text(check.demands.clone()),
        Inline::codes(&reasons, ", ", "by the host"),
    ]
}
