//! Points: what a call says, as expressions read it.

use placet_engine::Digest;
use placet_engine::call::{Call, Credential};
use placet_engine::condition::{Attribute, Value};

use serde_json::Value as Json;

use crate::analysis::Assignment;
use crate::reach::expression::{Expr, Fact};
use crate::reach::names::Names;
use crate::reach::witness::{has_claim, is_member};

/// Whether an expression holds of a call.
pub(crate) fn holds(expression: &Expr, call: &Call, names: &Names) -> bool {
    let fact = |fact: &Fact| match fact {
        Fact::Member(id) => is_member(call, *id, names),
        Fact::Claim(claim) => has_claim(call, claim),
        Fact::Scope(scope) => {
            let scopes = call.credential.as_ref().and_then(Credential::scopes);
            scopes.is_some_and(|scopes| scopes.contains(scope))
        }
        Fact::Purpose(purpose) => call.purpose == *purpose,
        Fact::Receipt(receipt) => call.receipts.iter().any(|one| {
            one.withdrawn_at.is_none()
                && one.terms == receipt.terms
                && one.digest == receipt.digest
                && one.purpose == receipt.purpose
                && call.now.checked_sub(one.given_at) == Some(receipt.age)
        }),
        Fact::Withdrawn(terms) => {
            call.receipts.iter().any(|one| one.withdrawn_at.is_some() && one.terms == *terms)
        }
        // That an integer which nothing reads is beyond them or one that is read makes no difference.
        Fact::LargeInteger => call
            .arguments
            .as_ref()
            .is_ok_and(|arguments| Digest::of_json(&Json::Object(arguments.clone())).is_err()),
    };
    expression.holds(&fact, &values(call))
}

/// The values that conditions read.
fn values(call: &Call) -> Assignment {
    let mut values = Assignment {
        arguments: call.arguments.clone().unwrap_or_default(),
        facts: call.facts.clone(),
        ..Assignment::default()
    };
    let now = call.now;
    let credential = call.credential.as_ref();
    let span = |earlier: Option<i64>, later: Option<i64>| {
        later?.checked_sub(earlier?).filter(|seconds| *seconds >= 0).map(Value::Integer)
    };
    let issued_at = credential.and_then(Credential::issued_at);
    let token = match credential {
        Some(Credential::Oauth(token)) => Some(token),
        _ => None,
    };
    let said = [
        (
            Attribute::UserSubject,
            call.user.as_ref().map(|user| Value::String(user.subject.clone())),
        ),
        (Attribute::TokenAge, span(issued_at, Some(now))),
        (Attribute::TokenAuthAge, span(token.and_then(|token| token.auth_time), Some(now))),
        (Attribute::TokenLifetime, span(issued_at, credential.and_then(Credential::expires_at))),
        (Attribute::TokenAcr, token.and_then(|token| token.acr.clone()).map(Value::String)),
        (Attribute::CallAddress, call.address.map(|one| Value::Address(one.to_canonical()))),
        (
            Attribute::ConfirmationAge,
            span(call.confirmation.as_ref().map(|one| one.given_at), Some(now)),
        ),
        (Attribute::Now, Some(Value::Integer(now))),
    ];
    for (attribute, value) in said {
        if let Some(value) = value {
            values.attributes.insert(attribute, value);
        }
    }
    values
}
