//! The reader of registration requests, and the decision: any bytes give an error or a request, and any
//! request a decision without an evaluation error, the same each time.

#![no_main]

mod engine;

use engine::engine;
use libfuzzer_sys::fuzz_target;
use placet_engine::{Limits, Reason, RegistrationRequest};

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = RegistrationRequest::from_json(bytes, &Limits::default()) else { return };
    let decision = engine().decide_registration(&request);
    assert_ne!(decision.reason, Some(Reason::EvaluationError));
    assert_eq!(decision, engine().decide_registration(&request));
});
