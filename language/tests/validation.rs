//! The engine validates each tool's policies under the part of the schema that they speak of. That
//! must find what validating all policies under the whole schema finds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use placet_engine::bundle::{self, Content};
use placet_engine::{Engine, Limits as EngineLimits, policy_text};
use placet_language::{Limits, check, lower};

fn content() -> Content {
    let files = BTreeMap::from([
        (
            String::from("everything.placet"),
            include_str!("cases/clean-everything.placet").to_owned(),
        ),
        (String::from("catalogue.json"), include_str!("cases/catalogue.json").to_owned()),
    ]);
    lower(&check(&files, &Limits::default()).policy.unwrap())
}

fn passes_whole(content: &Content) -> bool {
    let Ok(policies) = policy_text(&content.cedar).parse::<PolicySet>() else { return false };
    let (schema, _) = Schema::from_cedarschema_str(&content.cedar.schema).unwrap();
    Validator::new(schema).validate(&policies, ValidationMode::Strict).validation_passed()
}

fn passes_sliced(content: &Content) -> bool {
    Engine::load(&bundle::write(content).unwrap(), &EngineLimits::default()).is_ok()
}

#[test]
fn slices_find_what_the_whole_finds() {
    let faults = [
        ("context.args.owner", "context.args.nobody"),
        ("context.args.owner", "context.now"),
        ("context.token.acr", "context.token.nothing"),
        ("context.token has acr && ", ""),
        (">= 1", ">= \"one\""),
        ("if context.args has draft then", "if true then"),
        ("context.views has", "context.args has"),
        ("context.facts[\"any", "context.facts[\"none"),
        ("context.now < ", "context.now < -"),
        ("context.scopes.contains(\"write\")", "context.scopes == \"write\""),
        ("ip(\\\"10.0.0.0/8\\\")", "ip(\\\"10.0.0.0/99\\\")"),
        ("ip(\"10.0.0.0/8\")", "ip(\"10.0.0.0/99\")"),
        ("Action::\"capability:edit\"", "Action::\"capability:edti\""),
        ("Group::\"group:leads\"", "Gruop::\"group:leads\""),
        ("ClientGroup::\"admitted\"", "ClientGroup::\"nobody\""),
        ("context.token.kind == \"oauth\"", "context.token.kind == 1"),
    ];
    let good = content();
    assert!(passes_whole(&good) && passes_sliced(&good));
    let (mut accepted, mut refused) = (0, 0);
    for (from, to) in faults {
        for id in good.cedar.policies.keys() {
            let mut faulty = good.clone();
            let text = faulty.cedar.policies.get_mut(id).unwrap();
            if !text.contains(from) {
                continue;
            }
            *text = text.replacen(from, to, 1);
            let whole = passes_whole(&faulty);
            assert_eq!(passes_sliced(&faulty), whole, "{id}: {from} -> {to}");
            if whole { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted >= 2 && refused >= 10, "{accepted} accepted, {refused} refused");
}

/// Loads and asks on a thread with the stack that a host's worker has. A stack that ends would end
/// this process.
#[test]
fn nothing_that_loads_ends_a_small_stack() {
    let good = content();
    let repeat = |open: &str, count: usize, close: &str| {
        format!("{}true{}", open.repeat(count), close.repeat(count))
    };
    let mut loaded = 0;
    for count in [10, 30, 55, 100, 200, 400, 700, 1_100, 5_000, 100_000] {
        for expression in [
            repeat("(", count, ")"),
            repeat("!(", count, ")"),
            repeat("[true, ", count, "]"),
            repeat("(true || ", count, ")"),
            repeat("(true || true || true || true || true || true || ", count, ")"),
            repeat("(if true then ", count, " else false)"),
            repeat("!", count, ""),
            repeat("true || ", count, ""),
            repeat("true && ", count, ""),
            repeat("{a: ", count, "}"),
            repeat("if true then ", count, " else false"),
            format!("context{} == 1", ".a".repeat(count)),
            format!("context has {}", "a.".repeat(count) + "a"),
        ] {
            let mut deep = good.clone();
            let text = deep.cedar.policies.get_mut("drafts").unwrap();
            *text = text.replacen(';', &format!("\nwhen {{ {expression} }};"), 1);
            let bundle = bundle::write(&deep).unwrap();
            let load = move || Engine::load(&bundle, &EngineLimits::default()).is_ok();
            let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(load).unwrap();
            loaded += usize::from(thread.join().unwrap());
        }
    }
    assert!(loaded >= 10, "{loaded}");
}
