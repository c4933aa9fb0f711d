//! Calls that the fixed world allows, and asking.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a mistake here fails the test that makes it"
)]

use placet_engine::{Call, Decision, Engine, Limits, Reason};
use serde_json::Value;

use crate::reference::Reference;
use crate::worlds::{Caller, World};

/// The fixed world.
pub fn world() -> World {
    World::fixed().unwrap_or_else(|error| panic!("{error}"))
}

/// What the engine says of a call.
pub fn decide(engine: &Engine, value: &Value) -> Decision {
    let bytes = serde_json::to_vec(value).unwrap();
    engine.decide(&Call::from_json(&bytes, &Limits::default()).unwrap())
}

/// An allowed call with several arguments, under a consent.
pub fn good_call(world: &World) -> Value {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(world, &reference, 21);
    loop {
        let call = caller.hopeful();
        let fit = call["arguments"].as_object().is_some_and(|members| members.len() > 3);
        let receipts = call["receipts"].as_array().is_some_and(|all| !all.is_empty());
        let token = call["credential"]["kind"] == "oauth" && call["user"].is_object();
        if fit && receipts && token && decide(&world.engine, &call).is_allow() {
            return call;
        }
    }
}

/// An allowed call of a tool of which nothing but `path` is read.
pub fn browsing(world: &World) -> Value {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(world, &reference, 22);
    loop {
        let call = caller.hopeful();
        let read = call["arguments"]["path"] == "/srv" && call["target"] == "API-get-user";
        let token = call["credential"]["kind"] == "oauth" && call["user"].is_object();
        if read && token && decide(&world.engine, &call).is_allow() {
            return call;
        }
    }
}

/// What no call is denied for that is asked of a policy without a lock: `evaluation.error`, which no
/// bundle from the compiler gives, what only registrations and new consents are refused for, and
/// what takes a history of terms.
pub const NEVER: [Reason; 6] = [
    Reason::EvaluationError,
    Reason::RegistrationScope,
    Reason::RegistrationRedirect,
    Reason::ConsentUnknown,
    Reason::ConsentClient,
    Reason::ConsentNotCovered,
];
