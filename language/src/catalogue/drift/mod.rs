//! Drift: what changed between two versions of a tool or of a whole catalogue, and in which direction.
//! `spec/drift.md` describes it.
//!
//! `definition` compares what bears on privilege, keyword by keyword: `schema` walks two schemas at
//! once, through their references; `parameters`, `keyword` and `alternatives` judge what it meets.
//! `whole` compares catalogues, for which `prose` and `suspicious` look at what only people and models
//! read. `words` says events to people.

mod alternatives;
mod definition;
mod keyword;
#[cfg(test)]
mod laws;
mod parameters;
mod place;
mod prose;
mod schema;
pub(crate) mod suspicious;
mod whole;
mod words;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use definition::compare_shapes;
pub use whole::{Drift, compare};

/// What changed at one place of a tool or a prompt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// What kind of change it is.
    pub change: Change,
    /// Whether more is possible now, or less.
    pub direction: Direction,
    /// Where in the definition, as a JSON Pointer (RFC 6901) that walks through references as if what
    /// they refer to were written there. Empty where the whole is meant.
    pub place: String,
    /// What was there; `None` where nothing was.
    pub before: Option<Value>,
    /// What is there now; `None` where nothing is.
    pub after: Option<Value>,
}

impl Event {
    /// Whether somebody should look before the new version is used: more is possible, or a text tries
    /// to deceive.
    pub fn is_alarming(&self) -> bool {
        self.direction.is_widening() || self.is_suspicious()
    }

    /// Whether a text appeared that tries to deceive.
    pub fn is_suspicious(&self) -> bool {
        matches!(self.change, Change::HiddenCharacters | Change::AddressesModel)
    }
}

/// What kind of change an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The tool or prompt is new.
    Added,
    /// The tool or prompt is gone.
    Removed,
    /// The same definition stands under another name, which `before` holds.
    Renamed,
    /// A parameter is new: `after` holds its `schema`, and whether it is `required`.
    ParameterAdded,
    /// A parameter is gone: `before` holds what it was.
    ParameterRemoved,
    /// A parameter that could be left out is required.
    ParameterRequired,
    /// A parameter that was required can be left out.
    ParameterOptional,
    /// A keyword of a schema, the last name of the place.
    Keyword,
    /// An annotation, MCP's default filled in where it is absent.
    Annotation,
    /// A sentence for people and models.
    Prose,
    /// A title or icons.
    Cosmetic,
    /// Anything else of the definition, such as its `outputSchema`.
    Other,
    /// A text has characters that are not shown as they are: `after` shows them spelled out.
    HiddenCharacters,
    /// A text speaks to the model instead of describing: `after` shows where.
    AddressesModel,
}

/// Whether more is possible than before, or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Neither.
    Neutral,
    /// Less is possible.
    Narrows,
    /// More is possible.
    Widens,
    /// More in one way and less in another, or nobody can tell. It counts as widening.
    Incomparable,
}

impl Direction {
    /// The direction of a change after which more is possible, less, or both.
    pub(crate) fn of(more: bool, less: bool) -> Self {
        match (more, less) {
            (false, false) => Self::Neutral,
            (false, true) => Self::Narrows,
            (true, false) => Self::Widens,
            (true, true) => Self::Incomparable,
        }
    }

    /// Whether more is possible, or may be.
    pub fn is_widening(self) -> bool {
        matches!(self, Self::Widens | Self::Incomparable)
    }

    /// Whether less is possible, or may be.
    pub fn is_narrowing(self) -> bool {
        matches!(self, Self::Narrows | Self::Incomparable)
    }

    /// The direction of two changes at once.
    pub fn and(self, other: Self) -> Self {
        Self::of(
            self.is_widening() || other.is_widening(),
            self.is_narrowing() || other.is_narrowing(),
        )
    }

    /// The direction of several changes at once.
    pub fn of_all<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().fold(Self::Neutral, |all, event| all.and(event.direction))
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Neutral => "neutral",
            Self::Narrows => "narrows",
            Self::Widens => "widens",
            Self::Incomparable => "incomparable",
        })
    }
}
