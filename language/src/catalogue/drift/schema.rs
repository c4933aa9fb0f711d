//! Two schemas, walked at once and through their references.
//!
//! INVARIANT: wherever a value may fit the new schema and not the old one, an event widens, and the
//! other way round narrows. What is walked into is only what takes more when its parts take more; of
//! everything else it is enough that it changed, or that something changed to which it refers.

use std::collections::BTreeSet;
use std::slice;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::catalogue::drift::place::Place;
use crate::catalogue::drift::{Change, Direction, Event};

/// How many pairs of schemas are compared before the rest counts as incomparable. Definitions of a
/// few lines that refer to each other unfold to many.
const PAIRS: usize = 20_000;

/// How many references in a row are followed.
const HOPS: usize = 32;

/// Keywords that refer to another schema. Only pointers within the document (`$ref`) can be followed.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Keywords whose schemas speak of values of which the schema that holds them speaks elsewhere too: of
/// its own, or of their members and elements.
pub(super) const BESIDE: [&str; 12] = [
    "$ref",
    "allOf",
    "anyOf",
    "contains",
    "dependencies",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "patternProperties",
    "then",
];

/// Keywords with which a schema is compared as a whole: those that see whether any other keyword took
/// a part of the value, references that depend on the way there, and another base for references.
const OPAQUE: [&str; 5] =
    ["unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef", "$id"];

pub(super) type Schema = Map<String, Value>;

/// A comparison under way.
pub(super) struct Walk<'s> {
    old_root: &'s Value,
    new_root: &'s Value,
    /// What was found.
    pub(super) events: Vec<Event>,
    /// The pairs that references led to: what differs in them is said once.
    compared: BTreeSet<Pair>,
    /// Those of them that are still being compared. A schema that refers to itself widens nothing by
    /// that alone.
    open: Vec<Pair>,
    /// How many pairs may still be compared.
    left: usize,
}

/// The addresses of two schemas, and whether other schemas speak of the same values.
type Pair = (usize, usize, bool);

impl<'s> Walk<'s> {
    pub(super) fn new(old_root: &'s Value, new_root: &'s Value) -> Self {
        let (events, compared, open) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { old_root, new_root, events, compared, open, left: PAIRS }
    }

    /// Compares two schemas.
    pub(super) fn schema(&mut self, old: &'s Value, new: &'s Value, place: &Place) {
        if old == new && !refers(old) {
            return;
        }
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or_default();
        let (Some(below), Some(_)) = (place.deeper(), left) else {
            return self.cannot_tell(place, Some(old), Some(new));
        };
        let followed = (resolve(self.old_root, old), resolve(self.new_root, new));
        let (Some(to_old), Some(to_new)) = followed else {
            return self.cannot_tell(place, Some(old), Some(new));
        };
        let is_through_reference =
            !std::ptr::eq(to_old, old) || !std::ptr::eq(to_new, new) || has(to_old, "$ref");
        if !is_through_reference {
            return self.described(to_old, to_new, &below);
        }
        let address = |schema: &Value| std::ptr::from_ref(schema).addr();
        let pair = (address(to_old), address(to_new), place.is_shared);
        if self.compared.insert(pair) {
            self.open.push(pair);
            self.described(to_old, to_new, &below);
            self.open.pop();
        }
    }

    /// Compares two schemas that are more than a reference.
    fn described(&mut self, old: &'s Value, new: &'s Value, place: &Place) {
        static ANY: LazyLock<Schema> = LazyLock::new(Schema::new);
        match (old, new) {
            (old, new) if old == new && !refers(old) => {}
            (Value::Bool(false), Value::Object(_) | Value::Bool(true)) => {
                self.say(Direction::Widens, place, Some(old), Some(new));
            }
            (Value::Object(_) | Value::Bool(true), Value::Bool(false)) => {
                self.say(Direction::Narrows, place, Some(old), Some(new));
            }
            (Value::Bool(true), Value::Object(is)) => self.members(&ANY, is, place),
            (Value::Object(was), Value::Bool(true)) => self.members(was, &ANY, place),
            (Value::Object(was), Value::Object(is)) => {
                // A schema is the same as itself as the only alternative.
                let alone =
                    |schema: &'s Value| (!is_empty(schema)).then(|| slice::from_ref(schema));
                let choice = match (choice(was), choice(is)) {
                    (None, Some(is)) => alone(old).map(|was| (was, is)),
                    (Some(was), None) => alone(new).map(|is| (was, is)),
                    _ => None,
                };
                if let Some((was, is)) = choice {
                    return self.alternatives(was, is, &place.shared().member("anyOf"));
                }
                let is_root = std::ptr::eq(old, self.old_root) && std::ptr::eq(new, self.new_root);
                let has = |name: &&str| was.contains_key(*name) || is.contains_key(*name);
                match OPAQUE.into_iter().find(has).filter(|name| !is_root || *name != "$id") {
                    Some(_) if self.is_same(old, new) => {}
                    Some(name) => self.cannot_tell(&place.member(name), Some(old), Some(new)),
                    None => self.members(was, is, place),
                }
            }
            _ => self.cannot_tell(place, Some(old), Some(new)),
        }
    }

