//! The rules: whom and what each concerns, and what it lacks to allow the call.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use placet_engine::bundle::{Access, Credentials, Target, Who};
use placet_language::model::{Capability, Effect, Rule, Via};
use serde_json::Value;

use crate::reference::admission::domain;
use crate::reference::conditions::*;
use crate::reference::operation::Place;
use crate::reference::requirements::Asked;
use crate::reference::{Reference, Verdict};

/// The order in which one denial names what is lacking.
const CHAIN: [&str; 8] = [
    "authentication.insufficient",
    "scope.insufficient",
    "consent.none",
    "consent.expired",
    "consent.withdrawn",
    "consent.drifted",
    "consent.purpose",
    "confirmation.required",
];

/// A (rule, capability) pair that concerns the call, and what it lacks.
struct Candidate<'p> {
    /// The highest access that the consent grants, and how many capabilities.
    asks: (Option<Access>, usize),
    receipt: Option<String>,
    needs: BTreeSet<BTreeSet<String>>,
    lacks: Vec<&'static str>,
    access: Access,
    rule: &'p String,
    capability: &'p String,
    /// Whether it will still concern the call once its user did what requirements ask for.
    lasting: bool,
}

impl<'p> Reference<'p> {
    /// A feature's access: the highest of its capabilities.
    pub(super) fn access(&self, place: &Place<'_>) -> Option<Access> {
        let holding = self.policy.capabilities.values().filter(|one| Self::is_held(one, place));
        holding.map(|one| one.access).max()
    }

    /// The groups of the call's user: the least set that the declarations allow.
    pub(super) fn groups(&self, call: &Value) -> BTreeSet<String> {
        let mut groups: BTreeSet<String> = BTreeSet::new();
        let Some(user) = member(call, "user") else { return groups };
        loop {
            let before = groups.len();
            for (name, group) in &self.policy.groups {
                let mut claim = member(user, "claims");
                for part in &group.claim {
                    claim = claim.and_then(|claim| claim.as_object()?.get(part));
                }
                let has = match claim {
                    Some(Value::String(text)) => *text == group.has,
                    Some(Value::Array(items)) => {
                        items.iter().any(|item| item.as_str() == Some(&group.has))
                    }
                    _ => false,
                };
                let by_claim = has
                    && text(user, "issuer") == Some(group.issuer.as_str())
                    && group.and_in.is_subset(&groups);
                // `and in` asks for more of whoever has the claim, not of the members of groups within.
                let by_member = self.policy.groups.iter().any(|(inner, declared)| {
                    groups.contains(inner) && declared.within.contains(name)
                });
                if by_claim || by_member {
                    groups.insert(name.clone());
                }
            }
            if groups.len() == before {
                return groups;
            }
        }
    }

    /// SEMANTICS 2.3: `anyone` is any user, `machine` a client without one.
    pub(super) fn who(&self, rule: &Rule, call: &Value) -> bool {
        let reader = Reader::of(call);
        let Some((issuer, subject)) = reader.user() else {
            return rule.who.contains(&Who::Machine);
        };
        let groups = self.groups(call);
        rule.who.iter().any(|who| match who {
            Who::Anyone => true,
            Who::Machine => false,
            Who::Group(name) => groups.contains(name),
            Who::User { issuer: of, subject: named } => of == issuer && named == subject,
        })
    }

    /// Whether the call's client is one of those that a rule or a consent speaks of.
    pub(super) fn via(&self, via: Option<&BTreeSet<Via>>, call: &Value) -> bool {
        let Some(via) = via else { return true };
        let name = self.client(call);
        let client = member(call, "client");
        let registration = client.and_then(|client| text(client, "registration"));
        via.iter().any(|one| match one {
            Via::Client(wanted) => name == Some(wanted),
            Via::Group(group) => name.is_some_and(|name| {
                self.policy.client_groups.get(group).is_some_and(|members| members.contains(name))
            }),
            Via::Registration(kind) => registration == Some(kind.as_str()),
            Via::Domain(wanted) => domain(call).as_ref() == Some(wanted),
        })
    }

    pub(super) fn is_target(&self, targets: &BTreeSet<Target>, place: &Place<'_>) -> bool {
        targets.iter().any(|target| match target {
            Target::Capability(name) => {
                self.policy.capabilities.get(name).is_some_and(|one| Self::is_held(one, place))
            }
            Target::Access(level) => self.access(place).is_some_and(|access| access >= *level),
        })
    }

