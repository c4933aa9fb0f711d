//! The drift of a catalogue for people.

use placet_engine::bundle::Feature;
use placet_language::catalogue::drift::{Change, Direction, Event};
use serde_json::Value;

use crate::output::{Style, counted, plural, printable};
use crate::report::drift::Compared;
use crate::report::drift::words::{named, place, what};

/// How wide the columns for the place and for what happened may get.
const WIDEST: usize = 32;

pub(crate) fn report(compared: &Compared<'_>) -> String {
    let style = Style::of_output();
    let mut lines = vec![style.strong(&printable(&format!("{} → {}", compared.old, compared.new)))];
    for (title, change) in
        [("new", Change::Added), ("gone", Change::Removed), ("renamed", Change::Renamed)]
    {
        whole(compared, title, change, style, &mut lines);
    }
    for (feature, events) in &compared.drift.events {
        changed(compared, feature, events, style, &mut lines);
    }
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
    let features: Vec<(String, &Event)> = compared
        .drift
        .events
        .iter()
        .filter_map(|(feature, events)| {
            Some((label(feature), events.iter().find(|event| event.change == change)?))
        })
        .collect();
    if features.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.strong(&format!("{title}: {}", features.len())));
    let width = width(features.iter().map(|(name, _)| name.as_str()));
    for (name, event) in features {
        let about = match &event.before {
            Some(Value::String(before)) => format!("was {}", printable(before)),
            before => before.as_ref().or(event.after.as_ref()).map(behaviour).unwrap_or_default(),
        };
        let line = format!("  {} {name:<width$}  {about}", mark(event, style));
        lines.push(line.trim_end().to_owned());
    }
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

/// The changes within one tool or prompt.
fn changed(
    compared: &Compared<'_>,
    feature: &Feature,
    events: &[Event],
    style: Style,
    lines: &mut Vec<String>,
) {
    let is_whole =
        |event: &&Event| matches!(event.change, Change::Added | Change::Removed | Change::Renamed);
    let is_shown =
        |event: &&Event| compared.all || event.is_alarming() || event.direction.is_narrowing();
    let rows: Vec<_> = events
        .iter()
        .filter(|event| !is_whole(event))
        .filter(is_shown)
        .map(|event| {
            let (place, keyword) = place(event);
            let (what, values) = what(event, &keyword, compared.all);
            (event, printable(&place), what, values)
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.strong(&label(feature)));
    let first = width(rows.iter().map(|(_, place, _, _)| place.as_str()));
    let second = width(rows.iter().map(|(_, _, what, _)| what.as_str()));
    for (event, place, what, values) in rows {
        let mark = mark(event, style);
        let line = format!("  {mark} {place:<first$}  {what:<second$}  {values}");
        lines.push(line.trim_end().to_owned());
    }
}

fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or_default().min(WIDEST)
}

fn mark(event: &Event, style: Style) -> String {
    match event.direction {
        _ if event.is_suspicious() => style.bad("!"),
        Direction::Widens => style.bad("+"),
        Direction::Incomparable => style.bad("±"),
        Direction::Narrows => String::from("−"),
        Direction::Neutral => String::from("·"),
    }
}

fn verdict(compared: &Compared<'_>, style: Style) -> String {
    let counts = compared.drift.counts();
    let mut said = vec![
        plural(counts.widen, "change widens", "changes widen"),
        plural(counts.narrow, "narrows", "narrow"),
        format!("{} neutral", counts.neutral),
    ];
    if counts.suspicious > 0 {
        said.push(plural(counts.suspicious, "suspicious text", "suspicious texts"));
    }
    let said = said.join(", ");
    let hidden = match counts.neutral {
        0 => "",
        _ if compared.all => "",
        _ => " (`--all` shows them)",
    };
    let verdict = match compared.drift.is_alarming() {
        true => style.bad("wider"),
        false => style.good("no wider"),
    };
    let digests = counted(counts.redefined, "definition");
    format!("{verdict}: {said}{hidden}; {digests} with another digest")
}
