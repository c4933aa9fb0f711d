//! The certificates of the project's own policies, each against a version that was edited, and of
//! generated ones: nothing but what the diff reports was newly allowed, and no policy errs. And that they
//! would notice: with a finding left out, they are refuted.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use placet_language::diff::{Diff, DiffLimits, diff};
use placet_prove::{Outcome, ProveError, ProveLimits, Report, prove};
use placet_tests::worlds::{Random, World, changed};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The policies of a folder, with some texts replaced.
fn folder(path: &str, edits: &[(&str, &str)]) -> World {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(root().join(path)).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if [".placet", ".json", ".lock"].iter().any(|end| name.ends_with(end)) {
            files.insert(name, fs::read_to_string(&file).unwrap());
        }
    }
    for (from, to) in edits {
        let mut found = false;
        for (_, text) in files.iter_mut().filter(|(name, _)| name.ends_with(".placet")) {
            found |= text.contains(from);
            *text = text.replace(from, to);
        }
        assert!(found, "{path} has no {from:?}");
    }
    World::of_files(Vec::new(), files).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn compare(old: &World, new: &World) -> Diff {
    diff(&old.engine, &new.engine, &Vec::new, &DiffLimits::default())
}

fn proof(old: &World, new: &World, diff: &Diff, errors: bool) -> Report {
    let limits = ProveLimits { errors, ..ProveLimits::default() };
    prove(&old.content, &new.content, diff, &limits).unwrap()
}

fn is_refuted(report: &Report) -> bool {
    let mut all = report.certificates.iter().map(|one| &one.outcome);
    all.any(|one| matches!(one, Outcome::Refuted { .. }))
}

/// The diff without all that it says of one tool, prompt or kind of resources.
fn without(diff: &Diff, place: usize) -> Diff {
    let mut less = diff.clone();
    let left_out = diff.expansions.get(place).unwrap();
    less.expansions.retain(|one| one.server != left_out.server || one.feature != left_out.feature);
    less
}

/// Proves a change, its reverse and no change, and that the proof would notice what is left out;
/// how often it did.
fn certify(name: &str, old: &World, new: &World) -> usize {
    let mut noticed = 0;
    for (old, new, errors) in [(old, new, true), (new, old, false), (old, old, false)] {
        let start = Instant::now();
        let found = compare(old, new);
        let report = proof(old, new, &found, errors);
        let solved = report.certificates.iter().filter(|one| one.solved).count();
        println!(
            "{name}: {} findings, {} certificates ({solved} solved), {} errors asked, {:?}",
            found.expansions.len(),
            report.certificates.len(),
            report.errors_checked,
            start.elapsed(),
        );
        assert!(report.holds(), "{name}\n{report}\n{}\n{}", old.text(), new.text());
        for place in 0..found.expansions.len().min(1) {
            let report = proof(old, new, &without(&found, place), false);
            assert!(is_refuted(&report), "{name}: {:#?}\n{report}", found.expansions.get(place));
            noticed += 1;
        }
    }
    noticed
}

#[test]
fn the_projects_own_policies() {
    let conformance = |name: &str| format!("spec/conformance/policies/{name}");
    let pairs: [(String, &[(&str, &str)]); 6] = [
        (
            String::from("policies/filesystem"),
            &[
                ("where   path(args.source) under folder and ", "where   "),
                ("lasts    1 day", "lasts    2 days"),
            ],
        ),
        (
            conformance("office"),
            &[("\"192.0.2.0/24\"", "\"192.0.0.0/16\""), ("10 minutes", "1 hour")],
        ),
        (conformance("todo"), &[("group admins in editors ", "group admins in evil_geniuses ")]),
        (
            conformance("clients"),
            &[
                ("may request \"read\" redirect", "may request \"write\" redirect"),
                ("implies \"read\"", ""),
            ],
        ),
        (
            conformance("oauth"),
            &[
                ("implies \"files:read\"", ""),
                (
                    "scope \"phone\"   on resource",
                    "scope \"phone\"   on resource implies \"email\"",
                ),
            ],
        ),
        (
            conformance("history"),
            &[
                ("args.amount <= 20", "args.amount <= 30"),
                ("lasts      10 days", "lasts      20 days"),
            ],
        ),
    ];
    let mut noticed = 0;
    for (path, edits) in pairs {
        noticed += certify(&path, &folder(&path, &[]), &folder(&path, edits));
    }
    assert!(noticed >= 4, "{noticed}");
}

/// Terms that changed are agreed to again, which is no expansion. That what they allow now lasts longer
/// is one.
#[test]
fn asking_again_is_no_expansion() {
    let old = folder("policies/filesystem", &[]);
    let new = folder("policies/filesystem", &[("lasts    1 day", "lasts    12 hours")]);
    let found = compare(&old, &new);
    assert!(found.expansions.is_empty(), "{:#?}", found.expansions);
    let report = proof(&old, &new, &found, false);
    assert!(report.certificates.iter().any(|one| one.solved), "{report}");
    assert!(report.holds(), "{report}");
    // The other way round they last longer, which has to be told.
    let found = compare(&new, &old);
    assert!(!found.expansions.is_empty());
    assert!(proof(&new, &old, &found, false).holds());
    assert!(is_refuted(&proof(&new, &old, &Diff::default(), false)));
}

#[test]
fn generated_policies() {
    let number = |name: &str, usual: u64| -> u64 {
        std::env::var(name).map_or(usual, |text| text.parse().unwrap())
    };
    let (pairs, from) = (number("PLACET_PAIRS", 1), number("PLACET_FROM", 0));
    let (mut noticed, mut left, mut seed) = (0, pairs, from);
    while left > 0 {
        seed += 1;
        let world = World::generate(seed).unwrap();
        let Some(later) = changed(&world, &mut Random::new(seed)) else { continue };
        // A change that newly allows nothing is mostly evident.
        if !compare(&world, &later).expansions.is_empty() {
            noticed += certify(&format!("seed {seed}"), &world, &later);
            left -= 1;
        }
    }
    assert!(pairs == 0 || noticed > 0);
    println!("{noticed} noticed");
}

#[test]
fn a_missing_solver_is_an_error() {
    let world = folder("policies/filesystem", &[]);
    let prove = |solver: &str| {
        let limits = ProveLimits { solver: Some(PathBuf::from(solver)), ..ProveLimits::default() };
        prove(&world.content, &world.content, &Diff::default(), &limits).unwrap_err()
    };
    for solver in ["/nowhere/cvc5", "true"] {
        let error = prove(solver);
        assert!(matches!(error, ProveError::NoSolver { .. }), "{error}");
        assert!(error.to_string().contains("apt-get install cvc5"), "{error}");
    }
}
