//! Reading a catalogue: any JSON object with a `tools` array of MCP Tool objects.

use std::fmt;

use placet_engine::{Digest, parse_json};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, FORMAT, Hints, Shape, Tool, Untranslatable, prose, schema};

/// The part of a file that a catalogue is read from. Tools stay apart, so that one that cannot be
/// read does not take the others down.
#[derive(Deserialize)]
struct File<'a> {
    placet: Option<String>,
    #[serde(borrow)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    prompts: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(rename = "nextCursor")]
    next_cursor: Option<String>,
}

/// What is needed of a tool that cannot be read.
#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Reads a `tools/list` result: bare, in a JSON-RPC response, or a file that Placet wrote.
///
/// # Errors
///
/// [`CatalogueError`]: not JSON, not an object with `tools`, not the last page, without any tool, or
/// with a tool that has no name or the name of another. A tool whose definition cannot be read or
/// whose `inputSchema` cannot be translated is no error: its [`arguments`](Tool::arguments) say why.
pub fn read(bytes: &[u8]) -> Result<Catalogue, CatalogueError> {
    let not_json = |error: serde_json::Error| CatalogueError::NotJson(error.to_string());
    let mut file: File<'_> = serde_json::from_slice(bytes).map_err(|error| {
        // Well-formed JSON of another shape is no catalogue; everything else is no JSON.
        match error.is_data() && parse_json(bytes).is_ok() {
            true => CatalogueError::NoTools,
            false => not_json(error),
        }
    })?;
    if let (None, Some(result)) = (&file.tools, file.result) {
        file = serde_json::from_str(result.get()).map_err(|_| CatalogueError::NoTools)?;
    }
    let tools = file.tools.ok_or(CatalogueError::NoTools)?;
    if file.next_cursor.is_some() {
        return Err(CatalogueError::NotTheLastPage);
    }
    if tools.is_empty() {
        return Err(CatalogueError::Empty);
    }
    let ours = file.placet.as_deref() == Some(FORMAT);
    let mut catalogue = Catalogue::default();
    for (index, raw) in file.prompts.into_iter().flatten().enumerate() {
        let definition = parse_json(raw.get().as_bytes()).map_err(not_json)?;
        let name = definition.get("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            return Err(CatalogueError::Nameless { kind: "prompt", index });
        }
        if catalogue.prompts.insert(name.to_owned(), prompt(&definition, ours)).is_some() {
            return Err(CatalogueError::Repeated { kind: "prompts", name: name.to_owned() });
        }
    }
    for (index, raw) in tools.into_iter().enumerate() {
        let (name, tool) = match parse_json(raw.get().as_bytes()) {
            Ok(definition) => (
                definition.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                tool(&definition, ours),
            ),
            Err(error) => {
                let named: Result<Named, _> = serde_json::from_str(raw.get());
                (named.map(|named| named.name).unwrap_or_default(), unreadable(raw.get(), &error))
            }
        };
        if name.is_empty() {
            return Err(CatalogueError::Nameless { kind: "tool", index });
        }
        if catalogue.tools.contains_key(&name) {
            return Err(CatalogueError::Repeated { kind: "tools", name });
        }
        catalogue.tools.insert(name, tool);
    }
    Ok(catalogue)
}

/// A tool of which only the name is known. Its text stands for its schema, so that a change of it is
/// noticed.
fn unreadable(raw: &str, error: &serde_json::Error) -> Tool {
    Tool {
        digest: None,
        arguments: Err(Untranslatable(format!("its definition cannot be read: {error}"))),
        shape: Shape {
            schema: Value::String(Digest::of_bytes(raw.as_bytes()).to_string()),
            hints: Hints::default(),
        },
        says_destructive: false,
        definition: None,
    }
}

