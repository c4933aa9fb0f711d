//! The consent: is there a live receipt in which this user gave this client these terms here?

use crate::bundle::{Coverage, OnChange, Terms, TermsVersion};
use crate::call::{Call, Receipt};
use crate::condition::quote;
use crate::decision::{Lack, Remedy};
use crate::reason::Reason;

/// What a receipt must cover: a feature, by [`ids::feature`](crate::ids::feature), as one of a
/// capability.
#[derive(Clone, Copy)]
pub(crate) struct Use<'a> {
    pub(crate) capability: &'a str,
    pub(crate) feature: &'a str,
}

/// The live receipt for the terms that covers a use of them, or what is lacking. Without a use any
/// live receipt will do.
///
/// Of several the latest given is named, then the one with the smallest id; where none will do, the
/// latest given says why.
pub(crate) fn judge<'a>(
    name: &str,
    terms: &Terms,
    call: &'a Call,
    used: Option<Use<'_>>,
) -> Result<&'a Receipt, Lack> {
    let lack = |reason, detail: String| Lack {
        reason,
        detail,
        remedy: Remedy::Consent {
            terms: name.to_owned(),
            digest: terms.digest.clone(),
            purpose: purpose_to_ask(terms, call.purpose.as_ref()),
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
    let sound = |receipt: &'a Receipt| {
        let withdrawn = receipt.withdrawn_at.is_some()
            || withdrawn_until.is_some_and(|until| receipt.given_at <= until);
        if withdrawn {
            return Err((Reason::ConsentWithdrawn, "was withdrawn"));
        }
        let version = agreed_to(terms, receipt).ok_or((
            Reason::ConsentDrifted,
            "was given for terms that are no longer these, and that are not known",
        ))?;
        if terms.on_change == OnChange::AskAgain && version.covers != Coverage::Whole {
            let why = "was given for terms that have since come to grant more";
            return Err((Reason::ConsentDrifted, why));
        }
        if end(receipt, terms, version).is_some_and(|end| end <= call.now) {
            return Err((Reason::ConsentExpired, "has ended"));
        }
        let covered = terms.on_change == OnChange::Extend
            || used.is_none_or(|used| version.covers.holds(used.capability, used.feature));
        match covered {
            true => Ok((receipt, version)),
            false => Err((
                Reason::ConsentNotCovered,
                "was given for terms that did not grant this, or not as much of it",
            )),
        }
    };
    let Some(latest) = receipts.first() else {
        return Err(lack(
            Reason::ConsentNone,
            format!("the user has not given this client consent `{name}` at this server"),
        ));
    };
    let live: Vec<(&Receipt, &TermsVersion)> =
        receipts.iter().filter_map(|receipt| sound(receipt).ok()).collect();
    if live.is_empty()
        && let Err((reason, what)) = sound(latest)
    {
        return Err(lack(reason, format!("receipt {} {what}", quote(&latest.id))));
    }
    if let Some(detail) = purpose_defect(name, terms, call.purpose.as_ref()) {
        return Err(lack(Reason::ConsentPurpose, detail));
    }
    let fitting = live
        .into_iter()
        .find(|(receipt, version)| purpose_fits(receipt, version, terms, call.purpose.as_ref()));
    fitting.map(|(receipt, _)| receipt).ok_or_else(|| {
        let detail = format!("consent `{name}` was given for another purpose");
        lack(Reason::ConsentPurpose, detail)
    })
}

/// The version of the terms that a receipt was given for. A digest covers the consent's name, so one
/// that goes by another is none.
fn agreed_to<'t>(terms: &'t Terms, receipt: &Receipt) -> Option<&'t TermsVersion> {
    terms.versions.get(&receipt.digest).filter(|version| version.name == receipt.terms)
}

fn is_for(receipt: &Receipt, name: &str, terms: &Terms, call: &Call) -> bool {
    (receipt.terms == name || terms.was.contains(&receipt.terms))
        && receipt.server == call.server
        && receipt.client.id == call.client.id
        && receipt.client.issuer == call.client.issuer
        && call.user.as_ref().is_some_and(|user| {
            receipt.user.issuer == user.issuer && receipt.user.subject == user.subject
        })
}

/// The earliest of the receipt's own expiry and what the terms gave it then and give it now.
fn end(receipt: &Receipt, terms: &Terms, version: &TermsVersion) -> Option<i64> {
    let until = |lasts: Option<i64>| lasts.map(|lasts| receipt.given_at.saturating_add(lasts));
    [receipt.expires_at, until(version.lasts), until(terms.lasts)].into_iter().flatten().min()
}

/// What is wrong with a stated purpose, whatever receipts there are.
pub(crate) fn purpose_defect(name: &str, terms: &Terms, stated: Option<&String>) -> Option<String> {
    match stated {
        Some(stated) if !terms.purposes.contains(stated) => {
            Some(format!("{} is no purpose of consent `{name}`", quote(stated)))
        }
        None if terms.purpose_required => {
            Some(format!("consent `{name}` asks for a stated purpose"))
        }
        _ => None,
    }
}

/// Whether the user agreed to the purpose: as that of the receipt, or as one that was shown.
fn purpose_fits(
    receipt: &Receipt,
    version: &TermsVersion,
    terms: &Terms,
    stated: Option<&String>,
) -> bool {
    let was_shown =
        |stated: &String| terms.on_change == OnChange::Extend || version.purposes.contains(stated);
    match &receipt.purpose {
        Some(given) => {
            terms.purposes.contains(given) && stated.is_none_or(|stated| stated == given)
        }
        None => stated.is_none_or(was_shown),
    }
}

/// The purpose that a call under a fresh receipt must state: the stated one where the terms have it,
/// else the first of theirs.
fn purpose_to_ask(terms: &Terms, stated: Option<&String>) -> Option<String> {
    match stated {
        Some(stated) if terms.purposes.contains(stated) => Some(stated.clone()),
        None if !terms.purpose_required => None,
        _ => terms.purposes.first().cloned(),
    }
}
