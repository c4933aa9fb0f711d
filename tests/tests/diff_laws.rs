//! The laws of the diff, and changes of a real pack whose findings are written by hand.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says what it found")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use placet_engine::{Engine, Limits};
use placet_language::diff::{Cause, Diff, DiffLimits, Gate, Reach, diff, switched};
use placet_language::{check, compile};
use placet_tests::worlds::{Random, World};

fn compared(old: &World, new: &World) -> Diff {
    diff(&old.engine, &new.engine, &Vec::new, &DiffLimits::default())
}

fn is_rule(statement: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| statement.starts_with(kind))
}

#[test]
fn another_order_and_other_names_are_no_difference() {
    for seed in 0..6 {
        let world = World::generate(seed).unwrap();
        let mut statements = world.statements.clone();
        Random::new(seed).shuffle(&mut statements);
        for statement in &mut statements {
            if is_rule(statement, &["allow ", "deny ", "require "]) {
                *statement = statement.replacen(' ', " another_", 1);
            }
        }
        let renamed = World::build(statements).unwrap();
        let found = compared(&world, &renamed);
        assert!(found.expansions.is_empty(), "{seed}: {:#?}", found.expansions);
        assert!(found.contractions.is_empty(), "{seed}: {:#?}", found.contractions);
        assert!(found.renewals.is_empty() && found.undecided.is_empty(), "{seed}");
    }
}

#[test]
fn more_denials_and_fewer_allows_never_expand() {
    let mut tried = 0;
    for seed in 0..12 {
        let world = World::generate(seed).unwrap();
        let allows: Vec<usize> = (0..world.statements.len())
            .filter(|at| is_rule(&world.statements[*at], &["allow "]))
            .collect();
        let mut fewer = world.statements.clone();
        fewer.remove(allows[0]);
        let other = World::generate(seed + 50).unwrap();
        let bounds = other.statements.iter().filter(|one| is_rule(one, &["deny ", "require "]));
        let more = bounds.map(|bound| {
            let bound = bound.replacen(' ', " another_", 1);
            world.statements.iter().cloned().chain([bound]).collect::<Vec<_>>()
        });
        for statements in more.chain([fewer]) {
            // A bound may speak of what this world does not have.
            let Ok(narrower) = World::build(statements) else { continue };
            tried += 1;
            let found = compared(&world, &narrower);
            assert!(found.expansions.is_empty(), "{seed}: {:#?}", found.expansions);
            // What the one direction loses the other gains.
            let back = compared(&narrower, &world);
            let features = |findings: &[placet_language::diff::Finding]| -> BTreeSet<String> {
                findings.iter().map(|one| format!("{:?}{:?}", one.server, one.feature)).collect()
            };
            assert_eq!(features(&back.expansions), features(&found.contractions), "{seed}");
        }
    }
    assert!(tried > 15, "{tried}");
}

#[test]
fn a_finding_is_about_the_clients_that_it_names() {
    let (mut one, mut all) = (0, 0);
    for seed in 0..12 {
        let world = World::generate(seed).unwrap();
        let Some(later) = placet_tests::worlds::changed(&world, &mut Random::new(seed)) else {
            continue;
        };
        let found = compared(&world, &later);
        for finding in found.expansions.into_iter().chain(found.contractions) {
            // Another client of the same place, which neither version names.
            let mut call = finding.call.clone();
            call.client.id.push_str("-of-nobody");
            let kinds = finding.concerned().flat_map(|concerned| concerned.clients);
            let is_meant = kinds.into_iter().any(|kind| {
                let begins = kind.domain.map_or(String::new(), |one| format!("https://{one}/"));
                kind.id.is_none()
                    && kind.registration == call.client.registration
                    && kind.issuer == call.client.issuer
                    && call.client.id.starts_with(&begins)
            });
            assert_eq!(finding.is_about(&call), is_meant, "{seed}: {finding:#?}");
            if is_meant { all += 1 } else { one += 1 }
        }
    }
    assert!(one > 0 && all > 0, "{one} of one client, {all} of all alike");
}

type Files = BTreeMap<String, String>;

fn pack() -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/filesystem");
    ["filesystem.placet", "catalogue.json"]
        .map(|name| (name.to_owned(), fs::read_to_string(folder.join(name)).unwrap()))
        .into()
}

