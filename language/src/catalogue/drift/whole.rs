//! Two catalogues: which tools and prompts are new, gone, renamed or changed.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::bundle::Feature;
use serde::Serialize;
use serde_json::{Value, json};

use crate::catalogue::drift::{Change, Direction, Event, compare_shapes, prose, suspicious};
use crate::catalogue::{Catalogue, Tool};

/// What changed between two catalogues of one server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    /// The events of each tool and prompt that has any, those of one that was renamed under its new
    /// name. What tries to deceive comes first, then what widens.
    pub events: BTreeMap<Feature, Vec<Event>>,
    /// What is in both catalogues and has another digest of its whole definition. Whoever pins those
    /// would have been alarmed by each.
    pub redefined: BTreeSet<Feature>,
}

impl Drift {
    /// Whether somebody should look before the new catalogue is used.
    pub fn is_alarming(&self) -> bool {
        self.all().any(Event::is_alarming)
    }

    /// How many events there are of each kind.
    pub fn counts(&self) -> Counts {
        let count = |is: fn(&Event) -> bool| self.all().filter(|event| is(event)).count();
        Counts {
            widen: count(|event| event.direction.is_widening()),
            narrow: count(|event| event.direction == Direction::Narrows),
            neutral: count(|event| event.direction == Direction::Neutral && !event.is_suspicious()),
            suspicious: count(Event::is_suspicious),
            redefined: self.redefined.len(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Event> {
        self.events.values().flatten()
    }
}

/// How much changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events that widen, and those that cannot be compared.
    pub widen: usize,
    /// Events that narrow.
    pub narrow: usize,
    /// Events that do neither.
    pub neutral: usize,
    /// Texts that try to deceive.
    pub suspicious: usize,
    /// Whole definitions with another digest.
    pub redefined: usize,
}

/// Compares two catalogues of one server.
pub fn compare(old: &Catalogue, new: &Catalogue) -> Drift {
    let mut drift = Drift::default();
    drift.kind(&old.tools, &new.tools, Feature::Tool);
    drift.kind(&old.prompts, &new.prompts, Feature::Prompt);
    drift
}

impl Drift {
    fn kind(
        &mut self,
        old: &BTreeMap<String, Tool>,
        new: &BTreeMap<String, Tool>,
        feature: fn(String) -> Feature,
    ) {
        let renamed = renamed(old, new);
        for (name, is) in new {
            let here = feature(name.clone());
            let mut events = Vec::new();
            let was = match (old.get_key_value(name), renamed.get(name.as_str())) {
                (Some((name, was)), _) => Some((name.as_str(), was)),
                (None, Some((before, was))) => {
                    let names = (Some(json!(before)), Some(json!(name)));
                    events.push(whole(Change::Renamed, names.0, names.1));
                    Some((*before, *was))
                }
                (None, None) => {
                    events.push(whole(Change::Added, None, annotations(&here, is)));
                    None
                }
            };
            // What was renamed is otherwise the same.
            if let Some((_, was)) = was.filter(|(before, _)| before == name) {
                events.extend(changed(&here, was, is));
                if was.digest != is.digest {
                    self.redefined.insert(here.clone());
                }
            }
            events.extend(suspicious::compare(was, (name, is)));
            events.sort_by_key(|event| {
                let is_more = event.direction.is_widening();
                (!event.is_suspicious(), !is_more, !event.direction.is_narrowing())
            });
            if !events.is_empty() {
                self.events.insert(here, events);
            }
        }
        for (name, was) in old {
            let is_gone =
                !new.contains_key(name) && !renamed.values().any(|(before, _)| before == name);
            if is_gone {
                let here = feature(name.clone());
                let event = whole(Change::Removed, annotations(&here, was), None);
                self.events.insert(here, vec![event]);
            }
        }
    }
}

fn whole(change: Change, before: Option<Value>, after: Option<Value>) -> Event {
    let direction = match change {
        Change::Added => Direction::Widens,
        Change::Removed => Direction::Narrows,
        _ => Direction::Neutral,
    };
    Event { change, direction, place: String::new(), before, after }
}

/// What a tool says of its own behaviour. A prompt says nothing of the kind.
fn annotations(feature: &Feature, tool: &Tool) -> Option<Value> {
    let hints = tool.shape.hints;
    let annotations = || {
        json!({
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": hints.open_world,
        })
    };
    matches!(feature, Feature::Tool(_)).then(annotations)
}

fn changed(feature: &Feature, old: &Tool, new: &Tool) -> Vec<Event> {
    let mut events = compare_shapes(&old.shape, &new.shape);
    if matches!(feature, Feature::Prompt(_)) {
        for event in &mut events {
            // A prompt's schema is made of its arguments.
            if let Some(argument) = event.place.strip_prefix("/inputSchema/properties") {
                event.place = format!("/arguments{argument}");
            }
        }
    }
    events.extend(prose::compare(old, new, &events));
    events
}

/// Tools by their new name, with the old one: those whose definition is that of a tool that is gone in
/// all but the name. That takes the whole definition of one of the two; without it the new tool counts
/// as added.
fn renamed<'t>(
    old: &'t BTreeMap<String, Tool>,
    new: &'t BTreeMap<String, Tool>,
) -> BTreeMap<&'t str, (&'t str, &'t Tool)> {
    let mut gone: Vec<(&String, &Tool)> =
        old.iter().filter(|(name, _)| !new.contains_key(*name)).collect();
    let mut renamed = BTreeMap::new();
    for (name, is) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        let is_that = |(before, was): &(&String, &Tool)| {
            if was.shape != is.shape {
                return false;
            }
            let forth = is.definition.as_ref().map(|one| called(one, before));
            let back = was.definition.as_ref().map(|one| called(one, name));
            let equals = |one: Option<Option<Digest>>, other: &Option<Digest>| {
                one.flatten().is_some_and(|one| Some(&one) == other.as_ref())
            };
            equals(forth, &was.digest) || equals(back, &is.digest)
        };
        if let Some(at) = gone.iter().position(is_that) {
            let (before, was) = gone.remove(at);
            renamed.insert(name.as_str(), (before.as_str(), was));
        }
    }
    renamed
}

