//! The tools of every world, and how their arguments are called.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::worlds::random::Random;

/// An argument that the generated tools have, or a fact that is computed from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) path: &'static [&'static str],
    pub(super) kind: Shape,
    /// Whether the argument is.
    pub(super) required: bool,
    /// What conditions call the fact.
    pub(super) fact: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Truth,
    Number,
    Texts,
    Truths,
    Numbers,
    Opaque,
}

pub(super) const fn slot(path: &'static [&'static str], kind: Shape, required: bool) -> Slot {
    Slot { path, kind, required, fact: None }
}

const fn fact(
    name: &'static str,
    path: &'static [&'static str],
    kind: Shape,
    required: bool,
) -> Slot {
    Slot { path, kind, required, fact: Some(name) }
}

/// The statements of the facts that slots have.
pub(super) const FACTS: [&str; 4] = [
    "fact gen.kind from \"facts/gen.wasm\" on args.owner is string",
    "fact gen.parts from \"facts/gen.wasm\" on args.path is strings",
    "fact gen.size from \"facts/gen.wasm\" on args.count is integer",
    "fact gen.\"is safe\" from \"facts/gen.wasm\" on args.anything is boolean",
];

pub(super) const RICH: [Slot; 20] = [
    slot(&["owner"], Shape::Text, true),
    slot(&["title"], Shape::Text, false),
    slot(&["path"], Shape::Text, true),
    slot(&["page-id"], Shape::Text, true),
    slot(&["count"], Shape::Number, true),
    slot(&["limit"], Shape::Number, false),
    slot(&["draft"], Shape::Truth, true),
    slot(&["public"], Shape::Truth, false),
    slot(&["paths"], Shape::Texts, false),
    slot(&["labels"], Shape::Texts, true),
    slot(&["sizes"], Shape::Numbers, false),
    slot(&["flags"], Shape::Truths, false),
    slot(&["anything"], Shape::Opaque, false),
    slot(&["parent", "page_id"], Shape::Text, true),
    slot(&["parent", "de\npth \"d\" \\"], Shape::Number, false),
    slot(&["parent", "in", "has"], Shape::Truth, false),
    fact("gen.kind", &["owner"], Shape::Text, true),
    fact("gen.parts", &["path"], Shape::Texts, true),
    fact("gen.size", &["count"], Shape::Number, true),
    fact("gen.\"is safe\"", &["anything"], Shape::Truth, false),
];

pub(super) const SLIM: [Slot; 7] = [
    slot(&["owner"], Shape::Text, false),
    slot(&["path"], Shape::Text, true),
    slot(&["count"], Shape::Text, true),
    slot(&["sizes"], Shape::Texts, false),
    fact("gen.kind", &["owner"], Shape::Text, false),
    fact("gen.parts", &["path"], Shape::Texts, true),
    fact("gen.size", &["count"], Shape::Number, true),
];

/// What a tool's schema is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Rich,
    Slim,
    Opaque,
}

/// A tool's name and what its schema is like.
pub(super) type Tool = (&'static str, Family);

pub(super) const ALPHA: [Tool; 14] = [
    ("create_issue", Family::Rich),
    ("create_pull", Family::Rich),
    ("delete_repo", Family::Rich),
    ("capability:edit", Family::Rich),
    ("access:write", Family::Slim),
    ("say \"hi\"", Family::Rich),
    ("line\nbreak", Family::Rich),
    ("a/b", Family::Rich),
    ("star*name", Family::Rich),
    ("naïve ツール", Family::Rich),
    ("API-get-user", Family::Slim),
    ("list_files", Family::Slim),
    ("opaque", Family::Opaque),
    ("create_opaque", Family::Opaque),
];
pub(super) const BETA: [Tool; 5] = [
    ("back\\slash\u{0}\u{202e}*", Family::Rich),
    ("create_issue", Family::Rich),
    ("read", Family::Slim),
    ("opaque", Family::Opaque),
    ("a/b", Family::Slim),
];
/// With annotations: see [`hints`].
pub(super) const GAMMA: [Tool; 4] = [
    ("look", Family::Rich),
    ("search", Family::Slim),
    ("wipe", Family::Rich),
    ("opaque", Family::Opaque),
];
/// By server: a prompt's name and its arguments.
pub(super) const PROMPTS: [&str; 3] = ["review_code", "review \"x\"", "a/b"];
pub(super) const DISK: [Tool; 4] = [
    ("read_file", Family::Rich),
    ("write_file", Family::Rich),
    ("tool:disk/read_file", Family::Slim),
    ("a/b", Family::Slim),
];

pub(super) fn slots(family: Family) -> Option<&'static [Slot]> {
    match family {
        Family::Rich => Some(&RICH),
        Family::Slim => Some(&SLIM),
        Family::Opaque => None,
    }
}

/// The arguments that a condition over tools of these families may read, each optional where it is
/// in one of them.
pub(super) fn common(families: &BTreeSet<u8>) -> Vec<Slot> {
    if families.contains(&RESOURCES) {
        return Vec::new();
    }
    let prompts = families.contains(&PROMPT);
    match (families.contains(&0), families.contains(&1)) {
        (true, false) if !prompts => RICH.to_vec(),
        (false, true) if !prompts => SLIM.to_vec(),
        (false, false) if !prompts => Vec::new(),
        _ => vec![
            slot(&["owner"], Shape::Text, false),
            slot(&["path"], Shape::Text, true),
            fact("gen.kind", &["owner"], Shape::Text, false),
        ],
    }
}

