//! Instructions and allocations of one decision, which do not depend on what else the machine does.
//! The instructions are counted by callgrind, in runs of the program `once`.

use std::hint::black_box;
use std::process::Command;

use placet_benches::scenario::{Layout, Scenario, call, cases};

/// How often a decision is made in a counted run.
const DECISIONS: usize = 50;

/// The instructions of one decision.
fn instructions(layout: &str, rules: usize, case: usize) -> usize {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted*")
        .arg(std::env::current_exe().unwrap().with_file_name("once"))
        .arg(layout)
        .args([rules, case, DECISIONS].map(|number| number.to_string()))
        .output()
        .expect("valgrind is installed");
    let text = String::from_utf8(output.stderr).unwrap();
    let collected = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    let all: usize = collected.expect("callgrind says what it collected").trim().parse().unwrap();
    all / DECISIONS
}

fn main() {
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
