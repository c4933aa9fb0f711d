//! The registration: does the policy name this client, and was it approved?

use crate::call::{Call, Registration, Status};
use crate::chain::Break;
use crate::condition::quote;
use crate::decision::Remedy;
use crate::reason::Reason;

/// `name` is what the policy calls the client, if it names it at all.
pub(crate) fn judge(name: Option<&str>, call: &Call) -> Result<(), Break> {
    let client = &call.client;
    let review = |reason, detail| Err(Break { reason, detail, remedy: Some(Remedy::Review) });
    let Some(name) = name else {
        let at = client.issuer.as_ref().map(|issuer| format!(" issued by {}", quote(issuer)));
        return review(
            Reason::UnknownClient,
            format!("no `client` line names {}{}", quote(&client.id), at.unwrap_or_default()),
        );
    };
    match client.status {
        Status::Approved => {}
        Status::Pending => {
            return review(Reason::ClientPending, format!("client `{name}` awaits its review"));
        }
        Status::Blocked => {
            return review(Reason::ClientBlocked, format!("client `{name}` is blocked"));
        }
    }
    let expected = match client.issuer {
        Some(_) => Registration::Preregistered,
        None => Registration::MetadataDocument,
    };
    if client.registration != expected {
        return review(
            Reason::RegistrationKind,
            format!(
                "client `{name}` is admitted by {}, but this one's registration is {}",
                expected.as_str(),
                client.registration.as_str()
            ),
        );
    }
    Ok(())
}
