//! Facts: what is computed from a call before any rule is judged. `spec/chain.md` lists them.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::arguments::{Arguments, viewed};
use crate::bundle::{Server, Through, Tool, Who};
use crate::call::{Call, Client, Credential, Registration, Token, User};
use crate::condition::{Attribute, Operand, Value, Values};
use crate::digest::Digest;
use crate::url;

/// A call at a known tool of a known server, with what follows from it.
pub(crate) struct Facts<'a> {
    pub(crate) call: &'a Call,
    pub(crate) arguments: Arguments<'a>,
    pub(crate) tool: &'a Tool,
    /// What it is called, by [`ids::feature`](crate::ids::feature).
    pub(crate) feature: &'a str,
    /// The policy's name for the client, where it has one.
    pub(crate) client: Option<&'a str>,
    /// Every group that the user is in.
    pub(crate) groups: BTreeSet<&'a str>,
    /// What [`Self::domain`] found.
    pub(crate) domain: OnceCell<Option<String>>,
    /// The token's scopes that count, with all they imply.
    pub(crate) scopes: BTreeSet<&'a str>,
    /// The scopes that could count in a token of this client; `None`: any.
    pub(crate) requestable: Option<BTreeSet<&'a str>>,
    /// The digest of the operation, where some rule wants it confirmed.
    pub(crate) operation: Option<Digest>,
}

impl<'a> Facts<'a> {
    pub(crate) fn token(&self) -> Option<&'a Token> {
        match &self.call.credential {
            Some(Credential::Oauth(token)) => Some(token),
            _ => None,
        }
    }

    /// The host of the client's metadata document, where it has one.
    pub(crate) fn domain(&self) -> Option<&str> {
        self.domain.get_or_init(|| domain(&self.call.client)).as_deref()
    }

    /// Seconds since the user confirmed just this operation, if that happened.
    pub(crate) fn confirmation_age(&self) -> Option<i64> {
        let (confirmation, user) = (self.call.confirmation.as_ref()?, self.call.user.as_ref()?);
        let same = Some(&confirmation.operation) == self.operation.as_ref()
            && confirmation.user.issuer == user.issuer
            && confirmation.user.subject == user.subject;
        span(Some(confirmation.given_at).filter(|_| same), Some(self.call.now))
    }

    /// Whether the client is one of these; `None` is any.
    pub(crate) fn is_through(&self, clients: Option<&BTreeSet<Through>>) -> bool {
        let client = (self.client, &self.call.client);
        is_through(clients, client, || self.domain())
    }
}

/// A user and a client, without a call.
pub(crate) struct Party<'a> {
    pub(crate) user: Option<&'a User>,
    pub(crate) client: &'a Client,
    /// The policy's name for the client, where it has one.
    pub(crate) name: Option<&'a str>,
    /// Every group that the user is in.
    pub(crate) groups: BTreeSet<&'a str>,
    /// The host of the client's metadata document, where it has one.
    pub(crate) domain: Option<String>,
}

impl Party<'_> {
    /// Whether the user, or the client without one, is one of these.
    pub(crate) fn is_one_of(&self, who: &BTreeSet<Who>) -> bool {
        is_one_of(who, self.user, &self.groups)
    }

    /// Whether the client is one of these; `None` is any.
    pub(crate) fn is_through(&self, clients: Option<&BTreeSet<Through>>) -> bool {
        is_through(clients, (self.name, self.client), || self.domain.as_deref())
    }
}

/// Whether a user in these groups, or a client without a user, is one of these.
pub(crate) fn is_one_of(who: &BTreeSet<Who>, user: Option<&User>, groups: &BTreeSet<&str>) -> bool {
    let Some(user) = user else { return who.contains(&Who::Machine) };
    who.iter().any(|who| match who {
        Who::Anyone => true,
        Who::Machine => false,
        Who::Group(name) => groups.contains(name.as_str()),
        Who::User { issuer, subject } => *issuer == user.issuer && *subject == user.subject,
    })
}

