//! What checking and compiling cost, beside what Cedar itself takes to parse the same policies.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod common;

use std::hint::black_box;

use common::policy;
use criterion::{Criterion, criterion_group, criterion_main};
use placet_engine::{Engine, Limits as EngineLimits};
use placet_language::{Limits, check, compile, lower};

/// From text to an engine that is ready: what `placet compile` does, loading included, so Cedar's
/// strict validation of everything is part of it.
fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    for (rules, tools) in [(100, 50), (1_000, 200), (10_000, 1_000)] {
        let files = policy(rules, tools);
        let name = format!("{rules} rules over {tools} tools");
        group.bench_function(format!("check, {name}"), |bencher| {
            bencher.iter(|| check(black_box(&files), &Limits::default()));
        });
        group.bench_function(format!("check and compile, {name}"), |bencher| {
            bencher.iter(|| {
                let policy = check(black_box(&files), &Limits::default()).policy.unwrap();
                compile(&policy).unwrap()
            });
        });
        group.bench_function(format!("check, compile and load, {name}"), |bencher| {
            bencher.iter(|| {
                let policy = check(black_box(&files), &Limits::default()).policy.unwrap();
                Engine::load(&compile(&policy).unwrap(), &EngineLimits::default()).unwrap()
            });
        });
        let content = lower(&check(&files, &Limits::default()).policy.unwrap());
        group.bench_function(format!("peer: Cedar parses the same policies, {name}"), |bencher| {
            bencher.iter(|| {
                let parsed = content.cedar.policies.iter().map(|(id, text)| {
                    let id = cedar_policy::PolicyId::new(id);
                    cedar_policy::Policy::parse(Some(id), text).unwrap()
                });
                parsed.collect::<Vec<_>>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, whole);
criterion_main!(benches);
