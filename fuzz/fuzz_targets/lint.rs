//! Lint: any policy, settings, registry and metadata give findings, each with a code and a place; a fix
//! is made or refused, and then a policy is as usable as before. The parts stand in one text, each after
//! a line of three dashes.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use placet_language::lint::{Metadata, Registry, Settings, World, fix, lint};
use placet_language::{Limits, check};

fuzz_target!(|text: &str| {
    let mut parts = text.split("\n---\n");
    let policy = parts.next().unwrap_or_default();
    let settings = parts.next().unwrap_or_default();
    let registry = parts.next().unwrap_or_default();
    let metadata = parts.next().unwrap_or_default();
    let _ = (Registry::read(registry.as_bytes()), Metadata::read(metadata.as_bytes()));
    let Ok(settings) = Settings::read(settings) else { return };
    let catalogue = include_str!("../../language/tests/cases/catalogue.json");
    let mut files = BTreeMap::from([
        (String::from("policy.placet"), policy.to_owned()),
        (String::from("catalogue.json"), catalogue.to_owned()),
        (String::from("registry.json"), registry.to_owned()),
        (String::from("metadata.json"), metadata.to_owned()),
    ]);
    let limits = Limits::default();
    let world = World { today: "2027-01-01".parse().expect("a day"), live: BTreeMap::new() };
    let linted = lint(&files, &limits, &settings, &world);
    for finding in &linted.findings {
        assert!(!finding.diagnostic.message.is_empty());
        let _ = (finding.diagnostic.position(), finding.diagnostic.longest_line());
    }
    if linted.checks
        && let Ok(fixed) = fix(&files, &limits, &linted.findings)
    {
        files.extend(fixed);
        assert!(check(&files, &limits).policy.is_some(), "what is fixed checks");
    }
});
