//! The Placet policy language: who may use which tools of an MCP server, through which client, on
//! the strength of which consent.
//!
//! Text becomes a syntax tree ([`syntax`]), a model whose names are resolved and whose types are
//! checked against the servers' catalogues ([`model`]), and Cedar with tables ([`mod@lower`]), which
//! [`placet_engine`] judges calls by. Each pass looks only at those before it, and none does any
//! input or output: files come through [`Files`].
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use placet_language::{Limits, check, compile};
//!
//! let files = BTreeMap::from([
//!     (String::from("notes.json"), String::from(r#"{"tools": [
//!         {"name": "read_note", "inputSchema": {"type": "object"}}
//!     ]}"#)),
//!     (String::from("notes.placet"), String::from(r#"
//!         edition 2026
//!         server notes {
//!             local       "notes"
//!             credentials local for read because "the notes are the user's own"
//!             catalogue   "notes.json"
//!         }
//!         capability read "Read your notes" on notes {
//!             tools  read_note
//!             access read
//!         }
//!         client desktop "https://desktop.example/client.json"
//!         consent reading "Let {client} read your notes" {
//!             grants read
//!             lasts  30 days
//!         }
//!         allow reading_notes anyone via desktop to read under reading
//!     "#)),
//! ]);
//! let checked = check(&files, &Limits::default());
//! let policy = checked.policy.ok_or(format!("{:?}", checked.diagnostics))?;
//! let bundle = compile(&policy)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod analysis;
pub mod ask;
pub mod case;
pub mod catalogue;
mod dead;
mod diagnostic;
pub mod diff;
pub mod draft;
mod files;
pub mod format;
mod hidden;
mod limits;
pub mod lint;
mod load;
pub mod lock;
pub mod lower;
pub mod model;
pub mod overview;
mod reach;
pub mod scan;
mod source;
pub mod syntax;

pub use dead::review;
pub use diagnostic::{Code, Diagnostic, did_you_mean};
pub use files::{Files, over_limit};
pub use limits::Limits;
pub use lower::{compile, lower};
pub use model::{Checked, Policy, check};
pub use source::{Sources, Span};
