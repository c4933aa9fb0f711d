//! The rules: which concern the call, and what each lacks to allow it.

use crate::bundle::{Access, Capability, Rule};
use crate::chain::{consent, scope};
use crate::condition::{Condition, Side, Values};
use crate::decision::Lack;
use crate::facts::{Facts, is_one_of};
use crate::index::{Grant, Named};

/// An `allow` and one of its capabilities that holds the tool, judged on a call.
pub(crate) struct Attempt<'a> {
    pub(crate) name: &'a str,
    pub(crate) rule: &'a Rule,
    pub(crate) capability_name: &'a str,
    pub(crate) capability: &'a Capability,
    pub(crate) concerns: Concerns,
    /// What is missing, in the order of the chain.
    pub(crate) lacks: Vec<Lack>,
    /// The receipt that it rests on.
    pub(crate) receipt: Option<&'a str>,
    /// [`ids::consent`](crate::ids::consent) of what the receipt covers.
    pub(crate) covered: Option<&'a str>,
    /// How much the consent that it asks for grants: its highest access, its capabilities. Of rules
    /// that would do, the one that asks the user for less comes first.
    asks: (Option<Access>, usize),
}

/// Which parts of a rule hold of a call.
#[derive(Clone, Copy)]
pub(crate) struct Concerns {
    pub(crate) who: bool,
    pub(crate) client: bool,
    pub(crate) capability_condition: bool,
    pub(crate) rule_condition: bool,
}

impl Concerns {
    pub(crate) fn all(self) -> bool {
        self.who && self.client && self.capability_condition && self.rule_condition
    }

    /// How many parts do not hold.
    pub(crate) fn missing(self) -> usize {
        [self.who, self.client, self.capability_condition, self.rule_condition]
            .into_iter()
            .filter(|holds| !holds)
            .count()
    }
}

/// Every `allow` through every capability that holds the tool, those that lack least first.
pub(crate) fn attempts<'a>(grants: &[&'a Grant], facts: &Facts<'a>) -> Vec<Attempt<'a>> {
    let mut attempts: Vec<Attempt<'a>> =
        grants.iter().map(|&grant| attempt(grant, concerns(grant, facts), facts)).collect();
    attempts.sort_by(|one, other| {
        let key = |one: &Attempt<'_>| one.concerns.missing();
        let (lacks, other_lacks) = (one.lacks.len(), other.lacks.len());
        key(one).cmp(&key(other)).then_with(|| one.key(lacks).cmp(&other.key(other_lacks)))
    });
    attempts
}

/// Those among them that concern the call.
pub(crate) fn concerned<'a>(grants: &[&'a Grant], facts: &Facts<'a>) -> Vec<Attempt<'a>> {
    let concerns = grants.iter().map(|&grant| (grant, concerns(grant, facts)));
    let concerned = concerns.filter(|(_, concerns)| concerns.all());
    concerned.map(|(grant, concerns)| attempt(grant, concerns, facts)).collect()
}

impl Attempt<'_> {
    /// What comes first of those that concern the call, where this one lacks so many things.
    pub(crate) fn key(&self, lacks: usize) -> impl Ord + use<'_> {
        (lacks, self.capability.access, self.asks, self.name, self.capability_name)
    }

    /// Whether the rule concerns the call, and a token of its client could have the scopes.
    pub(crate) fn is_candidate(&self, facts: &Facts<'_>) -> bool {
        self.concerns.all() && scope::nearest(self.capability, facts).is_some()
    }

    /// Whether its conditions hold of these values too, which are what the call's would become.
    pub(crate) fn holds_of(&self, facts: &Facts<'_>, values: &impl Values) -> bool {
        [&self.capability.condition, &self.rule.when]
            .into_iter()
            .all(|condition| holds(condition.as_ref(), facts, values, Side::Allow))
    }
}

fn concerns(grant: &Grant, facts: &Facts<'_>) -> Concerns {
    let (rule, capability) = (&grant.rule, &grant.capability);
    let terms = grant.under.as_ref().map(|consent| &consent.terms);
    Concerns {
        who: concerns_user(rule, facts),
        // A consent that may not be given to the client can stand behind none of its calls.
        client: facts.is_through(rule.clients.as_ref())
            && facts.is_through(terms.and_then(|terms| terms.clients.as_ref())),
        capability_condition: holds(capability.condition.as_ref(), facts, facts, Side::Allow),
        rule_condition: holds(rule.when.as_ref(), facts, facts, Side::Allow),
    }
}

fn attempt<'a>(grant: &'a Grant, concerns: Concerns, facts: &Facts<'a>) -> Attempt<'a> {
    let mut attempt = Attempt {
        name: &grant.name,
        rule: &grant.rule,
        capability_name: &grant.capability_name,
        capability: &grant.capability,
        concerns,
        lacks: scope::judge(&grant.capability, facts).into_iter().collect(),
        receipt: None,
        covered: None,
        asks: (None, 0),
    };
    if let Some(consent) = &grant.under {
        attempt.asks = (consent.access, consent.terms.grants.len());
        let used = consent::Use { capability: &grant.capability_name, feature: facts.feature };
        match consent::judge(&consent.name, &consent.terms, facts.call, Some(used)) {
            Ok(live) => {
                attempt.receipt = Some(&live.id);
                attempt.covered = Some(&consent.id);
            }
            Err(lack) => attempt.lacks.push(lack),
        }
    }
    attempt
}

/// Every `deny` that holds of these values, which are the call's or what they would become.
pub(crate) fn denials<'a>(
    denies: &[Named<'a>],
    facts: &Facts<'_>,
    values: &impl Values,
) -> Vec<Named<'a>> {
    concerning(denies, facts)
        .filter(|(_, rule)| holds(rule.when.as_ref(), facts, values, Side::Deny))
        .collect()
}

/// The rules that concern the call's user and client.
pub(crate) fn concerning<'a>(
    rules: &[Named<'a>],
    facts: &Facts<'_>,
) -> impl Iterator<Item = Named<'a>> {
    rules
        .iter()
        .copied()
        .filter(|(_, rule)| concerns_user(rule, facts) && facts.is_through(rule.clients.as_ref()))
}

fn concerns_user(rule: &Rule, facts: &Facts<'_>) -> bool {
    is_one_of(&rule.who, facts.call.user.as_ref(), &facts.groups)
}

/// Where the tool's schema could not be translated, a condition on its arguments counts against the
/// call as a whole.
pub(crate) fn holds(
    condition: Option<&Condition>,
    facts: &Facts<'_>,
    values: &impl Values,
    side: Side,
) -> bool {
    match condition {
        None => true,
        Some(condition) if !facts.tool.typed && condition.reads_arguments() => side.without_value(),
        Some(condition) => condition.holds(values, side),
    }
}
