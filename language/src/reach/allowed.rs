//! What a version allows in a context, as an expression over the facts that the context leaves open.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use placet_engine::Digest;
use placet_engine::bundle::{Access, ApiKeys, Credentials};
use placet_engine::condition::{
    Atom, Attribute, Condition, Literal, Operand, Quantifier, Side, Test,
};

use crate::reach::client::Admitted;
use crate::reach::context::{Context, Principal, Proof};
use crate::reach::expression::{Expr, Fact, Receipt};
use crate::reach::fixed::{Fixed, Integers, integers};
use crate::reach::names::Names;
use crate::reach::slice::{Bound, Consent, Origin, Path, Slice, Whom};

/// Integers up to this one, either way, are kept by RFC 8785.
const LARGEST: i64 = 1 << 53;

/// A version's slice of a feature, looked at in a context.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'j> {
    pub(crate) names: &'j Names,
    pub(crate) slice: &'j Slice,
    pub(crate) context: &'j Context,
    /// How the client is admitted.
    pub(crate) admitted: &'j Admitted,
    /// What is known of the attributes that conditions read, at the least what the context says.
    pub(crate) fixed: &'j Fixed,
    /// What this slice and those that it is compared with read.
    pub(crate) joint: &'j Joint,
    /// Which of them count although they are for other terms.
    pub(crate) renewed: Renewed<'j>,
}

/// Receipts for other terms of the same consent that count as if they were for today's: what their
/// users would have agreed to, had they been asked under this version.
#[derive(Clone, Copy)]
pub(crate) enum Renewed<'r> {
    /// None.
    Nothing,
    /// Those with a digest that is not among these.
    Unknown(&'r BTreeSet<(String, Digest)>),
    /// All.
    All,
}

impl Renewed<'_> {
    pub(crate) fn holds(self, terms: &str, digest: &Digest) -> bool {
        match self {
            Self::Nothing => false,
            Self::Unknown(known) => !known.contains(&(terms.to_owned(), digest.clone())),
            Self::All => true,
        }
    }
}

