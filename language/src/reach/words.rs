//! Words: principals, clients and servers as people call them, by the names that versions give.

use std::collections::BTreeSet;

use placet_engine::bundle::{Content, Credentials};
use placet_engine::call::{Call, Registration};
use placet_engine::condition::quote;

use crate::reach::client::ClientClass;
use crate::reach::context::{Context, Principal, Proof};
use crate::reach::expression::Claim;
use crate::reach::names::{GroupId, Names};
use crate::reach::slice::{Path, Slice, Sliced, Whom};
use crate::reach::told::ServerName;
use crate::reach::witness::{claims_of, is_member};

/// What versions call things: the first that has a name for something is heard.
pub(crate) struct Words<'w> {
    pub(crate) names: &'w Names,
    pub(crate) sides: Vec<(&'w Content, &'w Sliced)>,
}

/// Who makes a call, and by which claims.
pub(crate) struct Person<'p> {
    pub(crate) whom: &'p Whom,
    pub(crate) context: &'p Context,
    pub(crate) claims: &'p BTreeSet<Claim>,
    pub(crate) call: &'p Call,
}

impl Words<'_> {
    pub(crate) fn server(&self, identity: &str) -> ServerName {
        let name = self.sides.iter().find_map(|(content, _)| {
            let mut servers = content.servers.iter();
            servers.find(|(_, one)| one.identity == identity).map(|(name, _)| name.clone())
        });
        ServerName {
            name: name.unwrap_or_else(|| identity.to_owned()),
            identity: identity.to_owned(),
        }
    }

    pub(crate) fn group(&self, id: GroupId) -> Option<String> {
        self.sides.iter().find_map(|(_, sliced)| {
            let mut groups = sliced.groups.iter();
            groups.find(|(_, one)| **one == id).map(|(name, _)| name.clone())
        })
    }

    /// The principal in words. `slices` are of what is called.
    pub(crate) fn principal<'s>(
        &self,
        person: &Person<'_>,
        slices: impl IntoIterator<Item = &'s Slice>,
    ) -> String {
        let issuer = person.context.issuer();
        let issuers: BTreeSet<&String> = slices
            .into_iter()
            .flat_map(|slice| match &slice.server.credentials {
                Credentials::Oauth { issuers, .. } => issuers.iter().collect(),
                Credentials::Local { .. } => Vec::new(),
            })
            .collect();
        let token = matches!(person.context.proof, Proof::Token { .. });
        let of_issuer = match (issuer, token && issuers.len() > 1) {
            (Some(issuer), true) => format!(" of {}", quote(issuer)),
            _ => String::new(),
        };
        let whom = match person.whom {
            Whom::Anyone => format!("anyone{of_issuer}"),
            Whom::Machine => match (&person.context.proof, issuers.len() > 1) {
                (Proof::Token { issuer }, true) => format!("machine of {}", quote(issuer)),
                _ => String::from("machine"),
            },
            Whom::Group(id) => {
                self.group(*id).unwrap_or_else(|| String::from("members of a group"))
            }
            Whom::User { issuer, subject } => {
                format!("user {} of {}", quote(subject), quote(issuer))
            }
        };
        let also = self.also(person);
        if also.is_empty() {
            whom
        } else {
            format!("{whom} who are also in {}", also.join(" and "))
        }
    }

    /// The groups that a principal must be in besides.
    fn also(&self, person: &Person<'_>) -> Vec<String> {
        if person.context.principal == Principal::Machine {
            return Vec::new();
        }
        // The claims that are there for another cause than whom the rule concerns.
        let concerns = |claims: &BTreeSet<Claim>| match person.whom {
            Whom::Group(id) => {
                let mut call = person.call.clone();
                if let Some(user) = &mut call.user {
                    user.claims = claims_of(claims);
                }
                is_member(&call, *id, self.names)
            }
            _ => true,
        };
        let mut needed = person.claims.clone();
        for claim in person.claims {
            let mut fewer = needed.clone();
            fewer.remove(claim);
            if concerns(&fewer) {
                needed = fewer;
            }
        }
        let besides: Vec<&Claim> = person.claims.difference(&needed).collect();
        besides
            .into_iter()
            .map(|claim| {
                let mut groups = self.sides.iter().flat_map(|(_, sliced)| &sliced.groups);
                let of_claim = groups.find(|(_, id)| {
                    let own = self.names.group(**id).and_then(|group| group.own.as_ref());
                    own.is_some_and(|own| {
                        own.claim == *claim && person.context.issuer() == Some(&own.issuer)
                    })
                });
                match of_claim {
                    Some((name, _)) => name.clone(),
                    None => {
                        format!("those whose {} has {}", claim.path.join("."), quote(&claim.has))
                    }
                }
            })
            .collect()
    }

    /// A client in words.
    pub(crate) fn client(&self, class: &ClientClass) -> String {
        let client = &class.client;
        let name = self.sides.iter().find_map(|(content, _)| {
            let mut clients = content.clients.iter();
            let same = clients.find(|(_, one)| one.id == client.id && one.issuer == client.issuer);
            same.map(|(name, _)| name.clone())
        });
        let usual = match &client.issuer {
            Some(_) => Registration::Preregistered,
            None => Registration::MetadataDocument,
        };
        match (name, class.domain(), &client.issuer) {
            (Some(name), _, _) if client.registration == usual => name,
            (Some(name), _, _) => format!("{name} registered by {}", client.registration.as_str()),
            (None, Some(domain), _) => format!("any client of {domain}"),
            (None, None, Some(issuer)) => {
                format!("any {} client of {issuer}", client.registration.as_str())
            }
            (None, None, None) => quote(&client.id),
        }
    }
}

/// When a path allows, in words: where and when, as far as there are any.
pub(crate) fn condition(path: &Path) -> String {
    let parts = [&path.condition, &path.when].into_iter().flatten();
    let parts: Vec<String> = parts.map(ToString::to_string).collect();
    if parts.is_empty() { String::from("always") } else { parts.join(" and ") }
}
