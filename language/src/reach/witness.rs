//! Witnesses: a call that a model describes, and as little of it as does.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Feature;
use placet_engine::call::{
    ApiKey, Call, ClientId, Confirmation, Credential, Receipt, Token, User, UserId,
};
use placet_engine::condition::{Attribute, Value};
use placet_engine::{Digest, Engine};
use serde_json::{Map, Value as Json};

use crate::analysis::{Assignment, Held, Undecided, Variable, Witness};
use crate::case::NOW;
use crate::reach::context::{Context, Principal, Proof};
use crate::reach::expression::{Claim, Fact};
use crate::reach::names::{GroupId, Names};
use crate::reach::problem::{Model, Problem};
use crate::reach::slice::Whom;

/// Who the user is where nothing depends on it.
const SUBJECT: &str = "alice";
/// Seconds that a token is valid from now.
const LIFETIME: i64 = 3_600;
/// The first integer that RFC 8785 would round.
const LARGE: i64 = 9_007_199_254_740_993;

/// What a call is about.
#[derive(Debug, Clone)]
pub(crate) struct Operation<'o> {
    /// The server's identity.
    pub(crate) server: &'o str,
    pub(crate) feature: &'o Feature,
    /// Of resources, one that fits these patterns and no others.
    pub(crate) resource: Option<&'o str>,
}

impl Operation<'_> {
    fn method(&self) -> &'static str {
        match self.feature {
            Feature::Tool(_) => "tools/call",
            Feature::Prompt(_) => "prompts/get",
            Feature::Resources(_) => "resources/read",
        }
    }

    fn target(&self) -> String {
        match self.feature {
            Feature::Tool(name) | Feature::Prompt(name) => name.clone(),
            Feature::Resources(_) => self.resource.unwrap_or_default().to_owned(),
        }
    }
}

/// The call of a model. A confirmation is of the operation as `engine` knows it.
///
/// # Errors
///
/// [`Undecided::Unknown`] where a time is out of range.
pub(crate) fn call(
    model: &Model,
    context: &Context,
    operation: &Operation<'_>,
    lasts: &impl Fn(&str) -> Option<i64>,
    engine: &Engine,
) -> Result<Call, Undecided> {
    let said = Said(&model.witness);
    let now = said.integer(Attribute::Now)?.or_usual(NOW);
    let server = operation.server;
    let client = context.client.client.clone();
    let mut call = Call::new(client, server, operation.method(), &operation.target(), now);
    call.tool_digest.clone_from(&context.tool_digest);
    let Assignment { mut arguments, facts, .. } = model.witness.assignment();
    if model.facts.contains(&Fact::LargeInteger) {
        let mut name = String::from("unread");
        while arguments.contains_key(&name) {
            name.push('_');
        }
        arguments.insert(name, Json::from(LARGE));
    }
    call.arguments = Ok(arguments);
    call.facts = facts;
    call.address = match said.value(Attribute::CallAddress) {
        Some(Some(Value::Address(address))) => Some(address),
        _ => None,
    };
    if let Principal::User { issuer } = &context.principal {
        let subject = match said.value(Attribute::UserSubject) {
            Some(Some(Value::String(subject))) => subject,
            _ => SUBJECT.to_owned(),
        };
        let claims = model.facts.iter().filter_map(|fact| match fact {
            Fact::Claim(claim) => Some(claim),
            _ => None,
        });
        call.user = Some(User { issuer: issuer.clone(), subject, claims: claims_of(claims) });
    }
    call.purpose = model.facts.iter().find_map(|fact| match fact {
        Fact::Purpose(purpose) => purpose.clone(),
        _ => None,
    });
    call.credential = Some(credential(model, &said, context, &call)?);
    call.receipts = receipts(model, &call, lasts)?;
    if let Some(Some(Value::Integer(age))) = said.value(Attribute::ConfirmationAge)
        && let Some(user) = &call.user
    {
        let confirmed = Confirmation {
            id: String::from("c-1"),
            operation: engine.operation_digest(&call).map_err(|_| Undecided::Unknown)?,
            user: UserId { issuer: user.issuer.clone(), subject: user.subject.clone() },
            given_at: before(now, age)?,
        };
        call.confirmation = Some(confirmed);
    }
    Ok(call)
}

