//! Shapes: what of a tool's definition bears on privilege.

use std::collections::BTreeMap;

use placet_engine::{Digest, sorted_json};
use serde_json::{Map, Value, json};

use crate::catalogue::Hints;

/// The part of a definition that bears on what the tool may do.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The `inputSchema` without prose.
    pub schema: Value,
    /// The behaviour hints, MCP's defaults filled in.
    pub hints: Hints,
}

impl Shape {
    /// The digest that terms pin.
    pub fn digest(&self) -> Digest {
        let shape = self.to_json();
        // A schema with an integer beyond ±2⁵³ has no canonical form; its text pins it as well.
        Digest::of_json(&shape)
            .unwrap_or_else(|_| Digest::of_bytes(sorted_json(&shape).to_string().as_bytes()))
    }

    fn to_json(&self) -> Value {
        let hints = json!({
            "readOnly": self.hints.read_only,
            "destructive": self.hints.destructive,
            "idempotent": self.hints.idempotent,
            "openWorld": self.hints.open_world,
        });
        json!({"arguments": self.schema, "hints": hints})
    }

    /// The shape taken apart, each value by its place: the names on the way, each after a `/`, in
    /// which `~0` is a `~` and `~1` a `/` (RFC 6901), and `~2` with a number is an element of a list.
    pub fn facts(&self) -> BTreeMap<String, Value> {
        let mut facts = BTreeMap::new();
        take_apart(&self.to_json(), String::new(), &mut facts);
        facts
    }

    /// The shape that was taken apart so; `None` where no shape was.
    pub fn from_facts(facts: &BTreeMap<String, Value>) -> Option<Self> {
        let mut root = Part::Members(BTreeMap::new());
        for (place, value) in facts {
            let path = place.strip_prefix('/').filter(|path| path.matches('/').count() < DEPTH);
            root.insert(path?.split('/'), value)?;
        }
        let mut whole = root.build()?;
        let hint = |name: &str| whole.get("hints")?.get(name)?.as_bool();
        let hints = Hints {
            read_only: hint("readOnly")?,
            destructive: hint("destructive")?,
            idempotent: hint("idempotent")?,
            open_world: hint("openWorld")?,
        };
        let schema = whole.get_mut("arguments")?.take();
        let shape = Self { schema, hints };
        (shape.facts() == *facts).then_some(shape)
    }
}

/// How many names and places may lie on the way to a value.
const DEPTH: usize = 256;

fn take_apart(value: &Value, place: String, into: &mut BTreeMap<String, Value>) {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                take_apart(value, format!("{place}/{name}"), into);
            }
        }
        Value::Array(items) if !items.iter().all(is_scalar) => {
            for (index, value) in items.iter().enumerate() {
                take_apart(value, format!("{place}/~2{index}"), into);
            }
        }
        leaf => {
            into.insert(place, leaf.clone());
        }
    }
}

/// A value that is being put together.
enum Part {
    Leaf(Value),
    Members(BTreeMap<String, Part>),
    Items(BTreeMap<usize, Part>),
}

impl Part {
    fn insert<'p>(&mut self, mut path: impl Iterator<Item = &'p str>, value: &Value) -> Option<()> {
        let Some(segment) = path.next() else {
            let empty = match self {
                Self::Members(members) => members.is_empty(),
                Self::Leaf(_) | Self::Items(_) => false,
            };
            *self = Self::Leaf(value.clone());
            return empty.then_some(());
        };
        if let Some(index) = segment.strip_prefix("~2") {
            if matches!(self, Self::Members(members) if members.is_empty()) {
                *self = Self::Items(BTreeMap::new());
            }
            let Self::Items(items) = self else { return None };
            let part = items.entry(index.parse().ok()?);
            return part.or_insert_with(|| Self::Members(BTreeMap::new())).insert(path, value);
        }
        let Self::Members(members) = self else { return None };
        let part = members.entry(segment.replace("~1", "/").replace("~0", "~"));
        part.or_insert_with(|| Self::Members(BTreeMap::new())).insert(path, value)
    }

    fn build(self) -> Option<Value> {
        Some(match self {
            Self::Leaf(value) => value,
            Self::Members(members) => {
                let members = members.into_iter().map(|(name, part)| Some((name, part.build()?)));
                Value::Object(members.collect::<Option<Map<_, _>>>()?)
            }
            Self::Items(items) => {
                let dense = items.keys().copied().eq(0..items.len());
                let items = items.into_values().map(Self::build);
                Value::Array(items.collect::<Option<Vec<_>>>().filter(|_| dense)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(schema: Value) -> Shape {
        Shape { schema, hints: Hints::default() }
    }

    #[test]
    fn what_is_taken_apart_can_be_put_together() {
        for schema in [
            json!(null),
            json!("sha256-…"),
            json!({}),
            json!({"properties": {"~2": {"a/b": {"~1": [], "0": {}}}}, "required": ["a", "b"]}),
            json!({"anyOf": [{"type": "string"}, true, [[]], [{"x": null}]], "enum": [1, "1"]}),
        ] {
            let shape = shape(schema);
            assert_eq!(Shape::from_facts(&shape.facts()), Some(shape));
        }
    }

    #[test]
    fn what_was_no_shape_is_none() {
        let whole = shape(json!({"anyOf": [{"a": 1}, {"b": 2}]})).facts();
        for place in whole.keys() {
            let mut facts = whole.clone();
            facts.remove(place);
            let lost = Shape::from_facts(&facts);
            assert_ne!(lost.map(|lost| lost.digest()), Some(shape(json!({})).digest()), "{place}");
        }
        for (place, value) in [
            ("arguments", json!(1)),
            ("/arguments", json!(1)),
            ("/arguments/anyOf/x", json!(1)),
            ("/arguments/anyOf/~2x", json!(1)),
            ("/arguments/anyOf/~27/a", json!(1)),
            ("/arguments/anyOf/~20/a/b", json!(1)),
            ("/more", json!(1)),
        ] {
            let mut facts = whole.clone();
            facts.insert(place.to_owned(), value);
            assert_eq!(Shape::from_facts(&facts), None, "{place}");
        }
    }
}