    /// The rules that deny.
    fn denying(&self, place: &Place<'_>, reader: &Reader<'_>) -> BTreeSet<String> {
        let rules = self.policy.rules.iter().filter(|(_, rule)| {
            let Effect::Deny { targets } = &rule.effect else { return false };
            self.is_target(targets, place)
                && self.who(rule, reader.call)
                && self.via(rule.via.as_ref(), reader.call)
                && Self::holds(rule.when.as_ref(), place, reader, Stands::InDeny)
        });
        rules.map(|(name, _)| name.clone()).collect()
    }

    /// The links from authentication to confirmation, SEMANTICS 3.2.
    pub(super) fn rules(
        &self,
        call: &Value,
        place: &Place<'_>,
        verdict: &mut Verdict,
    ) -> Result<(), &'static str> {
        let now = Reader { operation: place.operation.clone(), ..Reader::of(call) };
        let asked = self.asked(place, &now);
        let later = Reader { done: asked.done(), operation: now.operation.clone(), call };
        let _ = writeln!(
            verdict.story,
            "client {:?}, groups {:?}, scopes {:?}, unmet {:?}",
            self.client(call),
            self.groups(call),
            self.closed_scopes(place.server, call),
            asked.rules,
        );
        let mut candidates = self.candidates(place, &now, &later, &asked, &mut verdict.story);
        if candidates.is_empty() {
            return Err("rule.none");
        }
        // What would stand in the way of each, whatever its user did.
        let given = asked.consents.iter().map(|(terms, _)| terms.clone()).collect();
        let mut blocking = self.denying(place, &later);
        blocking.extend(self.unmet(place, &later, &given));
        candidates.retain(|one| one.lasting);
        if blocking.is_empty() && candidates.is_empty() {
            // SEMANTICS 3.3: no remedy may be asked for that does not end in an allow. Whoever met
            // these requirements would lose the rule that allows.
            blocking.clone_from(&asked.rules);
        }
        if !blocking.is_empty() {
            verdict.rules = blocking;
            return Err("rule.denied");
        }
        candidates.sort_by(|a, b| {
            // SEMANTICS 3.2 breaks ties by access and then by rule id. Between the two comes the consent
            // that asks the user for less.
            let key = |one: &Candidate<'_>| (one.lacks.len(), one.access, one.asks);
            key(a).cmp(&key(b)).then_with(|| (a.rule, a.capability).cmp(&(b.rule, b.capability)))
        });
        let Some(nearest) = candidates.first() else { return Err("rule.none") };
        let Some(lack) = nearest.lacks.first() else {
            for one in candidates.iter().filter(|one| one.lacks.is_empty()) {
                verdict.rules.insert(one.rule.clone());
                verdict.receipts.insert(one.receipt.clone());
            }
            // Used up is a confirmation without which the call would have been denied.
            let needed = !self.unmet(place, &Reader::of(call), &BTreeSet::new()).is_empty();
            let confirmed = now.confirmation_age().and(member(call, "confirmation"));
            let confirmed = confirmed.filter(|_| needed);
            verdict.consume = confirmed.and_then(|one| text(one, "id")).map(str::to_owned);
            return Ok(());
        };
        verdict.rules.insert(nearest.rule.clone());
        verdict.needs.clone_from(&nearest.needs);
        verdict.login.clone_from(&asked.login);
        verdict.confirm = place.operation.clone().zip(asked.confirm);
        for one in &candidates {
            let lacks = one.lacks.iter().map(|lack| (*lack).to_owned()).collect();
            verdict.alternatives.push((one.rule.clone(), one.capability.clone(), lacks));
        }
        Err(lack)
    }

    fn candidates(
        &self,
        place: &Place<'_>,
        now: &Reader<'_>,
        later: &Reader<'_>,
        asked: &Asked,
        story: &mut String,
    ) -> Vec<Candidate<'p>> {
        let mut candidates = Vec::new();
        for (rule_name, rule) in &self.policy.rules {
            let Effect::Allow { capabilities, under } = &rule.effect else { continue };
            let held = capabilities.iter().filter_map(|name| {
                self.policy.capabilities.get(name).filter(|one| Self::is_held(one, place))?;
                self.policy.capabilities.get_key_value(name)
            });
            for (capability_name, capability) in held {
                let who = self.who(rule, now.call);
                // A consent that may not be given to the client stands behind none of its calls.
                let via = self.via(rule.via.as_ref(), now.call)
                    && under.as_ref().is_none_or(|terms| self.may_be_given(terms, now.call));
                let holds = |reader: &Reader<'_>| {
                    [&capability.condition, &rule.when].into_iter().all(|condition| {
                        Self::holds(condition.as_ref(), place, reader, Stands::InAllow)
                    })
                };
                let _ = writeln!(
                    story,
                    "{rule_name}/{capability_name}: who {who}, via {via}, conditions {}, {} later",
                    holds(now),
                    holds(later),
                );
                // Of what the client may not request no token of its would do, and no remedy may be
                // asked for that ends in no allow (SEMANTICS 2.5, 3.3).
                let needs = self.needs(place, now.call, capability);
                if who && via && holds(now) && !needs.is_empty() {
                    let named = (rule_name, capability_name, capability);
                    let lasting = holds(later);
                    candidates.push(Candidate {
                        lasting,
                        ..self.candidate(place, now.call, named, under.as_ref(), (needs, asked))
                    });
                }
            }
        }
        candidates
    }

    /// The sets of scopes that the client may request.
    fn needs(
        &self,
        place: &Place<'_>,
        call: &Value,
        capability: &Capability,
    ) -> BTreeSet<BTreeSet<String>> {
        let requestable = self.requestable(place.server, call);
        let may = |set: &&BTreeSet<String>| {
            requestable.as_ref().is_none_or(|requestable| set.is_subset(requestable))
        };
        capability.needs.iter().filter(may).cloned().collect()
    }

    fn candidate(
        &self,
        place: &Place<'_>,
        call: &Value,
        (rule, capability, declared): (&'p String, &'p String, &Capability),
        under: Option<&String>,
        (needs, asked): (BTreeSet<BTreeSet<String>>, &Asked),
    ) -> Candidate<'p> {
        let mut lacks = Vec::new();
        lacks.extend(asked.login.as_ref().map(|_| "authentication.insufficient"));
        let local = matches!(place.server.credentials, Credentials::Local { .. });
        let closed = self.closed_scopes(place.server, call);
        if !local && !needs.iter().any(|set| set.is_subset(&closed)) {
            lacks.push("scope.insufficient");
        }
        let consent = under.map(|terms| self.consent(terms, call)).transpose();
        lacks.extend(consent.as_ref().err());
        // Terms that the rule stands on anyway are asked for once.
        let others = asked.consents.iter().filter(|(terms, _)| Some(terms) != under);
        lacks.extend(others.clone().map(|(_, reason)| *reason));
        // A confirmation is of the operation under the purpose that the call states.
        let own = under.filter(|_| consent.is_err());
        let mut lacking = own.into_iter().chain(others.map(|(terms, _)| terms));
        let confirm = match lacking.any(|terms| self.asks_for_another_purpose(terms, call)) {
            true => self.asked(place, &Reader::of(call)).confirm,
            false => asked.confirm,
        };
        lacks.extend(confirm.map(|_| "confirmation.required"));
        lacks.sort_by_key(|lack| CHAIN.iter().position(|one| one == lack));
        let terms = under.and_then(|terms| self.policy.consents.get(terms));
        let granted = terms.map(|terms| &terms.grants).into_iter().flatten();
        let granted = granted.filter_map(|name| self.policy.capabilities.get(name));
        Candidate {
            asks: (granted.clone().map(|one| one.access).max(), granted.count()),
            receipt: consent.ok().flatten(),
            needs,
            lacks,
            access: declared.access,
            rule,
            capability,
            lasting: true,
        }
    }
}

/// What those who make calls ask of the reference.
impl Reference<'_> {
    /// Whether the call's client is one of those that a rule or a consent speaks of.
    pub fn speaks_of(&self, via: Option<&BTreeSet<Via>>, call: &Value) -> bool {
        self.via(via, call)
    }

    /// Whether a capability holds what a call is about.
    pub fn is_about(&self, capability: &Capability, call: &Value) -> bool {
        self.place(call).is_ok_and(|place| Self::is_held(capability, &place))
    }
}