fn is_through<'d>(
    clients: Option<&BTreeSet<Through>>,
    (name, client): (Option<&str>, &Client),
    domain: impl Fn() -> Option<&'d str>,
) -> bool {
    clients.is_none_or(|clients| {
        clients.iter().any(|through| match through {
            Through::Client(named) => name == Some(named.as_str()),
            Through::Registration(kind) => client.registration == *kind,
            Through::Domain(host) => domain() == Some(host.as_str()),
        })
    })
}

/// The host of a client's metadata document.
pub(crate) fn domain(client: &Client) -> Option<String> {
    let document = client.registration == Registration::MetadataDocument && client.issuer.is_none();
    let url = url::parse(&client.id).filter(|url| document && url.scheme == "https")?;
    Some(url.host)
}

/// A scope with all that it implies. One that the server does not declare stands for nothing.
fn closure<'a>(server: &'a Server, scope: &str) -> impl Iterator<Item = &'a str> {
    server.scopes.get(scope).into_iter().flatten().map(String::as_str)
}

/// The scopes that a client may request, with all they imply; `None` where nothing bounds them.
pub(crate) fn requestable<'a>(
    server: &'a Server,
    may_request: Option<&BTreeSet<&str>>,
) -> Option<BTreeSet<&'a str>> {
    may_request.map(|scopes| scopes.iter().flat_map(|scope| closure(server, scope)).collect())
}

/// The credential's scopes that count, with all they imply.
pub(crate) fn closed_scopes<'a>(
    server: &'a Server,
    call: &Call,
    requestable: Option<&BTreeSet<&str>>,
) -> BTreeSet<&'a str> {
    let held = call.credential.as_ref().and_then(Credential::scopes).into_iter().flatten();
    held.filter(|scope| requestable.is_none_or(|all| all.contains(scope.as_str())))
        .flat_map(|scope| closure(server, scope))
        .collect()
}

/// Seconds from `earlier` to `later`; `None` where one is unknown or they are the wrong way round.
fn span(earlier: Option<i64>, later: Option<i64>) -> Option<i64> {
    later?.checked_sub(earlier?).filter(|seconds| *seconds >= 0)
}

impl Facts<'_> {
    /// What an attribute is, read through no view.
    pub(crate) fn value_of(&self, attribute: &Attribute) -> Option<Value> {
        let token = self.token();
        let credential = self.call.credential.as_ref();
        let now = Some(self.call.now);
        let text = |text: &String| Value::String(text.clone());
        Some(match attribute {
            Attribute::Argument(_) => {
                return self.arguments.value(&Operand { view: None, attribute: attribute.clone() });
            }
            Attribute::UserIssuer => self.call.user.as_ref().map(|user| text(&user.issuer))?,
            Attribute::UserSubject => self.call.user.as_ref().map(|user| text(&user.subject))?,
            Attribute::ClientId => text(&self.call.client.id),
            Attribute::ClientRegistration => {
                Value::String(self.call.client.registration.as_str().to_owned())
            }
            Attribute::TokenAge => Value::Integer(span(credential?.issued_at(), now)?),
            Attribute::TokenAuthAge => Value::Integer(span(token?.auth_time, now)?),
            Attribute::TokenLifetime => {
                Value::Integer(span(credential?.issued_at(), credential?.expires_at())?)
            }
            Attribute::TokenAcr => token?.acr.as_ref().map(text)?,
            Attribute::CallAddress => Value::Address(self.call.address?.to_canonical()),
            Attribute::ConfirmationAge => Value::Integer(self.confirmation_age()?),
            Attribute::Now => Value::Integer(self.call.now),
        })
    }
}

impl Values for Facts<'_> {
    fn value(&self, operand: &Operand) -> Option<Value> {
        match &operand.attribute {
            Attribute::Argument(_) => self.arguments.value(operand),
            attribute => viewed(operand, self.value_of(attribute)?),
        }
    }

    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>> {
        self.arguments.elements(operand)
    }

    fn is_present(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Argument(argument) => self.arguments.is_present(argument),
            other => self.value_of(other).is_some(),
        }
    }
}
