//! Requirements: what all calls of some tools must meet, and what their user may do about it.

use std::collections::BTreeSet;

use placet_engine::bundle::{Effect, Otherwise};
use serde_json::Value;

use crate::reference::Reference;
use crate::reference::conditions::*;
use crate::reference::operation::Place;

/// What the requirements that a call does not meet ask of its user, all of them at once.
#[derive(Default)]
pub(super) struct Asked {
    /// The requirements.
    pub(super) rules: BTreeSet<String>,
    /// The classes that the login may have, and how old it may be.
    pub(super) login: Option<(Vec<String>, Option<i64>)>,
    /// Consents, each with what is wrong with it now.
    pub(super) consents: Vec<(String, &'static str)>,
    /// How long the confirmation counts.
    pub(super) confirm: Option<i64>,
}

impl Asked {
    /// What the user would have done once all that is asked was done.
    pub(super) fn done(&self) -> Done {
        let login = self.login.as_ref().map(|(classes, _)| classes.first().cloned());
        Done { login, confirmed: self.confirm.is_some() }
    }
}

impl Reference<'_> {
    /// The requirements that do not hold, once the consents `given` were given.
    pub(super) fn unmet(
        &self,
        place: &Place<'_>,
        reader: &Reader<'_>,
        given: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let call = reader.call;
        let mut unmet = BTreeSet::new();
        for (name, rule) in &self.policy.rules {
            let Effect::Require { targets, otherwise } = &rule.effect else { continue };
            if !(self.is_target(targets, place)
                && self.who(rule, call)
                && self.via(rule.via.as_ref(), call))
            {
                continue;
            }
            let agreed = match otherwise {
                Some(Otherwise::Ask { terms }) => {
                    given.contains(terms) || self.has_agreed(terms, call)
                }
                _ => false,
            };
            let met = rule.when.as_ref().is_some_and(|condition| {
                Self::holds(Some(condition), place, reader, Stands::InAllow)
            });
            if !(agreed || met) {
                unmet.insert(name.clone());
            }
        }
        unmet
    }

    /// Whether the user agreed to terms that may be given to this client.
    pub(super) fn has_agreed(&self, terms: &str, call: &Value) -> bool {
        self.may_be_given(terms, call) && self.consent(terms, call).is_ok()
    }

    pub(super) fn may_be_given(&self, terms: &str, call: &Value) -> bool {
        let consent = self.policy.consents.get(terms);
        consent.is_some_and(|consent| self.via(consent.via.as_ref(), call))
    }

    /// What the unmet requirements ask for. Nobody is there to ask where a machine calls.
    pub(super) fn asked(&self, place: &Place<'_>, reader: &Reader<'_>) -> Asked {
        let rules = self.unmet(place, reader, &BTreeSet::new());
        let mut asked = Asked { rules, ..Asked::default() };
        if reader.user().is_none() {
            return asked;
        }
        let mut logins: Vec<(&Vec<String>, Option<i64>)> = Vec::new();
        for rule in asked.rules.iter().filter_map(|name| self.policy.rules.get(name)) {
            let Effect::Require { otherwise: Some(otherwise), .. } = &rule.effect else { continue };
            match otherwise {
                Otherwise::Reauthenticate { acr, within } => logins.push((acr, *within)),
                Otherwise::Confirm { within } => {
                    asked.confirm = Some(asked.confirm.map_or(*within, |one| one.min(*within)));
                }
                Otherwise::Ask { terms } => {
                    let known = asked.consents.iter().any(|(one, _)| one == terms);
                    if !known
                        && self.may_be_given(terms, reader.call)
                        && let Err(reason) = self.consent(terms, reader.call)
                    {
                        asked.consents.push((terms.clone(), reason));
                    }
                }
            }
        }
        let limits = logins.iter().filter(|(acr, _)| !acr.is_empty());
        let limits: Vec<&Vec<String>> = limits.map(|(acr, _)| *acr).collect();
        let first = limits.first().map(|first| (*first).clone()).unwrap_or_default();
        let common = first.into_iter().filter(|one| limits.iter().all(|acr| acr.contains(one)));
        let common: Vec<String> = common.collect();
        // Only a token can be had anew, and no login is of two classes.
        let attainable = reader.token().is_some() && (limits.is_empty() || !common.is_empty());
        if !logins.is_empty() && attainable {
            asked.login = Some((common, logins.iter().filter_map(|(_, within)| *within).min()));
        }
        asked
    }
}
