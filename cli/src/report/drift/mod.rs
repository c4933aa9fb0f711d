//! What changed between two catalogues, as people and machines read it.

mod json;
mod text;

use placet_engine::bundle::Feature;
use placet_language::catalogue::drift::{Change, Drift, Event};
use placet_language::model::Touched;

pub(crate) use json::report as json;
pub(crate) use text::{direction, line, report as text};

/// Two catalogues, compared.
pub(crate) struct Compared<'c> {
    pub(crate) old: &'c str,
    pub(crate) new: &'c str,
    pub(crate) drift: &'c Drift,
    /// What rests on a feature, where a policy tells.
    pub(crate) touched: Option<&'c dyn Fn(&Feature) -> Touched>,
    pub(crate) all: bool,
}

impl Compared<'_> {
    /// What rests on a feature; of one that was renamed, on its former name too.
    fn touched(&self, feature: &Feature, events: &[Event]) -> Option<Touched> {
        let touched = self.touched?;
        let renamed = events.iter().find(|event| event.change == Change::Renamed);
        let before = renamed.and_then(|event| event.before.as_ref()?.as_str().map(str::to_owned));
        Some(match (feature, before) {
            (Feature::Tool(_), Some(before)) => touched(&Feature::Tool(before)),
            (Feature::Prompt(_), Some(before)) => touched(&Feature::Prompt(before)),
            _ => touched(feature),
        })
    }
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
