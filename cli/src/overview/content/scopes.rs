//! The scopes: what they imply and open, and who may request them.

use placet_language::overview::{Overview, Scope};

use crate::overview::content::words;
use crate::overview::document::{Block, Inline, Section, Table};

pub(super) fn section(overview: &Overview) -> Section {
    let blocks = match overview.scopes.is_empty() {
        true => vec![Block::Paragraph("No server has scopes.".into())],
        false => vec![Block::Table(Table::plain(
            "Scopes that can be requested",
            &["scope", "server", "implies", "needed by", "suffices for", "may be requested by"],
            overview.scopes.iter().map(|scope| row(overview, scope)).collect(),
        ))],
    };
    Section { id: "scopes", title: "Scopes", blocks }
}

fn row(overview: &Overview, scope: &Scope) -> Vec<Inline> {
    let follows = scope.stands_for.iter().filter(|one| **one != scope.name).cloned().collect();
    let mut requesting = Vec::new();
    if !overview.clients.is_empty() {
        requesting.push(String::from("clients by name"));
    }
    requesting.extend(
        scope
            .registrations
            .iter()
            .map(|one| format!("{} ({})", one.kind.as_str(), words::place(&one.source))),
    );
    vec![
        Inline::code(scope.name.clone()),
        Inline::code(scope.server.clone()),
        words::quoted(&follows, "–"),
        Inline::codes(&scope.needed_by, ", ", "nothing"),
        Inline::codes(&scope.opens, ", ", "nothing"),
        match requesting.is_empty() {
            true => Inline::text("nobody"),
            false => Inline::text(requesting.join(", ")),
        },
    ]
}
