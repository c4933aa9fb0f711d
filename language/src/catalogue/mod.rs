//! Catalogues: what a server's `tools/list` says, reduced to what bears on privilege.

pub mod drift;
mod prose;
mod read;
mod schema;
mod shape;
mod widening;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use placet_engine::Digest;
use placet_engine::bundle::Feature;
use serde_json::Value;

pub use read::{CatalogueError, read};
pub use shape::Shape;
pub use widening::is_wider;
pub use write::{Prose, write};

/// The marker of a catalogue file that Placet wrote.
const FORMAT: &str = "catalogue/1";

/// The tools of a server, and its prompts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// By name.
    pub tools: BTreeMap<String, Tool>,
    /// What `prompts/list` says, by name; their arguments are strings.
    pub prompts: BTreeMap<String, Tool>,
}

impl Catalogue {
    /// The tool or prompt of that name; a resource has no definition.
    pub fn get(&self, feature: &Feature) -> Option<&Tool> {
        match feature {
            Feature::Tool(name) => self.tools.get(name),
            Feature::Prompt(name) => self.prompts.get(name),
            Feature::Resources(_) => None,
        }
    }

    /// The arguments of a feature, or why they cannot be told; `None` if there is no such feature.
    /// Reading a resource takes none.
    pub fn arguments(
        &self,
        feature: &Feature,
    ) -> Option<Result<&BTreeMap<String, Parameter>, &Untranslatable>> {
        static NONE: BTreeMap<String, Parameter> = BTreeMap::new();
        match feature {
            Feature::Resources(_) => Some(Ok(&NONE)),
            defined => self.get(defined).map(|tool| tool.arguments.as_ref()),
        }
    }
}

/// A tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// The digest of the whole definition; `None` where it has none (an integer beyond ±2⁵³).
    pub digest: Option<Digest>,
    /// The arguments, or why the `inputSchema` could not be translated.
    pub arguments: Result<BTreeMap<String, Parameter>, Untranslatable>,
    /// What of the definition bears on privilege.
    pub shape: Shape,
    /// Whether it says in so many words that it may change things for good; where it says nothing, MCP
    /// takes it for granted.
    pub says_destructive: bool,
    /// The whole definition, as the server gave it; `None` where the catalogue holds it without its
    /// prose, or it cannot be read.
    pub definition: Option<Value>,
}

/// What a tool says of its own behaviour (MCP, `ToolAnnotations`). Hints, not guarantees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// Changes nothing.
    pub read_only: bool,
    /// May change things for good.
    pub destructive: bool,
    /// Twice is as once.
    pub idempotent: bool,
    /// Reaches things outside the server.
    pub open_world: bool,
}

impl Default for Hints {
    /// What MCP says an absent hint means.
    fn default() -> Self {
        Self { read_only: false, destructive: true, idempotent: false, open_world: true }
    }
}

/// An argument, or a member of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it holds.
    pub kind: Kind,
    /// Whether a call must have it. One that may be `null` may as well be absent.
    pub required: bool,
}

/// What an argument holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    String,
    /// A boolean.
    Boolean,
    /// An integer; also what a schema calls a number.
    Integer,
    /// An array of scalars.
    Array(Box<Kind>),
    /// An object with members.
    Object(BTreeMap<String, Parameter>),
    /// Anything else: conditions cannot read it.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => formatter.write_str("a string"),
            Self::Boolean => formatter.write_str("a boolean"),
            Self::Integer => formatter.write_str("an integer"),
            Self::Array(element) => {
                let element = element.to_string();
                let plural = element.split(' ').next_back().unwrap_or_default();
                write!(formatter, "an array of {plural}s")
            }
            Self::Object(_) => formatter.write_str("an object"),
            Self::Other => formatter.write_str("of a type that conditions cannot read"),
        }
    }
}

/// Why an `inputSchema` could not be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untranslatable(pub String);

impl fmt::Display for Untranslatable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
