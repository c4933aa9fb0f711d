//! The call reader and the decision: any bytes give an error or a call, and any call a decision
//! without an evaluation error, the same each time.

#![no_main]

mod engine;

use engine::engine;
use libfuzzer_sys::fuzz_target;
use placet_engine::{Call, Limits, Reason};

fuzz_target!(|bytes: &[u8]| {
    let Ok(call) = Call::from_json(bytes, &Limits::default()) else { return };
    let explanation = engine().explain(&call);
    assert_ne!(explanation.decision.reason, Some(Reason::EvaluationError));
    assert_eq!(explanation.decision, engine().decide(&call));
    let _ = engine().operation_digest(&call);
});
