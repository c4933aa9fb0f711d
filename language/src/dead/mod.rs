//! Dead parts: rules that can never decide anything, and what a policy declares for nothing.
//!
//! What can be told from the text alone, the checker says. This pass asks the analysis that the diff
//! asks, of what the policy compiles to, so it comes after [`mod@crate::lower`]. Everything that it
//! says is a warning, and of packs it says nothing: their rules are for policies of all kinds.
//!
//! INVARIANT: it is exact or silent. A rule of which something could not be told is not reported.

mod survey;

use std::collections::BTreeSet;

use placet_engine::bundle::{Content, Effect, Otherwise, Target};

use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::limits::Limits;
use crate::lower;
use crate::model::{self, Checked, Places};
use crate::source::Span;

use survey::{Allow, Survey, survey};

/// Of how many requirements and denials that change nothing it is looked which can go together.
const TOGETHER: usize = 32;

/// Reads and checks a policy, and says besides what in it can never decide anything. The policy is the
/// same as [`check`](crate::check)'s, which is faster; what is said more are warnings.
pub fn review(files: &dyn Files, limits: &Limits) -> Checked {
    review_with_places(files, limits).0
}

/// The same, and where what is in it stands.
pub(crate) fn review_with_places(files: &dyn Files, limits: &Limits) -> (Checked, Places) {
    let (mut checked, places) = model::check_with_places(files, limits);
    if let Some(policy) = &checked.policy {
        let content = lower(policy);
        let known: BTreeSet<_> = checked.diagnostics.iter().map(Diagnostic::sort_key).collect();
        let found = Finder { content: &content, places: &places }.all();
        checked.diagnostics.extend(found.into_iter().filter(|one| {
            // The checker said it already, of the text.
            one.code != Code::Unreachable || !known.contains(&one.sort_key())
        }));
        checked.diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    }
    (checked, places)
}

/// What becomes of calls without a requirement that decides none of them.
fn digests_spared(survey: &Survey, rule: &str) -> &'static str {
    if survey.spares_digests(rule) {
        ". One thing changes: calls with an integer beyond ±2⁵³, which are denied wherever a call may \
         have to be confirmed, are judged like others without it"
    } else {
        ""
    }
}

struct Finder<'f> {
    content: &'f Content,
    places: &'f Places,
}

