//! Consents: is there a live receipt for some terms?

use std::cmp::Reverse;

use serde_json::Value;

use crate::reference::Reference;
use crate::reference::conditions::*;

impl Reference<'_> {
    /// Whether a call under a fresh receipt for some terms has to state a purpose that it does not now.
    pub(super) fn asks_for_another_purpose(&self, name: &str, call: &Value) -> bool {
        self.policy.consents.get(name).is_some_and(|consent| match text(call, "purpose") {
            Some(stated) => !consent.purposes.contains(stated),
            None => consent.purpose_required,
        })
    }

    /// The receipt under which some terms cover the call, or what the consent link lacks.
    ///
    /// SEMANTICS 4 says which receipts are valid, and not which of several invalid ones gives the
    /// reason. Chosen: the latest, as with valid ones; one given in the future is as good as none;
    /// and a withdrawal is named before a drift, a drift before an expiry.
    pub(super) fn consent(&self, name: &str, call: &Value) -> Result<String, &'static str> {
        let consent = self.policy.consents.get(name).ok_or("consent.none")?;
        let now = i128::from(number(call, "now").unwrap_or_default());
        // Under each name that the consent has had, with the digest that today's terms have there.
        let digest = |receipt: &Value| {
            let terms = self.terms.get(name)?;
            let called = text(receipt, "terms")?;
            if called != name && !consent.was.contains(called) {
                return None;
            }
            // Without a lock there is one version for each name: `history.rs` tries those with one.
            let mut versions = terms.versions.iter();
            versions.find(|(_, one)| one.name == called).map(|(digest, _)| digest.to_string())
        };
        let same = |receipt: &&Value| {
            let user = member(receipt, "user").zip(member(call, "user"));
            let client = member(receipt, "client").zip(member(call, "client"));
            digest(receipt).is_some()
                && text(receipt, "server") == text(call, "server")
                && user.is_some_and(|(one, other)| {
                    text(one, "issuer") == text(other, "issuer")
                        && text(one, "subject") == text(other, "subject")
                })
                && client.is_some_and(|(one, other)| {
                    text(one, "id") == text(other, "id")
                        && text(one, "issuer") == text(other, "issuer")
                })
        };
        let receipts = member(call, "receipts").and_then(Value::as_array);
        let all: Vec<&Value> = receipts.into_iter().flatten().filter(same).collect();
        let given = |receipt: &Value| number(receipt, "given_at").unwrap_or_default();
        let withdrawn = all.iter().filter_map(|one| number(one, "withdrawn_at")).max();
        let fault = |receipt: &Value| {
            let own = member(receipt, "withdrawn_at").is_some();
            let lasts = consent
                .lasts
                .map(|lasts| i128::from(given(receipt)).saturating_add(i128::from(lasts)));
            let stated = number(receipt, "expires_at").map(i128::from);
            if own || withdrawn.is_some_and(|at| given(receipt) <= at) {
                Some("consent.withdrawn")
            } else if text(receipt, "digest").map(str::to_owned) != digest(receipt) {
                Some("consent.drifted")
            } else if [lasts, stated].into_iter().flatten().any(|end| end <= now) {
                Some("consent.expired")
            } else {
                None
            }
        };
        let mut past: Vec<&Value> =
            all.into_iter().filter(|receipt| i128::from(given(receipt)) <= now).collect();
        past.sort_by_key(|receipt| (Reverse(given(receipt)), text(receipt, "id")));
        let live: Vec<&Value> =
            past.iter().copied().filter(|receipt| fault(receipt).is_none()).collect();
        if live.is_empty() {
            return Err(past.first().and_then(|latest| fault(latest)).unwrap_or("consent.none"));
        }
        // A receipt that names a purpose speaks for no other one, and only for one that the terms
        // have: "not one that the user agreed to" is the reason's meaning.
        let stated = text(call, "purpose");
        let declared = match stated {
            Some(purpose) => consent.purposes.contains(purpose),
            None => !consent.purpose_required,
        };
        let agreed = |one: &&Value| {
            text(one, "purpose").is_none_or(|agreed| {
                consent.purposes.contains(agreed) && stated.is_none_or(|stated| stated == agreed)
            })
        };
        let named = live.into_iter().filter(|_| declared).find(agreed);
        named.and_then(|one| text(one, "id")).map(str::to_owned).ok_or("consent.purpose")
    }
}
