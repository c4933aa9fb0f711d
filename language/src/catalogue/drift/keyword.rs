//! The keywords of a schema, each by itself.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Number, Value};

use crate::catalogue::drift::Direction;
use crate::catalogue::drift::place::Place;
use crate::catalogue::drift::schema::{Schema, Walk};

/// Keywords that only ever say what a value must meet besides.
const BOUNDS: [&str; 24] = [
    "allOf",
    "anyOf",
    "contains",
    "dependentRequired",
    "else",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "then",
    "type",
    "uniqueItems",
];

impl<'s> Walk<'s> {
    pub(super) fn keyword(
        &mut self,
        keyword: &str,
        was: Option<&'s Value>,
        is: Option<&'s Value>,
        place: &Place,
    ) {
        let place = place.member(keyword);
        let said = |value: &&'s Value| !says_nothing(keyword, value);
        let (was, is) = (was.filter(said), is.filter(said));
        match (keyword, was, is) {
            // Definitions mean something only where a reference leads to them.
            ("properties" | "required" | "enum" | "const" | "$defs" | "definitions", _, _)
            | (_, None, None) => {}
            ("$ref", Some(was), Some(is)) => self.reference(was, is, &place),
            ("anyOf", Some(Value::Array(old)), Some(Value::Array(new))) => {
                self.alternatives(old, new, &place);
            }
            ("items", Some(Value::Array(_)), _) | ("items", _, Some(Value::Array(_))) => {
                self.whole(keyword, was, is, &place);
            }
            ("items" | "additionalItems" | "additionalProperties" | "propertyNames", _, _) => {
                static ANYTHING: Value = Value::Bool(true);
                self.schema(was.unwrap_or(&ANYTHING), is.unwrap_or(&ANYTHING), &place);
            }
            ("type", Some(was), Some(is)) => {
                let direction = types(was).zip(types(is)).map(|(old, new)| {
                    Direction::of(!are_within(&new, &old), !are_within(&old, &new))
                });
                self.judged(direction, was, is, &place);
            }
            (
                "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties",
                Some(was),
                Some(is),
            ) => self.judged(less(is, was), was, is, &place),
            (
                "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties",
                Some(was),
                Some(is),
            ) => self.judged(less(was, is), was, is, &place),
            _ => self.whole(keyword, was, is, &place),
        }
    }

    /// A reference beside other keywords. Those are compared besides, which holds however a server
    /// reads them: older drafts ignore them.
    fn reference(&mut self, was: &'s Value, is: &'s Value, place: &Place) {
        match self.targets(was, is) {
            Some((old, new)) => self.schema(old, new, place),
            None => self.cannot_tell(place, Some(was), Some(is)),
        }
    }

    /// A keyword of which it is only asked whether it is there, and whether it changed.
    fn whole(&mut self, keyword: &str, was: Option<&Value>, is: Option<&Value>, place: &Place) {
        let is_bound = BOUNDS.contains(&keyword);
        match (was, is) {
            (Some(old), Some(new)) if self.is_same(old, new) => {}
            (None, Some(_)) if is_bound => self.say(Direction::Narrows, place, was, is),
            (Some(_), None) if is_bound => self.say(Direction::Widens, place, was, is),
            _ => self.cannot_tell(place, was, is),
        }
    }

    fn judged(&mut self, direction: Option<Direction>, was: &Value, is: &Value, place: &Place) {
        match direction {
            Some(Direction::Neutral) => {}
            Some(direction) => self.say(direction, place, Some(was), Some(is)),
            None if was == is => {}
            None => self.cannot_tell(place, Some(was), Some(is)),
        }
    }

    /// `enum` and `const` together say which constants fit.
    pub(super) fn constants(&mut self, was: &Schema, is: &Schema, place: &Place) {
        let keyword = |schema: &Schema| {
            ["enum", "const"].into_iter().find(|keyword| schema.contains_key(*keyword))
        };
        let Some(keyword) = keyword(was).or(keyword(is)) else { return };
        let said = |schema: &'_ Schema| schema.get("enum").or(schema.get("const")).cloned();
        let direction = match (constants(was), constants(is)) {
            (Ok(None), Ok(Some(_))) => Direction::Narrows,
            (Ok(Some(_)), Ok(None)) => Direction::Widens,
            (Ok(Some(old)), Ok(Some(new))) => Direction::of(
                new.iter().any(|one| !old.contains(one)),
                old.iter().any(|one| !new.contains(one)),
            ),
            _ if ["enum", "const"].iter().all(|name| was.get(*name) == is.get(*name)) => return,
            _ => Direction::Incomparable,
        };
        if direction != Direction::Neutral {
            let (before, after) = (said(was), said(is));
            self.say(direction, &place.member(keyword), before.as_ref(), after.as_ref());
        }
    }
}

/// Whether a keyword with this value means what its absence does.
fn says_nothing(keyword: &str, value: &Value) -> bool {
    match keyword {
        "uniqueItems" => *value == Value::Bool(false),
        "minLength" | "minItems" | "minProperties" => value.as_u64() == Some(0),
        "items" | "additionalItems" | "additionalProperties" | "propertyNames" => {
            *value == Value::Bool(true) || value.as_object().is_some_and(|all| all.is_empty())
        }
        _ => false,
    }
}

fn constants(schema: &Schema) -> Result<Option<Vec<&Value>>, ()> {
    match (schema.get("enum"), schema.get("const")) {
        (None, None) => Ok(None),
        (Some(Value::Array(all)), None) => Ok(Some(all.iter().collect())),
        (None, Some(only)) => Ok(Some(vec![only])),
        _ => Err(()),
    }
}

fn types(value: &Value) -> Option<BTreeSet<&str>> {
    match value {
        Value::String(only) => Some(BTreeSet::from([only.as_str()])),
        other => other.as_array()?.iter().map(Value::as_str).collect(),
    }
}

/// Whether all values of some types are of the others.
fn are_within(some: &BTreeSet<&str>, others: &BTreeSet<&str>) -> bool {
    some.iter().all(|one| others.contains(one) || (*one == "integer" && others.contains("number")))
}

/// The direction of a change that lowers a lower bound, or that raises an upper one: widening if the
/// first number is less than the second. `None` where that cannot be told.
fn less(one: &Value, other: &Value) -> Option<Direction> {
    let ordering = compare(one.as_number()?, other.as_number()?)?;
    Some(Direction::of(ordering == Ordering::Less, ordering == Ordering::Greater))
}

fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    /// Integers up to here are floats as well.
    const EXACT: i128 = 1 << 53;
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        (one_whole, other_whole) => {
            let is_exact = |whole: Option<i128>| whole.is_none_or(|whole| whole.abs() <= EXACT);
            if !is_exact(one_whole) || !is_exact(other_whole) {
                return None;
            }
            one.as_f64()?.partial_cmp(&other.as_f64()?)
        }
    }
}
