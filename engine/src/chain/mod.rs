//! The chain: operation, registration, credential, authentication, scope, consent, rule, confirmation.
//!
//! The first three are judged on the call alone, in order. For the rest, every rule that could allow
//! the call says what it lacks, and the one that lacks least gives the reason.

pub(crate) mod consent;
pub(crate) mod credential;
pub(crate) mod operation;
pub(crate) mod registration;
pub(crate) mod requirement;
pub(crate) mod rule;
pub(crate) mod scope;

use crate::decision::Remedy;
use crate::reason::Reason;

/// A link that broke.
pub(crate) struct Break {
    pub(crate) reason: Reason,
    pub(crate) detail: String,
    pub(crate) remedy: Option<Remedy>,
}

impl Break {
    pub(crate) fn without_remedy(reason: Reason, detail: String) -> Self {
        Self { reason, detail, remedy: None }
    }
}
