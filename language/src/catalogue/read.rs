//! Reading a catalogue: any JSON object with a `tools` array of MCP Tool objects.

use std::fmt;

use placet_engine::{Digest, parse_json};
use serde_json::Value;

use crate::catalogue::{Catalogue, FORMAT, Hints, Tool, prose, schema};

/// Reads a `tools/list` result: bare, in a JSON-RPC response, or a file that Placet wrote.
///
/// # Errors
///
/// [`CatalogueError`]: not JSON, not an object with `tools`, or a tool without a name or with one
/// that another has. A tool whose `inputSchema` cannot be translated is no error: its
/// [`arguments`](Tool::arguments) say why.
pub fn read(bytes: &[u8]) -> Result<Catalogue, CatalogueError> {
    let value = parse_json(bytes).map_err(|error| CatalogueError::NotJson(error.to_string()))?;
    let result = value.get("tools").map_or_else(|| value.get("result"), |_| Some(&value));
    let tools = result
        .and_then(|result| result.get("tools"))
        .and_then(Value::as_array)
        .ok_or(CatalogueError::NoTools)?;
    let ours = value.get("placet").and_then(Value::as_str) == Some(FORMAT);
    let mut catalogue = Catalogue::default();
    for (index, definition) in tools.iter().enumerate() {
        let name = definition
            .get("name")
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty())
            .ok_or(CatalogueError::Nameless { index })?;
        let tool = tool(definition, ours)
            .map_err(|what| CatalogueError::Tool { name: name.to_owned(), what })?;
        if catalogue.tools.insert(name.to_owned(), tool).is_some() {
            return Err(CatalogueError::Repeated { name: name.to_owned() });
        }
    }
    Ok(catalogue)
}

fn tool(definition: &Value, ours: bool) -> Result<Tool, String> {
    let digest = match definition.get("digest") {
        // The definition's prose is gone, so its digest was kept beside it.
        Some(digest) if ours => match digest {
            Value::Null => None,
            digest => {
                let text = digest.as_str().unwrap_or_default();
                let digest = Digest::parse(text);
                Some(digest.ok_or_else(|| format!("`{text}` is not a digest"))?)
            }
        },
        _ => Digest::of_tool(definition).ok(),
    };
    let input = definition.get("inputSchema");
    Ok(Tool {
        digest,
        arguments: schema::arguments(input),
        hints: hints(definition)?,
        schema: input.map(prose::strip).unwrap_or_default(),
    })
}

fn hints(definition: &Value) -> Result<Hints, String> {
    let absent = Hints::default();
    let annotations = definition.get("annotations");
    let hint = |name: &str, default: bool| match annotations.and_then(|all| all.get(name)) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(format!("its annotation `{name}` is not a boolean")),
    };
    Ok(Hints {
        read_only: hint("readOnlyHint", absent.read_only)?,
        destructive: hint("destructiveHint", absent.destructive)?,
        idempotent: hint("idempotentHint", absent.idempotent)?,
        open_world: hint("openWorldHint", absent.open_world)?,
    })
}

/// Why a catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogueError {
    /// Not JSON, or an object repeats a key.
    NotJson(String),
    /// No `tools` array.
    NoTools,
    /// A tool has no name.
    Nameless {
        /// Its place in the array, from 0.
        index: usize,
    },
    /// Two tools have one name.
    Repeated {
        /// The name.
        name: String,
    },
    /// A part of a tool is not what MCP says it is.
    Tool {
        /// The tool.
        name: String,
        /// What is wrong.
        what: String,
    },
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(what) => write!(formatter, "it is not JSON: {what}"),
            Self::NoTools => {
                formatter.write_str("it has no `tools` array, and so is not a `tools/list` result")
            }
            Self::Nameless { index } => write!(formatter, "tool {index} has no name"),
            Self::Repeated { name } => {
                write!(formatter, "two tools are called {}", placet_engine::condition::quote(name))
            }
            Self::Tool { name, what } => {
                write!(formatter, "tool {}: {what}", placet_engine::condition::quote(name))
            }
        }
    }
}

impl std::error::Error for CatalogueError {}