    fn members(&mut self, was: &'s Schema, is: &'s Schema, place: &Place) {
        let is_beside = |schema: &Schema| BESIDE.iter().any(|name| schema.contains_key(*name));
        let place = match is_beside(was) || is_beside(is) {
            true => place.shared(),
            false => place.clone(),
        };
        self.parameters(was, is, &place);
        self.constants(was, is, &place);
        let keywords: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for keyword in keywords {
            self.keyword(keyword, was.get(keyword), is.get(keyword), &place);
        }
    }

    /// In which direction one schema differs from the other, without a word about it.
    pub(super) fn between(&mut self, old: &'s Value, new: &'s Value, place: &Place) -> Direction {
        let compared = self.open.iter().copied().collect();
        let mut aside = Walk { events: Vec::new(), compared, open: self.open.clone(), ..*self };
        aside.schema(old, new, place);
        self.left = aside.left;
        Direction::of_all(&aside.events)
    }

    /// Whether two values are the same text, and so is all that they refer to.
    pub(super) fn is_same(&self, old: &Value, new: &Value) -> bool {
        let mut pointers = BTreeSet::new();
        let mut values = vec![(old, new)];
        while let Some((old, new)) = values.pop() {
            if old != new {
                return false;
            }
            let mut found = Vec::new();
            references(old, &mut found);
            for reference in found {
                let Some(pointer) = reference else { return false };
                if pointers.insert(pointer) {
                    let targets = (target(self.old_root, pointer), target(self.new_root, pointer));
                    let (Some(old), Some(new)) = targets else { return false };
                    values.push((old, new));
                }
            }
        }
        true
    }

    /// What two references lead to; `None` where one cannot be followed.
    pub(super) fn targets(&self, old: &Value, new: &Value) -> Option<(&'s Value, &'s Value)> {
        Some((target(self.old_root, old.as_str()?)?, target(self.new_root, new.as_str()?)?))
    }

    pub(super) fn say(
        &mut self,
        direction: Direction,
        place: &Place,
        before: Option<&Value>,
        after: Option<&Value>,
    ) {
        self.event(Change::Keyword, direction, place, before.cloned(), after.cloned());
    }

    pub(super) fn event(
        &mut self,
        change: Change,
        direction: Direction,
        place: &Place,
        before: Option<Value>,
        after: Option<Value>,
    ) {
        self.events.push(Event { change, direction, place: place.pointer(), before, after });
    }

    pub(super) fn cannot_tell(&mut self, place: &Place, old: Option<&Value>, new: Option<&Value>) {
        self.say(Direction::Incomparable, place, old, new);
    }
}

/// The alternatives of a schema that consists of nothing else.
fn choice(schema: &Schema) -> Option<&[Value]> {
    let alternatives = schema.get("anyOf").filter(|_| schema.len() == 1)?;
    alternatives.as_array().map(Vec::as_slice)
}

fn is_empty(schema: &Value) -> bool {
    schema.as_object().is_some_and(Map::is_empty)
}

fn has(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword).is_some()
}

/// Whether a reference stands anywhere in a value.
fn refers(value: &Value) -> bool {
    let mut found = Vec::new();
    references(value, &mut found);
    !found.is_empty()
}

/// All references in a value; `None` for one that cannot be followed.
fn references<'v>(value: &'v Value, found: &mut Vec<Option<&'v str>>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(to) if REFERENCES.contains(&name.as_str()) => {
                        found.push(Some(to.as_str()).filter(|_| name == "$ref"));
                    }
                    other => references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// What a reference leads to. A `%` would have to be decoded, which nobody needs.
fn target<'v>(root: &'v Value, reference: &str) -> Option<&'v Value> {
    let pointer = reference.strip_prefix('#').filter(|pointer| !pointer.contains('%'))?;
    root.pointer(pointer)
}

/// The schema itself, or what it leads to if it is nothing but a reference; `None` where that cannot
/// be told.
fn resolve<'v>(root: &'v Value, schema: &'v Value) -> Option<&'v Value> {
    let mut schema = schema;
    for _ in 0..HOPS {
        match schema.as_object() {
            Some(members) if members.len() == 1 && members.contains_key("$ref") => {
                schema = target(root, members.get("$ref")?.as_str()?)?;
            }
            _ => return Some(schema),
        }
    }
    None
}
