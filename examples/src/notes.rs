//! An MCP server that keeps notes: what the gateway stands in front of. It knows nothing of Placet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde_json::{Value, json};

/// The notes of everybody who connects.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct AddNote {
    /// What to write down.
    text: String,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct DeleteNote {
    /// The note's number, from 0.
    number: usize,
}

impl Notes {
    /// What `tools/list` answers: the catalogue of the policy in `examples/notes`.
    pub fn catalogue() -> Value {
        json!({ "tools": Self::tool_router().list_all() })
    }

    fn locked(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tool_router]
impl Notes {
    #[tool(description = "All notes, one a line", annotations(read_only_hint = true))]
    fn list_notes(&self) -> String {
        self.locked().join("\n")
    }

    #[tool(description = "Adds a note", annotations(destructive_hint = false))]
    fn add_note(&self, Parameters(AddNote { text }): Parameters<AddNote>) -> String {
        self.locked().push(text);
        String::from("added")
    }

    #[tool(description = "Deletes a note for good")]
    fn delete_note(&self, Parameters(DeleteNote { number }): Parameters<DeleteNote>) -> String {
        let mut notes = self.locked();
        if number < notes.len() {
            notes.remove(number);
            return String::from("deleted");
        }
        String::from("there is no such note")
    }
}

#[tool_handler]
impl ServerHandler for Notes {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