/// Stands for the prompts among the families of what a capability holds.
pub(super) const PROMPT: u8 = 3;

/// Stands for the resources, which have no arguments.
pub(super) const RESOURCES: u8 = 4;

pub(super) fn family_number(family: Family) -> u8 {
    match family {
        Family::Rich => 0,
        Family::Slim => 1,
        Family::Opaque => 2,
    }
}

pub(super) fn schema(family: Family, name: &str) -> Value {
    let Some(slots) = slots(family) else {
        return json!({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]});
    };
    fn insert(schema: &mut Value, path: &[&str], leaf: &Value, required: bool) {
        let Some((first, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            schema["properties"][first] = leaf.clone();
        } else {
            if schema["properties"].get(first).is_none() {
                schema["properties"][first] = json!({"type": "object", "properties": {}});
            }
            insert(&mut schema["properties"][first], rest, leaf, required);
        }
        if required {
            let names = schema["required"].as_array_mut();
            match names {
                Some(names) if names.contains(&json!(first)) => {}
                Some(names) => names.push(json!(first)),
                None => schema["required"] = json!([first]),
            }
        }
    }
    let mut schema = json!({"type": "object", "properties": {}});
    for slot in slots.iter().filter(|slot| slot.fact.is_none()) {
        let leaf = match slot.kind {
            Shape::Text => json!({"type": "string"}),
            Shape::Truth => json!({"type": "boolean"}),
            Shape::Number if slot.required => json!({"type": "integer"}),
            Shape::Number => json!({"type": ["number", "null"]}),
            Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Shape::Truths => json!({"type": "array", "items": {"type": "boolean"}}),
            Shape::Numbers => json!({"type": "array", "items": {"anyOf": [{"type": "number"}]}}),
            Shape::Opaque => json!({"anyOf": [{"type": "string"}, {"type": "object"}]}),
        };
        insert(&mut schema, slot.path, &leaf, slot.required);
    }
    if name == "list_files" {
        // No canonical form, hence no digest of the definition.
        schema["properties"]["path"]["maxLength"] = json!(9_007_199_254_740_993_u64);
    }
    schema
}

/// What a tool says of itself.
fn hints(name: &str) -> Value {
    match name {
        "look" => json!({"readOnlyHint": true, "openWorldHint": false}),
        "search" => json!({"readOnlyHint": true}),
        "wipe" => json!({"destructiveHint": true}),
        _ => json!({}),
    }
}

pub(super) fn catalogue(tools: &[Tool], prompts: &[&str]) -> String {
    let tools: Vec<Value> = tools
        .iter()
        .map(|(name, family)| {
            json!({"name": name, "inputSchema": schema(*family, name), "annotations": hints(name)})
        })
        .collect();
    // Of prompts the arguments are strings.
    let arguments =
        json!([{"name": "owner", "required": false}, {"name": "path", "required": true}]);
    let prompts: Vec<Value> =
        prompts.iter().map(|name| json!({"name": name, "arguments": arguments})).collect();
    match prompts.is_empty() {
        true => json!({ "tools": tools }).to_string(),
        false => json!({ "tools": tools, "prompts": prompts }).to_string(),
    }
}

/// A text as policies write it.
pub(super) fn quoted(text: impl AsRef<str>) -> String {
    let mut quoted = String::from("\"");
    for character in text.as_ref().chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\'' => quoted.push('\''),
            hidden if hidden.escape_debug().len() > 1 => quoted.extend(hidden.escape_unicode()),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A tool's name as a pattern that means it alone.
pub(super) fn literal_pattern(name: &str) -> String {
    quoted(name).replace('*', "\\*")
}

/// How a condition reads a slot.
pub(super) fn operand(slot: &Slot, random: &mut Random) -> String {
    slot.fact.map_or_else(|| argument(slot, random), str::to_owned)
}

/// The argument that a slot is or is computed from.
pub(super) fn argument(slot: &Slot, random: &mut Random) -> String {
    let mut text = String::from("args");
    for part in slot.path {
        text.push('.');
        let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !["in", "has"].contains(part);
        if plain && !random.chance(10) {
            text.push_str(part);
        } else {
            text.push_str(&quoted(part));
        }
    }
    text
}

/// What every world has beside its policy: the catalogues of its servers, and two components. These
/// export nothing: what they would compute, calls say.
pub fn beside() -> BTreeMap<String, String> {
    let component = "\0asm\r\0\u{1}\0";
    BTreeMap::from([
        (String::from("facts/gen.wasm"), component.to_owned()),
        (String::from("facts/new.wasm"), format!("{component}\0\u{1}\0")),
        (String::from("alpha.json"), catalogue(&ALPHA, &PROMPTS)),
        (String::from("beta.json"), catalogue(&BETA, &[])),
        (String::from("disk.json"), catalogue(&DISK, &[])),
        (String::from("gamma.json"), catalogue(&GAMMA, &PROMPTS)),
    ])
}
