//! Cedar's side of a decision: the policies of the call's slice, evaluated on its facts, or put to
//! Cedar's authorizer with the facts as a request.

use std::collections::BTreeMap;

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, Entity, EntityUid, Policy, PolicySet, Request,
    RestrictedExpression,
};

use crate::bundle::{self, fact_name};
use crate::call::Credential;
use crate::condition::{Argument, Attribute, Operand, Value, Values};
use crate::evaluator::{AskCedar, Asked};
use crate::facts::Facts;
use crate::ids;
use crate::slices::{Slice, Slices, uid};

impl Slices {
    /// Cedar's answer: any forbid, else any permit. Cedar skips a policy whose evaluation errs; here
    /// that is an error.
    pub(crate) fn decide(
        &self,
        slice: &Slice,
        facts: &Facts<'_>,
        consents: &[&str],
    ) -> Result<Decision, String> {
        let asked = Asked { facts, consents, slice };
        let (mut permitted, mut forbidden) = (false, false);
        let mut left = Vec::new();
        let places = slice.policies.of(facts.call.user.as_ref(), &facts.groups);
        for prepared in places.iter().filter_map(|place| self.policies.get(*place)) {
            match prepared.test.as_ref().map(|test| test.holds(&asked)) {
                Some(Ok(false)) => {}
                Some(Ok(true)) => match prepared.policy.effect() {
                    Effect::Permit => permitted = true,
                    Effect::Forbid => forbidden = true,
                },
                Some(Err(AskCedar)) | None => left.push(&prepared.policy),
            }
        }
        if !left.is_empty() {
            let (decision, decided) = self.ask_cedar(&left, &asked)?;
            permitted |= decision == Decision::Allow;
            forbidden |= decision == Decision::Deny && decided;
        }
        let decision = if permitted && !forbidden { Decision::Allow } else { Decision::Deny };
        // INVARIANT: slices and this form of the conditions change nothing but the time. Builds with
        // debug assertions, the tests' among them, hold every answer against Cedar's own.
        if cfg!(debug_assertions) {
            let all = slice.all.iter().filter_map(|place| self.policies.get(*place));
            let all: Vec<&Policy> = all.map(|prepared| &prepared.policy).collect();
            let (expected, _) = self.ask_cedar(&all, &asked)?;
            if expected != decision {
                return Err(format!("the slice says {decision:?}, all policies {expected:?}"));
            }
        }
        Ok(decision)
    }

    /// What Cedar's authorizer says of the call by these policies alone, and whether any decided.
    fn ask_cedar(
        &self,
        policies: &[&Policy],
        asked: &Asked<'_, '_>,
    ) -> Result<(Decision, bool), String> {
        let Asked { facts, consents, slice } = asked;
        let calling = &facts.call.client;
        let principal = match &facts.call.user {
            Some(user) => uid(&self.types.user, ids::user(&user.issuer, &user.subject)),
            None => uid(&self.types.machine, ids::machine(calling.issuer.as_deref(), &calling.id)),
        };
        let client = uid(&self.types.client, ids::client(calling.issuer.as_deref(), &calling.id));
        let groups = facts.groups.iter().map(|name| uid(&self.types.group, ids::group(name)));
        let mut entities = vec![
            Entity::new_no_attrs(slice.action.clone(), slice.ancestors.clone()),
            Entity::new_no_attrs(principal.clone(), groups.collect()),
        ];
        entities.extend(self.client(&client).cloned());
        let entities =
            Entities::from_entities(entities, None).map_err(|error| error.to_string())?;
        let context = context(facts, client, consents).map_err(|error| error.to_string())?;
        let request =
            Request::new(principal, slice.action.clone(), slice.server.clone(), context, None)
                .map_err(|error| error.to_string())?;
        let policies = PolicySet::from_policies(policies.iter().copied().cloned())
            .map_err(|error| error.to_string())?;
        let response = Authorizer::new().is_authorized(&request, &policies, &entities);
        match response.diagnostics().errors().next() {
            Some(error) => Err(error.to_string()),
            None => Ok((response.decision(), response.diagnostics().reason().next().is_some())),
        }
    }
}

type Record = Vec<(String, RestrictedExpression)>;

