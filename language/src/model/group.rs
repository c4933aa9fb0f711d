//! Groups of users.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Group;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::{Checker, GroupDeclaration};
use crate::model::names::circle;
use crate::source::Span;
use crate::syntax::ast::Name;

impl<'a> Checker<'a> {
    pub(crate) fn check_groups(&mut self) -> BTreeMap<String, Group> {
        let declared: Vec<(String, GroupDeclaration<'a>, Span)> = self
            .names
            .groups
            .iter()
            .map(|(name, declaration, span)| (name.to_owned(), *declaration, span))
            .collect();
        let mut groups = BTreeMap::new();
        for (name, declaration, span) in &declared {
            let group = Group {
                issuer: self.issuer(declaration.issuer, "group", *span).unwrap_or_default(),
                claim: declaration.claim.iter().map(|text| self.text(text)).collect(),
                has: self.text(declaration.has),
                and_in: self.group_names(declaration.and_in),
                within: self.group_names(declaration.within),
            };
            groups.insert(name.clone(), group);
        }
        self.group_circles(&groups);
        groups
    }

    fn group_names(&mut self, names: &[Name]) -> BTreeSet<String> {
        let mut known = BTreeSet::new();
        for name in names {
            let found = self.names.groups.find(self.sources, name).map(|_| name.text.clone());
            known.extend(self.keep(found));
        }
        known
    }

    fn group_circles(&mut self, groups: &BTreeMap<String, Group>) {
        let edges: BTreeMap<&str, Vec<&str>> = groups
            .iter()
            .map(|(name, group)| {
                let others = group.within.iter().chain(&group.and_in);
                (name.as_str(), others.map(String::as_str).collect())
            })
            .collect();
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for name in groups.keys() {
            let Some(circle) = circle(name, &edges) else { continue };
            if told.contains(name.as_str()) {
                continue;
            }
            told.extend(&circle);
            let mut diagnostic =
                Diagnostic::error(Code::Cycle, "these groups are in each other in a circle")
                    .help(format!("{}: leave one `in` out", circle.join(" → ")));
            if let Some(span) = self.names.groups.span(name) {
                diagnostic = diagnostic.at(self.sources, span, "part of the circle");
            }
            self.say(diagnostic);
        }
    }
}
