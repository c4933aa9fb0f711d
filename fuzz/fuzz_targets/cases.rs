//! The case notation: any text is answered, and a case is read as it is printed.

#![no_main]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use placet_engine::Engine;
use placet_language::case::{CaseFile, CaseLimits, Filter, parse, parse_step, run};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let files = BTreeMap::from([
            (
                String::from("policy.placet"),
                include_str!("../../language/tests/notation/policy.placet").to_owned(),
            ),
            (
                String::from("catalogue.json"),
                include_str!("../../language/tests/notation/catalogue.json").to_owned(),
            ),
        ]);
        let policy = placet_language::check(&files, &placet_language::Limits::default()).policy;
        let bundle = placet_language::compile(&policy.expect("it checks")).expect("it compiles");
        Engine::load(&bundle, &placet_engine::Limits::default()).expect("it loads")
    })
}

fuzz_target!(|text: &str| {
    for line in text.lines().take(20) {
        if let Ok(case) = parse(line) {
            assert_eq!(parse(&case.to_string()).as_ref(), Ok(&case));
        }
        if let Ok(step) = parse_step(line) {
            assert_eq!(parse_step(&step.to_string()).as_ref(), Ok(&step));
        }
    }
    let file = CaseFile { path: String::from("fuzz.cases"), text: text.to_owned() };
    let _ = run(&[file], engine(), &Filter::default(), &CaseLimits::default());
});
