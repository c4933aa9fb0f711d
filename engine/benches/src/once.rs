//! Makes a decision so often, for callgrind to count: `once LAYOUT RULES CASE TIMES`.

use std::hint::black_box;

use placet_benches::scenario::{Layout, Scenario, call, cases};
use placet_engine::{Call, Decision, Engine};

/// What callgrind counts, by this name.
#[inline(never)]
fn counted(engine: &Engine, call: &Call) -> Decision {
    engine.decide(black_box(call))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments[index].parse::<usize>().unwrap();
    let layout =
        [Layout::Spread, Layout::Crowded].into_iter().find(|one| one.name() == arguments[0]);
    let scenario = Scenario::new(layout.expect("a layout"), number(1));
    let prepared = call(&cases(&scenario)[number(2)].1);
    for _ in 0..number(3) {
        black_box(scenario.engine.decide(black_box(&prepared)));
    }
    for _ in 0..number(3) {
        black_box(counted(&scenario.engine, &prepared));
    }
}
