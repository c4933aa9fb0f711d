//! What a reviewer looks at first.

use std::collections::BTreeSet;

use placet_engine::bundle::{Access, Credentials};
use placet_language::lint::Level;
use placet_language::overview::{Callers, Kind, Overview};

use crate::output::{counted, plural};
use crate::overview::document::{Block, Inline, Section};

pub(super) fn section(overview: &Overview) -> Section {
    let mut points = Vec::new();
    points.extend(undecided(overview));
    points.extend(lock(overview));
    points.extend(without_consent(overview));
    points.extend(destructive(overview));
    points.extend(registered(overview));
    points.extend(unreviewed(overview));
    points.extend(standing(overview));
    points.extend(uncovered(overview));
    for level in [Level::Error, Level::Warning] {
        let count = overview.findings.iter().filter(|one| one.level == level).count();
        if count > 0 {
            let count = counted(count, &level.to_string());
            points.push(Inline::default().and_strong(count).and(" of ").and_code("placet lint"));
        }
    }
    Section { id: "first", title: "What to look at first", blocks: vec![Block::List(points)] }
}

fn undecided(overview: &Overview) -> Option<Inline> {
    let count = overview.undecided.len();
    (count > 0).then(|| {
        Inline::default()
            .and_strong("Undecided")
            .and(format!(": for {} it could not be told whether anybody may call it", tools(count)))
    })
}

fn lock(overview: &Overview) -> Option<Inline> {
    let Some(changes) = &overview.since_lock else {
        return Some(
            Inline::default().and_strong("No lock").and(
                ": nobody wrote down that this was reviewed, so nothing can be said of changes",
            ),
        );
    };
    let widening = changes.iter().filter(|one| one.direction.is_widening()).count();
    (!changes.is_empty()).then(|| {
        let count = counted(changes.len(), "change");
        Inline::default()
            .and_strong(format!("{count} since the lock"))
            .and(format!(", {widening} of them widening"))
    })
}

fn without_consent(overview: &Overview) -> Option<Inline> {
    let access = overview.without_consent()?;
    let rules = overview.rules.iter().filter(|one| one.kind == Kind::Allow && one.under.is_none());
    let rules: Vec<&String> = rules.map(|rule| &rule.name).collect();
    Some(
        Inline::default()
            .and_strong("Without consent")
            .and(", up to access ")
            .and_access(access)
            .and(": ")
            .then(Inline::codes(rules, ", ", "")),
    )
}

/// What may be destroyed, and on the strength of which consents.
fn destructive(overview: &Overview) -> Option<Inline> {
    let cells = overview.matrix.iter();
    let cells =
        cells.filter(|cell| cell.access == Access::Destructive && cell.callers != Callers::Nobody);
    let (mut found, mut consents) = (BTreeSet::new(), BTreeSet::new());
    for cell in cells {
        found.insert((&cell.server, &cell.feature));
        consents.extend(&cell.consent);
    }
    (!found.is_empty()).then(|| {
        let said = Inline::default()
            .and_access(Access::Destructive)
            .and(format!(": {}", tools(found.len())));
        match consents.is_empty() {
            true => said,
            false => said.and(", under ").then(Inline::codes(consents, ", ", "")),
        }
    })
}

/// Clients without a name that nobody looks at.
fn registered(overview: &Overview) -> Option<Inline> {
    let unseen = overview.registrations.iter().filter(|one| one.review.is_none());
    let kinds: BTreeSet<String> = unseen.map(|one| one.kind.as_str().to_owned()).collect();
    (!kinds.is_empty()).then(|| {
        Inline::default()
            .and_strong("Clients that nobody reviews")
            .and(": registered by ")
            .then(Inline::codes(&kinds, ", ", ""))
    })
}

fn unreviewed(overview: &Overview) -> Option<Inline> {
    let all = overview.clients.len();
    let unseen = overview.clients.iter().filter(|one| one.client.metadata_digest.is_none()).count();
    (unseen > 0).then(|| {
        Inline::default()
            .and_strong("Metadata that nobody reviewed")
            .and(format!(": {unseen} of {}", counted(all, "named client")))
    })
}

/// Credentials that stand until somebody takes them away.
fn standing(overview: &Overview) -> Option<Inline> {
    let mut said = Inline::default();
    for server in &overview.servers {
        let (what, access) = match &server.credentials {
            Credentials::Oauth { api_keys: Some(keys), .. } => ("API keys", keys.up_to),
            Credentials::Local { up_to, .. } => ("whoever starts it", *up_to),
            Credentials::Oauth { .. } => continue,
        };
        let before = if said.0.is_empty() { ": " } else { "; " };
        said =
            said.and(before).and_code(server.name.clone()).and(format!(", {what} up to access "));
        said = said.and_access(access);
    }
    (!said.0.is_empty()).then(|| Inline::default().and_strong("Standing access").then(said))
}

fn uncovered(overview: &Overview) -> Option<Inline> {
    let uncovered = &overview.uncovered;
    let (outside, dead) = (uncovered.features.len(), uncovered.uncallable.len());
    let mut parts = Vec::new();
    if outside > 0 {
        parts.push(format!("{} in no capability", tools(outside)));
    }
    if dead > 0 {
        parts.push(format!("{} that nobody may call", tools(dead)));
    }
    (!parts.is_empty())
        .then(|| Inline::default().and_strong("Not covered").and(format!(": {}", parts.join("; "))))
}

fn tools(count: usize) -> String {
    plural(count, "tool", "tools")
}
