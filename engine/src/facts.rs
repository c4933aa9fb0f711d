//! Facts: what is computed from a call before any rule is judged. `spec/chain.md` lists them.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value as Json};

use crate::bundle::{Content, Group, Server, Tool};
use crate::call::{Call, Credential, Token, User};
use crate::condition::{Argument, ArgumentType, Attribute, Operand, Value, Values};
use crate::json;

/// A call at a known tool of a known server, with what follows from it.
pub(crate) struct Facts<'a> {
    pub(crate) call: &'a Call,
    pub(crate) arguments: &'a Map<String, Json>,
    pub(crate) server_name: &'a str,
    pub(crate) tool: &'a Tool,
    /// The policy's name for the client, where it has one.
    pub(crate) client: Option<&'a str>,
    /// Every group that the user is in.
    pub(crate) groups: BTreeSet<&'a str>,
    /// The token's scopes with all they imply.
    pub(crate) scopes: BTreeSet<&'a str>,
}

impl<'a> Facts<'a> {
    pub(crate) fn token(&self) -> Option<&'a Token> {
        match &self.call.credential {
            Some(Credential::Oauth(token)) => Some(token),
            _ => None,
        }
    }

    fn raw(&self, argument: &Argument) -> Option<&'a Json> {
        let (first, rest) = argument.path.split_first()?;
        rest.iter().try_fold(self.arguments.get(first)?, |value, name| value.get(name))
    }
}

/// The token's scopes with all they imply. A scope that the server does not declare stands for
/// nothing.
pub(crate) fn closed_scopes<'a>(server: &'a Server, call: &Call) -> BTreeSet<&'a str> {
    let Some(Credential::Oauth(token)) = &call.credential else { return BTreeSet::new() };
    let implied = token.scopes.iter().filter_map(|scope| server.scopes.get(scope));
    implied.flatten().map(String::as_str).collect()
}

/// Every group that a user is in: who has the claim and is in all of `and_in`, and the members of
/// every group within.
///
/// A group joins once the last of its `and_in` has joined, and takes those that it is within along,
/// so each group and each reference is looked at once, whatever the groups refer to.
pub(crate) fn groups<'a>(content: &'a Content, user: Option<&User>) -> BTreeSet<&'a str> {
    let mut members: BTreeSet<&str> = BTreeSet::new();
    let Some(user) = user else { return members };
    // The groups whose claim the user has, with how many of their `and_in` are still to come.
    let mut waiting: HashMap<&str, usize> = HashMap::new();
    let mut awaited_by: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut joining: Vec<&str> = Vec::new();
    for (name, group) in &content.groups {
        if group.issuer != user.issuer || !has_claim(group, &user.claims) {
            continue;
        }
        if group.and_in.is_empty() {
            joining.push(name);
            continue;
        }
        waiting.insert(name, group.and_in.len());
        for other in &group.and_in {
            awaited_by.entry(other).or_default().push(name);
        }
    }
    while let Some(name) = joining.pop() {
        if !members.insert(name) {
            continue;
        }
        joining.extend(
            content
                .groups
                .get(name)
                .into_iter()
                .flat_map(|group| &group.within)
                .map(String::as_str),
        );
        for other in awaited_by.get(name).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(other) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    joining.push(other);
                }
            }
        }
    }
    members
}

fn has_claim(group: &Group, claims: &Map<String, Json>) -> bool {
    let claim = group.claim.split_first().and_then(|(first, rest)| {
        rest.iter().try_fold(claims.get(first)?, |value, name| value.get(name))
    });
    match claim {
        Some(Json::String(text)) => *text == group.has,
        Some(Json::Array(items)) => items.iter().any(|item| item.as_str() == Some(&group.has)),
        _ => false,
    }
}

/// Seconds from `earlier` to `later`; `None` where one is unknown or they are the wrong way round.
fn span(earlier: Option<i64>, later: Option<i64>) -> Option<i64> {
    later?.checked_sub(earlier?).filter(|seconds| *seconds >= 0)
}

fn scalar(raw: &Json, kind: ArgumentType) -> Option<Value> {
    match (kind, raw) {
        (ArgumentType::String, Json::String(text)) => Some(Value::String(text.clone())),
        (ArgumentType::Boolean, Json::Bool(value)) => Some(Value::Boolean(*value)),
        (ArgumentType::Integer, Json::Number(number)) => json::integer(number).map(Value::Integer),
        _ => None,
    }
}

fn viewed(operand: &Operand, value: Value) -> Option<Value> {
    match (operand.view, value) {
        (None, value) => Some(value),
        (Some(view), Value::String(raw)) => view.of(&raw).map(Value::String),
        (Some(_), _) => None,
    }
}

impl Values for Facts<'_> {
    fn value(&self, operand: &Operand) -> Option<Value> {
        let token = self.token();
        let now = Some(self.call.now);
        let text = |text: &String| Value::String(text.clone());
        let value = match &operand.attribute {
            Attribute::Argument(argument) => {
                let raw = self.raw(argument)?;
                match (argument.kind, raw) {
                    (ArgumentType::Strings, Json::Array(items)) => {
                        let members = items.iter().map(|item| item.as_str().map(str::to_owned));
                        Value::Strings(members.collect::<Option<Vec<_>>>()?)
                    }
                    (kind, raw) => scalar(raw, kind)?,
                }
            }
            Attribute::UserIssuer => self.call.user.as_ref().map(|user| text(&user.issuer))?,
            Attribute::UserSubject => self.call.user.as_ref().map(|user| text(&user.subject))?,
            Attribute::ClientId => text(&self.call.client.id),
            Attribute::ClientRegistration => {
                Value::String(self.call.client.registration.as_str().to_owned())
            }
            Attribute::TokenAge => Value::Integer(span(token?.issued_at, now)?),
            Attribute::TokenAuthAge => Value::Integer(span(token?.auth_time, now)?),
            Attribute::TokenLifetime => Value::Integer(span(token?.issued_at, token?.expires_at)?),
            Attribute::TokenAcr => token?.acr.as_ref().map(text)?,
            Attribute::CallAddress => Value::Address(self.call.address?.to_canonical()),
            Attribute::Now => Value::Integer(self.call.now),
        };
        viewed(operand, value)
    }

    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>> {
        let Attribute::Argument(argument) = &operand.attribute else { return None };
        let items = self.raw(argument)?.as_array()?;
        let element = |item| viewed(operand, scalar(item, argument.kind)?);
        Some(items.iter().map(element).collect())
    }

    fn is_present(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Argument(argument) => {
                self.raw(argument).is_some_and(|value| !value.is_null())
            }
            other => self.value(&Operand { view: None, attribute: other.clone() }).is_some(),
        }
    }
}
