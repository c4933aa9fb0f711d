//! What can go wrong with a component.

use std::fmt;

use wasmtime::Trap;

use crate::judge::{CallError, LoadError};

/// Why a host got no answer. None of these is an allow.
#[derive(Debug)]
pub enum HostError {
    /// Not the component of this interface, or one that imports something.
    Component(String),
    /// All instances that [`HostLimits::instances`](crate::HostLimits::instances) allows are alive.
    NoInstance(String),
    /// The bundle was not loaded.
    Load(LoadError),
    /// The call cannot be judged. The instance is as good as before.
    Call(CallError),
    /// The instance used up its fuel, and is spent.
    OutOfFuel,
    /// The instance wanted more memory than it may have, and is spent.
    OutOfMemory,
    /// The instance trapped, and is spent.
    Trapped(String),
    /// The instance is spent since an earlier call: load another.
    Spent,
    /// The answer is none of this engine's.
    Answer(String),
}

impl HostError {
    /// Why a call ended without an answer.
    pub(crate) fn of_trap(error: &wasmtime::Error, wanted_more: bool) -> Self {
        match error.downcast_ref::<Trap>() {
            _ if wanted_more => Self::OutOfMemory,
            Some(Trap::OutOfFuel) => Self::OutOfFuel,
            Some(trap) => Self::Trapped(trap.to_string()),
            None => Self::Trapped(error.to_string()),
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(why) => write!(formatter, "the component cannot be used: {why}"),
            Self::NoInstance(why) => write!(formatter, "there is no instance to be had: {why}"),
            Self::Load(error) => formatter.write_str(&error.message),
            Self::Call(error) => formatter.write_str(&error.message),
            Self::OutOfFuel => formatter.write_str("the component used up its fuel"),
            Self::OutOfMemory => {
                formatter.write_str("the component wanted more memory than it may have")
            }
            Self::Trapped(why) => write!(formatter, "the component trapped: {why}"),
            Self::Spent => {
                formatter.write_str("the instance is spent since an earlier error: load another")
            }
            Self::Answer(why) => write!(formatter, "the component's answer is unusable: {why}"),
        }
    }
}

impl std::error::Error for HostError {}
