//! Overlaps of resource patterns: each resource must be an action of its own.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Feature;
use placet_engine::resource::{Pattern, overlaps};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;

impl Checker<'_> {
    /// Tells apart the resources of each server by all the patterns that they fit, and gives each
    /// capability those that fit one of its own.
    pub(crate) fn check_overlaps(&mut self) {
        let mut patterns: BTreeMap<String, BTreeSet<Pattern>> = BTreeMap::new();
        for capability in self.capabilities.values() {
            let on_server = patterns.entry(capability.server.clone()).or_default();
            on_server.extend(capability.patterns.iter().cloned());
        }
        let limit = self.limits.resource_sets;
        for (name, patterns) in patterns {
            let Some(sets) = overlaps(&patterns, limit) else {
                let diagnostic = Diagnostic::error(
                    Code::Limit,
                    format!(
                        "the resource patterns of `{name}` overlap in more ways than the limit of \
                         {limit}"
                    ),
                )
                .help("write patterns that share less: each resource should fit few of them");
                self.say(diagnostic);
                continue;
            };
            for capability in self.capabilities.values_mut().filter(|one| one.server == name) {
                capability.features.retain(|feature| !matches!(feature, Feature::Resources(_)));
                let fitting = sets.iter().filter(|set| !set.is_disjoint(&capability.patterns));
                capability.features.extend(fitting.cloned().map(Feature::Resources));
            }
            if let Some(server) = self.servers.get_mut(&name) {
                server.resources = sets;
            }
        }
    }
}
