//! The matrix: capabilities with their tools down, consents across.

use placet_language::overview::{Callers, Capability, Cell, HeldFeature, Overview};

use crate::overview::content::{capability_id, words};
use crate::overview::document::{Block, Inline, Mark, Rows, Section, Span, Table};

const LEGEND: &str = "“yes”: who gave this consent may call the tool, if a rule below fits. “denied”: \
    rules use the consent, and others deny every call. “asked”: a requirement asks for the consent. “no \
    rule”: the consent grants the tool, and no rule under it does.";

pub(super) fn section(overview: &Overview) -> Section {
    let mut blocks = vec![Block::Paragraph(Inline::text(LEGEND))];
    for (index, server) in overview.servers.iter().enumerate() {
        if !overview.capabilities.iter().any(|one| one.server == server.name) {
            continue;
        }
        if overview.servers.len() > 1 {
            let id = format!("matrix-{index}");
            blocks.push(Block::Heading(id, Inline::code(server.name.clone())));
        }
        blocks.push(Block::Table(table(overview, &server.name)));
    }
    Section { id: "matrix", title: "Consents and tools", blocks }
}

fn table(overview: &Overview, server: &str) -> Table {
    let consents = overview.consents.iter().filter(|one| one.server == server);
    let mut columns: Vec<Option<&str>> = consents.map(|one| Some(one.name.as_str())).collect();
    let mut cells = overview.matrix.iter();
    let is_free = cells.any(|cell| cell.server == server && cell.consent.is_none());
    columns.extend(is_free.then_some(None));
    let mut head = vec![Inline::text("tool"), Inline::text("access")];
    head.extend(columns.iter().map(|column| match column {
        Some(name) => Inline::code(*name),
        None => Inline::text("without consent"),
    }));
    let capabilities = overview.capabilities.iter().enumerate();
    let groups = capabilities.filter(|(_, one)| one.server == server).map(|(index, one)| Rows {
        id: Some(capability_id(index)),
        title: Some(about(one)),
        rows: one.features.iter().map(|held| row(overview, one, held, &columns)).collect(),
    });
    Table { caption: "Which consent leads to which tool", head, groups: groups.collect() }
}

/// What holds of all that is in a capability.
fn about(capability: &Capability) -> Inline {
    let mut said = Inline::code(capability.name.clone())
        .and(format!(" {}: ", capability.description))
        .and_access(capability.access)
        .and(", needs ")
        .then(words::needs(&capability.needs));
    if let Some(condition) = &capability.condition {
        said = said.and(", only where ").and_code(condition.clone());
    }
    said
}

fn row(
    overview: &Overview,
    capability: &Capability,
    held: &HeldFeature,
    columns: &[Option<&str>],
) -> Vec<Inline> {
    let name = Inline::code(held.feature.name.clone());
    let name = match held.feature.kind {
        "tool" => name,
        kind => Inline::text(format!("{kind} ")).then(name),
    };
    let mut row = vec![name, Inline::default().and_access(held.access)];
    for column in columns {
        let cell = overview.matrix.iter().find(|cell| {
            cell.capability == capability.name
                && cell.feature == held.feature
                && cell.consent.as_deref() == *column
        });
        row.push(
            cell.map_or_else(Inline::default, |cell| {
                Inline::default().with(Span::Mark(mark(cell)))
            }),
        );
    }
    row
}

fn mark(cell: &Cell) -> Mark {
    match cell.callers {
        Callers::Somebody => Mark::Leads,
        Callers::Undecided => Mark::Undecided,
        Callers::Nobody if !cell.rules.is_empty() => Mark::Denied,
        Callers::Nobody if !cell.asked_by.is_empty() => Mark::Asked,
        Callers::Nobody => Mark::Unused,
    }
}
