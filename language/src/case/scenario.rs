//! Scenarios: what each step does to what has happened so far.

use placet_engine::Engine;
use placet_engine::call::{ClientId, Receipt, Status, UserId};

use crate::case::ast::{Identity, Server, User};
use crate::case::places::Part;
use crate::case::registration;
use crate::case::resolve::{Surroundings, Unresolved};
use crate::case::state::{Known, State};
use crate::case::step::{Registered, Registers, Step};
use crate::case::user;

/// Carries out a step that is neither a call nor a registration.
pub(super) fn happen(state: &mut State, engine: &Engine, step: &Step) -> Result<(), Unresolved> {
    let surroundings = Surroundings { content: engine.content(), state };
    match step {
        Step::Call(_) | Step::Registers(_) => {}
        Step::Passes(seconds) => {
            let now = state.now.checked_add(*seconds).ok_or_else(|| {
                let message = "the clock runs out of range";
                Unresolved::new(Part::At, message, "too far away")
            })?;
            state.now = now;
        }
        Step::Changes { server, tool } => {
            let (server, tool) = changed(&surroundings, server, tool)?;
            state.change(&server, &tool);
        }
        Step::Reviews { approves, client, .. } => {
            let id = surroundings.identity(client)?;
            let status = if *approves { Status::Approved } else { Status::Blocked };
            let registration = state.client(&id).and_then(|known| known.registration);
            state.set_client(id, Known { registration, status });
        }
        Step::Consents { user, terms, client, purpose, id } => {
            let given = consent(&surroundings, user, terms, client)?;
            let receipt = Receipt {
                id: match id {
                    Some(id) => id.clone(),
                    None => format!("r-{}", state.receipts.len().saturating_add(1)),
                },
                purpose: purpose.clone(),
                ..given
            };
            state.receipts.push(receipt);
        }
        Step::Withdraws { user, terms, client } => {
            let given = consent(&surroundings, user, terms, client)?;
            let now = state.now;
            let mut any = false;
            for receipt in &mut state.receipts {
                if receipt.terms == given.terms
                    && receipt.user == given.user
                    && receipt.client == given.client
                    && receipt.server == given.server
                {
                    receipt.withdrawn_at.get_or_insert(now);
                    any = true;
                }
            }
            if !any {
                let message =
                    format!("`{}` has not consented to `{terms}` for this client", user.subject);
                return Err(Unresolved::new(Part::User, message, "nothing to withdraw").help(
                    format!("let them consent first: `{user} consents to {terms} via {client}`"),
                ));
            }
        }
    }
    Ok(())
}

/// Lets a client register, and keeps what became of it.
pub(super) fn register(state: &mut State, engine: &Engine, registers: &Registers) -> Registered {
    let decided = registration::decide(engine, registers);
    let status = match decided {
        Registered::Approved => Status::Approved,
        Registered::Pending => Status::Pending,
        // It is no client of anybody's.
        Registered::Refused(_) => return decided,
    };
    let id = ClientId { id: registers.id.clone(), issuer: registers.issuer.clone() };
    let registration = Some(registers.registration);
    state.set_client(id, Known { registration, status });
    decided
}

/// The tool that changes; one that there is, as nothing else can change.
fn changed(
    surroundings: &Surroundings<'_>,
    server: &Server,
    tool: &str,
) -> Result<(String, String), Unresolved> {
    let place = surroundings.place(server)?;
    let (Some(name), Some(declared)) = (place.name, place.declared) else {
        let known = surroundings.content.servers.keys();
        return Err(Unresolved::unknown(Part::Server, "server", &place.identity, known));
    };
    match declared.tools.contains_key(tool) {
        true => Ok((name.clone(), tool.to_owned())),
        false => Err(Unresolved::unknown(Part::Tool, "tool", tool, declared.tools.keys())),
    }
}

/// The receipt for today's terms, given now.
fn consent(
    surroundings: &Surroundings<'_>,
    user: &User,
    name: &str,
    client: &Identity,
) -> Result<Receipt, Unresolved> {
    let terms = surroundings.terms(name)?;
    let place = surroundings.place(&Server::Named(terms.server.clone()))?;
    let client = surroundings.identity(client)?;
    let user = user::resolve(user, surroundings.content, client.issuer.as_deref(), &place)?;
    let now = surroundings.state.now;
    Ok(Receipt {
        id: String::new(),
        terms: name.to_owned(),
        digest: terms.digest.clone(),
        user: UserId { issuer: user.issuer, subject: user.subject },
        client,
        server: place.identity,
        purpose: None,
        given_at: now,
        expires_at: terms.lasts.map(|lasts| now.saturating_add(lasts)),
        withdrawn_at: None,
    })
}
