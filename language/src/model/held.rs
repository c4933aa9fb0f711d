//! Which capabilities hold a tool, a prompt or a resource.

use std::collections::BTreeMap;

use placet_engine::bundle::{Access, Feature};

use crate::model::Capability;

/// The capabilities of one server by what they hold, each with its access.
type ByFeature<'p> = BTreeMap<&'p Feature, Vec<(&'p str, Access)>>;

/// An index of capabilities by server and what they hold.
#[derive(Debug, Clone)]
pub struct Held<'p>(BTreeMap<&'p str, ByFeature<'p>>);

impl<'p> Held<'p> {
    /// Indexes capabilities.
    pub fn new(capabilities: &'p BTreeMap<String, Capability>) -> Self {
        let mut held: BTreeMap<_, ByFeature<'_>> = BTreeMap::new();
        for (name, capability) in capabilities {
            let features = held.entry(capability.server.as_str()).or_default();
            for feature in &capability.features {
                features.entry(feature).or_default().push((name.as_str(), capability.access));
            }
        }
        Self(held)
    }

    /// The capabilities that hold a feature, by name, with the access of each.
    pub fn capabilities(&self, server: &str, feature: &Feature) -> &[(&'p str, Access)] {
        self.0.get(server).and_then(|features| features.get(feature)).map_or(&[], Vec::as_slice)
    }

    /// A feature's access: the highest of its capabilities; `None` in no capability.
    pub fn access(&self, server: &str, feature: &Feature) -> Option<Access> {
        self.capabilities(server, feature).iter().map(|(_, access)| *access).max()
    }
}
