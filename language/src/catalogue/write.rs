//! Writing a catalogue: sorted, one form, so that two pulls of one server are one file.

use std::collections::BTreeMap;

use placet_engine::{Digest, sorted_json};
use serde_json::{Map, Value, json};

use crate::catalogue::read::CatalogueError;
use crate::catalogue::{FORMAT, prose, read};

/// Whether the servers' own sentences are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prose {
    /// Names, schemas without prose, annotations and digests.
    Drop,
    /// Descriptions and titles too.
    Keep,
}

/// Writes definitions, as `tools/list` and `prompts/list` give them, as a catalogue file.
///
/// # Errors
///
/// [`CatalogueError`] if [`read`] would not take them.
pub fn write(tools: &[Value], prompts: &[Value], prose: Prose) -> Result<String, CatalogueError> {
    // What cannot be read back is not written.
    read(json!({ "tools": tools, "prompts": prompts }).to_string().as_bytes())?;
    let entries = |definitions: &[Value]| -> Vec<Value> {
        let by_name: BTreeMap<&str, Value> = definitions
            .iter()
            .filter_map(|definition| {
                Some((definition.get("name")?.as_str()?, entry(definition, prose)))
            })
            .collect();
        by_name.into_values().collect()
    };
    let mut file = Map::new();
    file.insert(String::from("placet"), json!(FORMAT));
    file.insert(String::from("tools"), json!(entries(tools)));
    if !prompts.is_empty() {
        file.insert(String::from("prompts"), json!(entries(prompts)));
    }
    let file = sorted_json(&Value::Object(file));
    // A `Value` has string keys only, so it always has a text.
    let text = serde_json::to_string_pretty(&file).unwrap_or_default();
    Ok(text + "\n")
}

fn entry(definition: &Value, prose: Prose) -> Value {
    let digest = match Digest::of_tool(definition) {
        Ok(digest) => Value::String(digest.to_string()),
        Err(_) => Value::Null,
    };
    let mut entry = Map::new();
    for (name, value) in definition.as_object().into_iter().flatten() {
        let kept = match (name.as_str(), prose) {
            // A server's own `digest` would be taken for ours.
            ("digest", _) => None,
            (_, Prose::Keep) | ("name", _) => Some(value.clone()),
            ("inputSchema" | "outputSchema", Prose::Drop) => Some(prose::strip(value)),
            ("arguments", Prose::Drop) => Some(without_prose(value)),
            ("annotations", Prose::Drop) => Some(without_title(value)),
            (_, Prose::Drop) => None,
        };
        if let Some(value) = kept {
            entry.insert(name.clone(), value);
        }
    }
    entry.insert(String::from("digest"), digest);
    Value::Object(entry)
}

/// A prompt's arguments, as names and whether each is required.
fn without_prose(arguments: &Value) -> Value {
    let Value::Array(arguments) = arguments else { return arguments.clone() };
    let kept = |argument: &Value| {
        let mut kept = argument.clone();
        if let Some(members) = kept.as_object_mut() {
            members.retain(|name, _| matches!(name.as_str(), "name" | "required"));
        }
        kept
    };
    Value::Array(arguments.iter().map(kept).collect())
}

fn without_title(annotations: &Value) -> Value {
    let mut annotations = annotations.clone();
    if let Some(members) = annotations.as_object_mut() {
        members.remove("title");
    }
    annotations
}