impl Finder<'_> {
    fn all(&self) -> Vec<Diagnostic> {
        let mut found = self.capabilities();
        found.extend(self.consents());
        let Ok(survey) = survey(self.content, &BTreeSet::new(), None) else { return found };
        found.extend(
            survey
                .allows
                .iter()
                .filter_map(|((rule, capability), allow)| self.allow(rule, capability, allow)),
        );
        found.extend(self.bounds(&survey));
        found
    }

    /// Where something stands, unless a pack says it.
    fn place(&self, span: Option<&Span>) -> Option<Span> {
        span.copied().filter(|span| !self.places.packs.contains(&span.file))
    }

    fn allow(&self, rule: &str, capability: &str, allow: &Allow) -> Option<Diagnostic> {
        let name = self.place(self.places.rules.get(rule))?;
        if allow.is_live || allow.is_unknown {
            return None;
        }
        let sources = &self.places.sources;
        if !allow.is_reached {
            let message = format!("`{rule}` never allows a call through `{capability}`");
            return Some(
                Diagnostic::error(Code::Impossible, message)
                    .warning()
                    .at(sources, name, "no call fits all that it asks for")
                    .help(
                        "some of its users, clients, scopes, consent and conditions exclude each \
                         other, or the server's credentials exclude them: change one, or leave the \
                         rule out",
                    ),
            );
        }
        let message = format!(
            "`{rule}` never allows a call through `{capability}`: other rules stop them all"
        );
        let mut diagnostic = Diagnostic::error(Code::Shadowed, message).warning().at(
            sources,
            name,
            "allows nothing",
        );
        for other in &allow.by {
            if let Some(span) = self.places.rules.get(other) {
                diagnostic = diagnostic.at(sources, *span, "stops it");
            }
        }
        let by: Vec<String> = allow.by.iter().map(|one| format!("`{one}`")).collect();
        Some(diagnostic.help(format!(
            "leave it out, or let {} spare some of its calls",
            if by.is_empty() { String::from("the others") } else { by.join(", ") }
        )))
    }

    fn kind(&self, rule: &str) -> Option<&'static str> {
        Some(match self.content.rules.get(rule)?.effect {
            Effect::Allow { .. } => return None,
            Effect::Deny { .. } => "deny",
            Effect::Require { .. } => "require",
        })
    }

    /// Denials and requirements that change no answer.
    fn bounds(&self, first: &Survey) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut candidates = Vec::new();
        for rule in self.content.rules.keys() {
            let (Some(kind), Some(name)) =
                (self.kind(rule), self.place(self.places.rules.get(rule)))
            else {
                continue;
            };
            let state = first.bounds.get(rule);
            if state.is_some_and(|one| one.is_live || one.is_unknown) {
                continue;
            }
            if state.is_some_and(|one| one.is_reached) {
                candidates.push((name, rule, kind));
                continue;
            }
            let label = match kind {
                "deny" => "no call that an `allow` lets through is one that it forbids",
                _ => "every call that an `allow` lets through meets it",
            };
            found.push(
                Diagnostic::error(Code::Unreachable, format!("this `{kind}` can never apply"))
                    .warning()
                    .at(&self.places.sources, name, label)
                    .help(format!(
                        "leave the rule out, or check its users, clients, targets and condition{}",
                        digests_spared(first, rule)
                    )),
            );
        }
        // The last first, each without those that were found before: all of them can be left out
        // together.
        candidates.sort_by_key(|(span, ..)| (span.file, span.start));
        let mut left_out: BTreeSet<String> = BTreeSet::new();
        for (name, rule, kind) in candidates.into_iter().rev().take(TOGETHER) {
            let again = match left_out.is_empty() {
                true => None,
                false => match survey(self.content, &left_out, Some(rule)) {
                    Ok(again) => Some(again),
                    Err(_) => continue,
                },
            };
            let Some(state) = again.as_ref().unwrap_or(first).bounds.get(rule) else { continue };
            if state.is_live || state.is_unknown {
                continue;
            }
            left_out.insert(rule.clone());
            let message = format!("this `{kind}` changes no answer");
            let label = match kind {
                "deny" => "other rules stop all that it forbids",
                _ => "other rules stop all that does not meet it",
            };
            let mut diagnostic = Diagnostic::error(Code::Redundant, message).warning().at(
                &self.places.sources,
                name,
                label,
            );
            for other in &state.by {
                if let Some(span) = self.places.rules.get(other) {
                    diagnostic = diagnostic.at(&self.places.sources, *span, "stops them too");
                }
            }
            found.push(diagnostic.help(format!(
                "leave it out, or keep the reason in a comment{}",
                digests_spared(first, rule)
            )));
        }
        found
    }

    /// Capabilities that nobody can reach, as no rule names them.
    fn capabilities(&self) -> Vec<Diagnostic> {
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for rule in self.content.rules.values() {
            match &rule.effect {
                Effect::Allow { capabilities, under: _ } => {
                    named.extend(capabilities.iter().map(String::as_str));
                }
                Effect::Deny { targets } | Effect::Require { targets, otherwise: _ } => {
                    named.extend(targets.iter().filter_map(|target| match target {
                        Target::Capability(name) => Some(name.as_str()),
                        Target::Access(_) => None,
                    }));
                }
            }
        }
        // What holds the tools of another one besides may raise their access.
        let mut shared: BTreeSet<&str> = BTreeSet::new();
        for server in self.content.servers.values() {
            for (_, tool) in server.features().filter(|(_, tool)| tool.capabilities.len() > 1) {
                shared.extend(tool.capabilities.iter().map(String::as_str));
            }
        }
        let mut found = Vec::new();
        for name in self.content.capabilities.keys() {
            let Some(span) = self.place(self.places.capabilities.get(name)) else { continue };
            if named.contains(name.as_str()) || shared.contains(name.as_str()) {
                continue;
            }
            found.push(
                Diagnostic::error(Code::CapabilityUnused, format!("nobody can use `{name}`"))
                    .warning()
                    .at(&self.places.sources, span, "no rule names it")
                    .help("write an `allow … to` it, or leave it out"),
            );
        }
        found
    }

    /// Consents that no rule uses.
    fn consents(&self) -> Vec<Diagnostic> {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for rule in self.content.rules.values() {
            match &rule.effect {
                Effect::Allow { under: Some(terms), .. }
                | Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } => {
                    used.insert(terms);
                }
                Effect::Allow { .. } | Effect::Deny { .. } | Effect::Require { .. } => {}
            }
        }
        let unused = self.content.terms.keys().filter(|name| !used.contains(name.as_str()));
        let diagnostic = |name: &String| {
            let span = self.place(self.places.consents.get(name))?;
            let message = format!("no rule uses consent `{name}`");
            Some(
                Diagnostic::error(Code::ConsentUnused, message)
                    .warning()
                    .at(&self.places.sources, span, "users would agree to it for nothing")
                    .help("write an `allow … under` it, or leave it out"),
            )
        };
        unused.filter_map(diagnostic).collect()
    }
}
