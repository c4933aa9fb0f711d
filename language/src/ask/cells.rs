//! Cells: whether one principal may make some call of a feature through some clients by one rule.

use std::collections::BTreeSet;
use std::rc::Rc;

use batsat::Lit;
use placet_engine::bundle::Feature;
use placet_engine::call::{Call, Credential};
use placet_engine::condition::Attribute;
use placet_engine::resource::Pattern;
use placet_engine::{Engine, Remedy};

use crate::analysis::{Budget, Undecided};
use crate::ask::resolve::Asked;
use crate::ask::{Consent, Login, Row, Takes};
use crate::case::Case;
use crate::reach::alike::{Alike, alike};
use crate::reach::allowed::{Joint, Judge, Renewed, subject_is, universe};
use crate::reach::cell::Cell;
use crate::reach::client::ClientClass;
use crate::reach::context::{Context, Principal, contexts};
use crate::reach::expression::{Claim, Expr, Fact};
use crate::reach::names::Names;
use crate::reach::problem::Problem;
use crate::reach::slice::{Origin, Path, Slice, Sliced, Whom};
use crate::reach::told::{CredentialKind, FeatureName, RuleName, ServerName};
use crate::reach::witness::{self, Operation, concerns};
use crate::reach::words::{Person, Words, condition};

/// How many principals of one cell are told apart.
const PRINCIPALS: usize = 1_000;

/// What is called.
pub(super) struct Called<'c> {
    server: &'c ServerName,
    feature: &'c Feature,
    slice: &'c Slice,
    /// Of resources, one that fits; the patterns that it fits, and all patterns of the server.
    resource: Option<String>,
    patterns: Option<(BTreeSet<Pattern>, Rc<BTreeSet<Pattern>>)>,
}

impl<'c> Called<'c> {
    pub(super) fn new(
        server: &'c ServerName,
        feature: &'c Feature,
        slice: &'c Slice,
        all: &Rc<BTreeSet<Pattern>>,
    ) -> Self {
        let (resource, patterns) = match feature {
            Feature::Resources(fitting) => {
                (Pattern::example(fitting, all), Some((fitting.clone(), Rc::clone(all))))
            }
            Feature::Tool(_) | Feature::Prompt(_) => (None, None),
        };
        Self { server, feature, slice, resource, patterns }
    }
}

/// A question about one feature.
pub(super) struct Asking<'a> {
    pub(super) engine: &'a Engine,
    pub(super) sliced: &'a Sliced,
    pub(super) names: &'a Rc<Names>,
    pub(super) words: &'a Words<'a>,
    pub(super) asked: &'a Asked,
    pub(super) called: &'a Called<'a>,
    pub(super) budget: &'a Budget,
}

/// A path for one of those that it concerns; for the consents of a `require`, where the call rests on
/// that.
struct Candidate<'c> {
    path: &'c Path,
    origin: &'c Origin,
    whom: &'c Whom,
    /// The rule that asks for a consent.
    asking: Option<&'c Origin>,
}

