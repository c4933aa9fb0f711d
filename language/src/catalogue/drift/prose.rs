//! What of a definition does not bear on privilege: prose, titles, and whatever else a server adds.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalogue::drift::{Change, Direction, Event};
use crate::catalogue::{Tool, prose};

/// Members that are compared as a shape, or that only say which tool it is.
const ELSEWHERE: [&str; 4] = ["name", "inputSchema", "arguments", "annotations"];

/// The annotations that a shape holds.
const HINTS: [&str; 4] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

/// Compares all that [`compare_shapes`](super::compare_shapes) leaves out. Where a catalogue holds no
/// prose, all that can be told is whether the digest changed.
pub(super) fn compare(old: &Tool, new: &Tool, shapes: &[Event]) -> Vec<Event> {
    let (Some(was), Some(is)) = (&old.definition, &new.definition) else {
        let is_explained = old.digest == new.digest || !shapes.is_empty();
        return match is_explained {
            true => Vec::new(),
            false => vec![event(Change::Other, "", None, None)],
        };
    };
    let (was, is) = (gather(was), gather(is));
    let places = was.keys().chain(is.keys().filter(|place| !was.contains_key(*place)));
    let changed = places.filter(|place| was.get(*place) != is.get(*place));
    // What is said of a parameter comes and goes with it.
    let is_apart = |place: &&String| {
        let within =
            |whole: &str| place.strip_prefix(whole).is_some_and(|rest| rest.starts_with('/'));
        !shapes.iter().any(|event| {
            matches!(event.change, Change::ParameterAdded | Change::ParameterRemoved)
                && within(&event.place)
        })
    };
    let said = |all: &BTreeMap<String, &Value>, place: &str| all.get(place).copied().cloned();
    changed
        .filter(is_apart)
        .map(|place| event(kind(place), place, said(&was, place), said(&is, place)))
        .collect()
}

fn event(change: Change, place: &str, before: Option<Value>, after: Option<Value>) -> Event {
    Event { change, direction: Direction::Neutral, place: place.to_owned(), before, after }
}

fn kind(place: &str) -> Change {
    match place.rsplit('/').next() {
        Some("title" | "icons") => Change::Cosmetic,
        _ if place == "/description" => Change::Prose,
        _ if place.starts_with("/inputSchema/") || place.starts_with("/arguments/") => {
            Change::Prose
        }
        _ => Change::Other,
    }
}

fn gather(definition: &Value) -> BTreeMap<String, &Value> {
    let mut gathered = BTreeMap::new();
    for (name, value) in definition.as_object().into_iter().flatten() {
        if !ELSEWHERE.contains(&name.as_str()) {
            gathered.insert(format!("/{name}"), value);
        }
    }
    for (name, value) in
        definition.get("annotations").and_then(Value::as_object).into_iter().flatten()
    {
        if !HINTS.contains(&name.as_str()) {
            gathered.insert(format!("/annotations/{name}"), value);
        }
    }
    if let Some(schema) = definition.get("inputSchema") {
        prose::gather(schema, "/inputSchema", &mut gathered);
    }
    for argument in definition.get("arguments").and_then(Value::as_array).into_iter().flatten() {
        let name = argument.get("name").and_then(Value::as_str).unwrap_or_default();
        for (member, value) in argument.as_object().into_iter().flatten() {
            if !matches!(member.as_str(), "name" | "required") {
                gathered.insert(format!("/arguments/{name}/{member}"), value);
            }
        }
    }
    gathered
}
