//! Prose: the sentences in a schema, which say nothing of what a tool may do.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Members of a schema that only people read.
const PROSE: [&str; 5] = ["title", "description", "$comment", "examples", "$schema"];

/// Members whose own members are schemas by name, so that a property may be called `description`.
const NAMED: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

/// Members that are a schema, or a list of schemas.
const SCHEMAS: [&str; 16] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// A schema without its prose. Whatever is not known to be a schema is kept as it is: constants are
/// data, and a keyword of tomorrow may mean anything.
pub(crate) fn strip(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let kept = members.iter().filter(|(name, _)| !PROSE.contains(&name.as_str()));
    Value::Object(kept.map(|(name, value)| (name.clone(), member(name, value))).collect())
}

fn member(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(schemas) if NAMED.contains(&name) => {
            let stripped = schemas.iter().map(|(name, schema)| (name.clone(), strip(schema)));
            Value::Object(stripped.collect::<Map<_, _>>())
        }
        Value::Array(schemas) if SCHEMAS.contains(&name) => {
            Value::Array(schemas.iter().map(strip).collect())
        }
        schema if SCHEMAS.contains(&name) => strip(schema),
        other => other.clone(),
    }
}

/// The prose of a schema, each member by its place: a JSON Pointer (RFC 6901) that goes on from the
/// place of the schema.
pub(crate) fn gather<'s>(
    schema: &'s Value,
    place: &str,
    gathered: &mut BTreeMap<String, &'s Value>,
) {
    for (name, value) in schema.as_object().into_iter().flatten() {
        let place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
        match value {
            prose if PROSE.contains(&name.as_str()) => {
                gathered.insert(place, prose);
            }
            Value::Object(schemas) if NAMED.contains(&name.as_str()) => {
                for (name, schema) in schemas {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    gather(schema, &format!("{place}/{name}"), gathered);
                }
            }
            Value::Array(schemas) if SCHEMAS.contains(&name.as_str()) => {
                for (index, schema) in schemas.iter().enumerate() {
                    gather(schema, &format!("{place}/{index}"), gathered);
                }
            }
            schema if SCHEMAS.contains(&name.as_str()) => gather(schema, &place, gathered),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prose_goes_and_properties_stay() {
        let schema = json!({
            "type": "object", "description": "words", "title": "T",
            "properties": {"description": {"type": "string", "description": "words"}},
            "enum": [{"description": "data"}],
            "dependentRequired": {"title": ["description"]},
            "dependencies": {"title": ["description"]},
            "anyOf": [{"title": "T", "items": {"title": "T", "type": "string"}}],
            "x-unknown": {"title": "kept"},
        });
        let mut gathered = BTreeMap::new();
        gather(&schema, "", &mut gathered);
        let places = [
            "/anyOf/0/items/title",
            "/anyOf/0/title",
            "/description",
            "/properties/description/description",
            "/title",
        ];
        assert_eq!(gathered.into_keys().collect::<Vec<_>>(), places);
        assert_eq!(
            strip(&schema),
            json!({
                "type": "object",
                "properties": {"description": {"type": "string"}},
                "enum": [{"description": "data"}],
                "dependentRequired": {"title": ["description"]},
                "dependencies": {"title": ["description"]},
                "anyOf": [{"items": {"type": "string"}}],
                "x-unknown": {"title": "kept"},
            })
        );
    }
}
