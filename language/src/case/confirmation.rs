//! Confirmations: a user's word on just the operation of the case.

use placet_engine::bundle::Content;
use placet_engine::call::{self, Call};

use crate::case::ast::{Confirmation, Giver};
use crate::case::places::Part;
use crate::case::resolve::{Unresolved, seconds};

/// The confirmation that a case says, of a call that is complete but for it.
pub(crate) fn resolve(
    confirmed: &Confirmation,
    content: &Content,
    call: &Call,
) -> Result<call::Confirmation, Unresolved> {
    let operation = match &confirmed.operation {
        Some(digest) => digest.clone(),
        None => content
            .operation_digest(call)
            .map_err(|why| Unresolved::new(Part::Confirmation, why, "confirmed here"))?,
    };
    let user = match (&confirmed.giver, &call.user) {
        (Some(giver), user) => self::giver(giver, user.as_ref(), Part::Confirmation)?,
        (None, Some(user)) => {
            call::UserId { issuer: user.issuer.clone(), subject: user.subject.clone() }
        }
        (None, None) => {
            let message = "a machine has nobody who could confirm";
            return Err(Unresolved::new(Part::Confirmation, message, "by whom?")
                .help("say who: `confirmed by alice of \"https://…\"`"));
        }
    };
    let given_at = match confirmed.given {
        Some(moment) => seconds(moment, call.now, Part::Confirmation)?,
        None => call.now,
    };
    let id = confirmed.id.clone().unwrap_or_else(|| String::from("c-1"));
    Ok(call::Confirmation { id, operation, user, given_at })
}

/// Who gave something: of the issuer of the call's user, unless another is named.
pub(crate) fn giver(
    giver: &Giver,
    user: Option<&call::User>,
    part: Part,
) -> Result<call::UserId, Unresolved> {
    let issuer = giver.issuer.clone().or_else(|| user.map(|user| user.issuer.clone()));
    let issuer = issuer.ok_or_else(|| {
        let message = format!("it is not clear whose user `{}` is", giver.subject);
        Unresolved::new(part, message, "of which issuer?")
            .help(format!("say it: `by {} of \"https://…\"`", giver.subject))
    })?;
    Ok(call::UserId { issuer, subject: giver.subject.clone() })
}
