//! The reader of consent requests, and the decision: any bytes give an error or a request, and any
//! request a decision without an evaluation error, the same each time, with something to show and a
//! receipt just where the user may agree.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use placet_engine::{ConsentRequest, Engine, Limits, Reason};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let files = std::collections::BTreeMap::from([
            (
                String::from("policy.placet"),
                include_str!("../../language/tests/cases/clean-everything.placet").to_owned(),
            ),
            (
                String::from("catalogue.json"),
                include_str!("../../language/tests/cases/catalogue.json").to_owned(),
            ),
        ]);
        let policy = placet_language::check(&files, &placet_language::Limits::default()).policy;
        let bundle = placet_language::compile(&policy.expect("it checks")).expect("it compiles");
        Engine::load(&bundle, &Limits::default()).expect("it loads")
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = ConsentRequest::from_json(bytes, &Limits::default()) else { return };
    let decision = engine().decide_consent(&request);
    assert_ne!(decision.reason, Some(Reason::EvaluationError));
    assert_eq!(decision, engine().decide_consent(&request));
    assert_eq!(decision.is_allow(), decision.shown.is_some());
    assert_eq!(decision.is_allow(), decision.receipt.is_some());
});