/// What a model says of the attributes.
struct Said<'m>(&'m Witness);

/// A number that is said, said to be absent, or left open.
enum Number {
    Open,
    Absent,
    Is(i64),
}

impl Number {
    fn or_usual(&self, usual: i64) -> i64 {
        match self {
            Self::Is(number) => *number,
            Self::Open | Self::Absent => usual,
        }
    }
}

impl Said<'_> {
    /// `None`: nothing; `Some(None)`: that it has no value.
    fn value(&self, attribute: Attribute) -> Option<Option<Value>> {
        match self.0.0.get(&Variable::Attribute(attribute))? {
            Held::Value(value) => Some(Some(value.clone())),
            Held::Absent | Held::Json(_) | Held::Same(_) => Some(None),
        }
    }

    fn integer(&self, attribute: Attribute) -> Result<Number, Undecided> {
        match self.value(attribute) {
            None => Ok(Number::Open),
            Some(None) => Ok(Number::Absent),
            Some(Some(Value::Integer(number))) => Ok(Number::Is(number)),
            Some(Some(_)) => Err(Undecided::Unknown),
        }
    }
}

fn before(now: i64, age: i64) -> Result<i64, Undecided> {
    now.checked_sub(age).ok_or(Undecided::Unknown)
}

fn credential(
    model: &Model,
    said: &Said<'_>,
    context: &Context,
    call: &Call,
) -> Result<Credential, Undecided> {
    let scopes: BTreeSet<String> = model
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Scope(scope) => Some(scope.clone()),
            _ => None,
        })
        .collect();
    let age = said.integer(Attribute::TokenAge)?;
    let lifetime = said.integer(Attribute::TokenLifetime)?;
    let issued_at = match age {
        Number::Absent => None,
        Number::Open if matches!(lifetime, Number::Absent) => None,
        Number::Open => Some(call.now),
        Number::Is(age) => Some(before(call.now, age)?),
    };
    let ends = |issued: Option<i64>| match (&lifetime, issued) {
        (Number::Is(lifetime), Some(issued)) => {
            issued.checked_add(*lifetime).map(Some).ok_or(Undecided::Unknown)
        }
        _ => Ok(None),
    };
    Ok(match &context.proof {
        Proof::Token { issuer } => {
            let subject = match &call.user {
                Some(user) => user.subject.clone(),
                None => call.client.id.clone(),
            };
            let usual = call.now.checked_add(LIFETIME).ok_or(Undecided::Unknown)?;
            Credential::Oauth(Token {
                issuer: issuer.clone(),
                audience: BTreeSet::from([call.server.clone()]),
                subject,
                client_id: call.client.id.clone(),
                scopes,
                issued_at,
                expires_at: Some(ends(issued_at)?.unwrap_or(usual)),
                auth_time: match said.integer(Attribute::TokenAuthAge)? {
                    Number::Absent => None,
                    Number::Open => Some(issued_at.unwrap_or(call.now)),
                    Number::Is(age) => Some(before(call.now, age)?),
                },
                acr: match said.value(Attribute::TokenAcr) {
                    Some(Some(Value::String(acr))) => Some(acr),
                    _ => None,
                },
            })
        }
        Proof::ApiKey => Credential::ApiKey(ApiKey {
            id: String::from("key"),
            scopes,
            issued_at,
            expires_at: ends(issued_at)?,
        }),
        Proof::Local => Credential::Local {},
    })
}

fn receipts(
    model: &Model,
    call: &Call,
    lasts: &impl Fn(&str) -> Option<i64>,
) -> Result<Vec<Receipt>, Undecided> {
    let Some(user) = &call.user else { return Ok(Vec::new()) };
    let mut found: Vec<Receipt> = Vec::new();
    for fact in &model.facts {
        let (terms, digest, age, purpose, is_withdrawn) = match fact {
            Fact::Receipt(one) => {
                (&one.terms, one.digest.clone(), one.age, one.purpose.clone(), false)
            }
            Fact::Withdrawn(terms) => {
                (terms, Digest::of_bytes(b"terms that are not known"), 0, None, true)
            }
            _ => continue,
        };
        let given_at = before(call.now, age)?;
        let ends = lasts(terms).map(|lasts| given_at.checked_add(lasts).ok_or(Undecided::Unknown));
        found.push(Receipt {
            id: format!("r-{}", found.len().saturating_add(1)),
            terms: terms.clone(),
            digest,
            user: UserId { issuer: user.issuer.clone(), subject: user.subject.clone() },
            client: ClientId { id: call.client.id.clone(), issuer: call.client.issuer.clone() },
            server: call.server.clone(),
            purpose,
            given_at,
            expires_at: ends.transpose()?,
            withdrawn_at: is_withdrawn.then_some(call.now),
        });
    }
    Ok(found)
}

