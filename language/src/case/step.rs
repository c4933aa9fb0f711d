//! The steps of a scenario.

use std::collections::BTreeSet;
use std::fmt::{self, Formatter};

use placet_engine::Reason;
use placet_engine::call::Registration;

use crate::case::ast::{Case, Identity, Server, User};
use crate::case::moment::Duration;
use crate::case::print::{names, texts};
use crate::case::text::{Name, Text};

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A call is made.
    Call(Box<Case>),
    /// So many seconds pass.
    Passes(i64),
    /// A tool's definition is from now on another than the policy was compiled with.
    Changes {
        /// The server.
        server: Server,
        /// The tool.
        tool: String,
    },
    /// A client registers.
    Registers(Registers),
    /// A reviewer approves or blocks a client.
    Reviews {
        /// Who.
        reviewer: String,
        /// Whether the client may act.
        approves: bool,
        /// Which client.
        client: Identity,
    },
    /// A user consents.
    Consents {
        /// Who.
        user: User,
        /// To what: the consent's name in the policy.
        terms: String,
        /// For which client.
        client: Identity,
        /// For what.
        purpose: Option<String>,
        /// The host's name for the receipt.
        id: Option<String>,
    },
    /// A user takes a consent back.
    Withdraws {
        /// Who.
        user: User,
        /// The consent's name in the policy.
        terms: String,
        /// From which client.
        client: Identity,
    },
}

/// A client registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registers {
    /// The https URL of its metadata document; with an issuer, the `client_id` there.
    pub id: String,
    /// The issuer at which it registers.
    pub issuer: Option<String>,
    /// How.
    pub registration: Registration,
    /// The scopes that it asks for.
    pub scopes: BTreeSet<String>,
    /// Where it wants users sent back to.
    pub redirects: Vec<String>,
    /// What the engine shall say.
    pub expected: Registered,
}

/// What becomes of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The client may act at once.
    Approved,
    /// The client may act once somebody approved it.
    Pending,
    /// The client may not act.
    Refused(Reason),
}

impl fmt::Display for Registered {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved => formatter.write_str("approved"),
            Self::Pending => formatter.write_str("pending"),
            Self::Refused(reason) => write!(formatter, "refused {reason}"),
        }
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let identity = Identity::Written { id: self.id.clone(), issuer: self.issuer.clone() };
        write!(formatter, "{identity} registers by {}", self.registration.as_str())?;
        if !self.scopes.is_empty() {
            formatter.write_str(" with scopes ")?;
            names(formatter, &self.scopes)?;
        }
        if !self.redirects.is_empty() {
            formatter.write_str(" redirecting to ")?;
            texts(formatter, &self.redirects)?;
        }
        write!(formatter, " => {}", self.expected)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(case) => case.fmt(formatter),
            Self::Passes(seconds) => {
                let duration = Duration(seconds.unsigned_abs()).to_string();
                let verb = if duration.ends_with('s') { "pass" } else { "passes" };
                write!(formatter, "{duration} {verb}")
            }
            Self::Changes { server, tool } => {
                write!(formatter, "tool {server}/{} changes", Name(tool))
            }
            Self::Registers(registers) => registers.fmt(formatter),
            Self::Reviews { reviewer, approves, client } => {
                let verb = if *approves { "approves" } else { "blocks" };
                write!(formatter, "{} {verb} {client}", Name(reviewer))
            }
            Self::Consents { user, terms, client, purpose, id } => {
                write!(formatter, "{user} consents to {} via {client}", Name(terms))?;
                if let Some(purpose) = purpose {
                    write!(formatter, " for {}", Text(purpose))?;
                }
                match id {
                    Some(id) => write!(formatter, " as {}", Text(id)),
                    None => Ok(()),
                }
            }
            Self::Withdraws { user, terms, client } => {
                write!(formatter, "{user} withdraws {} via {client}", Name(terms))
            }
        }
    }
}
