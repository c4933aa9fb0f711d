//! Prose: the sentences in a schema, which say nothing of what a tool may do.

use serde_json::{Map, Value};

/// Members of a schema that only people read.
const PROSE: [&str; 5] = ["title", "description", "$comment", "examples", "$schema"];

/// Members whose own members are schemas by name, so that a property may be called `description`.
const NAMED: [&str; 5] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/// A schema without its prose.
pub(crate) fn strip(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(name, _)| !PROSE.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), member(name, value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(strip).collect()),
        other => other.clone(),
    }
}

fn member(name: &str, value: &Value) -> Value {
    match (name, value) {
        // Constants are data, whatever they hold.
        ("enum" | "const" | "default", value) => value.clone(),
        (name, Value::Object(schemas)) if NAMED.contains(&name) => {
            let stripped = schemas.iter().map(|(name, schema)| (name.clone(), strip(schema)));
            Value::Object(stripped.collect::<Map<_, _>>())
        }
        (_, value) => strip(value),
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
        });
        assert_eq!(
            strip(&schema),
            json!({
                "type": "object",
                "properties": {"description": {"type": "string"}},
                "enum": [{"description": "data"}],
            })
        );
    }
}
