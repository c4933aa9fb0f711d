//! Tools in two capabilities that do not say the same of them.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::model::{Capability, Held};

impl Checker<'_> {
    /// Warns of capabilities that share a tool and differ in access or needs: the tool has the higher
    /// access in both, and which scopes it needs depends on the rule.
    pub(crate) fn check_ambiguous(&mut self) {
        if self.is_unfinished() {
            return;
        }
        let held = Held::new(&self.capabilities);
        let mut pairs: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for capability in self.capabilities.values() {
            for feature in &capability.features {
                let holding = held.capabilities(&capability.server, feature);
                for (index, (one, _)) in holding.iter().enumerate() {
                    for (other, _) in holding.iter().skip(index.saturating_add(1)) {
                        pairs.entry((one, other)).or_default().push(feature.name());
                    }
                }
            }
        }
        let mut found = Vec::new();
        for ((one, other), mut shared) in pairs {
            let declared = |name: &str| self.capabilities.get(name);
            let (Some(first), Some(second)) = (declared(one), declared(other)) else { continue };
            let Some(what) = difference(first, second) else { continue };
            let (Some(place), Some(earlier)) =
                (self.names.capabilities.span(other), self.names.capabilities.span(one))
            else {
                continue;
            };
            if self.packs.contains(&place.file) && self.packs.contains(&earlier.file) {
                continue;
            }
            shared.sort();
            shared.dedup();
            let (tool, more) = match shared.as_slice() {
                [] => continue,
                [only] => (only, String::new()),
                [first, rest @ ..] => (first, format!(" and {} more", rest.len())),
            };
            let diagnostic = Diagnostic::error(
                Code::ToolAmbiguous,
                format!("`{one}` and `{other}` differ in {what}, and both hold `{tool}`{more}"),
            )
            .warning()
            .at(self.sources, place, "one of them")
            .at(self.sources, earlier, "the other")
            .help(
                "a tool has the highest access of its capabilities, and each rule asks for the \
                 scopes of its own: hold the tool in one of them, or let both say the same",
            );
            found.push(diagnostic);
        }
        self.diagnostics.extend(found);
    }
}

fn difference(one: &Capability, other: &Capability) -> Option<&'static str> {
    match (one.access != other.access, one.needs != other.needs) {
        (false, false) => None,
        (true, false) => Some("access"),
        (false, true) => Some("needs"),
        (true, true) => Some("access and needs"),
    }
}
