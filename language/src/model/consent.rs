//! Consents: what a user is asked to agree to.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::Consent;
use crate::model::check::Checker;
use crate::source::Span;
use crate::syntax::ast::{ConsentClause, Name, Text};
use crate::syntax::text::unescape;

impl<'a> Checker<'a> {
    pub(crate) fn check_consents(&mut self) -> BTreeMap<String, Consent> {
        let mut consents = BTreeMap::new();
        for (name, text, clauses, span) in self.declared_consents() {
            consents.insert(name, self.consent(text, clauses, span));
        }
        for (_, _, clauses, _) in self.declared_consents() {
            self.former_names(clauses, &consents);
        }
        consents
    }

    fn declared_consents(&self) -> Vec<(String, &'a Text, &'a [ConsentClause], Span)> {
        self.names
            .consents
            .iter()
            .map(|(name, (text, clauses), span)| (name.to_owned(), *text, *clauses, span))
            .collect()
    }

    /// A name that a consent had is no other consent's, today's or former: a receipt under it would
    /// count for both.
    fn former_names(&mut self, clauses: &'a [ConsentClause], consents: &BTreeMap<String, Consent>) {
        let names = clauses.iter().filter_map(|clause| match clause {
            ConsentClause::Was(names) => Some(names),
            _ => None,
        });
        for text in names.flatten() {
            let name = unescape(&text.raw);
            let claimed = consents.values().filter(|one| one.was.contains(&name)).count();
            let message = match (consents.contains_key(&name), claimed) {
                (true, _) => format!("consent `{name}` is still declared"),
                (false, 0 | 1) => continue,
                (false, _) => format!("two consents were called `{name}`"),
            };
            let diagnostic = Diagnostic::error(Code::NameRepeated, message)
                .at(self.sources, text.span, "a receipt under this name would count for both")
                .help("leave it out of one: a consent's name is what its receipts are found by");
            self.say(diagnostic);
        }
    }

    fn consent(&mut self, text: &Text, clauses: &'a [ConsentClause], name: Span) -> Consent {
        let (mut grants, mut purposes, mut required, mut lasts) = (None, None, None, None);
        let (mut via, mut on_change, mut was) = (None, None, None);
        for clause in clauses {
            match clause {
                ConsentClause::Grants(names) => {
                    let span = names.first().map_or(name, |first| first.span);
                    self.once(&mut grants, names.as_slice(), "grants", span);
                }
                ConsentClause::Purpose(texts) => {
                    let span = texts.first().map_or(name, |first| first.span);
                    self.once(&mut purposes, texts, "purpose", span);
                }
                ConsentClause::PurposeRequired(span) => {
                    self.once(&mut required, *span, "purpose required", *span);
                }
                ConsentClause::Lasts(duration) => {
                    self.once(&mut lasts, duration, "lasts", duration.number.span);
                }
                ConsentClause::Via(clients) => self.once(&mut via, clients, "via", name),
                ConsentClause::OnChange(what, span) => {
                    self.once(&mut on_change, *what, "on change", *span);
                }
                ConsentClause::Was(names) => {
                    let span = names.first().map_or(name, |first| first.span);
                    self.once(&mut was, names, "was", span);
                }
            }
        }
        if grants.is_none() {
            let help = "name the capabilities that the user agrees to: `grants read_code`";
            self.missing("consent", "grants", name, help);
        }
        let (grants, server) = self.grants(grants.unwrap_or_default());
        if let (Some(required), None) = (required, purposes) {
            let diagnostic = Diagnostic::error(
                Code::ClauseMissing,
                "a purpose is required, but none is declared",
            )
            .at(self.sources, required, "no call could meet this")
            .help("declare the purposes: `purpose \"issue triage\"`");
            self.say(diagnostic);
        }
        let lasts = match lasts {
            Some(duration) => {
                let seconds = self.seconds(duration);
                self.keep(seconds)
            }
            None => None,
        };
        Consent {
            server: server.unwrap_or_default(),
            text: self.text(text),
            grants,
            purposes: purposes.into_iter().flatten().map(|text| self.text(text)).collect(),
            purpose_required: required.is_some(),
            lasts,
            via: self.via(via),
            on_change: on_change.unwrap_or_default(),
            was: was.into_iter().flatten().map(|text| self.text(text)).collect(),
        }
    }

    /// The capabilities that are granted, and the one server that they are on.
    fn grants(&mut self, names: &[Name]) -> (BTreeSet<String>, Option<String>) {
        let mut grants = BTreeSet::new();
        let mut server: Option<(String, &Name)> = None;
        for name in names {
            let found = self.names.capabilities.find(self.sources, name).map(|_| ());
            if self.keep(found).is_none() {
                continue;
            }
            grants.insert(name.text.clone());
            let Some(capability) = self.capabilities.get(&name.text) else { continue };
            match &server {
                None => server = Some((capability.server.clone(), name)),
                Some((first, _)) if *first == capability.server => {}
                Some((first, at)) => {
                    let diagnostic = Diagnostic::error(
                        Code::ClauseMisplaced,
                        "a consent is given for one server",
                    )
                    .at(self.sources, name.span, format!("on `{}`", capability.server))
                    .at(self.sources, at.span, format!("on `{first}`"))
                    .help("declare one consent for each server: a receipt names the server it was given at");
                    self.say(diagnostic);
                }
            }
        }
        (grants, server.map(|(name, _)| name))
    }
}
