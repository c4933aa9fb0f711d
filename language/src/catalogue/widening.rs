//! Widening: whether a tool, as it is defined now, may do what it could not do before.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::catalogue::{Hints, Shape};

/// Keywords that only ever say what a value must meet besides.
const BOUNDS: [&str; 26] = [
    "additionalItems",
    "additionalProperties",
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
    "propertyNames",
    "required",
    "then",
];

/// Keywords under which a schema that takes less lets the whole take more.
const REVERSING: [&str; 4] = ["contains", "if", "not", "oneOf"];

/// Whether the new shape allows more than the old one: a parameter that is new, optional where it was
/// required, or takes values that it did not take, or a hint of more harm. What cannot be compared
/// counts as wider.
pub fn is_wider(old: &Shape, new: &Shape) -> bool {
    more_harm(old.hints, new.hints) || accepts_more(&old.schema, &new.schema)
}

fn more_harm(old: Hints, new: Hints) -> bool {
    // What changes nothing destroys nothing, and may be repeated.
    let harm = |hints: Hints| {
        [
            !hints.read_only,
            !hints.read_only && hints.destructive,
            !hints.read_only && !hints.idempotent,
            hints.open_world,
        ]
    };
    harm(old).into_iter().zip(harm(new)).any(|(old, new)| new && !old)
}

/// Whether some value may fit the new schema and not the old one.
fn accepts_more(old: &Value, new: &Value) -> bool {
    let nothing = Map::new();
    let (old, new) = match (old, new) {
        (old, new) if old == new => return false,
        (_, Value::Bool(false)) | (Value::Bool(true), _) => return false,
        (Value::Object(old), Value::Object(new)) => (old, new),
        (Value::Object(old), Value::Bool(true)) => (old, &nothing),
        _ => return true,
    };
    let keywords: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keywords.into_iter().any(|keyword| keyword_accepts_more(keyword, old, new))
}

type Schema = Map<String, Value>;

fn keyword_accepts_more(keyword: &str, old: &Schema, new: &Schema) -> bool {
    let (was, is) = (old.get(keyword), new.get(keyword));
    match (keyword, was, is) {
        (_, was, is) if was == is => false,
        ("properties", _, _) => properties_accept_more(was, is, new),
        // The server reads another value where the call says none.
        ("default", _, _) => true,
        // Each name by itself, as what refers to it is compared by that name.
        ("$defs" | "definitions", was, Some(Value::Object(is))) => {
            let was = |name: &str| was.and_then(|was| was.get(name));
            [old, new].into_iter().any(reverses)
                || is.iter().any(|(name, is)| was(name).is_some_and(|was| accepts_more(was, is)))
        }
        ("$defs" | "definitions", _, None) => false,
        ("enum" | "const", _, _) => constants_accept_more(old, new),
        ("type" | "uniqueItems", None, Some(_)) => false,
        (_, None, Some(_)) => !BOUNDS.contains(&keyword),
        (_, Some(Value::Bool(true)), None) if keyword == "additionalProperties" => false,
        ("uniqueItems", Some(Value::Bool(false)), _) => false,
        (_, Some(_), None) => true,
        ("type", Some(was), Some(is)) => !types(is).is_some_and(|new| {
            types(was).is_some_and(|old| {
                new.iter()
                    .all(|one| old.contains(one) || (*one == "integer" && old.contains("number")))
            })
        }),
        ("required", Some(was), Some(is)) => match (names(was), names(is)) {
            (Some(old), Some(new)) => !old.is_subset(&new),
            _ => true,
        },
        (
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties",
            Some(was),
            Some(is),
        ) => !at_least(is, was),
        (
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties",
            Some(was),
            Some(is),
        ) => !at_least(was, is),
        ("items" | "additionalProperties" | "propertyNames", Some(was), Some(is)) => {
            accepts_more(was, is)
        }
        ("anyOf", Some(Value::Array(old)), Some(Value::Array(new))) => {
            new.iter().any(|new| old.iter().all(|old| accepts_more(old, new)))
        }
        _ => true,
    }
}

/// Whether a keyword of [`REVERSING`] stands anywhere in a schema.
fn reverses(schema: &Schema) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Object(members) => reverses(members),
            Value::Array(items) => items.iter().any(within),
            _ => false,
        }
    }
    schema.iter().any(|(name, value)| REVERSING.contains(&name.as_str()) || within(value))
}

/// A parameter that is new is more, and so is one that takes more. One that is gone is less, unless
/// the schema took whatever it does not name only since.
fn properties_accept_more(was: Option<&Value>, is: Option<&Value>, new: &Schema) -> bool {
    let nothing = Map::new();
    let members = |value: Option<&'_ Value>| match value {
        None => Some(nothing.clone()),
        Some(Value::Object(members)) => Some(members.clone()),
        Some(_) => None,
    };
    let (Some(was), Some(is)) = (members(was), members(is)) else { return true };
    let taken_by_pattern = new.contains_key("patternProperties")
        || matches!(new.get("additionalProperties"), Some(Value::Object(_)));
    let gone = was.keys().any(|name| !is.contains_key(name));
    (gone && taken_by_pattern)
        || is.iter().any(|(name, is)| was.get(name).is_none_or(|was| accepts_more(was, is)))
}