/// Claims that hold these, each in an array of all that stand there.
pub(crate) fn claims_of<'c>(all: impl IntoIterator<Item = &'c Claim>) -> Map<String, Json> {
    let mut claims = Map::new();
    for Claim { path, has } in all {
        let Some((last, outer)) = path.split_last() else { continue };
        let mut within = &mut claims;
        for name in outer {
            let inside = within.entry(name.clone()).or_insert_with(|| Json::Object(Map::new()));
            let Json::Object(inside) = inside else { return Map::new() };
            within = inside;
        }
        let items = within.entry(last.clone()).or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(items) = items {
            items.push(Json::from(has.as_str()));
        }
    }
    claims
}

/// The claims that a problem is about and that a call's user has.
pub(crate) fn claims(call: &Call, problem: &Problem) -> BTreeSet<Claim> {
    let held = problem.facts().filter_map(|(fact, _)| match fact {
        Fact::Claim(claim) if has_claim(call, claim) => Some(claim.clone()),
        _ => None,
    });
    held.collect()
}

/// Whether a call's user has a claim.
pub(crate) fn has_claim(call: &Call, claim: &Claim) -> bool {
    let Some((first, rest)) = claim.path.split_first() else { return false };
    let of_user = call.user.as_ref().and_then(|user| user.claims.get(first));
    let found = rest.iter().try_fold(of_user, |value, name| Some(value?.get(name)));
    match found.flatten() {
        Some(Json::String(text)) => *text == claim.has,
        Some(Json::Array(items)) => {
            items.iter().any(|item| item.as_str() == Some(claim.has.as_str()))
        }
        _ => false,
    }
}

/// Whether a call's user is in a group.
pub(crate) fn is_member(call: &Call, id: GroupId, names: &Names) -> bool {
    // Groups that need others, each once the others are settled.
    let mut settled: BTreeMap<GroupId, bool> = BTreeMap::new();
    let mut left = vec![id];
    while let Some(id) = left.last().copied() {
        let Some(group) = names.group(id).filter(|_| !settled.contains_key(&id)) else {
            left.pop();
            continue;
        };
        let waiting: Vec<GroupId> =
            group.others().filter(|one| !settled.contains_key(one)).collect();
        if !waiting.is_empty() {
            left.extend(waiting);
            continue;
        }
        let is = |one: &GroupId| settled.get(one).copied().unwrap_or(false);
        let issuer = call.user.as_ref().map(|user| user.issuer.as_str());
        let own = group.own.as_ref().is_some_and(|own| {
            issuer == Some(own.issuer.as_str())
                && has_claim(call, &own.claim)
                && own.and_in.iter().all(is)
        });
        let member = own || group.holds.iter().any(is);
        settled.insert(id, member);
        left.pop();
    }
    settled.get(&id).copied().unwrap_or(false)
}

/// Whether a call's principal is this one.
pub(crate) fn concerns(whom: &Whom, call: &Call, names: &Names) -> bool {
    match whom {
        Whom::Anyone => call.user.is_some(),
        Whom::Machine => call.user.is_none(),
        Whom::Group(id) => is_member(call, *id, names),
        Whom::User { issuer, subject } => {
            let user = call.user.as_ref();
            user.is_some_and(|user| user.issuer == *issuer && user.subject == *subject)
        }
    }
}

