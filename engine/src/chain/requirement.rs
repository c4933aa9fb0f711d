//! Requirements: what every call of some tools must meet, whatever allows it, and what would make it.

use std::collections::BTreeSet;

use crate::bundle::{Content, Effect, Otherwise, Rule};
use crate::chain::consent;
use crate::chain::rule::{concerning, holds};
use crate::condition::{Side, Values};
use crate::decision::{Lack, Remedy};
use crate::facts::Facts;
use crate::index::Named;
use crate::reason::Reason;
use crate::remedied::Done;

/// What the requirements that do not hold ask of the user.
pub(crate) struct Unmet<'a> {
    /// The requirements.
    pub(crate) rules: Vec<Named<'a>>,
    /// What is lacking, each kind once, in the order of the chain.
    pub(crate) lacks: Vec<Lack>,
    /// What the user would have done once nothing is lacking.
    pub(crate) done: Done,
    /// The consents that are asked for.
    pub(crate) asked: BTreeSet<&'a str>,
}

/// The requirements that the call does not meet.
pub(crate) fn unmet<'a>(content: &Content, requires: &[Named<'a>], facts: &Facts<'_>) -> Unmet<'a> {
    let rules = failing(content, requires, facts, facts, &BTreeSet::new());
    let mut unmet = Unmet {
        rules: rules.clone(),
        lacks: Vec::new(),
        done: Done::default(),
        asked: BTreeSet::new(),
    };
    // Without a user there is nobody to log in, to agree or to confirm.
    if facts.call.user.is_none() {
        return unmet;
    }
    unmet.authentication(&rules, facts);
    for terms in rules.iter().filter_map(|(_, rule)| asked(rule)) {
        let declared = content.terms.get(terms);
        let declared = declared.filter(|terms| facts.is_through(terms.clients.as_ref()));
        if let Some(Err(lack)) =
            declared.map(|declared| consent::judge(terms, declared, facts.call, None))
            && unmet.asked.insert(terms)
        {
            unmet.lacks.push(lack);
        }
    }
    let confirmation = confirmation(&rules, facts);
    unmet.done.confirmed = confirmation.is_some();
    unmet.lacks.extend(confirmation);
    unmet
}

/// One confirmation for all of these requirements that ask for one.
pub(crate) fn confirmation(rules: &[Named<'_>], facts: &Facts<'_>) -> Option<Lack> {
    let within = rules.iter().filter_map(|(_, rule)| match &rule.effect {
        Effect::Require { otherwise: Some(Otherwise::Confirm { within }), .. } => Some(*within),
        _ => None,
    });
    let (within, operation) = (within.min()?, facts.operation.clone()?);
    Some(Lack {
        reason: Reason::ConfirmationRequired,
        detail: match &facts.call.confirmation {
            None => String::from("the user has not confirmed this operation"),
            Some(_) => {
                format!("the user did not confirm just this operation in the last {within} seconds")
            }
        },
        remedy: Remedy::Confirm { operation, within },
    })
}

/// The requirements that do not hold of these values, once the user agreed to the consents `given`.
pub(crate) fn failing<'a>(
    content: &Content,
    requires: &[Named<'a>],
    facts: &Facts<'_>,
    values: &impl Values,
    given: &BTreeSet<&str>,
) -> Vec<Named<'a>> {
    let agreed = |terms: &str| given.contains(terms) || has_agreed(content, terms, facts);
    concerning(requires, facts)
        .filter(|(_, rule)| match asked(rule) {
            Some(terms) if agreed(terms) => false,
            Some(_) if rule.when.is_none() => true,
            _ => !holds(rule.when.as_ref(), facts, values, Side::Allow),
        })
        .collect()
}

/// The consents among those that the requirements ask for that the user agreed to.
pub(crate) fn agreed<'a>(
    content: &Content,
    requires: &[Named<'a>],
    facts: &Facts<'_>,
) -> BTreeSet<&'a str> {
    let asked = requires.iter().filter_map(|(_, rule)| asked(rule));
    asked.filter(|terms| has_agreed(content, terms, facts)).collect()
}

fn has_agreed(content: &Content, terms: &str, facts: &Facts<'_>) -> bool {
    content.terms.get(terms).is_some_and(|declared| {
        facts.is_through(declared.clients.as_ref())
            && consent::judge(terms, declared, facts.call, None).is_ok()
    })
}

/// The consent that a requirement asks for.
fn asked(rule: &Rule) -> Option<&str> {
    match &rule.effect {
        Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } => Some(terms),
        _ => None,
    }
}

impl Unmet<'_> {
    /// One login for all that ask for one.
    fn authentication(&mut self, rules: &[Named<'_>], facts: &Facts<'_>) {
        let mut max_age: Option<i64> = None;
        let mut classes: Option<Vec<String>> = None;
        let mut wanted = Vec::new();
        for (name, rule) in rules {
            let Effect::Require {
                otherwise: Some(Otherwise::Reauthenticate { acr, within }), ..
            } = &rule.effect
            else {
                continue;
            };
            wanted.push(format!("`{name}`"));
            max_age = max_age.into_iter().chain(*within).min();
            if !acr.is_empty() {
                classes = Some(match classes {
                    None => acr.clone(),
                    Some(known) => known.into_iter().filter(|one| acr.contains(one)).collect(),
                });
            }
        }
        // Only a token says how its user logged in; and no login is of two classes at once.
        let unattainable = classes.as_ref().is_some_and(Vec::is_empty);
        if wanted.is_empty() || facts.token().is_none() || unattainable {
            return;
        }
        self.done.login = Some(classes.as_ref().and_then(|all| all.first().cloned()));
        self.lacks.push(Lack {
            reason: Reason::AuthenticationInsufficient,
            detail: format!("the user's login does not meet {}", wanted.join(", ")),
            remedy: Remedy::Reauthenticate { acr_values: classes.unwrap_or_default(), max_age },
        });
    }
}
