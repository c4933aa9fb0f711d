//! Instructions and allocations of one decision, which do not depend on what else the machine does.
//! The instructions are counted by callgrind, in a run of this program with `--once`.

use std::hint::black_box;
use std::process::Command;

use placet_benches::scenario::{Layout, Scenario, call};
use placet_engine::{Call, Decision, Engine};
use serde_json::Value;

/// How often a decision is made in a counted run, after as many that are not counted.
const DECISIONS: usize = 50;

fn cases(scenario: &Scenario) -> Vec<(&'static str, Value)> {
    let mut cases = vec![
        ("allow", scenario.allowed(1, false)),
        ("allow, 50 receipts", scenario.allowed(50, false)),
        ("allow, 64 KiB of arguments", scenario.allowed(1, true)),
    ];
    let denied = scenario.denied();
    cases.extend(denied.into_iter().filter(|(name, _)| ["condition", "scope"].contains(name)));
    cases
}

/// The instructions of one decision.
fn instructions(layout: &str, rules: usize, case: usize) -> usize {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted*")
        .arg(std::env::current_exe().unwrap())
        .args(["--once", layout])
        .args([rules, case].map(|number| number.to_string()))
        .output()
        .expect("valgrind is installed");
    let text = String::from_utf8(output.stderr).unwrap();
    let collected = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    let all: usize = collected.expect("callgrind says what it collected").trim().parse().unwrap();
    all / DECISIONS
}

#[inline(never)]
fn counted(engine: &Engine, call: &Call) -> Decision {
    engine.decide(black_box(call))
}

fn layout(name: &str) -> Layout {
    match name {
        "spread" => Layout::Spread,
        _ => Layout::Crowded,
    }
}

fn once(arguments: &[String]) {
    let number = |index: usize| arguments[index].parse::<usize>().unwrap();
    let scenario = Scenario::new(layout(&arguments[0]), number(1));
    let prepared: Call = call(&cases(&scenario)[number(2)].1);
    for _ in 0..DECISIONS {
        black_box(scenario.engine.decide(black_box(&prepared)));
    }
    for _ in 0..DECISIONS {
        black_box(counted(&scenario.engine, &prepared));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--once") {
        return once(&arguments[1..]);
    }
    println!("layout   rules  instructions  allocations  bytes  decision");
    for (layout, rules) in [
        (Layout::Spread, 10),
        (Layout::Spread, 1_000),
        (Layout::Crowded, 10),
        (Layout::Crowded, 1_000),
    ] {
        let scenario = Scenario::new(layout, rules);
        for (index, (name, value)) in cases(&scenario).iter().enumerate() {
            let prepared = call(value);
            let allocated = allocation_counter::measure(|| {
                black_box(scenario.engine.decide(black_box(&prepared)));
            });
            let each = instructions(layout.name(), rules, index);
            println!(
                "{:8} {rules:5}  {each:12}  {:11}  {:5}  {name}",
                layout.name(),
                allocated.count_total,
                allocated.bytes_total,
            );
        }
    }
}