fn tool(definition: &Value, ours: bool) -> Tool {
    let schema = definition.get("inputSchema").map(prose::strip);
    let (digest, whole) = digest(definition, ours);
    Tool {
        digest,
        arguments: schema::arguments(schema.as_ref()),
        shape: Shape { schema: schema.unwrap_or_default(), hints: hints(definition) },
        says_destructive: hint(definition, "destructiveHint") == Some(true),
        definition: whole,
    }
}

/// A prompt. Its arguments are strings (MCP, `GetPromptRequest`), and it has no hints.
fn prompt(definition: &Value, ours: bool) -> Tool {
    let arguments = definition.get("arguments").and_then(Value::as_array);
    let mut properties = Map::new();
    let mut required = Vec::new();
    for argument in arguments.into_iter().flatten() {
        let Some(name) = argument.get("name").and_then(Value::as_str) else { continue };
        properties.insert(name.to_owned(), json!({"type": "string"}));
        if argument.get("required").and_then(Value::as_bool) == Some(true) {
            required.push(name);
        }
    }
    let schema = json!({"type": "object", "properties": properties, "required": required});
    let (digest, whole) = digest(definition, ours);
    Tool {
        digest,
        arguments: schema::arguments(Some(&schema)),
        shape: Shape { schema, hints: Hints::default() },
        says_destructive: false,
        definition: whole,
    }
}

/// What is kept of a definition without its prose. Of such a one the digest cannot be taken any more,
/// so the file holds it.
const WITHOUT_PROSE: [&str; 6] =
    ["annotations", "arguments", "digest", "inputSchema", "name", "outputSchema"];

/// The digest of the whole definition, and that definition if the file has it.
fn digest(definition: &Value, ours: bool) -> (Option<Digest>, Option<Value>) {
    let mut whole = definition.clone();
    let stored = match whole.as_object_mut() {
        Some(members) if ours => members.remove("digest"),
        Some(_) => None,
        None => return (None, None),
    };
    match (stored, definition.as_object()) {
        (Some(stored), Some(members))
            if members.keys().all(|name| WITHOUT_PROSE.contains(&name.as_str())) =>
        {
            (stored.as_str().and_then(Digest::parse), None)
        }
        _ => (Digest::of_tool(&whole).ok(), Some(whole)),
    }
}

fn hint(definition: &Value, name: &str) -> Option<bool> {
    definition.get("annotations").and_then(|all| all.get(name)).and_then(Value::as_bool)
}

/// The hints; one that is no boolean says nothing, and so means what its absence does.
fn hints(definition: &Value) -> Hints {
    let absent = Hints::default();
    let hint = |name: &str, default: bool| hint(definition, name).unwrap_or(default);
    Hints {
        read_only: hint("readOnlyHint", absent.read_only),
        destructive: hint("destructiveHint", absent.destructive),
        idempotent: hint("idempotentHint", absent.idempotent),
        open_world: hint("openWorldHint", absent.open_world),
    }
}

/// Why a catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogueError {
    /// Not JSON, or an object repeats a key.
    NotJson(String),
    /// No `tools` array.
    NoTools,
    /// A tool or a prompt has no name.
    Nameless {
        /// Which of them.
        kind: &'static str,
        /// Its place in the array, from 0.
        index: usize,
    },
    /// Two tools or two prompts have one name.
    Repeated {
        /// Which of them.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A page after which others follow.
    NotTheLastPage,
    /// No tool at all.
    Empty,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(what) => write!(formatter, "it is not JSON: {what}"),
            Self::NoTools => {
                formatter.write_str("it has no `tools` array, and so is not a `tools/list` result")
            }
            Self::Nameless { kind, index } => write!(formatter, "{kind} {index} has no name"),
            Self::Repeated { kind, name } => {
                write!(formatter, "two {kind} are called {}", placet_engine::condition::quote(name))
            }
            Self::NotTheLastPage => formatter.write_str(
                "it is one page of several (`nextCursor`), and the tools on the others are missing",
            ),
            Self::Empty => formatter.write_str("it has no tool at all"),
        }
    }
}

impl std::error::Error for CatalogueError {}
