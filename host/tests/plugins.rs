//! Components that compute facts, good ones and bad ones, each in a file with what comes of it: a value,
//! none, a failure, or that it is not taken at all. Whatever one does, the next fact is computed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/bad_and_good.rs"]
mod files;

use placet_engine::call::Fact;
use placet_engine::condition::Function;
use placet_engine::{Digest, NeededFact};
use placet_host::{PluginLimits, Plugins};

use crate::files::{Outcome, all};

fn needed(component: &Digest) -> NeededFact {
    NeededFact {
        component: component.clone(),
        function: String::from("kind"),
        argument: vec![String::from("sql")],
        input: String::from("\"select 1\""),
    }
}

fn limits() -> PluginLimits {
    PluginLimits { fuel: 20_000_000, memory_bytes: 16 << 20, ..PluginLimits::default() }
}

#[test]
fn each_does_what_its_file_says() {
    let mut plugins = Plugins::new(limits()).unwrap();
    let files = all();
    assert!(files.len() > 20);
    for plugin in &files {
        let name = &plugin.name;
        let added = plugins.add(&plugin.bytes);
        if plugin.outcome == Outcome::Unusable {
            assert!(added.is_err(), "{name}");
            continue;
        }
        let component = added.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(component, Digest::of_bytes(&plugin.bytes));
        // Twice: the first leaves nothing behind.
        for _ in 0..2 {
            let fact = plugins.fact(&needed(&component));
            match (&plugin.outcome, fact) {
                (Outcome::Value(expected), Ok(Some(Fact { function, argument, value }))) => {
                    assert_eq!(value, *expected, "{name}");
                    let component = component.clone();
                    assert_eq!(function, Function { component, name: String::from("kind") });
                    assert_eq!(argument, ["sql"]);
                }
                (Outcome::None, Ok(None)) => {}
                (Outcome::Failed(why), Err(error)) => {
                    assert!(error.to_string().starts_with(why), "{name}: {error}");
                }
                (expected, other) => panic!("{name}: {expected:?}, and got {other:?}"),
            }
        }
    }
}

#[test]
fn a_component_that_nobody_added_computes_nothing() {
    let plugins = Plugins::new(limits()).unwrap();
    let error = plugins.fact(&needed(&Digest::of_bytes(b"another"))).unwrap_err();
    assert_eq!(error.to_string(), "there is no such component here");
}

#[test]
fn an_argument_that_is_too_long_is_not_handed_over() {
    let mut plugins = Plugins::new(PluginLimits { argument_bytes: 4, ..limits() }).unwrap();
    let text = all().into_iter().find(|one| one.name == "text").unwrap();
    let component = plugins.add(&text.bytes).unwrap();
    let error = plugins.fact(&needed(&component)).unwrap_err();
    assert_eq!(error.to_string(), "a text is longer than the limit of 4 bytes");
}