impl Asking<'_> {
    pub(super) fn rows(&self) -> Result<Vec<Row>, Undecided> {
        let slice = self.called.slice;
        if matches!(self.called.feature, Feature::Resources(_)) && self.called.resource.is_none() {
            // No resource fits just these.
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        let version = (&self.sliced.admission, slice.server.as_ref());
        for Alike { mut clients, admitted } in alike(&[slice], &[version], self.names, self.budget)?
        {
            clients.retain(|one| one.is_among(self.asked.clients, self.names));
            let (Some(first), Some(Some(admitted))) = (clients.first(), admitted.first()) else {
                continue;
            };
            let digest = slice.definition.digest.as_ref();
            for context in contexts(&[slice], first, digest, self.names, self.budget)? {
                if !self.is_asked(&context) {
                    continue;
                }
                let mut fixed = context.fixed.clone();
                if self.asked.silently {
                    fixed.set(Attribute::ConfirmationAge, None);
                }
                let judge = Judge {
                    names: self.names,
                    slice,
                    context: &context,
                    admitted,
                    fixed: &fixed,
                    joint: &Joint::of(&[slice]),
                    renewed: Renewed::Nothing,
                };
                self.context(&judge, &clients, &mut rows)?;
            }
        }
        Ok(rows)
    }

    /// Whether the question is about such principals.
    fn is_asked(&self, context: &Context) -> bool {
        match (&self.asked.who, &context.principal) {
            (None, _) => true,
            (Some(Whom::Machine), principal) => *principal == Principal::Machine,
            (Some(_), Principal::Machine) => false,
            (Some(Whom::User { issuer, .. }), Principal::User { issuer: of_user }) => {
                issuer == of_user
            }
            (Some(Whom::Anyone | Whom::Group(_)), Principal::User { .. }) => true,
        }
    }

    /// Whether the question is about what a rule that concerns these lets them do.
    fn counts(&self, whom: &Whom) -> bool {
        match (&self.asked.who, whom) {
            (None, _) => true,
            (Some(Whom::Anyone), whom) => *whom == Whom::Anyone,
            (Some(Whom::Machine), whom) => *whom == Whom::Machine,
            (Some(Whom::Group(_)), whom) => matches!(whom, Whom::Anyone | Whom::Group(_)),
            (Some(user @ Whom::User { .. }), whom) => {
                matches!(whom, Whom::Anyone | Whom::Group(_)) || whom == user
            }
        }
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        let slice = self.called.slice;
        let mut found = Vec::new();
        for (path, origin) in &slice.paths {
            if self.asked.capability.is_some() && origin.capability != self.asked.capability {
                continue;
            }
            for whom in path.who.iter().filter(|whom| self.counts(whom)) {
                found.push(Candidate { path, origin, whom, asking: None });
                let asking = slice.requires.iter().filter(|(require, _)| require.asks.is_some());
                for (_, asking) in asking.filter(|_| self.asked.consents) {
                    found.push(Candidate { path, origin, whom, asking: Some(asking) });
                }
            }
        }
        found
    }

    fn context(
        &self,
        judge: &Judge<'_>,
        clients: &[ClientClass],
        rows: &mut Vec<Row>,
    ) -> Result<(), Undecided> {
        let base = judge.base();
        let mut candidates = Vec::new();
        let mut expressions = Vec::new();
        for candidate in self.candidates() {
            let asking = candidate.asking.and_then(|asking| {
                let mut requires = judge.slice.requires.iter();
                requires.find(|(_, origin)| origin == asking).map(|(require, _)| require)
            });
            let rests = match asking {
                Some(require) => judge.rests_on_consent(require),
                None => Expr::TRUE,
            };
            let expression =
                Expr::all([judge.whom(candidate.whom), judge.path(candidate.path), rests]);
            if !expression.is_false() {
                candidates.push(candidate);
                expressions.push(expression);
            }
        }
        let who = match &self.asked.who {
            Some(Whom::Group(id)) => Expr::Fact(Fact::Member(*id)),
            Some(Whom::User { subject, .. }) => subject_is(subject),
            Some(Whom::Anyone | Whom::Machine) | None => Expr::TRUE,
        };
        if candidates.is_empty() || base.is_false() {
            return Ok(());
        }
        let read: Vec<&Expr> = expressions.iter().chain([&base, &who]).collect();
        let universe = universe(judge.context, &read);
        let mut roots = vec![(&universe, true), (&base, true), (&who, true)];
        roots.extend(expressions.iter().map(|one| (one, true)));
        let issuer = judge.context.issuer();
        let (mut problem, literals) = Problem::new(&roots, self.names, issuer, self.budget)?;
        let mut literals = literals.into_iter();
        let always: Option<Vec<Lit>> = literals.by_ref().take(3).collect();
        let Some(mut always) = always else { return Ok(()) };
        if self.asked.who == Some(Whom::Anyone) {
            // Of whom nothing else is known.
            let claims = problem.facts().filter(|(fact, _)| matches!(fact, Fact::Claim(_)));
            always.extend(claims.map(|(_, literal)| !literal));
        }
        for (candidate, literal) in candidates.iter().zip(literals) {
            let Some(literal) = literal else { continue };
            let assumptions = always.iter().copied().chain([literal]).collect();
            self.cell(candidate, judge, clients, assumptions, &mut problem, rows)?;
        }
        Ok(())
    }

    /// Every principal whom the candidate allows something, by the fewest claims.
    fn cell(
        &self,
        candidate: &Candidate<'_>,
        judge: &Judge<'_>,
        clients: &[ClientClass],
        mut assumptions: Vec<Lit>,
        problem: &mut Problem,
        rows: &mut Vec<Row>,
    ) -> Result<(), Undecided> {
        let content = self.engine.content();
        let mut found_here = 0_usize;
        while let Some(model) = problem.solve(&assumptions)? {
            found_here = found_here.saturating_add(1);
            if found_here > PRINCIPALS {
                return Err(Undecided::OverBudget);
            }
            let operation = Operation {
                server: &self.called.server.identity,
                feature: self.called.feature,
                resource: self.called.resource.as_deref(),
            };
            let lasts = |name: &str| content.terms.get(name).and_then(|terms| terms.lasts);
            let call = witness::call(&model, judge.context, &operation, &lasts, self.engine)?;
            let is_witness = |call: &Call| self.is_witness(call, candidate);
            if !is_witness(&call) {
                return Err(Undecided::Disagreement);
            }
            let call = witness::shrink(call, self.engine, &is_witness);
            let claims = witness::claims(&call, problem);
            rows.push(self.row(candidate, judge, clients, &claims, call));
            // Whoever has these claims and others is a principal of this cell too.
            if claims.is_empty() {
                break;
            }
            assumptions.push(problem.not_all(&claims));
        }
        Ok(())
    }

    /// Whether the engine says what the solver says.
    fn is_witness(&self, call: &Call, candidate: &Candidate<'_>) -> bool {
        let asked = self.asked.who.as_ref();
        if asked.is_some_and(|whom| !concerns(whom, call, self.names))
            || !concerns(candidate.whom, call, self.names)
            || (self.asked.silently && call.confirmation.is_some())
        {
            return false;
        }
        let decision = self.engine.decide(call);
        let by_rule = decision.rules.iter().any(|one| one.id == candidate.origin.rule);
        if !decision.is_allow() || !by_rule {
            return false;
        }
        let Some(asking) = candidate.asking else { return true };
        // Without the consent that the requirement asks for, that very one is in the way.
        let terms = self.terms_of(asking);
        let mut without = call.clone();
        without.receipts.retain(|receipt| self.name_now(&receipt.terms) != terms.as_deref());
        let decision = self.engine.decide(&without);
        !decision.is_allow() && without.receipts.len() < call.receipts.len()
    }

    /// The consent that a requirement asks for.
    fn terms_of(&self, asking: &Origin) -> Option<String> {
        use placet_engine::bundle::{Effect, Otherwise};
        match &self.engine.content().rules.get(&asking.rule)?.effect {
            Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } => {
                Some(terms.clone())
            }
            _ => None,
        }
    }

    /// What a consent is called now that was called so when it was given.
    fn name_now(&self, then: &str) -> Option<&str> {
        let terms = &self.engine.content().terms;
        let mut terms = terms.iter();
        terms
            .find(|(name, one)| *name == then || one.was.contains(then))
            .map(|(name, _)| name.as_str())
    }

    fn row(
        &self,
        candidate: &Candidate<'_>,
        judge: &Judge<'_>,
        clients: &[ClientClass],
        claims: &BTreeSet<Claim>,
        call: Call,
    ) -> Row {
        let content = self.engine.content();
        let whom = self.asked.who.as_ref().unwrap_or(candidate.whom);
        let person = Person { whom, context: judge.context, claims, call: &call };
        let cell = Cell {
            names: Rc::clone(self.names),
            server: self.called.server.identity.clone(),
            feature: self.called.feature.clone(),
            patterns: self.called.patterns.clone(),
            whom: candidate.whom.clone(),
            group: match candidate.whom {
                Whom::Group(id) => self.words.group(*id),
                _ => None,
            },
            claims: claims.clone(),
            proof: judge.context.proof.clone(),
            clients: clients.to_vec(),
        };
        Row {
            server: self.called.server.clone(),
            feature: FeatureName::of(self.called.feature),
            access: self.called.slice.access,
            principal: self.words.principal(&person, [self.called.slice]),
            clients: clients.iter().map(|one| self.words.client(one)).collect(),
            credential: CredentialKind::of(&judge.context.proof),
            rule: RuleName::of(candidate.origin, content),
            when: condition(candidate.path),
            takes: self.takes(candidate.path, judge, &call),
            witness: Case::of_call(&call, content).to_string(),
            cells: vec![cell],
            call,
        }
    }

    fn takes(&self, path: &Path, judge: &Judge<'_>, call: &Call) -> Takes {
        // What such clients may not request does not help them.
        let usable =
            |set: &&BTreeSet<String>| !judge.needs(&BTreeSet::from([(*set).clone()])).is_false();
        let mut scopes: BTreeSet<BTreeSet<String>> =
            path.needs.iter().filter(usable).cloned().collect();
        if scopes.iter().any(BTreeSet::is_empty) {
            scopes.clear();
        }
        let terms = &self.engine.content().terms;
        let consents: BTreeSet<Consent> = call
            .receipts
            .iter()
            .filter_map(|receipt| self.name_now(&receipt.terms))
            .map(|name| Consent {
                name: name.to_owned(),
                lasts: terms.get(name).and_then(|terms| terms.lasts),
            })
            .collect();
        Takes {
            scopes,
            consents: consents.into_iter().collect(),
            purpose: call.purpose.clone(),
            login: self.login(call),
            confirmation: call.confirmation.is_some(),
        }
    }

    /// The login that a user is sent back for who says nothing of one.
    fn login(&self, call: &Call) -> Option<Login> {
        let mut without = call.clone();
        let Some(Credential::Oauth(token)) = &mut without.credential else { return None };
        token.auth_time = None;
        token.acr = None;
        match self.engine.decide(&without).remedy {
            Some(Remedy::Reauthenticate { acr_values, max_age }) => {
                Some(Login { acr: acr_values, max_age })
            }
            _ => None,
        }
    }
}
