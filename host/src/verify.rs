//! Whether the component answers as the library does.

use std::collections::BTreeSet;
use std::fmt;

use placet_engine::{Call, Engine, Limits, Reason};
use serde_json::Value;

use crate::call::call_from_json;
use crate::error::HostError;
use crate::instance::Instance;

/// What was verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Calls that both answered alike.
    pub calls: usize,
    /// How many of them were allowed.
    pub allowed: usize,
    /// For which reasons the others were denied.
    pub reasons: BTreeSet<Reason>,
}

/// A call that the two answer differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The call, as JSON.
    pub call: String,
    /// What the library says, as JSON.
    pub library: String,
    /// What the component says.
    pub component: String,
}

/// Why two builds were not found to be alike.
#[derive(Debug)]
pub enum VerifyError {
    /// The component gave no answer.
    Host(HostError),
    /// It gave another.
    Differs(Box<Difference>),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(error) => error.fmt(formatter),
            Self::Differs(difference) => write!(
                formatter,
                "the library and the component differ\n  call       {}\n  library    {}\n  \
                 component  {}",
                difference.call, difference.library, difference.component
            ),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Puts these calls to the library and to the component: as JSON, and those that are calls also as
/// records. Every answer must be the same, byte for byte.
///
/// # Errors
///
/// [`VerifyError`]: the first call that they answer differently, or that the component does not answer.
pub fn verify<'v>(
    engine: &Engine,
    instance: &mut Instance,
    calls: impl IntoIterator<Item = &'v Value>,
) -> Result<Verified, VerifyError> {
    let mut verified = Verified::default();
    for value in calls {
        let text = value.to_string();
        let read = Call::from_json(text.as_bytes(), &Limits::default());
        let decision = read.as_ref().map(|read| engine.decide(read));
        let library = match &decision {
            Ok(decision) => written(decision),
            Err(error) => error.to_string(),
        };
        let component = match instance.decide_json(&text) {
            Ok(answer) => answer,
            Err(HostError::Call(error)) => error.message,
            Err(error) => return Err(VerifyError::Host(error)),
        };
        same(&text, &library, component)?;
        if let Ok(record) = call_from_json(text.as_bytes(), &Limits::default()) {
            let answer = instance.decision(&record).map_err(VerifyError::Host)?;
            same(&text, &library, written(&answer))?;
        }
        verified.calls = verified.calls.saturating_add(1);
        if let Ok(decision) = decision {
            let allowed = usize::from(decision.is_allow());
            verified.allowed = verified.allowed.saturating_add(allowed);
            verified.reasons.extend(decision.reason);
        }
    }
    Ok(verified)
}

fn written(decision: &placet_engine::Decision) -> String {
    serde_json::to_string(decision).unwrap_or_else(|error| error.to_string())
}

fn same(call: &str, library: &str, component: String) -> Result<(), VerifyError> {
    if library == component {
        return Ok(());
    }
    let (call, library) = (call.to_owned(), library.to_owned());
    Err(VerifyError::Differs(Box::new(Difference { call, library, component })))
}
