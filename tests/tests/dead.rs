//! Dead rules against calls: what is said to decide nothing can be left out, and no call is decided
//! otherwise.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Effect;
use placet_engine::{Call, Limits};
use placet_language::case::Case;
use placet_language::{Code, review};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};

/// How many calls each rule that is left out is tried with.
const CALLS: usize = 150;

struct Dead {
    /// The statements that can be left out, by their place.
    ///
    /// Of an `allow`, those of which every capability is said to be for nothing.
    statements: BTreeSet<usize>,
    /// Whether it is said that integers of any size are then judged.
    spares_digests: bool,
}

fn dead(world: &World, tally: &mut BTreeMap<&'static str, usize>) -> Dead {
    let mut spares_digests = false;
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    let mut names: BTreeMap<usize, String> = BTreeMap::new();
    for one in review(&world.files, &placet_language::Limits::default()).diagnostics {
        let codes = [Code::Impossible, Code::Shadowed, Code::Redundant, Code::Unreachable];
        let (Some((line, _)), true) = (one.position(), codes.contains(&one.code)) else { continue };
        *tally.entry(one.code.as_str()).or_default() += 1;
        spares_digests |= one.help.as_deref().is_some_and(|help| help.contains("±2⁵³"));
        let place = place_of(world, line);
        *found.entry(place).or_default() += 1;
        names.insert(place, one.underlined().unwrap().to_owned());
    }
    let is_whole = |place: &usize, count: usize| {
        let rule = world.content.rules.get(names.get(place).unwrap());
        match rule.map(|rule| &rule.effect) {
            Some(Effect::Allow { capabilities, .. }) => capabilities.len() == count,
            Some(Effect::Deny { .. } | Effect::Require { .. }) => true,
            None => false,
        }
    };
    let whole = found.into_iter().filter(|(place, count)| is_whole(place, *count));
    Dead { statements: whole.map(|(one, _)| one).collect(), spares_digests }
}

/// The statement that holds a line of the policy: the edition stands before, and an empty line
/// between each two.
fn place_of(world: &World, line: usize) -> usize {
    let mut next = 3;
    world
        .statements
        .iter()
        .position(|statement| {
            next += statement.lines().count() + 1;
            line < next
        })
        .unwrap()
}

#[test]
fn what_decides_nothing_can_be_left_out() {
    let number = std::env::var("PLACET_WORLDS").ok().and_then(|text| text.parse().ok());
    let mut tally = BTreeMap::new();
    let (mut left_out, mut calls, mut allowed) = (0, 0, 0);
    for seed in 0..number.unwrap_or(6_u64) {
        let world = World::generate(seed).unwrap();
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let Dead { statements: dead, spares_digests } = dead(&world, &mut tally);
        if dead.is_empty() {
            continue;
        }
        // All at once: what is redundant is so without the others that are.
        let kept = world.statements.iter().enumerate().filter(|(place, _)| !dead.contains(place));
        let without = World::build(kept.map(|(_, text)| text.clone()).collect()).unwrap();
        left_out += dead.len();
        let mut caller = Caller::new(&world, &reference, seed);
        for _ in 0..CALLS {
            let bytes = serde_json::to_vec(&caller.call()).unwrap();
            let call = Call::from_json(&bytes, &Limits::default()).unwrap();
            let (all, fewer) = (world.engine.decide(&call), without.engine.decide(&call));
            calls += 1;
            allowed += usize::from(all.is_allow());
            // What the message says that changes.
            if spares_digests && all.detail.as_deref().is_some_and(|why| why.contains("no digest"))
            {
                continue;
            }
            assert_eq!(
                all.is_allow(),
                fewer.is_allow(),
                "seed {seed}, without {:?}\n{}\n{}\n{:?}\n{:?}",
                dead.iter().map(|place| world.statements.get(*place)).collect::<Vec<_>>(),
                world.text(),
                Case::of_call(&call, &world.content),
                all.detail,
                fewer.detail,
            );
        }
    }
    println!("{left_out} left out, {calls} calls, {allowed} allowed: {tally:?}");
    assert!(left_out > 5 && allowed * 4 > calls, "{left_out} left out, {allowed} of {calls}");
}