impl Judge<'_> {
    /// What must hold of a call whatever allows it.
    pub(crate) fn base(&self) -> Expr {
        let bounds = self.bounds().into_iter().map(|(bound, _)| bound);
        Expr::all(std::iter::once(self.ground()).chain(bounds))
    }

    /// What must hold of a call before any rule is asked.
    pub(crate) fn ground(&self) -> Expr {
        Expr::all([self.operation(), self.credential()])
    }

    /// That each `deny` and each `require` lets a call through.
    pub(crate) fn bounds(&self) -> Vec<(Expr, &Origin)> {
        let denies = self.slice.denies.iter();
        let denies = denies.map(|(deny, origin)| (self.bound(deny, Side::Deny).not(), origin));
        let requires = self.slice.requires.iter();
        denies.chain(requires.map(|(require, origin)| (self.met(require), origin))).collect()
    }

    /// What must hold for a path besides, but for whom it concerns.
    pub(crate) fn path(&self, path: &Path) -> Expr {
        if !self.context.client.is_among(path.clients, self.names) {
            return Expr::FALSE;
        }
        let condition = |one: &Option<Rc<Condition>>| self.condition(one.as_ref(), Side::Allow);
        let consent = path.under.as_ref().map(|consent| self.consent(consent));
        Expr::all(
            [condition(&path.condition), condition(&path.when), self.needs(&path.needs)]
                .into_iter()
                .chain(consent),
        )
    }

    /// All that the version allows.
    pub(crate) fn allowed(&self) -> Expr {
        let paths = self.slice.paths.iter().map(|(path, _)| {
            let rest = self.path(path);
            if rest.is_false() { rest } else { Expr::all([self.who(&path.who), rest]) }
        });
        let any = Expr::any(paths);
        if any.is_false() { any } else { Expr::all([self.base(), any]) }
    }

    /// Whether the principal is one of these.
    pub(crate) fn who(&self, who: &BTreeSet<Whom>) -> Expr {
        Expr::any(who.iter().map(|one| self.whom(one)))
    }

    /// Whether the principal is this one.
    pub(crate) fn whom(&self, whom: &Whom) -> Expr {
        match (whom, &self.context.principal) {
            (Whom::Machine, principal) => Expr::constant(*principal == Principal::Machine),
            (_, Principal::Machine) => Expr::FALSE,
            (Whom::Anyone, _) => Expr::TRUE,
            (Whom::Group(id), _) => Expr::Fact(Fact::Member(*id)),
            (Whom::User { issuer, subject }, Principal::User { issuer: of_user }) => {
                if issuer == of_user { subject_is(subject) } else { Expr::FALSE }
            }
        }
    }

    fn operation(&self) -> Expr {
        let pinned = self.slice.server.pin_tools && self.slice.definition.is_defined;
        let known = match &self.context.tool_digest {
            Some(stated) => self.slice.definition.digest.as_ref() == Some(stated),
            None => !pinned,
        };
        if !known {
            return Expr::FALSE;
        }
        if !self.slice.confirms {
            return Expr::TRUE;
        }
        // The operation needs a digest, which large integers have none of, whoever reads them.
        let large = self.joint.integers.iter().flat_map(|(quantifier, argument)| {
            let attribute = Attribute::Argument(argument.clone());
            let operand = Operand { view: None, attribute };
            [Test::MoreThan(LARGEST), Test::LessThan(LARGEST.saturating_neg())]
                .map(|test| atom(*quantifier, operand.clone(), test))
        });
        let large = large.map(|atom| Expr::Condition(Rc::new(atom), Side::Allow));
        Expr::any(large.chain([Expr::Fact(Fact::LargeInteger)])).not()
    }

    fn credential(&self) -> Expr {
        let reaches = |up_to: Access| self.slice.access.is_none_or(|access| access <= up_to);
        match (&self.slice.server.credentials, &self.context.proof) {
            (Credentials::Oauth { issuers, .. }, Proof::Token { issuer }) => {
                Expr::constant(issuers.contains(issuer))
            }
            (Credentials::Oauth { api_keys: Some(keys), .. }, Proof::ApiKey) => {
                if reaches(keys.up_to) { api_key(keys) } else { Expr::FALSE }
            }
            (Credentials::Local { up_to, because: _ }, Proof::Local) => {
                Expr::constant(reaches(*up_to) && self.context.principal != Principal::Machine)
            }
            (Credentials::Oauth { .. } | Credentials::Local { .. }, _) => Expr::FALSE,
        }
    }

    /// Whether a `deny` or a `require` concerns the caller and its condition holds.
    fn bound(&self, bound: &Bound, side: Side) -> Expr {
        if !self.context.client.is_among(bound.clients, self.names) {
            return Expr::FALSE;
        }
        Expr::all([self.who(&bound.who), self.condition(bound.when.as_ref(), side)])
    }

    /// Whether a `require` stands in nobody's way.
    fn met(&self, require: &Bound) -> Expr {
        if !self.context.client.is_among(require.clients, self.names) {
            return Expr::TRUE;
        }
        let condition = match (&require.when, &require.asks) {
            // Nothing but the receipt meets it.
            (None, Some(_)) => Expr::FALSE,
            (when, _) => self.condition(when.as_ref(), Side::Allow),
        };
        let agreed = require.asks.as_ref().map(|consent| self.consent(consent));
        Expr::any([self.who(&require.who).not(), condition].into_iter().chain(agreed))
    }

    /// That a `require` concerns the call and nothing but the receipt that it asks for meets it.
    pub(crate) fn rests_on_consent(&self, require: &Bound) -> Expr {
        if require.asks.is_none() || !self.context.client.is_among(require.clients, self.names) {
            return Expr::FALSE;
        }
        let condition = match &require.when {
            None => Expr::FALSE,
            when => self.condition(when.as_ref(), Side::Allow),
        };
        Expr::all([self.who(&require.who), condition.not()])
    }

    fn condition(&self, condition: Option<&Rc<Condition>>, side: Side) -> Expr {
        let Some(condition) = condition else { return Expr::TRUE };
        // Where the arguments cannot be judged, a condition on them counts against the call.
        if !self.slice.definition.typed && condition.reads_arguments() {
            return Expr::constant(side.without_value());
        }
        let is_open = |operand: &Operand| !self.fixed.is_known(&operand.attribute);
        let all_open = condition.atoms().iter().all(|atom| {
            is_open(&atom.operand)
                && match &atom.test {
                    Test::SameAs(other) => is_open(other),
                    _ => true,
                }
        });
        if all_open {
            return Expr::Condition(Rc::clone(condition), side);
        }
        match self.fixed.settle(condition, side) {
            Condition::All(parts) if parts.is_empty() => Expr::TRUE,
            Condition::Any(parts) if parts.is_empty() => Expr::FALSE,
            settled => Expr::Condition(Rc::new(settled), side),
        }
    }

    /// That the credential has one of these sets of scopes.
    pub(crate) fn needs(&self, needs: &BTreeSet<BTreeSet<String>>) -> Expr {
        Expr::any(needs.iter().map(|set| Expr::all(set.iter().map(|scope| self.scope(scope)))))
    }

    /// That the credential stands for a scope.
    fn scope(&self, needed: &str) -> Expr {
        if self.context.proof == Proof::Local {
            return Expr::FALSE;
        }
        let scopes = &self.slice.server.scopes;
        let requestable: Option<BTreeSet<&String>> =
            self.admitted.may_request.as_ref().map(|scopes_of| {
                scopes_of.iter().filter_map(|scope| scopes.get(scope)).flatten().collect()
            });
        let standing = scopes.iter().filter(|(held, stands_for)| {
            stands_for.contains(needed) && requestable.as_ref().is_none_or(|all| all.contains(held))
        });
        Expr::any(standing.map(|(held, _)| Expr::Fact(Fact::Scope(held.clone()))))
    }

    /// That there is a receipt that counts.
    fn consent(&self, consent: &Consent) -> Expr {
        if self.context.principal == Principal::Machine
            || !self.context.client.is_among(consent.clients, self.names)
        {
            return Expr::FALSE;
        }
        let states = |purpose: Option<&String>| Expr::Fact(Fact::Purpose(purpose.cloned()));
        let fits = |receipt: &Receipt| {
            let key = (receipt.terms.clone(), receipt.digest.clone());
            let renewed = consent.names.contains(&receipt.terms)
                && self.renewed.holds(&receipt.terms, &receipt.digest);
            let counting = match consent.receipts.get(&key) {
                Some(counting) => counting,
                // Who would have agreed to other terms had agreed for as long as those last.
                None if renewed && self.joint.is_alive(receipt) => &consent.today,
                None => return None,
            };
            if counting.lasts.is_some_and(|lasts| receipt.age >= lasts) {
                return None;
            }
            let unstated = (!consent.purpose_required).then(|| states(None));
            let stated: Vec<Expr> = match &receipt.purpose {
                Some(given) if !consent.purposes.contains(given) => return None,
                Some(given) => vec![states(Some(given))],
                None => consent
                    .purposes
                    .iter()
                    .filter(|one| counting.shown.as_ref().is_none_or(|shown| shown.contains(*one)))
                    .map(|one| states(Some(one)))
                    .collect(),
            };
            let fact = Expr::Fact(Fact::Receipt(receipt.clone()));
            Some(Expr::all([fact, Expr::any(unstated.into_iter().chain(stated))]))
        };
        let live = Expr::any(self.joint.receipts.iter().filter_map(fits));
        let withdrawn =
            consent.names.iter().map(|name| Expr::Fact(Fact::Withdrawn(name.clone())).not());
        if live.is_false() { live } else { Expr::all(std::iter::once(live).chain(withdrawn)) }
    }
}

