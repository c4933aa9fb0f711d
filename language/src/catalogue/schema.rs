//! From JSON Schema to argument types.
//!
//! Only types are read. Enum, pattern and range are not enforced by anybody on the way of a call, so
//! a condition must not rely on them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::catalogue::{Kind, Parameter, Untranslatable};

/// `null`, and nothing else.
const NULL: (Kind, bool) = (Kind::Other, true);

/// What cannot be told.
const UNKNOWN: (Kind, bool) = (Kind::Other, false);

/// How deep objects, alternatives and references are followed.
const DEPTH: usize = 16;

/// How many parts of one schema are looked at, references followed: a schema of a few lines that
/// refers to itself unfolds without end.
const PARTS: usize = 10_000;

/// A schema being read.
struct Reading<'s> {
    root: &'s Value,
    /// How many parts may still be looked at.
    left: Cell<usize>,
}

/// The arguments that an `inputSchema` describes.
///
/// # Errors
///
/// [`Untranslatable`] where the schema is not that of an object, or its members are decided by
/// something other than `properties`.
pub(crate) fn arguments(
    schema: Option<&Value>,
) -> Result<BTreeMap<String, Parameter>, Untranslatable> {
    let refuse = |why: &str| Err(Untranslatable(why.to_owned()));
    let Some(schema) = schema else { return refuse("it has no inputSchema") };
    let Some(members) = schema.as_object() else {
        return refuse("its inputSchema is not an object");
    };
    if members.get("type").and_then(Value::as_str) != Some("object") {
        return refuse("its inputSchema does not say `\"type\": \"object\"`");
    }
    for combinator in ["$ref", "allOf", "anyOf", "oneOf", "not", "if"] {
        if members.contains_key(combinator) {
            return Err(Untranslatable(format!("its inputSchema has `{combinator}` at the top")));
        }
    }
    match members.get("properties") {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(_)) => {
            let reading = Reading { root: schema, left: Cell::new(PARTS) };
            let arguments = reading.object(schema, DEPTH);
            match reading.left.get() {
                0 => Err(Untranslatable(format!("its inputSchema unfolds to over {PARTS} parts"))),
                _ => Ok(arguments),
            }
        }
        Some(_) => refuse("its inputSchema's `properties` is not an object"),
    }
}

impl Reading<'_> {
    fn object(&self, schema: &Value, depth: usize) -> BTreeMap<String, Parameter> {
        let required: BTreeSet<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| {
                let (kind, nullable) = self.kind(schema, depth);
                let required = required.contains(name.as_str()) && !nullable;
                (name.clone(), Parameter { kind, required })
            })
            .collect()
    }

    /// What a schema's values hold, and whether `null` is among them. `null` alone is [`NULL`]; what
    /// cannot be told is [`UNKNOWN`].
    fn kind(&self, schema: &Value, depth: usize) -> (Kind, bool) {
        let Some(depth) = depth.checked_sub(1) else { return UNKNOWN };
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return UNKNOWN;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or(UNKNOWN, |target| self.kind(target, depth));
        }
        for combinator in ["anyOf", "oneOf"] {
            if let Some(alternatives) = schema.get(combinator).and_then(Value::as_array) {
                return agreed(alternatives.iter().map(|one| self.kind(one, depth)));
            }
        }
        if schema.get("allOf").is_some() || schema.get("not").is_some() {
            return UNKNOWN;
        }
        match schema.get("type") {
            Some(Value::String(name)) => self.named(name, schema, depth),
            Some(Value::Array(names)) => agreed(
                names
                    .iter()
                    .map(|name| self.named(name.as_str().unwrap_or_default(), schema, depth)),
            ),
            Some(_) => UNKNOWN,
            None => untyped(schema),
        }
    }

    fn named(&self, name: &str, schema: &Value, depth: usize) -> (Kind, bool) {
        match name {
            "string" => (Kind::String, false),
            "boolean" => (Kind::Boolean, false),
            "integer" | "number" => (Kind::Integer, false),
            "null" => NULL,
            "object" => (Kind::Object(self.object(schema, depth)), false),
            "array" => match schema.get("items").map(|items| self.kind(items, depth)) {
                Some((element @ (Kind::String | Kind::Boolean | Kind::Integer), _)) => {
                    (Kind::Array(Box::new(element)), false)
                }
                _ => UNKNOWN,
            },
            _ => UNKNOWN,
        }
    }
}

