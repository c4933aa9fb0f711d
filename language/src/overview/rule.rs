//! Rules: who may do what, what is forbidden, and what is required.

use placet_engine::bundle::{Otherwise, Source};
use serde::Serialize;

use crate::model::{self, Effect, Policy};
use crate::overview::words;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It makes capabilities usable.
    Allow,
    /// It forbids, whatever allows.
    Deny,
    /// It forbids unless something holds.
    Require,
}

/// A rule, as the policy writes it.
#[derive(Debug, Clone, Serialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Whom it concerns; any of these.
    pub who: Vec<String>,
    /// Through which clients, any of these; `None`: any.
    pub via: Option<Vec<String>>,
    /// The capabilities and access levels that it speaks of.
    pub targets: Vec<String>,
    /// Of an `allow`, the consent that must stand behind a call; `None`: none must.
    pub under: Option<String>,
    /// The condition. Of a `require`, what must hold.
    pub when: Option<String>,
    /// Of a `require`, what would make it hold; `None`: nothing.
    pub otherwise: Option<Otherwise>,
    /// The author's reason.
    pub because: Option<String>,
    /// Where it stands.
    pub source: Source,
}

pub(super) fn rules(policy: &Policy) -> Vec<Rule> {
    let rule = |(name, rule): (&String, &model::Rule)| {
        let (kind, targets, under) = match &rule.effect {
            Effect::Allow { capabilities, under } => {
                (Kind::Allow, capabilities.iter().cloned().collect(), under.clone())
            }
            Effect::Deny { targets } => (Kind::Deny, words::targets(targets), None),
            Effect::Require { targets, .. } => (Kind::Require, words::targets(targets), None),
        };
        let otherwise = match &rule.effect {
            Effect::Require { otherwise, .. } => otherwise.clone(),
            _ => None,
        };
        Rule {
            name: name.clone(),
            kind,
            who: words::who(&rule.who),
            via: words::through(rule.via.as_ref()),
            targets,
            under,
            when: rule.when.as_ref().map(ToString::to_string),
            otherwise,
            because: rule.because.clone(),
            source: rule.source.clone(),
        }
    };
    let mut rules: Vec<Rule> = policy.rules.iter().map(rule).collect();
    rules.sort_by_key(|rule| rule.kind);
    rules
}

/// The consent that a requirement asks for.
pub(super) fn asks(rule: &model::Rule) -> Option<&String> {
    match &rule.effect {
        Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } => Some(terms),
        _ => None,
    }
}