/// What slices of one feature read, that are compared.
pub(crate) struct Joint {
    /// The receipts that may be given.
    pub(crate) receipts: BTreeSet<Receipt>,
    /// For how many seconds those with a name and a digest count where they are known; `None`: for ever.
    lasts: BTreeMap<(String, Digest), Option<i64>>,
    /// The arguments that are read as integers.
    pub(crate) integers: Integers,
}

impl Joint {
    pub(crate) fn of(slices: &[&Slice]) -> Self {
        let conditions = slices.iter().flat_map(|slice| slice.conditions());
        let integers = integers(conditions.map(AsRef::as_ref));
        let mut lasts: BTreeMap<(String, Digest), Option<i64>> = BTreeMap::new();
        for consent in slices.iter().flat_map(|slice| slice.consents()) {
            for (key, counting) in &consent.receipts {
                let longest = lasts.entry(key.clone()).or_insert(counting.lasts);
                *longest = longest.zip(counting.lasts).map(|(one, other)| one.max(other));
            }
        }
        Self { receipts: receipts(slices), lasts, integers }
    }

    /// Whether a receipt has not ended where it is known.
    fn is_alive(&self, receipt: &Receipt) -> bool {
        let key = (receipt.terms.clone(), receipt.digest.clone());
        let lasts = self.lasts.get(&key).copied().flatten();
        lasts.is_none_or(|lasts| receipt.age < lasts)
    }
}

