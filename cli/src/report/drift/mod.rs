//! What changed between two catalogues, as people and machines read it.

mod json;
mod text;

use placet_engine::bundle::Feature;
use placet_language::catalogue::drift::Drift;

pub(crate) use json::report as json;
pub(crate) use text::{direction, line, report as text};

/// Two catalogues, compared.
pub(crate) struct Compared<'c> {
    pub(crate) old: &'c str,
    pub(crate) new: &'c str,
    pub(crate) drift: &'c Drift,
    pub(crate) all: bool,
}

/// Whether a feature is a tool or a prompt, and its name.
pub(crate) fn named(feature: &Feature) -> (&'static str, String) {
    let kind = match feature {
        Feature::Tool(_) => "tool",
        Feature::Prompt(_) => "prompt",
        Feature::Resources(_) => "resources",
    };
    (kind, feature.name())
}