fn string(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn strings<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> RestrictedExpression {
    RestrictedExpression::new_set(texts.into_iter().map(|text| string(text.as_ref())))
}

fn expression(value: &Value) -> RestrictedExpression {
    match value {
        Value::String(text) => string(text),
        Value::Boolean(value) => RestrictedExpression::new_bool(*value),
        Value::Integer(value) => RestrictedExpression::new_long(*value),
        Value::Address(address) => RestrictedExpression::new_ip(address.to_string()),
        Value::Strings(members) => strings(members),
    }
}

fn context(
    facts: &Facts<'_>,
    client: EntityUid,
    consents: &[&str],
) -> Result<Context, Box<dyn std::error::Error>> {
    let call = facts.call;
    let reads = &facts.tool.reads;
    let optional = |record: &mut Record, name: &str, attribute: Attribute| {
        if let Some(value) = facts.value(&Operand { view: None, attribute }) {
            record.push((name.to_owned(), expression(&value)));
        }
    };

    let mut client_record: Record = vec![
        (String::from("entity"), RestrictedExpression::new_entity_uid(client)),
        (String::from("id"), string(&call.client.id)),
        (String::from("registration"), string(call.client.registration.as_str())),
        (String::from("status"), string(call.client.status.as_str())),
    ];
    let digest = call.client.metadata_digest.as_ref().map(ToString::to_string);
    for (name, text) in [
        ("domain", facts.domain()),
        ("issuer", call.client.issuer.as_deref()),
        ("metadata_digest", digest.as_deref()),
    ] {
        client_record.extend(text.map(|text| (name.to_owned(), string(text))));
    }

    let mut user_record = Record::new();
    optional(&mut user_record, "issuer", Attribute::UserIssuer);
    optional(&mut user_record, "subject", Attribute::UserSubject);

    let mut token_record: Record = Vec::new();
    match &call.credential {
        Some(Credential::Oauth(token)) => {
            token_record.extend([
                (String::from("kind"), string("oauth")),
                (String::from("issuer"), string(&token.issuer)),
                (String::from("audience"), strings(&token.audience)),
                (String::from("subject"), string(&token.subject)),
                (String::from("client_id"), string(&token.client_id)),
            ]);
        }
        Some(Credential::ApiKey(_)) => token_record.push((String::from("kind"), string("api_key"))),
        Some(Credential::Local {}) => token_record.push((String::from("kind"), string("local"))),
        None => token_record.push((String::from("kind"), string("none"))),
    }
    let credential = call.credential.as_ref();
    for (name, time) in [
        ("issued_at", credential.and_then(Credential::issued_at)),
        ("expires_at", credential.and_then(Credential::expires_at)),
    ] {
        let time = time.map(RestrictedExpression::new_long);
        token_record.extend(time.map(|time| (name.to_owned(), time)));
    }
    optional(&mut token_record, "age", Attribute::TokenAge);
    optional(&mut token_record, "auth_age", Attribute::TokenAuthAge);
    optional(&mut token_record, "lifetime", Attribute::TokenLifetime);
    optional(&mut token_record, "acr", Attribute::TokenAcr);

    let mut call_record = Record::new();
    optional(&mut call_record, "address", Attribute::CallAddress);
    optional(&mut call_record, "confirmation_age", Attribute::ConfirmationAge);

    let mut pairs: Record = vec![
        (String::from("call"), RestrictedExpression::new_record(call_record)?),
        (String::from("client"), RestrictedExpression::new_record(client_record)?),
        (String::from("consents"), strings(consents)),
        (String::from("now"), RestrictedExpression::new_long(call.now)),
        (String::from("scopes"), strings(&facts.scopes)),
        (String::from("token"), RestrictedExpression::new_record(token_record)?),
    ];
    if call.user.is_some() {
        pairs.push((String::from("user"), RestrictedExpression::new_record(user_record)?));
    }
    if reads.given().next().is_some() {
        pairs.push((String::from("args"), arguments(facts, reads.given())?));
    }
    if reads.computed().next().is_some() {
        let values = reads.computed().filter_map(|fact| {
            let attribute = Attribute::Argument(fact.clone());
            Some((fact.to_string(), expression(&facts.value_of(&attribute)?)))
        });
        pairs.push((String::from("computed"), RestrictedExpression::new_record(values)?));
    }
    if !reads.views.is_empty() {
        let values = reads
            .views
            .iter()
            .filter_map(|view| Some((view.to_string(), expression(&facts.value(view)?))));
        pairs.push((String::from("views"), RestrictedExpression::new_record(values)?));
    }
    if !reads.present.is_empty() {
        let present = reads
            .present
            .iter()
            .filter(|argument| facts.is_present(&Attribute::Argument((*argument).clone())));
        pairs.push((String::from("present"), strings(present.map(ToString::to_string))));
    }
    if reads.facts().next().is_some() {
        let verdicts = reads.facts().map(|(atom, side)| {
            let holds = RestrictedExpression::new_bool(atom.holds(facts, side));
            (fact_name(atom, side), holds)
        });
        pairs.push((String::from("facts"), RestrictedExpression::new_record(verdicts)?));
    }
    Ok(Context::from_pairs(pairs)?)
}

/// The arguments that are read, as nested records: a record for every object on the way, there even
/// if the object is not, and a member for every value that is one.
fn arguments<'r>(
    facts: &Facts<'_>,
    read: impl Iterator<Item = &'r Argument>,
) -> Result<RestrictedExpression, Box<dyn std::error::Error>> {
    let mut root = Node::default();
    for argument in read {
        let attribute = Attribute::Argument(argument.clone());
        root.insert(&argument.path, facts.value(&Operand { view: None, attribute }));
    }
    root.into_expression()
}

#[derive(Default)]
struct Node {
    members: BTreeMap<String, Node>,
    value: Option<Value>,
}

impl Node {
    fn insert(&mut self, path: &[String], value: Option<Value>) {
        let Some((name, records)) = path.split_last() else { return };
        let record = records
            .iter()
            .fold(self, |record, name| record.members.entry(name.clone()).or_default());
        if value.is_some() {
            record.members.insert(name.clone(), Node { value, ..Node::default() });
        }
    }

    fn into_expression(self) -> Result<RestrictedExpression, Box<dyn std::error::Error>> {
        if let Some(value) = self.value {
            return Ok(expression(&value));
        }
        let members = self
            .members
            .into_iter()
            .map(|(name, node)| Ok((name, node.into_expression()?)))
            .collect::<Result<Record, Box<dyn std::error::Error>>>()?;
        Ok(RestrictedExpression::new_record(members)?)
    }
}

/// The Cedar policies of a bundle as one text, in the order of their ids.
pub fn policy_text(cedar: &bundle::Cedar) -> String {
    let policies: Vec<&str> = cedar.policies.values().map(String::as_str).collect();
    policies.join("\n\n")
}