/// The receipts that slices of one feature tell apart.
///
/// Of receipts with one digest that two versions let count for different times, an older one counts in
/// one of them only.
fn receipts(slices: &[&Slice]) -> BTreeSet<Receipt> {
    let mut found = BTreeSet::new();
    let mut ends: BTreeMap<&(String, Digest), BTreeSet<i64>> = BTreeMap::new();
    let mut purposes: BTreeSet<Option<String>> = BTreeSet::from([None]);
    for consent in slices.iter().flat_map(|slice| slice.consents()) {
        purposes.extend(consent.purposes.iter().cloned().map(Some));
        for (key, counting) in &consent.receipts {
            ends.entry(key).or_default().extend(counting.lasts);
        }
    }
    // One may count as if it were for the other version's terms, for as long as that does.
    for consent in slices.iter().flat_map(|slice| slice.consents()) {
        for (key, ends) in &mut ends {
            if consent.names.contains(&key.0) {
                ends.extend(consent.today.lasts);
            }
        }
    }
    for ((terms, digest), ends) in ends {
        for age in ends.into_iter().chain([0]) {
            for purpose in &purposes {
                found.insert(Receipt {
                    terms: terms.clone(),
                    digest: digest.clone(),
                    age,
                    purpose: purpose.clone(),
                });
            }
        }
    }
    found
}

fn atom(quantifier: Option<Quantifier>, operand: Operand, test: Test) -> Condition {
    Condition::Atom(Atom { quantifier, operand, test, negated: false })
}

fn of(attribute: Attribute, test: Test) -> Expr {
    let operand = Operand { view: None, attribute };
    Expr::Condition(Rc::new(atom(None, operand, test)), Side::Allow)
}

/// That an attribute has a value.
pub(crate) fn is_present(attribute: Attribute) -> Expr {
    of(attribute, Test::Present)
}

/// That the user is this one.
pub(crate) fn subject_is(subject: &str) -> Expr {
    of(Attribute::UserSubject, Test::Equals(Literal::String(subject.to_owned())))
}

fn api_key(keys: &ApiKeys) -> Expr {
    let ApiKeys { up_to: _, networks, lasts, because: _ } = keys;
    let within = (!networks.is_empty()).then(|| {
        let one = |network: &placet_engine::network::Network| {
            of(Attribute::CallAddress, Test::UnderNetwork(*network))
        };
        Expr::any(networks.iter().map(one))
    });
    let young = lasts.map(|lasts| of(Attribute::TokenAge, Test::LessThan(lasts)));
    Expr::all(within.into_iter().chain(young))
}

/// What holds of every call in a context, as far as these expressions read it: a user has a subject,
/// and a token that says when it was issued has a lifetime.
pub(crate) fn universe(context: &Context, expressions: &[&Expr]) -> Expr {
    let mut conditions = Vec::new();
    expressions.iter().for_each(|one| one.conditions(&mut conditions));
    let reads = |attribute: &Attribute| {
        conditions.iter().flat_map(|one| one.atoms()).any(|atom| {
            atom.operand.attribute == *attribute
                || matches!(&atom.test, Test::SameAs(other) if other.attribute == *attribute)
        })
    };
    let mut holds = Vec::new();
    if context.principal != Principal::Machine && reads(&Attribute::UserSubject) {
        holds.push(is_present(Attribute::UserSubject));
    }
    let ages = [Attribute::TokenAge, Attribute::TokenLifetime];
    if matches!(context.proof, Proof::Token { .. }) && ages.iter().any(reads) {
        // A token without an expiry is refused.
        let [age, lifetime] = ages.map(is_present);
        holds.push(Expr::any([
            Expr::all([age.clone(), lifetime.clone()]),
            Expr::all([age.not(), lifetime.not()]),
        ]));
    }
    Expr::all(holds)
}