/// `enum` and `const` together say which constants fit.
fn constants_accept_more(old: &Schema, new: &Schema) -> bool {
    let constants = |schema: &Schema| match (schema.get("enum"), schema.get("const")) {
        (None, None) => Ok(None),
        (Some(Value::Array(all)), None) => Ok(Some(all.clone())),
        (None, Some(only)) => Ok(Some(vec![only.clone()])),
        _ => Err(()),
    };
    match (constants(old), constants(new)) {
        (Ok(None), Ok(_)) => false,
        (Ok(Some(old)), Ok(Some(new))) => new.iter().any(|one| !old.contains(one)),
        _ => true,
    }
}

fn types(value: &Value) -> Option<BTreeSet<&str>> {
    match value {
        Value::String(only) => Some(BTreeSet::from([only.as_str()])),
        other => names(other),
    }
}

fn names(value: &Value) -> Option<BTreeSet<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

/// Whether one number is at least another; false where that cannot be told.
fn at_least(one: &Value, other: &Value) -> bool {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one >= other,
        _ => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one >= other,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is wider than what, each the other way round no wider unless both are listed.
    #[test]
    fn what_accepts_more_is_wider() {
        let cases = [
            (json!({}), json!({"type": "string"})),
            (json!({"type": ["string", "null"]}), json!({"type": "string"})),
            (json!({"type": "number"}), json!({"type": "integer"})),
            (json!({"enum": ["a", "b"]}), json!({"enum": ["b"]})),
            (json!({"enum": ["a", "b"]}), json!({"const": "a"})),
            (json!({"minimum": 1}), json!({"minimum": 2})),
            (json!({"maximum": 2.5}), json!({"maximum": 2})),
            (json!({"maxLength": 9}), json!({"maxLength": 8})),
            (json!({}), json!({"pattern": "^a"})),
            (json!({"required": ["a"]}), json!({"required": ["b", "a"]})),
            (json!({"items": {}}), json!({"items": {"type": "string"}})),
            (json!({"uniqueItems": false}), json!({"uniqueItems": true})),
            (json!({"additionalProperties": true}), json!({"additionalProperties": false})),
            (json!({"additionalProperties": {}}), json!({"additionalProperties": false})),
            (json!({}), json!({"additionalProperties": false})),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
                json!({"anyOf": [{"type": "null"}]}),
            ),
            (json!({"properties": {"a": {}, "b": {}}}), json!({"properties": {"a": {}}})),
            (json!({"properties": {"a": {}}}), json!({"properties": {"a": {"type": "string"}}})),
            (json!({"properties": {"a": {}}}), json!({})),
            (json!({"$defs": {"x": {}}}), json!({"$defs": {"x": {"type": "string"}}})),
            (json!(true), json!({"type": "string"})),
            (json!({"type": "string"}), json!(false)),
        ];
        for (wide, narrow) in cases {
            assert!(accepts_more(&narrow, &wide), "{wide} is wider than {narrow}");
            assert!(!accepts_more(&wide, &narrow), "{narrow} is no wider than {wide}");
            assert!(!accepts_more(&wide, &wide.clone()), "{wide} is no wider than itself");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_wider_both_ways() {
        let cases = [
            (json!({"pattern": "^a"}), json!({"pattern": "^b"})),
            (json!({"default": 10}), json!({"default": 20})),
            (json!({"default": 10}), json!({})),
            (json!({"oneOf": [{"minimum": 1}]}), json!({"oneOf": [{"minimum": 2}]})),
            (json!({"prefixItems": [{}]}), json!({"prefixItems": [true]})),
            (json!({"patternProperties": {"a": {}}}), json!({})),
            (json!({"nullable": true}), json!({})),
            (
                json!({"$defs": {"x": {"minimum": 1}}, "not": {}}),
                json!({"$defs": {"x": {"minimum": 2}}, "not": {}}),
            ),
            (json!({"allOf": [{"minimum": 1}]}), json!({"allOf": [{"minimum": 2}]})),
            (json!({"$ref": "#/$defs/a"}), json!({"$ref": "#/$defs/b"})),
            (json!({"type": "string"}), json!({"type": "integer"})),
            (json!({"type": 1}), json!({"type": "string"})),
            (json!({"x-unknown": 1}), json!({"x-unknown": 2})),
            (json!("sha256-a"), json!("sha256-b")),
            (json!(null), json!({})),
        ];
        for (one, other) in cases {
            assert!(accepts_more(&one, &other), "{other} after {one}");
            assert!(accepts_more(&other, &one), "{one} after {other}");
        }
    }

    #[test]
    fn a_hint_of_more_harm_is_wider() {
        let hints = |read_only, destructive, idempotent, open_world| Hints {
            read_only,
            destructive,
            idempotent,
            open_world,
        };
        let reader = hints(true, true, false, false);
        assert!(!more_harm(reader, hints(true, false, true, false)));
        assert!(!more_harm(hints(true, false, true, false), reader));
        assert!(more_harm(reader, hints(false, false, true, false)));
        assert!(more_harm(hints(false, false, true, false), hints(false, true, true, false)));
        assert!(more_harm(hints(false, false, true, false), hints(false, false, false, false)));
        assert!(more_harm(reader, hints(true, true, false, true)));
        assert!(!more_harm(Hints::default(), reader));
    }
}
