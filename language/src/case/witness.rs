//! From a call to the case that says it, in as few words as do.

use std::collections::BTreeSet;

use placet_engine::Digest;
use placet_engine::bundle::Content;
use placet_engine::call::{self, Call, InvalidArguments};
use serde_json::{Map, Value};

use crate::case::ast::{
    Arguments, Case, Client, Confirmation, Credential, Giver, Identity, Method, Operation, Receipt,
    Seen, Server, Token, User,
};
use crate::case::moment::{Moment, When};
use crate::case::{credential, fact, resolve, user};

impl Case {
    /// The case that says a call, without an expectation. Resolved again, it gives the same call, but
    /// for arguments that cannot be judged: those are `with unreadable arguments`.
    pub fn of_call(call: &Call, content: &Content) -> Self {
        let mut case = written_out(call, content);
        // INVARIANT: a shorter case is kept only if it says the same call.
        let Ok(meant) = resolve(&case, content) else { return case };
        for shorten in SHORTER {
            let mut shorter = case.clone();
            shorten(&mut shorter, content);
            if shorter != case && resolve(&shorter, content).as_ref() == Ok(&meant) {
                case = shorter;
            }
        }
        for index in 0..case.facts.len() {
            let mut shorter = case.clone();
            if let Some(fact) = shorter.facts.get_mut(index) {
                fact.component = None;
            }
            if resolve(&shorter, content).as_ref() == Ok(&meant) {
                case = shorter;
            }
        }
        for index in 0..case.receipts.len() {
            for shorten in SHORTER_RECEIPT {
                let mut shorter = case.clone();
                shorter.receipts.get_mut(index).map(shorten);
                if shorter != case && resolve(&shorter, content).as_ref() == Ok(&meant) {
                    case = shorter;
                }
            }
        }
        case
    }
}

/// Ways to say less, which may say something else.
const SHORTER: &[fn(&mut Case, &Content)] = &[
    |case, content| {
        if let Some(user) = &mut case.user {
            let claims = user.claims.clone().unwrap_or_default();
            user.groups = groups(user, &claims, content);
            user.claims = None;
        }
    },
    |case, _| {
        if let Some(user) = &mut case.user {
            user.claims = None;
        }
    },
    |case, _| {
        if let Some(user) = &mut case.user {
            user.issuer = None;
        }
    },
    |case, _| case.client.registration = None,
    |case, _| case.client.status = None,
    |case, _| case.at = None,
    |case, _| case.token.issuer = None,
    |case, _| case.token.audience = None,
    |case, _| case.token.subject = None,
    |case, _| case.token.client = None,
    // The time of the sign-in is told from the time of issue, so it goes first.
    |case, _| case.token.logged_in = None,
    |case, _| case.token.issued = None,
    |case, _| case.token.expires = None,
    |case, _| case.credential = Credential::Usual,
    |case, _| case.tool_digest = Seen::Compiled,
    |case, _| case.client.metadata = Seen::Compiled,
    |case, _| {
        if let Some(confirmation) = &mut case.confirmation {
            confirmation.given = None;
        }
    },
    |case, _| {
        if let Some(confirmation) = &mut case.confirmation {
            confirmation.operation = None;
        }
    },
    |case, _| {
        if let Some(confirmation) = &mut case.confirmation {
            confirmation.id = None;
        }
    },
    |case, _| {
        if let Some(giver) = case.confirmation.as_mut().and_then(|one| one.giver.as_mut()) {
            giver.issuer = None;
        }
    },
    |case, _| {
        if let Some(confirmation) = &mut case.confirmation {
            confirmation.giver = None;
        }
    },
];

const SHORTER_RECEIPT: &[fn(&mut Receipt)] = &[
    |receipt| receipt.given = None,
    |receipt| receipt.expires = None,
    |receipt| receipt.digest = None,
    |receipt| receipt.id = None,
    |receipt| {
        if let Some(giver) = &mut receipt.giver {
            giver.issuer = None;
        }
    },
    |receipt| receipt.giver = None,
    |receipt| receipt.holder = None,
    |receipt| receipt.server = None,
];

