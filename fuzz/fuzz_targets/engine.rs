//! The engine that the targets ask: a policy that uses the whole language, over the catalogue of the same
//! tests.

use std::sync::OnceLock;

use placet_engine::{Engine, Limits};

pub(crate) fn engine() -> &'static Engine {
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
