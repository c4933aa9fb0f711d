//! The example of facts: what the component computes is just what the example's cases say, and so they are
//! decided as they say. `examples/sql/build` makes the component.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/example.rs"]
mod example;

use std::fs;

use placet_engine::call::Fact;
use placet_engine::{Engine, Limits};
use placet_host::{PluginLimits, Plugins};
use placet_language::case;
use serde_json::Value;

use crate::example::{example, example_bundle};

#[test]
fn the_component_computes_what_the_cases_say() {
    let engine = Engine::load(&example_bundle(), &Limits::default()).unwrap();
    let mut plugins = Plugins::new(PluginLimits::default()).unwrap();
    plugins.add(&fs::read(example().join("facts/sql.wasm")).unwrap()).unwrap();
    let cases = fs::read_to_string(example().join("db.cases")).unwrap();
    let mut computed = 0;
    // The cases stand apart by empty lines, each below what is said of it.
    for text in cases.split("\n\n") {
        let case: String =
            text.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
        if case.is_empty() {
            continue;
        }
        let case = case::parse(&case).unwrap();
        let mut call = case::resolve(&case, engine.content()).unwrap();
        let mut said = std::mem::take(&mut call.facts);
        let failed = plugins.compute(&engine, &mut call);
        assert_eq!(failed.is_empty(), !said.is_empty(), "{case}");
        let by_name = |facts: &mut Vec<Fact>| facts.sort_by(|a, b| a.function.cmp(&b.function));
        by_name(&mut said);
        by_name(&mut call.facts);
        assert_eq!(call.facts, said, "{case}");
        // What is left of other arguments is not believed.
        call.facts.iter_mut().for_each(|fact| fact.value = Value::from("stale"));
        plugins.compute(&engine, &mut call);
        by_name(&mut call.facts);
        assert_eq!(call.facts, said, "{case}");
        let expected = case.expected.as_ref().unwrap().reason;
        assert_eq!(engine.decide(&call).reason, expected, "{case}");
        computed += said.len();
    }
    assert!(computed >= 16, "only {computed} facts");
}
