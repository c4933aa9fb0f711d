//! The map: from consents through capabilities and the scopes that they need to tools, drawn as SVG.
//!
//! Servers stand below each other. In each, `order` puts consents and capabilities so that few lines
//! cross, `place` gives everything its place, and `draw` writes it. A capability's scopes and tools
//! stand beside it, so only the lines from consents can cross at all.

mod draw;
mod measure;
mod order;
mod place;

use std::collections::BTreeSet;

use placet_engine::bundle::Access;
use placet_language::overview::{Callers, Capability, Cell, Overview};

use crate::output::length;
use crate::overview::content::consent_id;

pub(super) use draw::shape;

/// A drawn map.
pub(super) struct Drawn {
    /// The styles by which what belongs together stands out under the pointer.
    pub(super) style: String,
    pub(super) picture: String,
}

/// What is on a server.
struct Region<'o> {
    name: &'o str,
    identity: &'o str,
    sources: Vec<Source>,
    capabilities: Vec<Held<'o>>,
    links: Vec<Link>,
}

/// Where lines start: a consent, or what is allowed without one.
struct Source {
    /// Where it stands on the page; `None` without consent.
    id: Option<String>,
    name: String,
    text: String,
    below: String,
}

/// A capability with its tools.
struct Held<'o> {
    /// Which of all capabilities it is.
    index: usize,
    capability: &'o Capability,
    tools: Vec<Tool<'o>>,
}

struct Tool<'o> {
    kind: &'o str,
    name: &'o str,
    access: Access,
    /// Whether every call through this capability is denied.
    is_dead: bool,
}

impl Tool<'_> {
    /// Its name, with what it is where it is no tool.
    fn label(&self) -> String {
        match self.kind {
            "tool" => self.name.to_owned(),
            kind => format!("{kind} {}", self.name),
        }
    }
}

/// A line from a source to a capability, by their places in the region.
struct Link {
    source: usize,
    capability: usize,
    access: Access,
    /// Whether somebody may call something.
    is_live: bool,
}

/// Draws where consents lead.
pub(super) fn draw(overview: &Overview) -> Drawn {
    let regions = overview.servers.iter().map(|server| {
        let mut region = region(overview, &server.name, &server.identity);
        arrange(&mut region);
        region
    });
    // A server of which nothing is told takes no place.
    let regions: Vec<Region<'_>> = regions.filter(|one| !one.is_empty()).collect();
    draw::picture(&place::place(regions))
}

impl Region<'_> {
    fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.capabilities.is_empty()
    }
}

fn region<'o>(overview: &'o Overview, name: &'o str, identity: &'o str) -> Region<'o> {
    let capabilities: Vec<Held<'o>> = overview
        .capabilities
        .iter()
        .enumerate()
        .filter(|(_, capability)| capability.server == name)
        .map(|(index, capability)| held(overview, index, capability))
        .collect();
    let mut region =
        Region { name, identity, sources: Vec::new(), capabilities, links: Vec::new() };
    for (index, consent) in overview.consents.iter().enumerate() {
        if consent.server != name {
            continue;
        }
        let lasts = match consent.lasts {
            Some(seconds) => length(seconds),
            None => String::from("until it is taken back"),
        };
        region.link(overview, Some(&consent.name));
        region.sources.push(Source {
            id: Some(consent_id(index)),
            name: consent.name.clone(),
            text: consent.text.clone(),
            below: lasts,
        });
    }
    if region.link(overview, None) {
        let rules = overview.rules.iter().filter(|rule| {
            let held = region.capabilities.iter().map(|one| &one.capability.rules);
            rule.under.is_none() && held.into_iter().any(|rules| rules.contains(&rule.name))
        });
        let rules: Vec<&str> = rules.map(|rule| rule.name.as_str()).collect();
        region.sources.push(Source {
            id: None,
            name: String::from("without consent"),
            text: rules.join(", "),
            below: String::new(),
        });
    }
    region
}

impl Region<'_> {
    /// Adds the lines of the source that comes next, and says whether there are any.
    fn link(&mut self, overview: &Overview, consent: Option<&String>) -> bool {
        let source = self.sources.len();
        let before = self.links.len();
        for (place, held) in self.capabilities.iter().enumerate() {
            let cells: Vec<&Cell> = overview
                .matrix
                .iter()
                .filter(|cell| {
                    cell.consent.as_ref() == consent && cell.capability == held.capability.name
                })
                .collect();
            let Some(access) = cells.iter().map(|cell| cell.access).max() else { continue };
            let is_live = cells.iter().any(|cell| cell.callers != Callers::Nobody);
            self.links.push(Link { source, capability: place, access, is_live });
        }
        self.links.len() > before
    }
}

fn held<'o>(overview: &'o Overview, index: usize, capability: &'o Capability) -> Held<'o> {
    let live: BTreeSet<_> = overview
        .matrix
        .iter()
        .filter(|cell| cell.capability == capability.name && cell.callers != Callers::Nobody)
        .map(|cell| &cell.feature)
        .collect();
    let tools = capability.features.iter().map(|held| Tool {
        kind: held.feature.kind,
        name: &held.feature.name,
        access: held.access,
        is_dead: !live.contains(&held.feature),
    });
    Held { index, capability, tools: tools.collect() }
}

/// Puts sources and capabilities in the order in which few lines cross.
fn arrange(region: &mut Region<'_>) {
    let links: Vec<(usize, usize)> =
        region.links.iter().map(|link| (link.source, link.capability)).collect();
    let (sources, capabilities) =
        order::order(region.sources.len(), region.capabilities.len(), &links);
    for link in &mut region.links {
        link.source = sources.get(link.source).copied().unwrap_or(link.source);
        link.capability = capabilities.get(link.capability).copied().unwrap_or(link.capability);
    }
    permute(&mut region.sources, &sources);
    permute(&mut region.capabilities, &capabilities);
    region.links.sort_by_key(|link| (link.source, link.capability));
}

/// Moves each to its new place.
fn permute<T>(all: &mut Vec<T>, places: &[usize]) {
    let mut moved: Vec<(usize, T)> = all
        .drain(..)
        .enumerate()
        .map(|(old, one)| (places.get(old).copied().unwrap_or(old), one))
        .collect();
    moved.sort_by_key(|(place, _)| *place);
    all.extend(moved.into_iter().map(|(_, one)| one));
}
