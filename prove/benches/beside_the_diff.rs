//! What the solver takes beside the diff, on the pairs of the diff's own benchmark. One run of each: what
//! the solver takes is seconds to minutes.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark says what it found")]

#[path = "../../language/benches/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::time::Instant;

use placet_language::diff::{DiffLimits, diff};
use placet_prove::{ProveLimits, prove};
use placet_tests::worlds::World;

fn world(files: BTreeMap<String, String>) -> World {
    World::of_files(Vec::new(), files).unwrap()
}

fn main() {
    for (rules, tools) in [(50, 30), (500, 200)] {
        let files = common::policy(rules, tools);
        let old = world(files.clone());
        let pairs = [
            ("one rule", "\"acme\"] and args.path under \"/srv/1\"", "\"acme\"]", 1),
            ("every rule", "\"acme\"]", "\"acme\", \"labs\"]", usize::MAX),
        ];
        for (name, from, to, most) in pairs {
            let mut changed = files.clone();
            let text = changed.get_mut("policy.placet").unwrap();
            *text = text.replacen(from, to, most);
            let new = world(changed);
            let start = Instant::now();
            let found = diff(&old.engine, &new.engine, &Vec::new, &DiffLimits::default());
            let by_diff = start.elapsed();
            let limits = ProveLimits { errors: false, ..ProveLimits::default() };
            let start = Instant::now();
            let report = prove(&old.content, &new.content, &found, &limits).unwrap();
            let by_solver = start.elapsed();
            let proved = report.certificates.iter().filter(|one| one.outcome.is_proved()).count();
            let solved = report.certificates.iter().filter(|one| one.solved).count();
            println!(
                "{rules} rules, {name}: diff {by_diff:?}, certificates {by_solver:?}; {proved} of {} \
                 proved, {solved} by the solver",
                report.certificates.len()
            );
        }
    }
}
