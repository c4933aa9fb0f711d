//! What comparing two versions costs, once both are loaded: one rule changed, and every rule.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "small numbers of a benchmark, which says what it found"
)]

mod common;

use std::collections::BTreeMap;
use std::hint::black_box;

use common::policy;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use placet_engine::{Engine, Limits as EngineLimits};
use placet_language::diff::{Diff, DiffLimits, diff};
use placet_language::{Limits, check, compile};

fn engine(files: &BTreeMap<String, String>) -> Engine {
    let checked = check(files, &Limits::default());
    Engine::load(&compile(&checked.policy.unwrap()).unwrap(), &EngineLimits::default()).unwrap()
}

fn changed(files: &BTreeMap<String, String>, from: &str, to: &str, most: usize) -> Engine {
    let mut files = files.clone();
    let text = files.get_mut("policy.placet").unwrap();
    *text = text.replacen(from, to, most);
    engine(&files)
}

fn found(old: &Engine, new: &Engine) -> Diff {
    let found = diff(old, new, &Vec::new, &DiffLimits::default());
    assert!(found.undecided.is_empty());
    found
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("diff");
    group.sample_size(10);
    // Of 5,000 rules many concern the same group, client and tools.
    for (rules, tools, wider) in [(50, 30, 200), (500, 200, 800), (5_000, 1_000, 800)] {
        let files = policy(rules, tools);
        let old = engine(&files);
        // One `allow` of many comes to hold for any path.
        let one = changed(&files, "\"acme\"] and args.path under \"/srv/1\"", "\"acme\"]", 1);
        // Every `allow` comes to hold for one owner more.
        let every = changed(&files, "\"acme\"]", "\"acme\", \"labs\"]", usize::MAX);
        assert_eq!(found(&old, &one).expansions.len(), 5);
        let many = found(&old, &every);
        println!("{rules} rules, every one changed: {} expansions", many.expansions.len());
        assert_eq!(many.expansions.len(), wider);
        for (name, new) in [("one rule", &one), ("every rule", &every), ("none", &old)] {
            group.bench_function(BenchmarkId::new(name, rules), |bencher| {
                bencher.iter(|| found(black_box(&old), black_box(new)));
            });
        }
    }
    group.finish();
}

/// Many globs over one argument, each overlapping with others, and groups that nest deep.
fn hard(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("diff");
    group.sample_size(10);
    let globs: Vec<String> =
        (0..8).map(|at| format!("args.owner like \"*{}{}*\"", at % 7, at % 5)).collect();
    let with = |globs: &[String]| {
        let mut files = policy(20, 5);
        let text = files.get_mut("policy.placet").unwrap();
        *text = text.replace("args.owner in", &format!("({} or args.owner in", globs.join(" or ")));
        *text = text.replace("\"acme\"]", "\"acme\"])");
        files
    };
    let (old, new) = (engine(&with(&globs)), engine(&with(&globs[1..])));
    group.bench_function("8 globs that overlap", |bencher| {
        bencher.iter(|| found(black_box(&old), black_box(&new)));
    });
    let nested = |last: &str| {
        let mut files = policy(50, 30);
        let text = files.get_mut("policy.placet").unwrap();
        for group in 1..50 {
            let plain = format!("group g{group} from");
            *text = text.replace(&plain, &format!("group g{group} in g{} from", group - 1));
        }
        *text = text.replace("has \"g49\"", last);
        files
    };
    let (old, new) = (engine(&nested("has \"g49\"")), engine(&nested("has \"anybody\"")));
    group.bench_function("50 groups that nest", |bencher| {
        bencher.iter(|| found(black_box(&old), black_box(&new)));
    });
    group.finish();
}

criterion_group!(benches, whole, hard);
criterion_main!(benches);
