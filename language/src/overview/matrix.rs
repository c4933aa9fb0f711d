//! The matrix: which consent leads through which capability to which tool, and whether anybody may
//! really call it.

use std::collections::BTreeSet;

use placet_engine::Engine;
use placet_engine::bundle::Access;
use serde::Serialize;

use crate::ask::{AskLimits, FeatureName, Question, QuestionError, Unsettled, answer};
use crate::model::{Effect, Held, Policy};
use crate::overview::rule::asks;

/// A consent, or none, with one thing that it leads to through one capability.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    /// The consent; `None`: a rule allows it without.
    pub consent: Option<String>,
    /// The capability.
    pub capability: String,
    /// The server's name.
    pub server: String,
    /// The tool, prompt or resources.
    #[serde(flatten)]
    pub feature: FeatureName,
    /// Its access, which another capability may have raised.
    pub access: Access,
    /// The rules that allow it on the strength of the consent.
    pub rules: Vec<String>,
    /// The requirements that ask for the consent before something in the capability is called.
    pub asked_by: Vec<String>,
    /// Whether one of those rules really allows somebody some call of it.
    pub callers: Callers,
}

/// Whether anybody may call something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Callers {
    /// Some call of somebody is allowed.
    Somebody,
    /// None is: no rule uses it, or other rules and the server's credentials stop all calls.
    Nobody,
    /// It could not be told.
    Undecided,
}

/// Everything that somebody may call, asked of the analysis.
pub(super) struct Reached {
    /// By server, feature, rule and capability.
    calls: BTreeSet<(String, FeatureName, String, String)>,
    pub(super) undecided: Vec<Unsettled>,
}

impl Reached {
    pub(super) fn new(engine: &Engine, limits: &AskLimits) -> Result<Self, QuestionError> {
        // Every capability has at least this access.
        let question = Question::parse("who can use access read")?;
        let answer = answer(&question, engine, limits)?;
        let calls = answer.rows.into_iter().filter_map(|row| {
            Some((row.server.name, row.feature, row.rule.rule, row.rule.capability?))
        });
        Ok(Self { calls: calls.collect(), undecided: answer.undecided })
    }

    /// Whether one of these rules allows a call of a feature through a capability.
    fn callers(
        &self,
        server: &str,
        feature: &FeatureName,
        rules: &[String],
        capability: &str,
    ) -> Callers {
        let allows = |rule: &String| {
            let call = (server.to_owned(), feature.clone(), rule.clone(), capability.to_owned());
            self.calls.contains(&call)
        };
        match rules.iter().any(allows) {
            true => Callers::Somebody,
            false if !rules.is_empty() && self.is_undecided(server, feature) => Callers::Undecided,
            false => Callers::Nobody,
        }
    }

    /// Whether any rule allows a call of a feature, or may.
    pub(super) fn is_callable(&self, server: &str, feature: &FeatureName) -> bool {
        let mut calls = self.calls.iter();
        calls.any(|(of, called, _, _)| of == server && called == feature)
            || self.is_undecided(server, feature)
    }

    fn is_undecided(&self, server: &str, feature: &FeatureName) -> bool {
        self.undecided.iter().any(|one| one.server.name == server && one.feature == *feature)
    }
}

pub(super) fn matrix(policy: &Policy, held: &Held<'_>, reached: &Reached) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (name, consent) in &policy.consents {
        for capability in &consent.grants {
            cells.extend(row(policy, held, reached, Some(name), capability));
        }
    }
    let free: BTreeSet<&String> = policy
        .rules
        .values()
        .filter_map(|rule| match &rule.effect {
            Effect::Allow { capabilities, under: None } => Some(capabilities),
            _ => None,
        })
        .flatten()
        .collect();
    for capability in free {
        cells.extend(row(policy, held, reached, None, capability));
    }
    cells
}

/// What a consent leads to through one capability.
fn row(
    policy: &Policy,
    held: &Held<'_>,
    reached: &Reached,
    consent: Option<&String>,
    name: &str,
) -> Vec<Cell> {
    let Some(capability) = policy.capabilities.get(name) else { return Vec::new() };
    let named = |rules: Vec<&String>| -> Vec<String> { rules.into_iter().cloned().collect() };
    let allowing = policy.rules.iter().filter(|(_, rule)| match &rule.effect {
        Effect::Allow { capabilities, under } => {
            under.as_ref() == consent && capabilities.contains(name)
        }
        _ => false,
    });
    let rules = named(allowing.map(|(name, _)| name).collect());
    let asking = policy.rules.iter().filter(|(_, rule)| consent.is_some() && asks(rule) == consent);
    let asked_by = named(asking.map(|(name, _)| name).collect());
    let cell = |feature| {
        let access = held.access(&capability.server, feature).unwrap_or(capability.access);
        let feature = FeatureName::of(feature);
        Cell {
            consent: consent.cloned(),
            capability: name.to_owned(),
            server: capability.server.clone(),
            callers: reached.callers(&capability.server, &feature, &rules, name),
            feature,
            access,
            rules: rules.clone(),
            asked_by: asked_by.clone(),
        }
    };
    capability.features.iter().map(cell).collect()
}