/// The digest that a definition would have under another name.
fn called(definition: &Value, name: &str) -> Option<Digest> {
    let mut definition = definition.clone();
    definition.as_object_mut()?.insert(String::from("name"), json!(name));
    Digest::of_tool(&definition).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Prose, read, write};

    fn catalogue(tools: &[Value], prompts: &[Value]) -> Catalogue {
        read(json!({"tools": tools, "prompts": prompts}).to_string().as_bytes()).unwrap()
    }

    fn tool(name: &str, description: &str) -> Value {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        json!({"name": name, "description": description, "inputSchema": schema})
    }

    /// What happened to which tool or prompt where.
    fn told(drift: &Drift) -> Vec<(String, Change, &str)> {
        let events = drift.events.iter().flat_map(|(feature, events)| {
            events.iter().map(|event| (feature.name(), event.change, event.place.as_str()))
        });
        events.collect()
    }

    #[test]
    fn the_same_definition_under_another_name_is_renamed() {
        let old = catalogue(&[tool("a", "A"), tool("b", "B")], &[]);
        let renamed = compare(&old, &catalogue(&[tool("c", "A"), tool("b", "B")], &[]));
        assert_eq!(told(&renamed), [(String::from("c"), Change::Renamed, "")]);
        assert!(!renamed.is_alarming());
        // Another description is another tool, and one that takes another's name is that one, changed.
        let other = compare(&old, &catalogue(&[tool("c", "C"), tool("b", "B")], &[]));
        assert_eq!(
            told(&other),
            [(String::from("a"), Change::Removed, ""), (String::from("c"), Change::Added, "")]
        );
        let taken = compare(&old, &catalogue(&[tool("b", "A")], &[]));
        assert_eq!(
            told(&taken),
            [
                (String::from("a"), Change::Removed, ""),
                (String::from("b"), Change::Prose, "/description")
            ]
        );
    }

    #[test]
    fn what_only_people_see_is_neutral() {
        let mut after = tool("a", "B");
        after["title"] = json!("T");
        after["icons"] = json!([]);
        after["outputSchema"] = json!({"type": "object"});
        after["inputSchema"]["properties"]["a"]["description"] = json!("D");
        after["inputSchema"]["properties"]["b"] =
            json!({"description": "comes with the parameter"});
        after["annotations"] =
            json!({"title": "T", "destructiveHint": true, "openWorldHint": true});
        let drift = compare(&catalogue(&[tool("a", "A")], &[]), &catalogue(&[after], &[]));
        let told: Vec<_> = told(&drift).into_iter().map(|(_, change, at)| (change, at)).collect();
        assert_eq!(
            told,
            [
                (Change::ParameterAdded, "/inputSchema/properties/b"),
                (Change::Prose, "/description"),
                (Change::Cosmetic, "/annotations/title"),
                (Change::Cosmetic, "/icons"),
                (Change::Prose, "/inputSchema/properties/a/description"),
                (Change::Other, "/outputSchema"),
                (Change::Cosmetic, "/title"),
            ]
        );
        assert_eq!(drift.counts().widen, 1);
    }

    #[test]
    fn without_prose_the_digest_tells() {
        let stripped = |description: &str| {
            let text = write(&[tool("a", description)], &[], Prose::Drop).unwrap();
            read(text.as_bytes()).unwrap()
        };
        let drift = compare(&stripped("A"), &stripped("B"));
        assert_eq!(told(&drift), [(String::from("a"), Change::Other, "")]);
        assert_eq!(drift.redefined.len(), 1);
        assert_eq!(compare(&stripped("A"), &stripped("A")), Drift::default());
        assert_eq!(compare(&stripped("A"), &catalogue(&[tool("a", "A")], &[])), Drift::default());
    }

    #[test]
    fn prompts_are_compared_by_their_arguments() {
        let prompt = |arguments: Value| json!({"name": "p", "arguments": arguments});
        let of = |arguments: Value| catalogue(&[tool("a", "A")], &[prompt(arguments)]);
        let old = of(json!([{"name": "x", "required": true, "description": "A"}]));
        let new = of(json!([{"name": "x", "description": "B"}, {"name": "y"}]));
        let drift = compare(&old, &new);
        let told: Vec<_> = told(&drift).into_iter().map(|(_, change, at)| (change, at)).collect();
        assert_eq!(
            told,
            [
                (Change::ParameterOptional, "/arguments/x"),
                (Change::ParameterAdded, "/arguments/y"),
                (Change::Prose, "/arguments/x/description"),
            ]
        );
    }
}
