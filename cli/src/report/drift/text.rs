//! The drift of a catalogue for people.

use placet_engine::bundle::Feature;
use placet_language::catalogue::drift::{Change, Direction, Event};
use serde_json::Value;

use crate::output::{Style, counted, plural, printable};
use crate::report::drift::Compared;
use crate::report::drift::named;

/// How wide the columns for the place and for what happened may get.
const WIDEST: usize = 48;

/// How many tools with the same changes are named.
const NAMED: usize = 4;

pub(crate) fn report(compared: &Compared<'_>) -> String {
    let style = Style::of_output();
    let mut lines = vec![style.strong(&printable(&format!("{} → {}", compared.old, compared.new)))];
    for (title, change) in
        [("new", Change::Added), ("gone", Change::Removed), ("renamed", Change::Renamed)]
    {
        whole(compared, title, change, style, &mut lines);
    }
    changed(compared, style, &mut lines);
    lines.push(String::new());
    lines.push(verdict(compared, style));
    lines.join("\n")
}

fn label(feature: &Feature) -> String {
    let (kind, name) = named(feature);
    printable(&if kind == "tool" { name } else { format!("{kind} {name}") })
}

/// The tools and prompts that are new, gone or renamed.
fn whole(
    compared: &Compared<'_>,
    title: &str,
    change: Change,
    style: Style,
    lines: &mut Vec<String>,
) {
    let features: Vec<(String, &Event, String)> = compared
        .drift
        .events
        .iter()
        .filter_map(|(feature, events)| {
            let event = events.iter().find(|event| event.change == change)?;
            Some((label(feature), event, touched(compared, feature, events)))
        })
        .collect();
    if features.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.strong(&format!("{title}: {}", features.len())));
    let width = width(features.iter().map(|(name, _, _)| name.as_str()));
    for (name, event, touched) in features {
        let about = match &event.before {
            Some(Value::String(before)) => format!("was {}", printable(before)),
            before => before.as_ref().or(event.after.as_ref()).map(behaviour).unwrap_or_default(),
        };
        let line = format!("  {} {name:<width$}  {about}{touched}", mark(event, style));
        lines.push(line.trim_end().to_owned());
    }
}

/// What rests on a feature, in brackets; nothing where no policy tells.
fn touched(compared: &Compared<'_>, feature: &Feature, events: &[Event]) -> String {
    let touched = compared.touched(feature, events);
    touched.map(|touched| printable(&format!(" ({touched})"))).unwrap_or_default()
}

/// What a tool says of its own behaviour.
fn behaviour(annotations: &Value) -> String {
    let says = |name: &str| annotations.get(name) == Some(&Value::Bool(true));
    let access = match (says("readOnlyHint"), says("destructiveHint")) {
        (true, _) => "reads only",
        (false, false) => "writes",
        (false, true) => "may destroy",
    };
    if says("openWorldHint") { format!("{access}, open world") } else { access.to_owned() }
}

/// A line about one event.
#[derive(PartialEq)]
struct Row {
    mark: String,
    place: String,
    what: String,
    values: String,
}

/// The changes within tools and prompts, those with the same changes together.
fn changed(compared: &Compared<'_>, style: Style, lines: &mut Vec<String>) {
    let is_whole =
        |event: &&Event| matches!(event.change, Change::Added | Change::Removed | Change::Renamed);
    let is_shown =
        |event: &&Event| compared.all || event.is_alarming() || event.direction.is_narrowing();
    let mut groups: Vec<(bool, Vec<String>, Vec<Row>)> = Vec::new();
    for (feature, events) in &compared.drift.events {
        let shown: Vec<&Event> =
            events.iter().filter(|event| !is_whole(event)).filter(is_shown).collect();
        let rows: Vec<Row> = shown.iter().map(|event| row(event, compared.all, style)).collect();
        let is_alarming = shown.iter().any(|event| event.is_alarming());
        let name = format!("{}{}", label(feature), touched(compared, feature, events));
        match groups.iter_mut().find(|(_, _, others)| *others == rows) {
            _ if rows.is_empty() => {}
            Some((_, names, _)) => names.push(name),
            None => groups.push((is_alarming, vec![name], rows)),
        }
    }
    groups.sort_by_key(|(is_alarming, _, _)| !is_alarming);
    for (_, names, rows) in groups {
        lines.push(String::new());
        let shown = if compared.all { names.len() } else { NAMED };
        let more = names.len().saturating_sub(shown);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = names.into_iter().take(shown).collect::<Vec<_>>().join(", ");
        lines.push(style.strong(&format!("{names}{more}")));
        let first = width(rows.iter().map(|row| row.place.as_str()));
        let second = width(rows.iter().map(|row| row.what.as_str()));
        for Row { mark, place, what, values } in rows {
            let line = format!("  {mark} {place:<first$}  {what:<second$}  {values}");
            lines.push(line.trim_end().to_owned());
        }
    }
}

fn row(event: &Event, all: bool, style: Style) -> Row {
    let (place, keyword) = event.place();
    let (what, values) = event.words(&keyword, all);
    Row { mark: mark(event, style), place: printable(&place), what, values }
}

fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or_default().min(WIDEST)
}

/// One event in a line.
pub(crate) fn line(event: &Event, style: Style) -> String {
    let Row { mark, place, what, values } = row(event, false, style);
    let said: Vec<String> =
        [mark, place, what, values].into_iter().filter(|part| !part.is_empty()).collect();
    said.join(" ")
}

fn mark(event: &Event, style: Style) -> String {
    match event.is_suspicious() {
        true => style.bad("!"),
        false => direction(event.direction, style),
    }
}

/// Whether more is possible, as a sign.
pub(crate) fn direction(direction: Direction, style: Style) -> String {
    match direction {
        Direction::Widens => style.bad("+"),
        Direction::Incomparable => style.bad("±"),
        Direction::Narrows => String::from("−"),
        Direction::Neutral => String::from("·"),
    }
}

fn verdict(compared: &Compared<'_>, style: Style) -> String {
    let counts = compared.drift.counts();
    let unseen = if counts.neutral > 0 && !compared.all { " (`--all` shows them)" } else { "" };
    let mut said = vec![
        plural(counts.widen, "change widens", "changes widen"),
        plural(counts.narrow, "narrows", "narrow"),
        format!("{} neutral{unseen}", counts.neutral),
    ];
    if counts.suspicious > 0 {
        said.push(plural(counts.suspicious, "suspicious text", "suspicious texts"));
    }
    let said = said.join(", ");
    let verdict = match (counts.widen, counts.suspicious) {
        (0, 0) => style.good("no wider"),
        (0, _) => style.bad("suspicious"),
        _ => style.bad("wider"),
    };
    let digests = counted(counts.redefined, "definition");
    format!("{verdict}: {said}; {digests} with another digest")
}
