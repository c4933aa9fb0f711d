//! The lock: what a glob or a selector resolves to is what was reviewed, and so is what it may do.

use std::collections::BTreeSet;

use placet_engine::bundle::Feature;
use placet_engine::condition::quote;

use crate::catalogue::is_wider;
use crate::diagnostic::{Code, Diagnostic};
use crate::lock::Lock;
use crate::model::check::Checker;
use crate::source::Span;
use crate::syntax::ast::{CapabilityClause, Selected};

/// How many names a message gives before it only counts.
const NAMED: usize = 3;

impl Checker<'_> {
    /// Takes out of what a pattern or a selector chose what nobody reviewed as part of the
    /// capability, and says so.
    pub(crate) fn only_reviewed(
        &self,
        capability: &str,
        kind: &str,
        place: Span,
        chosen: BTreeSet<String>,
        wrong: &mut Vec<Diagnostic>,
    ) -> BTreeSet<String> {
        let Some(lock) = self.lock else { return chosen };
        let locked = lock.capabilities.get(capability);
        let locked = locked.map(|members| match kind {
            "prompt" => &members.prompts,
            _ => &members.tools,
        });
        let (reviewed, new): (BTreeSet<String>, BTreeSet<String>) =
            chosen.into_iter().partition(|name| locked.is_some_and(|all| all.contains(name)));
        if new.is_empty() {
            return reviewed;
        }
        let message = format!(
            "{} {} not in the lock, and so not in the capability",
            list(&new, kind),
            if new.len() == 1 { "is" } else { "are" },
        );
        let diagnostic = Diagnostic::error(Code::LockDrift, message)
            .at(self.sources, place, "selected here since the lock was written")
            .help("review what is new and lock the policy again, or take it out with `except`");
        // Without what is new nothing may be left.
        wrong.push(if reviewed.is_empty() { diagnostic } else { diagnostic.warning() });
        reviewed
    }

    /// A definition that grew since it was reviewed is not compiled.
    pub(crate) fn check_lock(&mut self) {
        let Some(lock) = self.lock else { return self.check_unlocked() };
        let mut wrong = Vec::new();
        for (name, _, span) in self.names.capabilities.iter() {
            let grown = self.grown(lock, name);
            if grown.is_empty() {
                continue;
            }
            let message = format!("{} may do more than what was reviewed", list(&grown, "tool"));
            let diagnostic = Diagnostic::error(Code::LockWidened, message)
                .at(self.sources, span, "holds what grew")
                .help("compare the catalogue with the one before, and lock the policy again");
            wrong.push(diagnostic);
        }
        // What another component computes is another fact, whatever it is called.
        let mut told = BTreeSet::new();
        for (_, written, _) in self.names.facts.iter() {
            let Some((file, digest)) = self.component_of(written) else { continue };
            let label = match lock.components.get(&file) {
                Some(reviewed) if reviewed == digest => continue,
                Some(_) => "has other bytes than the lock says",
                None => "is not in the lock",
            };
            if !told.insert(file.clone()) {
                continue;
            }
            let message = format!("the component `{file}` is not the one that was reviewed");
            let diagnostic = Diagnostic::error(Code::LockComponent, message)
                .at(self.sources, written.component.span, label)
                .help(
                    "what it computes decides calls: review it, and lock the policy again; users \
                     who agreed to what another one let through are asked again",
                );
            wrong.push(diagnostic);
        }
        self.diagnostics.extend(wrong);
    }

    /// The tools and prompts of a capability whose definition is wider than the one in the lock.
    fn grown(&self, lock: &Lock, capability: &str) -> BTreeSet<String> {
        let Some(capability) = self.capabilities.get(capability) else { return BTreeSet::new() };
        let catalogue = self.servers.get(&capability.server).map(|server| &server.catalogue);
        let is_grown = |feature: &&Feature| {
            let today = catalogue.and_then(|catalogue| catalogue.get(feature));
            let then = lock.shape(&capability.server, feature);
            today.zip(then).is_some_and(|(today, then)| is_wider(then, &today.shape))
        };
        capability.features.iter().filter(is_grown).map(Feature::name).collect()
    }

    fn check_unlocked(&mut self) {
        let is_open = |clause: &CapabilityClause| match clause {
            CapabilityClause::Tools(selection) | CapabilityClause::Prompts(selection) => {
                match &selection.what {
                    Selected::Hints(_) => true,
                    Selected::Names(patterns) => {
                        patterns.iter().any(|one| !super::capability::glob(one).is_literal())
                    }
                }
            }
            _ => false,
        };
        let follows = self
            .names
            .capabilities
            .iter()
            .any(|(_, declared, _)| declared.clauses.iter().any(is_open));
        if follows && !self.is_unfinished() {
            let diagnostic = Diagnostic::error(
                Code::Unlocked,
                "the policy selects tools by pattern and has no lock, so they follow the catalogue",
            )
            .warning()
            .help(
                "a tool that the server adds joins a capability when its catalogue is pulled \
                 again; name the tools one by one where that must not happen",
            );
            self.say(diagnostic);
        }
    }
}

/// Some names in a sentence.
fn list(names: &BTreeSet<String>, kind: &str) -> String {
    let first: Vec<String> = names.iter().take(NAMED).map(|name| quote(name)).collect();
    match names.len().checked_sub(first.len()) {
        None | Some(0) => first.join(", "),
        Some(more) => format!("{} and {more} more {kind}s", first.join(", ")),
    }
}
