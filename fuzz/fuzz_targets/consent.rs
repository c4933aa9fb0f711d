//! The reader of consent requests, and the decision: any bytes give an error or a request, and any
//! request a decision without an evaluation error, the same each time, with something to show and a
//! receipt just where the user may agree.

#![no_main]

mod engine;

use engine::engine;
use libfuzzer_sys::fuzz_target;
use placet_engine::{ConsentRequest, Limits, Reason};

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = ConsentRequest::from_json(bytes, &Limits::default()) else { return };
    let decision = engine().decide_consent(&request);
    assert_ne!(decision.reason, Some(Reason::EvaluationError));
    assert_eq!(decision, engine().decide_consent(&request));
    assert_eq!(decision.is_allow(), decision.shown.is_some());
    assert_eq!(decision.is_allow(), decision.receipt.is_some());
});
