//! The consent: is there a live receipt in which this user gave this client these terms here?

use crate::bundle::Terms;
use crate::call::{Call, Receipt};
use crate::condition::quote;
use crate::decision::{Lack, Remedy};
use crate::digest::Digest;
use crate::reason::Reason;

/// The live receipt that covers the call, or what is lacking.
///
/// Of several live receipts the latest given is named, then the one with the smallest id; where none
/// is live, the latest given says why.
pub(crate) fn judge<'a>(name: &str, terms: &Terms, call: &'a Call) -> Result<&'a Receipt, Lack> {
    let lack = |reason, detail: String| Lack {
        reason,
        detail,
        remedy: Remedy::Consent {
            terms: name.to_owned(),
            digest: terms.digest.clone(),
            purpose: purpose_to_ask(terms, call),
        },
    };
    let mut receipts: Vec<&Receipt> =
        call.receipts.iter().filter(|receipt| is_for(receipt, name, terms, call)).collect();
    let withdrawn_until = receipts.iter().filter_map(|receipt| receipt.withdrawn_at).max();
    // One given after `now` does not exist yet. Its withdrawal, if it has one, counts all the same.
    receipts.retain(|receipt| receipt.given_at <= call.now);
    receipts.sort_by(|one, other| {
        other.given_at.cmp(&one.given_at).then_with(|| one.id.cmp(&other.id))
    });
    let defect = |receipt: &Receipt| {
        let withdrawn = receipt.withdrawn_at.is_some()
            || withdrawn_until.is_some_and(|until| receipt.given_at <= until);
        if withdrawn {
            return Some((Reason::ConsentWithdrawn, "was withdrawn"));
        }
        if receipt.digest != *digest_of(terms, &receipt.terms) {
            return Some((Reason::ConsentDrifted, "was given for terms that are no longer these"));
        }
        (end(receipt, terms).is_some_and(|end| end <= call.now))
            .then_some((Reason::ConsentExpired, "has ended"))
    };
    let Some(latest) = receipts.first() else {
        return Err(lack(
            Reason::ConsentNone,
            format!("the user has not given this client consent `{name}` at this server"),
        ));
    };
    let live: Vec<&Receipt> =
        receipts.iter().copied().filter(|receipt| defect(receipt).is_none()).collect();
    if live.is_empty()
        && let Some((reason, what)) = defect(latest)
    {
        return Err(lack(reason, format!("receipt {} {what}", quote(&latest.id))));
    }
    if let Some(detail) = purpose_defect(name, terms, call) {
        return Err(lack(Reason::ConsentPurpose, detail));
    }
    live.into_iter().find(|receipt| purpose_fits(receipt, terms, call)).ok_or_else(|| {
        let detail = format!("consent `{name}` was given for another purpose");
        lack(Reason::ConsentPurpose, detail)
    })
}

/// What today's terms have as digest under the name that the receipt was given under.
fn digest_of<'t>(terms: &'t Terms, name: &str) -> &'t Digest {
    terms.was.get(name).unwrap_or(&terms.digest)
}

fn is_for(receipt: &Receipt, name: &str, terms: &Terms, call: &Call) -> bool {
    (receipt.terms == name || terms.was.contains_key(&receipt.terms))
        && receipt.server == call.server
        && receipt.client.id == call.client.id
        && receipt.client.issuer == call.client.issuer
        && call.user.as_ref().is_some_and(|user| {
            receipt.user.issuer == user.issuer && receipt.user.subject == user.subject
        })
}

/// The earliest of the receipt's own expiry and what the terms give it.
fn end(receipt: &Receipt, terms: &Terms) -> Option<i64> {
    let lasts_until = terms.lasts.map(|lasts| receipt.given_at.saturating_add(lasts));
    [receipt.expires_at, lasts_until].into_iter().flatten().min()
}

fn purpose_defect(name: &str, terms: &Terms, call: &Call) -> Option<String> {
    match &call.purpose {
        Some(stated) if !terms.purposes.contains(stated) => {
            Some(format!("{} is no purpose of consent `{name}`", quote(stated)))
        }
        None if terms.purpose_required => {
            Some(format!("consent `{name}` asks for a stated purpose"))
        }
        _ => None,
    }
}

fn purpose_fits(receipt: &Receipt, terms: &Terms, call: &Call) -> bool {
    match (&receipt.purpose, &call.purpose) {
        (Some(given), stated) => {
            terms.purposes.contains(given) && stated.as_ref().is_none_or(|stated| stated == given)
        }
        (None, _) => true,
    }
}

/// The purpose that a call under a fresh receipt must state: the stated one where the terms have it,
/// else the first of theirs.
fn purpose_to_ask(terms: &Terms, call: &Call) -> Option<String> {
    match &call.purpose {
        Some(stated) if terms.purposes.contains(stated) => Some(stated.clone()),
        None if !terms.purpose_required => None,
        _ => terms.purposes.first().cloned(),
    }
}