/// A schema without `type`: its constants say what it holds.
fn untyped(schema: &Value) -> (Kind, bool) {
    let of = |value: &Value| match value {
        Value::String(_) => (Kind::String, false),
        Value::Bool(_) => (Kind::Boolean, false),
        Value::Number(_) => (Kind::Integer, false),
        Value::Null => NULL,
        _ => UNKNOWN,
    };
    match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(constant), _) => of(constant),
        (None, Some(constants)) => agreed(constants.iter().map(of)),
        (None, None) => UNKNOWN,
    }
}

/// The one kind that all alternatives but `null` share.
fn agreed(alternatives: impl Iterator<Item = (Kind, bool)>) -> (Kind, bool) {
    let mut shared: Option<Kind> = None;
    let mut nullable = false;
    for (kind, may_be_null) in alternatives {
        nullable |= may_be_null;
        if (&kind, may_be_null) == (&NULL.0, NULL.1) {
            continue;
        }
        match &shared {
            None => shared = Some(kind),
            Some(other) if *other == kind => {}
            Some(_) => return UNKNOWN,
        }
    }
    match shared {
        Some(Kind::Other) => UNKNOWN,
        Some(kind) => (kind, nullable),
        None if nullable => NULL,
        None => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(property: Value) -> (Kind, bool) {
        let schema = json!({
            "type": "object", "properties": {"a": property}, "required": ["a"],
            "$defs": {"text": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}},
        });
        let parameter = arguments(Some(&schema)).unwrap().remove("a").unwrap();
        (parameter.kind, parameter.required)
    }

    #[test]
    fn scalars_and_alternatives_that_agree() {
        assert_eq!(read(json!({"type": "string"})), (Kind::String, true));
        assert_eq!(read(json!({"type": "number"})), (Kind::Integer, true));
        assert_eq!(read(json!({"type": ["string", "null"]})), (Kind::String, false));
        assert_eq!(
            read(json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})),
            (Kind::Integer, false)
        );
        assert_eq!(read(json!({"enum": ["a", "b"]})), (Kind::String, true));
        assert_eq!(read(json!({"$ref": "#/$defs/text"})), (Kind::String, true));
        assert_eq!(
            read(json!({"type": "array", "items": {"type": "string"}})),
            (Kind::Array(Box::new(Kind::String)), true)
        );
    }

    #[test]
    fn what_does_not_agree_cannot_be_read() {
        for schema in [
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"anyOf": [{"type": "string"}, {}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "array"}]}),
            json!({"$ref": "#/$defs/loop"}),
            json!({"$ref": "https://example.com/schema"}),
            json!({}),
            json!(true),
            json!({"type": "array"}),
        ] {
            assert_eq!(read(schema.clone()).0, Kind::Other, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_unfolds_without_end_is_refused() {
        let properties: serde_json::Map<_, _> =
            (0..8).map(|n| (format!("a{n}"), json!({"$ref": "#"}))).collect();
        assert!(arguments(Some(&json!({"type": "object", "properties": properties}))).is_err());
    }

    #[test]
    fn a_schema_that_is_no_object_is_refused() {
        for schema in [
            json!(null),
            json!({}),
            json!({"type": "array"}),
            json!({"type": "object", "oneOf": []}),
            json!({"type": "object", "properties": []}),
        ] {
            assert!(arguments(Some(&schema)).is_err(), "{schema}");
        }
        assert!(arguments(None).is_err());
        assert_eq!(arguments(Some(&json!({"type": "object"}))), Ok(BTreeMap::new()));
    }
}