/// The case with everything in it.
fn written_out(call: &Call, content: &Content) -> Case {
    let now = call.now;
    let (credential, token) = credential::told(call.credential.as_ref(), now);
    Case {
        user: call.user.as_ref().map(|user| User {
            subject: user.subject.clone(),
            issuer: Some(user.issuer.clone()),
            groups: BTreeSet::new(),
            claims: Some(user.claims.clone()),
        }),
        client: Client {
            identity: identity(&call.client.id, call.client.issuer.as_ref(), content),
            registration: Some(call.client.registration),
            status: Some(call.client.status),
            metadata: seen(call.client.metadata_digest.as_ref()),
        },
        operation: Operation {
            method: Method::of(&call.operation),
            server: server(&call.server, content),
            target: call.target.clone(),
        },
        arguments: match &call.arguments {
            Ok(members) => Arguments::Object(members.clone()),
            Err(InvalidArguments::NotAnObject) => Arguments::Other(Value::Null),
            Err(_) => Arguments::Unreadable,
        },
        facts: call.facts.iter().map(fact::told).collect(),
        purpose: call.purpose.clone(),
        address: call.address,
        at: Some(now),
        credential,
        token: token.map_or_else(Token::default, |token| Token {
            issued: Some(When::told(token.issued_at, now)),
            expires: Some(When::told(token.expires_at, now)),
            logged_in: Some(When::told(token.auth_time, now)),
            acr: token.acr.clone(),
            audience: Some(token.audience.clone()),
            issuer: Some(token.issuer.clone()),
            subject: Some(token.subject.clone()),
            client: Some(token.client_id.clone()),
        }),
        tool_digest: seen(call.tool_digest.as_ref()),
        receipts: call.receipts.iter().map(|one| receipt(one, now, content)).collect(),
        confirmation: call.confirmation.as_ref().map(|confirmation| Confirmation {
            given: Some(Moment::told(confirmation.given_at, now)),
            operation: Some(confirmation.operation.clone()),
            id: Some(confirmation.id.clone()),
            giver: Some(giver(&confirmation.user)),
        }),
        expected: None,
    }
}

fn seen(digest: Option<&Digest>) -> Seen {
    digest.map_or(Seen::Unknown, |digest| Seen::Is(digest.clone()))
}

fn receipt(receipt: &call::Receipt, now: i64, content: &Content) -> Receipt {
    Receipt {
        terms: receipt.terms.clone(),
        given: Some(Moment::told(receipt.given_at, now)),
        expires: Some(When::told(receipt.expires_at, now)),
        withdrawn: receipt.withdrawn_at.map(|at| Moment::told(at, now)),
        purpose: receipt.purpose.clone(),
        digest: Some(receipt.digest.clone()),
        id: Some(receipt.id.clone()),
        giver: Some(giver(&receipt.user)),
        holder: Some(identity(&receipt.client.id, receipt.client.issuer.as_ref(), content)),
        server: Some(server(&receipt.server, content)),
    }
}

fn giver(user: &call::UserId) -> Giver {
    Giver { subject: user.subject.clone(), issuer: Some(user.issuer.clone()) }
}

fn identity(id: &str, issuer: Option<&String>, content: &Content) -> Identity {
    let mut clients = content.clients.iter();
    match clients.find(|(_, client)| client.id == id && client.issuer.as_ref() == issuer) {
        Some((name, _)) => Identity::Alias(name.clone()),
        None => Identity::Written { id: id.to_owned(), issuer: issuer.cloned() },
    }
}

fn server(identity: &str, content: &Content) -> Server {
    let mut servers = content.servers.iter();
    match servers.find(|(_, server)| server.identity == identity) {
        Some((name, _)) => Server::Named(name.clone()),
        None => Server::Identity(identity.to_owned()),
    }
}

/// The fewest groups of the user's issuer that ask for just these claims, as far as there are any.
fn groups(user: &User, claims: &Map<String, Value>, content: &Content) -> BTreeSet<String> {
    let mut held: BTreeSet<String> = content
        .groups
        .iter()
        .filter(|(_, group)| Some(&group.issuer) == user.issuer.as_ref())
        .filter(|(_, group)| {
            // Joining changes nothing for whoever has the claim already.
            let mut joined = claims.clone();
            user::join(&mut joined, group).is_some() && joined == *claims
        })
        .map(|(name, _)| name.clone())
        .collect();
    let asked = |groups: &BTreeSet<String>| {
        let mut asked = Map::new();
        let mut left: Vec<&String> = groups.iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = left.pop() {
            if let Some(group) = content.groups.get(name).filter(|_| seen.insert(name)) {
                left.extend(&group.and_in);
            }
        }
        for group in seen.into_iter().filter_map(|name| content.groups.get(name)) {
            user::join(&mut asked, group);
        }
        asked
    };
    let all = asked(&held);
    for name in held.clone() {
        let mut fewer = held.clone();
        fewer.remove(&name);
        if asked(&fewer) == all {
            held = fewer;
        }
    }
    held
}
