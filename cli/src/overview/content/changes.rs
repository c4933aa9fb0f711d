//! What changed since the lock was written, and what `check` warns of.

use std::collections::BTreeMap;

use placet_language::lint::Level;
use placet_language::lock::{Change, Subject};
use placet_language::overview::{Found, Overview};

use crate::output::Style;
use crate::overview::document::{Block, Inline, Section, Table};
use crate::report::drift;

pub(super) fn section(overview: &Overview) -> Section {
    let blocks = match &overview.since_lock {
        None => vec![Block::Paragraph(
            Inline::text("There is no lock, so nothing is known of changes. ")
                .and_code("placet lock")
                .and(" writes one."),
        )],
        Some(changes) if changes.is_empty() => {
            vec![Block::Paragraph("Nothing changed since the lock was written.".into())]
        }
        Some(changes) => vec![Block::Table(Table::plain(
            "What changed since the lock was written",
            &["what", "change", "direction"],
            rows(changes),
        ))],
    };
    Section { id: "changes", title: "Since the lock", blocks }
}

fn rows(changes: &[Change]) -> Vec<Vec<Inline>> {
    let mut by_subject: BTreeMap<&Subject, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        by_subject.entry(&change.subject).or_default().push(change);
    }
    by_subject.into_values().flatten().map(row).collect()
}

fn row(change: &Change) -> Vec<Inline> {
    let events: Vec<String> =
        change.events.iter().map(|event| drift::line(event, Style::plain())).collect();
    let what = Inline::said(&change.what);
    let what = match events.is_empty() {
        true => what,
        false => what.and(format!(": {}", events.join("; "))),
    };
    let direction = change.direction.to_string();
    vec![
        Inline::code(change.subject.to_string()),
        what,
        match change.direction.is_widening() {
            true => Inline::default().and_strong(direction),
            false => Inline::text(direction),
        },
    ]
}

/// What `placet lint` finds.
pub(super) fn findings(overview: &Overview) -> Section {
    let levels = Level::ALL.into_iter().rev();
    let of = |level| overview.findings.iter().filter(move |one| one.level == level);
    let blocks = match overview.findings.is_empty() {
        true => vec![Block::Paragraph("Nothing.".into())],
        false => vec![Block::List(levels.flat_map(of).map(finding).collect())],
    };
    Section { id: "findings", title: "What lint finds", blocks }
}

fn finding(found: &Found) -> Inline {
    let place = match (&found.file, found.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ => String::new(),
    };
    let level = found.level.to_string();
    let level = match found.level {
        Level::Note => Inline::text(level),
        Level::Warning | Level::Error => Inline::default().and_strong(level),
    };
    let said = level.and(" ").and_code(found.code).and(": ").then(Inline::said(&found.message));
    let said = said.and(place);
    match &found.help {
        Some(help) => said.and("; ").then(Inline::said(help)),
        None => said,
    }
}
