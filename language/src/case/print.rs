//! The one canonical form of a case.

use std::collections::BTreeSet;
use std::fmt::{self, Formatter};

use crate::case::ast::{
    Arguments, Case, Client, Confirmation, Credential, Expectation, Giver, Identity, Key, Method,
    Operation, Receipt, Seen, Server, Token, User,
};
use crate::case::json::{Json, Object};
use crate::case::moment::Instant;
use crate::case::text::{Name, Text, is_word};

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => user.fmt(formatter)?,
            None => formatter.write_str("machine")?,
        }
        write!(formatter, " via {} {}", self.client, self.operation)?;
        match &self.arguments {
            Arguments::Object(members) if members.is_empty() => {}
            Arguments::Object(members) => write!(formatter, " {}", Object(members))?,
            Arguments::Other(value) => write!(formatter, " {}", Json(value))?,
            Arguments::Unreadable => formatter.write_str(" with unreadable arguments")?,
        }
        for (index, fact) in self.facts.iter().enumerate() {
            write!(formatter, " {} {fact}", if index > 0 { "and" } else { "where" })?;
        }
        if let Some(purpose) = &self.purpose {
            write!(formatter, " for {}", Text(purpose))?;
        }
        if let Some(address) = &self.address {
            write!(formatter, " from {address}")?;
        }
        if let Some(at) = self.at {
            write!(formatter, " at {}", Instant(at))?;
        }
        self.credential.fmt(formatter)?;
        self.token.fmt(formatter)?;
        match &self.tool_digest {
            Seen::Compiled => {}
            Seen::Unknown => formatter.write_str(" tool digest unknown")?,
            Seen::Is(digest) => write!(formatter, " tool digest \"{digest}\"")?,
        }
        for (index, receipt) in self.receipts.iter().enumerate() {
            write!(formatter, " {} {receipt}", if index > 0 { "and" } else { "under" })?;
        }
        if let Some(confirmation) = &self.confirmation {
            confirmation.fmt(formatter)?;
        }
        match &self.expected {
            Some(expected) => write!(formatter, " => {expected}"),
            None => Ok(()),
        }
    }
}

/// Parts with something between them.
fn list<T: fmt::Display>(
    formatter: &mut Formatter<'_>,
    between: &str,
    parts: impl Iterator<Item = T>,
) -> fmt::Result {
    for (index, part) in parts.enumerate() {
        let between = if index > 0 { between } else { "" };
        write!(formatter, "{between}{part}")?;
    }
    Ok(())
}

/// Names with commas.
pub(crate) fn names(formatter: &mut Formatter<'_>, names: &BTreeSet<String>) -> fmt::Result {
    list(formatter, ", ", names.iter().map(|name| Name(name)))
}

/// Texts with `and`.
pub(crate) fn texts<'t>(
    formatter: &mut Formatter<'_>,
    texts: impl IntoIterator<Item = &'t String>,
) -> fmt::Result {
    list(formatter, " and ", texts.into_iter().map(|text| Text(text)))
}

