//! Prose: the sentences in a schema, which say nothing of what a tool may do.

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