/// Takes away whatever a call can do without, as `still_does` says, what comes first first. A
/// confirmation is of what remains, as `engine` knows it.
pub(crate) fn shrink(call: Call, engine: &Engine, still_does: &impl Fn(&Call) -> bool) -> Call {
    let mut call = call;
    let attempt = |call: &mut Call, change: &dyn Fn(&mut Call)| {
        let mut smaller = call.clone();
        change(&mut smaller);
        let operation = smaller.confirmation.is_some().then(|| engine.operation_digest(&smaller));
        if let (Some(confirmation), Some(Ok(operation))) = (&mut smaller.confirmation, operation) {
            confirmation.operation = operation;
        }
        if smaller != *call && still_does(&smaller) {
            *call = smaller;
            return true;
        }
        false
    };
    attempt(&mut call, &|call| call.confirmation = None);
    let mut place = call.receipts.len();
    while let Some(at) = place.checked_sub(1) {
        place = at;
        attempt(&mut call, &|call| {
            call.receipts.remove(at);
            for (number, receipt) in call.receipts.iter_mut().enumerate() {
                receipt.id = format!("r-{}", number.saturating_add(1));
            }
        });
        attempt(&mut call, &|call| {
            if let Some(receipt) = call.receipts.get_mut(at) {
                receipt.purpose = None;
            }
        });
    }
    let scopes = call.credential.as_ref().and_then(Credential::scopes).cloned();
    for scope in scopes.into_iter().flatten() {
        attempt(&mut call, &|call| match &mut call.credential {
            Some(Credential::Oauth(token)) => {
                token.scopes.remove(&scope);
            }
            Some(Credential::ApiKey(key)) => {
                key.scopes.remove(&scope);
            }
            _ => {}
        });
    }
    attempt(&mut call, &|call| call.purpose = None);
    attempt(&mut call, &|call| call.address = None);
    let now = call.now;
    let on_token = |change: &'static dyn Fn(&mut Token, i64)| {
        move |call: &mut Call| {
            if let Some(Credential::Oauth(token)) = &mut call.credential {
                change(token, now);
            }
        }
    };
    attempt(&mut call, &on_token(&|token, _| token.acr = None));
    attempt(
        &mut call,
        &on_token(&|token, now| {
            token.issued_at = Some(now);
            token.auth_time = Some(now);
            token.expires_at = now.checked_add(LIFETIME);
        }),
    );
    attempt(&mut call, &on_token(&|token, now| token.auth_time = token.issued_at.or(Some(now))));
    let claims = call.user.as_ref().map(|user| user.claims.clone()).unwrap_or_default();
    for path in leaves(&claims) {
        attempt(&mut call, &|call| {
            if let Some(user) = &mut call.user {
                remove(&mut user.claims, &path);
            }
        });
    }
    let arguments = call.arguments.clone().unwrap_or_default();
    for path in leaves(&arguments) {
        attempt(&mut call, &|call| {
            if let Ok(arguments) = &mut call.arguments {
                remove(arguments, &path);
            }
        });
    }
    for fact in call.facts.clone() {
        attempt(&mut call, &|call| call.facts.retain(|one| *one != fact));
    }
    call
}

/// A step into JSON.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Element(usize),
}

/// Every place in an object, what stands within something before that, later elements first.
fn leaves(object: &Map<String, Json>) -> Vec<Vec<Step>> {
    fn within(value: &Json, path: &[Step], found: &mut Vec<Vec<Step>>) {
        let deeper = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
        match value {
            Json::Object(members) => {
                for (name, member) in members {
                    within(member, &deeper(Step::Member(name.clone())), found);
                }
            }
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate().rev() {
                    within(item, &deeper(Step::Element(at)), found);
                }
            }
            _ => {}
        }
        if !path.is_empty() {
            found.push(path.to_vec());
        }
    }
    let mut found = Vec::new();
    within(&Json::Object(object.clone()), &[], &mut found);
    found
}

fn remove(object: &mut Map<String, Json>, path: &[Step]) {
    let Some((Step::Member(first), rest)) = path.split_first() else { return };
    if rest.is_empty() {
        object.remove(first);
        return;
    }
    let Some(mut value) = object.get_mut(first) else { return };
    let Some((last, between)) = rest.split_last() else { return };
    for step in between {
        let next = match (step, value) {
            (Step::Member(name), Json::Object(members)) => members.get_mut(name),
            (Step::Element(at), Json::Array(items)) => items.get_mut(*at),
            _ => None,
        };
        let Some(next) = next else { return };
        value = next;
    }
    match (last, value) {
        (Step::Member(name), Json::Object(members)) => {
            members.remove(name);
        }
        (Step::Element(at), Json::Array(items)) if *at < items.len() => {
            items.remove(*at);
        }
        _ => {}
    }
}