impl fmt::Display for User {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Name(&self.subject).fmt(formatter)?;
        if let Some(issuer) = &self.issuer {
            write!(formatter, " of {}", Text(issuer))?;
        }
        if !self.groups.is_empty() {
            formatter.write_str(" in ")?;
            names(formatter, &self.groups)?;
        }
        match &self.claims {
            Some(claims) => write!(formatter, " with claims {}", Object(claims)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias(name) => Name(name).fmt(formatter),
            Self::Written { id, issuer } => {
                write!(formatter, "client {}", Text(id))?;
                match issuer {
                    Some(issuer) => write!(formatter, " at {}", Text(issuer)),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.identity.fmt(formatter)?;
        if let Some(registration) = self.registration {
            write!(formatter, " registered {}", registration.as_str())?;
        }
        if let Some(status) = self.status {
            write!(formatter, " {}", status.as_str())?;
        }
        match &self.metadata {
            Seen::Compiled => Ok(()),
            Seen::Unknown => formatter.write_str(" metadata unknown"),
            Seen::Is(digest) => write!(formatter, " metadata \"{digest}\""),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            // INVARIANT: a name is a word, as every name that a policy declares is.
            Self::Named(name) if is_word(name) => formatter.write_str(name),
            Self::Named(identity) | Self::Identity(identity) => Text(identity).fmt(formatter),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { method, server, target } = self;
        match method {
            Method::Calls => write!(formatter, "calls {server}/{}", Name(target)),
            Method::Reads => write!(formatter, "reads {server} {}", Text(target)),
            Method::Gets => write!(formatter, "gets {server}/{}", Name(target)),
            Method::Sends(name) => {
                write!(formatter, "sends {} to {server}/{}", Text(name), Name(target))
            }
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => Ok(()),
            Self::None => formatter.write_str(" with no credential"),
            Self::Local => formatter.write_str(" with local credential"),
            Self::Token(scopes) if scopes.is_empty() => formatter.write_str(" with no scopes"),
            Self::Token(scopes) => {
                formatter.write_str(" with scopes ")?;
                names(formatter, scopes)
            }
            Self::Key(key) => key.fmt(formatter),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(" with key")?;
        if let Some(id) = &self.id {
            write!(formatter, " {}", Text(id))?;
        }
        if !self.scopes.is_empty() {
            formatter.write_str(" scopes ")?;
            names(formatter, &self.scopes)?;
        }
        if let Some(issued) = &self.issued {
            write!(formatter, " issued {issued}")?;
        }
        match &self.expires {
            Some(expires) => write!(formatter, " expires {expires}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let audience = self.audience.as_ref().map(|audience| match audience.is_empty() {
            true => String::from("for nobody"),
            false => {
                let quoted: Vec<String> =
                    audience.iter().map(|one| Text(one).to_string()).collect();
                format!("for {}", quoted.join(" and "))
            }
        });
        let parts = [
            self.issued.map(|when| format!("issued {when}")),
            self.expires.map(|when| format!("expires {when}")),
            self.logged_in.map(|when| format!("logged in {when}")),
            self.acr.as_ref().map(|acr| format!("acr {}", Text(acr))),
            audience,
            self.issuer.as_ref().map(|issuer| format!("from {}", Text(issuer))),
            self.subject.as_ref().map(|subject| format!("of {}", Name(subject))),
            self.client.as_ref().map(|client| format!("to {}", Text(client))),
        ];
        if *self != Self::default() {
            formatter.write_str(" token ")?;
        }
        list(formatter, ", ", parts.into_iter().flatten())
    }
}

impl fmt::Display for Giver {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, " by {}", Name(&self.subject))?;
        match &self.issuer {
            Some(issuer) => write!(formatter, " of {}", Text(issuer)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Name(&self.terms).fmt(formatter)?;
        if let Some(given) = &self.given {
            write!(formatter, " given {given}")?;
        }
        if let Some(expires) = &self.expires {
            write!(formatter, " expires {expires}")?;
        }
        match &self.withdrawn {
            None => {}
            Some(moment) if *moment == crate::case::moment::Moment::NOW => {
                formatter.write_str(" withdrawn")?;
            }
            Some(moment) => write!(formatter, " withdrawn {moment}")?,
        }
        if let Some(purpose) = &self.purpose {
            write!(formatter, " for {}", Text(purpose))?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, " with digest \"{digest}\"")?;
        }
        if let Some(id) = &self.id {
            write!(formatter, " as {}", Text(id))?;
        }
        if let Some(giver) = &self.giver {
            giver.fmt(formatter)?;
        }
        if let Some(holder) = &self.holder {
            write!(formatter, " to {holder}")?;
        }
        match &self.server {
            Some(server) => write!(formatter, " on {server}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Confirmation {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(" confirmed")?;
        if let Some(given) = &self.given {
            write!(formatter, " {given}")?;
        }
        if let Some(digest) = &self.operation {
            write!(formatter, " with operation \"{digest}\"")?;
        }
        if let Some(id) = &self.id {
            write!(formatter, " as {}", Text(id))?;
        }
        match &self.giver {
            Some(giver) => giver.fmt(formatter),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.reason {
            None => formatter.write_str("allow")?,
            Some(reason) => write!(formatter, "deny {reason}")?,
        }
        if self.rules.is_empty() {
            return Ok(());
        }
        formatter.write_str(" by ")?;
        names(formatter, &self.rules)
    }
}
