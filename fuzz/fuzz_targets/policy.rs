//! Lexer, parser and checks: any text gives a policy or diagnostics, each with a place in the text;
//! what checks also compiles to a bundle that loads.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use placet_engine::Engine;
use placet_language::{Limits, check, compile};

fuzz_target!(|text: &str| {
    let catalogue = include_str!("../../language/tests/cases/catalogue.json");
    let files = BTreeMap::from([
        (String::from("policy.placet"), text.to_owned()),
        (String::from("catalogue.json"), catalogue.to_owned()),
    ]);
    let checked = check(&files, &Limits::default());
    for diagnostic in &checked.diagnostics {
        assert!(!diagnostic.message.is_empty());
        let _ = (diagnostic.underlined(), diagnostic.position(), diagnostic.longest_line());
    }
    match checked.policy {
        None => assert!(checked.diagnostics.iter().any(|one| one.is_error())),
        Some(policy) => {
            let bundle = compile(&policy).expect("what checks compiles");
            Engine::load(&bundle, &placet_engine::Limits::default())
                .expect("what compiles loads");
        }
    }
});
