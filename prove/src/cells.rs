//! What a diff reports, as what is forbidden.

use placet_language::diff::{ClientKind, Concerned, Principal, Proven};

use crate::expr::{Expr, all, any, equal, has, is_text, member, not, path, text};
use crate::rewrite::{Rewriter, Unknown, client_is, user_is};

/// The calls that a finding is about. Its group is one of the new version, whose rewriter this is;
/// `named` are the clients that either version names.
pub(crate) fn reported(
    concerned: &Concerned,
    new: &mut Rewriter<'_, '_>,
    named: &Expr,
) -> Result<Expr, Unknown> {
    let (context, token) = (path(&[]), path(&["token"]));
    let kind = |word: &str| equal(&member(&token, "kind"), &text(word));
    let mut parts = vec![match &concerned.principal {
        Principal::Anyone => has(&context, "user"),
        Principal::Machine => not(has(&context, "user")),
        Principal::Group(name) => new.group(name)?,
        Principal::User { issuer, subject } => user_is(issuer, subject),
    }];
    parts.extend(concerned.claims.iter().map(|(of, is)| new.vocabulary.claim(of, is)));
    parts.push(match &concerned.proof {
        Proven::Token { issuer } => all([kind("oauth"), is_text(&token, "issuer", issuer)]),
        Proven::ApiKey => kind("api_key"),
        Proven::Local => kind("local"),
    });
    parts.push(any(concerned.clients.iter().map(|one| client(one, named))));
    Ok(all(parts))
}

fn client(kind: &ClientKind, named: &Expr) -> Expr {
    let client = path(&["client"]);
    let who = match &kind.id {
        Some(id) => client_is(kind.issuer.as_deref(), id),
        None => all([
            not(named.clone()),
            match &kind.issuer {
                Some(issuer) => is_text(&client, "issuer", issuer),
                None => not(has(&client, "issuer")),
            },
            match &kind.domain {
                Some(domain) => is_text(&client, "domain", domain),
                None => not(has(&client, "domain")),
            },
        ]),
    };
    all([who, equal(&member(&client, "registration"), &text(kind.registration.as_str()))])
}
