//! Decisions per second, beside those of other engines. Before anything is timed, all are asserted
//! to give the same answers.

use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use placet_benches::peers::{Casbin, Cedar, Cel, Rego};
use placet_benches::scenario::{Layout, Scenario, call, facts};
use placet_engine::{Engine, Limits};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// All engines give the same answers to a call that is allowed and to calls that are denied, each
/// for another reason.
fn agree(scenario: &Scenario) {
    let mut calls = scenario.denied();
    calls.push(("allowed", scenario.allowed(1, false)));
    let (cel, mut rego) = (Cel::new(scenario), Rego::new(scenario));
    for (name, value) in &calls {
        let decision = scenario.engine.decide(&call(value));
        let expected = *name == "allowed";
        assert_eq!(decision.is_allow(), expected, "{name}: {decision:#?}");
        let facts = facts(value);
        assert_eq!(Cedar::new(scenario, &facts).allows(), expected, "Cedar: {name}");
        assert_eq!(cel.allows(&Cel::facts(&facts)), expected, "CEL: {name}");
        assert_eq!(rego.allows(&Rego::facts(&facts)), expected, "Rego: {name}");
        // What it judges of a call.
        if ["allowed", "condition", "scope", "consent", "group", "tool"].contains(name) {
            let casbin = Casbin::new(scenario, &facts);
            assert_eq!(casbin.allows(&Casbin::facts(&facts)), expected, "casbin: {name}");
        }
    }
}

/// The engine and the others at every size, on a call that is allowed and one that is denied.
fn engines(criterion: &mut Criterion) {
    for layout in [Layout::Spread, Layout::Crowded] {
        for rules in SIZES {
            let scenario = Scenario::new(layout, rules);
            agree(&scenario);
            let denied = scenario.denied().remove(0).1;
            for (verdict, value) in [("allow", scenario.allowed(1, false)), ("deny", denied)] {
                let mut group = criterion.benchmark_group(format!("{}/{verdict}", layout.name()));
                if rules == SIZES[3] {
                    group.sample_size(20);
                }
                let prepared = call(&value);
                group.bench_function(BenchmarkId::new("placet", rules), |bencher| {
                    bencher.iter(|| scenario.engine.decide(black_box(&prepared)));
                });
                let facts = facts(&value);
                let cel = Cel::new(&scenario);
                let cel_facts = Cel::facts(&facts);
                group.bench_function(BenchmarkId::new("cel, indexed", rules), |bencher| {
                    bencher.iter(|| cel.allows(black_box(&cel_facts)));
                });
                drop(cel);
                let mut rego = Rego::new(&scenario);
                let rego_facts = Rego::facts(&facts);
                group.bench_function(BenchmarkId::new("regorus, keyed data", rules), |bencher| {
                    bencher.iter(|| rego.allows(black_box(&rego_facts)));
                });
                drop(rego);
                let cedar = Cedar::new(&scenario, &facts);
                group.bench_function(BenchmarkId::new("cedar", rules), |bencher| {
                    bencher.iter(|| black_box(&cedar).allows());
                });
                drop(cedar);
                let casbin = Casbin::new(&scenario, &facts);
                let casbin_facts = Casbin::facts(&facts);
                group.bench_function(BenchmarkId::new("casbin", rules), |bencher| {
                    bencher.iter(|| casbin.allows(black_box(&casbin_facts)));
                });
                group.finish();
            }
        }
    }
}

/// What a call may bring along: large arguments, many receipts.
fn calls(criterion: &mut Criterion) {
    let scenario = Scenario::new(Layout::Spread, 1_000);
    let mut group = criterion.benchmark_group("call");
    for (name, receipts, large) in
        [("1 receipt", 1, false), ("50 receipts", 50, false), ("64 KiB of arguments", 1, true)]
    {
        let prepared = call(&scenario.allowed(receipts, large));
        assert!(scenario.engine.decide(&prepared).is_allow());
        group.bench_function(name, |bencher| {
            bencher.iter(|| scenario.engine.decide(black_box(&prepared)));
        });
    }
    for (name, value) in scenario.denied() {
        let prepared = call(&value);
        group.bench_function(format!("denied by {name}"), |bencher| {
            bencher.iter(|| scenario.engine.decide(black_box(&prepared)));
        });
    }
    group.finish();
}

/// A decision while as many other threads as said decide too.
fn threads(criterion: &mut Criterion) {
    let scenario = Scenario::new(Layout::Spread, 1_000);
    let prepared = call(&scenario.allowed(1, false));
    let mut group = criterion.benchmark_group("threads");
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::from_parameter(threads), |bencher| {
            bencher.iter_custom(|decisions| {
                let start = Instant::now();
                std::thread::scope(|scope| {
                    for _ in 0..threads {
                        let engine = scenario.engine.clone();
                        scope.spawn(|| {
                            let engine = engine;
                            for _ in 0..decisions {
                                black_box(engine.decide(black_box(&prepared)));
                            }
                        });
                    }
                });
                start.elapsed()
            });
        });
    }
    group.finish();
}

/// From a bundle's bytes to an engine.
fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for layout in [Layout::Spread, Layout::Crowded] {
        let scenario = Scenario::new(layout, 10_000);
        group.bench_function(format!("{}, 10000 rules", layout.name()), |bencher| {
            bencher.iter(|| Engine::load(black_box(&scenario.bundle), &Limits::default()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, engines, calls, threads, load);
criterion_main!(benches);
