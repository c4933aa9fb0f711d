//! Cases and calls: whatever can be called can be said in a case, and the case is the same call.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeSet;

use placet_engine::{Call, Decision, Limits};
use placet_language::case::{Arguments, Case, parse, resolve};
use placet_tests::calls::world;
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};

/// The decision, without what says of arguments that cannot be judged why not.
fn told(mut decision: Decision, case: &Case) -> Decision {
    if matches!(case.arguments, Arguments::Unreadable) {
        decision.detail = None;
    }
    decision
}

/// Says every call of a caller's in a case and asks that; gives back the reasons that occurred, and
/// the bytes of all cases.
fn say(world: &World, seed: u64, calls: usize) -> (BTreeSet<String>, usize) {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(world, &reference, seed);
    let mut reasons = BTreeSet::new();
    let mut bytes = 0;
    for _ in 0..calls {
        let value = caller.call();
        let json = serde_json::to_vec(&value).unwrap();
        let Ok(call) = Call::from_json(&json, &Limits::default()) else { continue };
        let case = Case::of_call(&call, &world.content);
        let line = case.to_string();
        let parsed =
            parse(&line).unwrap_or_else(|error| panic!("{error} at {:?}\n{line}", error.place));
        assert_eq!(parsed, case, "{line}");
        assert_eq!(parsed.to_string(), line);
        let again =
            resolve(&parsed, &world.content).unwrap_or_else(|error| panic!("{error}\n{line}"));
        if call.arguments.is_ok() {
            assert_eq!(again, call, "{line}");
        }
        let (one, other) = (world.engine.decide(&call), world.engine.decide(&again));
        assert_eq!(told(one.clone(), &case), told(other, &case), "{line}\n{value:#}");
        assert_eq!(resolve(&parsed, world.engine.content()).as_ref(), Ok(&again));
        reasons.insert(one.reason.map_or_else(|| String::from("allow"), |one| one.to_string()));
        bytes += line.len();
    }
    (reasons, bytes)
}

#[test]
fn a_call_said_as_a_case_is_the_same_call() {
    for seed in 7_000..7_030 {
        let world = World::generate(seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        say(&world, seed ^ 0x5A5A, 40);
    }
}

#[test]
fn every_reason_can_be_said() {
    let (reasons, bytes) = say(&world(), 77, 3_000);
    println!("{} reasons, {bytes} bytes: {reasons:?}", reasons.len());
    assert!(reasons.len() > 20, "{reasons:?}");
}
