//! Which capabilities hold a tool.

use std::collections::BTreeMap;

use placet_engine::bundle::Access;

use crate::model::Capability;

/// The capabilities of one server by tool, each with its access.
type ByTool<'p> = BTreeMap<&'p str, Vec<(&'p str, Access)>>;

/// An index of capabilities by server and tool.
#[derive(Debug, Clone)]
pub struct Held<'p>(BTreeMap<&'p str, ByTool<'p>>);

impl<'p> Held<'p> {
    /// Indexes capabilities.
    pub fn new(capabilities: &'p BTreeMap<String, Capability>) -> Self {
        let mut held: BTreeMap<_, ByTool<'_>> = BTreeMap::new();
        for (name, capability) in capabilities {
            let tools = held.entry(capability.server.as_str()).or_default();
            for tool in &capability.tools {
                tools.entry(tool.as_str()).or_default().push((name.as_str(), capability.access));
            }
        }
        Self(held)
    }

    /// The capabilities that hold a tool, by name, with the access of each.
    pub fn capabilities(&self, server: &str, tool: &str) -> &[(&'p str, Access)] {
        self.0.get(server).and_then(|tools| tools.get(tool)).map_or(&[], Vec::as_slice)
    }

    /// A tool's access: the highest of its capabilities; `None` in no capability.
    pub fn access(&self, server: &str, tool: &str) -> Option<Access> {
        self.capabilities(server, tool).iter().map(|(_, access)| *access).max()
    }
}
