//! What linting a policy with a lock costs, beside checking it.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "it says what it found")]

mod common;

use std::collections::BTreeMap;
use std::hint::black_box;

use common::policy;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use placet_language::lint::{Settings, World, lint};
use placet_language::{Limits, check, lock, review};

/// A policy whose every tool took one parameter fewer when it was locked.
fn drifted(rules: usize, tools: usize) -> BTreeMap<String, String> {
    let mut files = policy(rules, tools);
    let mut reviewed = files.clone();
    let catalogue = reviewed.get_mut("catalogue.json").unwrap();
    *catalogue = catalogue.replace(", \"count\": {\"type\": \"integer\"}", "");
    let today = "2026-12-01".parse().unwrap();
    let update = lock::update(&reviewed, &Limits::default(), today, false).unwrap();
    files.insert(String::from(lock::FILE), lock::write(&update.after));
    files
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lint");
    group.sample_size(10);
    let limits = Limits::default();
    let settings = Settings::read("").unwrap();
    let world = World { today: "2027-01-01".parse().unwrap(), live: BTreeMap::new() };
    for (rules, tools) in [(100, 100), (1_000, 1_000)] {
        let unlocked = policy(rules, tools);
        let files = drifted(rules, tools);
        let found = lint(&files, &limits, &settings, &world);
        println!("{rules} rules, {tools} tools: {} findings", found.findings.len());
        assert!(found.findings.len() > tools);
        group.bench_function(BenchmarkId::new("check", rules), |bencher| {
            bencher.iter(|| check(black_box(&unlocked), &limits));
        });
        group.bench_function(BenchmarkId::new("check and what is dead", rules), |bencher| {
            bencher.iter(|| review(black_box(&unlocked), &limits));
        });
        group.bench_function(BenchmarkId::new("lint", rules), |bencher| {
            bencher.iter(|| lint(black_box(&unlocked), &limits, &settings, &world));
        });
        group.bench_function(BenchmarkId::new("lint, every tool drifted", rules), |bencher| {
            bencher.iter(|| lint(black_box(&files), &limits, &settings, &world));
        });
    }
    group.finish();
}

criterion_group!(benches, whole);
criterion_main!(benches);