fn engine(files: &Files) -> Engine {
    let checked = check(files, &placet_language::Limits::default());
    let errors: Vec<_> = checked.diagnostics.iter().filter(|one| one.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    Engine::load(&compile(&checked.policy.unwrap()).unwrap(), &Limits::default()).unwrap()
}

/// What a change of the pack brings.
fn changed(file: &str, from: &str, to: &str) -> Diff {
    let old = pack();
    let mut new = old.clone();
    let text = new.get_mut(file).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    let limits = placet_language::Limits::default();
    let found = diff(
        &engine(&old),
        &engine(&new),
        &|| switched(&old, &new, &limits),
        &DiffLimits::default(),
    );
    assert!(found.undecided.is_empty(), "{:?}", found.undecided);
    found
}

fn tools(findings: &[placet_language::diff::Finding]) -> Vec<&str> {
    findings.iter().map(|one| one.feature.name.as_str()).collect()
}

#[test]
fn a_deny_that_is_dropped_is_silent() {
    let found = changed(
        "filesystem.placet",
        "deny moving_the_folder_itself\n    anyone to move_files\n    when path(args.source) == folder\n    \
         because \"the folder that everything here is about stays where it is\"",
        "",
    );
    assert_eq!(tools(&found.expansions), ["move_file"]);
    let finding = &found.expansions[0];
    assert!(finding.is_silent());
    assert_eq!(finding.reach, Reach::Loosened);
    assert_eq!(finding.principal, "anyone");
    assert_eq!(finding.clients, ["assistant"]);
    assert_eq!(finding.causes, BTreeSet::from([Cause::Policy]));
    assert_eq!(finding.before.rules[0].rule, "moving_the_folder_itself");
    assert!(finding.witness.contains("source: \"/srv/data\""), "{}", finding.witness);
    assert!(found.contractions.is_empty() && found.renewals.is_empty());
}

#[test]
fn a_condition_that_is_dropped_asks_again() {
    let found = changed(
        "filesystem.placet",
        "    tools   read_multiple_files\n    access  read\n    where   all path(args.paths) under folder\n",
        "    tools   read_multiple_files\n    access  read\n",
    );
    assert_eq!(tools(&found.expansions), ["read_multiple_files"]);
    let finding = &found.expansions[0];
    assert_eq!(finding.reach, Reach::Loosened);
    let reading = Gate::Consent { terms: String::from("reading") };
    assert_eq!(finding.gates, BTreeSet::from([reading]));
    // Whoever agreed to `reading` is asked again for all of it.
    assert_eq!(found.renewals.len(), 10, "{:?}", tools(&found.renewals));
    assert!(found.contractions.is_empty());
}

#[test]
fn a_tool_that_the_server_adds_is_in_no_capability() {
    let found = changed(
        "catalogue.json",
        "\"tools\": [",
        "\"tools\": [ { \"name\": \"delete_everything\", \"inputSchema\": { \"type\": \"object\" } },",
    );
    assert!(found.expansions.is_empty() && found.contractions.is_empty());
}

#[test]
fn a_glob_that_comes_to_match_more_is_the_catalogues() {
    let old: Files = pack();
    let mut old_globs = old.clone();
    let text = old_globs.get_mut("filesystem.placet").unwrap();
    *text = text.replacen("tools   create_directory\n", "tools   create_*\n", 1);
    let mut new = old_globs.clone();
    let catalogue = new.get_mut("catalogue.json").unwrap();
    *catalogue = catalogue.replacen(
        "\"tools\": [",
        "\"tools\": [ { \"name\": \"create_link\", \"inputSchema\": { \"type\": \"object\", \
         \"properties\": { \"path\": { \"type\": \"string\" } } } },",
        1,
    );
    let limits = placet_language::Limits::default();
    let found = diff(
        &engine(&old_globs),
        &engine(&new),
        &|| switched(&old_globs, &new, &limits),
        &DiffLimits::default(),
    );
    assert_eq!(tools(&found.expansions), ["create_link"]);
    let finding = &found.expansions[0];
    assert_eq!(finding.reach, Reach::New);
    assert_eq!(finding.causes, BTreeSet::from([Cause::Catalogue]));
    assert!(!finding.is_silent());
}

#[test]
fn a_fingerprint_survives_other_names_and_lines() {
    let of = |rename: &dyn Fn(&str) -> String| -> BTreeSet<String> {
        let old: Files = pack().into_iter().map(|(name, text)| (name, rename(&text))).collect();
        let mut new = old.clone();
        let text = new.get_mut("filesystem.placet").unwrap();
        *text = text.replacen(
            "when path(args.source) == folder",
            "when path(args.source) == \"/srv\"",
            1,
        );
        let found = diff(&engine(&old), &engine(&new), &Vec::new, &DiffLimits::default());
        assert!(!found.expansions.is_empty());
        found.expansions.into_iter().map(|one| one.fingerprint).collect()
    };
    let plain = of(&str::to_owned);
    let renamed = of(&|text| {
        text.replace("desktop", "laptop")
            .replace("assistant \"", "helper \"")
            .replace("move_files", "put_elsewhere")
            .replace("editing_files", "working")
            .replace("edition 2026", "edition 2026\n\n// A remark.\n\n")
    });
    assert_eq!(plain, renamed);
}
