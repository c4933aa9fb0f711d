//! The engine against two references: the chain walked by other code, and plain Cedar over the
//! emitted files.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use placet_engine::{Call, Decision, Limits, Link, Outcome, Reason, Remedy, ids, policy_text};
use placet_tests::calls::{NEVER, decide};
use placet_tests::reference::{Reference, Verdict};
use placet_tests::worlds::{Caller, World};
use serde_json::{Value, json};

/// What happened over a run.
#[derive(Default)]
struct Tally {
    calls: usize,
    allowed: usize,
    reasons: BTreeMap<String, usize>,
    decided: BTreeMap<String, usize>,
    /// By kind: how often, and the shortest example.
    disagreements: BTreeMap<String, (usize, String)>,
}

/// Decides a call in all three ways.
fn compare(world: &World, reference: &Reference<'_>, value: &Value, tally: &mut Tally) {
    let bytes = serde_json::to_vec(value).unwrap();
    let call = Call::from_json(&bytes, &Limits::default())
        .unwrap_or_else(|error| panic!("the generator made no call: {error}\n{value:#}"));
    let decision = world.engine.decide(&call);
    let reason = decision.reason.map(|reason| reason.to_string());
    let expected = reference.judge(value);
    let cedar = reference.cedar(value);
    let explain = |what: &str| {
        format!(
            "{what}\n== policy\n{}\n== call\n{value:#}\n== engine: {reason:?}\n{:#?}\n== reference: \
             {:?}\n{}\n== plain Cedar: {cedar:#?}",
            world.text(),
            world.engine.explain(&call),
            expected.reason,
            expected.story,
        )
    };
    let mut found = Vec::new();
    if reason != expected.reason {
        found.push(format!("engine {reason:?}, reference {:?}", expected.reason));
    }
    if decision.is_allow() != reason.is_none() {
        found.push(String::from("an allow with a reason"));
    }
    if tally.calls.is_multiple_of(4) {
        found.extend(explanation(world, &call, &decision));
    }
    if reason == expected.reason {
        found.extend(differences(&decision, &expected, value));
    }
    match &cedar {
        Err(error) => found.push(format!("no request: {error}")),
        Ok(None) if decision.is_allow() => found.push(String::from("allowed without a request")),
        Ok(None) => {}
        Ok(Some(answer)) => {
            if !answer.errors.is_empty() {
                found.push(format!("Cedar errs: {:?}", answer.errors));
            }
            if answer.allow != decision.is_allow() {
                found.push(format!("Cedar {}, engine {reason:?}", answer.allow));
            }
            for id in &answer.decided {
                *tally.decided.entry(id.clone()).or_default() += 1;
            }
        }
    }
    for what in found {
        let message = explain(&what);
        let (count, shortest) = tally.disagreements.entry(what).or_default();
        *count += 1;
        if shortest.is_empty() || message.len() < shortest.len() {
            *shortest = message;
        }
    }
    tally.calls += 1;
    tally.allowed += usize::from(decision.is_allow());
    *tally.reasons.entry(reason.unwrap_or_else(|| String::from("allow"))).or_default() += 1;
}

/// What the decision says beside its reason, against the reference.
fn differences(decision: &Decision, expected: &Verdict, call: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let rules: BTreeSet<String> = decision.rules.iter().map(|rule| rule.id.clone()).collect();
    if rules != expected.rules {
        found.push(String::from("the rules differ"));
    }
    let lacking = matches!(
        decision.link,
        Some(Link::Authentication | Link::Scope | Link::Consent | Link::Confirmation)
    );
    let alternatives: Vec<(String, String, Vec<String>)> = decision
        .alternatives
        .iter()
        .map(|one| {
            let lacks = one.lacks.iter().map(|lack| lack.reason.to_string()).collect();
            (one.rule.clone(), one.capability.clone(), lacks)
        })
        .collect();
    if lacking && alternatives != expected.alternatives {
        found.push(String::from("the alternatives differ"));
    }
    if let Some(Remedy::InsufficientScope { scopes }) = &decision.remedy {
        let least = expected.needs.iter().map(BTreeSet::len).min();
        if !expected.needs.contains(scopes) || Some(scopes.len()) != least {
            found.push(format!("the challenge is {scopes:?}, not of {:?}", expected.needs));
        }
    }
    if decision.is_allow() && !expected.receipts.contains(&decision.receipt) {
        found.push(format!("rests on {:?}, not {:?}", decision.receipt, expected.receipts));
    }
    if !decision.is_allow() && decision.receipt.is_some() {
        found.push(String::from("a denial rests on a receipt"));
    }
    if let Some(Remedy::Reauthenticate { acr_values, max_age }) = &decision.remedy
        && expected.login != Some((acr_values.clone(), *max_age))
    {
        found.push(format!("asks for {:?}, not {:?}", decision.remedy, expected.login));
    }
    if let Some(Remedy::Confirm { operation, within }) = &decision.remedy
        && expected.confirm != Some((operation.to_string(), *within))
    {
        found.push(String::from("asks for another confirmation"));
    }
    if decision.consume != expected.consume {
        found.push(format!("consumes {:?}, not {:?}", decision.consume, expected.consume));
    }
    let scopes = call["credential"]["scopes"].as_array().cloned().unwrap_or_default();
    let scopes: BTreeSet<String> =
        scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if decision.link > Some(Link::Credential) && decision.holds != scopes {
        found.push(format!("holds {:?}", decision.holds));
    }
    let wanted = match decision.link {
        Some(Link::Registration) => "review",
        Some(Link::Authentication) => "login",
        Some(Link::Confirmation) => "confirm",
        // No other key helps where keys are not accepted from.
        _ if decision.reason == Some(Reason::CredentialNetwork) => "none",
        // There is no token to get for a local server.
        Some(Link::Credential) if call["server"] == "local:disk" => "none",
        Some(Link::Credential) => "token",
        Some(Link::Scope) => "scope",
        Some(Link::Consent) => "consent",
        _ => "none",
    };
    let remedy = match &decision.remedy {
        None => "none",
        Some(Remedy::Review { .. }) => "review",
        Some(Remedy::Reauthenticate { .. }) => "login",
        Some(Remedy::Confirm { .. }) => "confirm",
        Some(Remedy::InvalidToken) => "token",
        Some(Remedy::InsufficientScope { .. }) => "scope",
        Some(Remedy::Consent { .. }) => "consent",
    };
    if wanted != remedy {
        found.push(format!("the remedy of {:?} is {remedy}, not {wanted}", decision.reason));
    }
    found
}

/// What the explanation says otherwise than the decision.
fn explanation(world: &World, call: &Call, decision: &Decision) -> Vec<String> {
    let explanation = world.engine.explain(call);
    let mut found = Vec::new();
    if explanation.decision != *decision {
        found.push(String::from("explained another decision"));
    }
    let links: Vec<Link> = explanation.links.iter().map(|one| one.link).collect();
    if links != Link::CHAIN {
        found.push(format!("explained {links:?}"));
    }
    let failed = explanation.links.iter().find(|one| one.outcome == Outcome::Failed);
    if failed.map(|one| one.link) != decision.link {
        found.push(format!("explained a failure at {:?}", failed.map(|one| one.link)));
    }
    let all_passed = explanation.links.iter().all(|one| one.outcome == Outcome::Passed);
    if decision.is_allow() != all_passed {
        found.push(String::from("explained an allow with a link that did not pass"));
    }
    let allowing: BTreeSet<&String> =
        explanation.allows.iter().filter(|one| one.lacks.is_empty()).map(|one| &one.rule).collect();
    let rules: BTreeSet<&String> = decision.rules.iter().map(|rule| &rule.id).collect();
    if decision.is_allow() && (allowing != rules || !explanation.denies.is_empty()) {
        found.push(format!("explained an allow by {allowing:?}"));
    }
    let denying: BTreeSet<&String> = explanation.denies.iter().map(|one| &one.rule).collect();
    // Where a requirement is unmet, what denies may be what would hold once it were met.
    let denied = decision.reason == Some(Reason::RuleDenied);
    if denied && explanation.requires.is_empty() && denying != rules {
        found.push(format!("explained a denial by {denying:?}"));
    }
    found
}

/// How many calls to make: `PLACET_CALLS`, or what fits into a test run.
fn calls(usual: usize) -> usize {
    std::env::var("PLACET_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Where the seeds start: `PLACET_SEED`, or 0.
fn first_seed() -> u64 {
    std::env::var("PLACET_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn report(name: &str, tally: &Tally) {
    println!("{name}: {} calls, {} allowed", tally.calls, tally.allowed);
    for (reason, count) in &tally.reasons {
        println!("  {count:7} {reason}");
    }
    for (count, example) in tally.disagreements.values() {
        println!("\n{count} times: {example}");
    }
    let kinds: Vec<_> = tally
        .disagreements
        .iter()
        .map(|(kind, (count, _))| format!("{count} times {kind}"))
        .collect();
    assert!(kinds.is_empty(), "{}", kinds.join("\n"));
}

#[test]
fn generated_worlds_agree() {
    let total = calls(20_000);
    let each = 80;
    let mut tally = Tally::default();
    for seed in first_seed().. {
        if tally.calls >= total {
            break;
        }
        let world = World::generate(seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed);
        for _ in 0..each {
            let call = caller.call();
            compare(&world, &reference, &call, &mut tally);
        }
    }
    report("generated worlds", &tally);
    assert!(tally.allowed * 100 >= tally.calls * 30, "too few calls are allowed");
    every_reason(&tally);
}

#[test]
fn every_policy_of_the_fixed_world_decides() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, first_seed().wrapping_add(1));
    let mut tally = Tally::default();
    for _ in 0..calls(6_000) {
        let call = caller.call();
        compare(&world, &reference, &call, &mut tally);
    }
    report("fixed world", &tally);
    for (id, count) in &tally.decided {
        println!("  {count:7} {id}");
    }
    let decided: BTreeSet<String> = tally.decided.keys().cloned().collect();
    assert_eq!(decided, reference.policy_ids(), "some policy never decides");
    assert!(tally.allowed * 100 >= tally.calls * 30, "too few calls are allowed");
    every_reason(&tally);
}

fn every_reason(tally: &Tally) {
    let expected = Reason::ALL.iter().filter(|reason| !NEVER.contains(reason));
    let missing: Vec<&Reason> =
        expected.filter(|reason| !tally.reasons.contains_key(reason.as_str())).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
}

/// A call that browses, which needs no scope and no consent.
fn browsing() -> Value {
    json!({
        "user": {"issuer": "https://login.example.com", "subject": "alice"},
        "client": {"id": "https://cursor.example/c.json", "issuer": null,
                   "registration": "metadata_document", "status": "approved"},
        "server": "https://mcp.example.com/alpha", "operation": "tools/call",
        "target": "API-get-user", "arguments": {"path": "/srv/x"},
        "credential": {"kind": "oauth", "issuer": "https://login.example.com",
                       "audience": ["https://mcp.example.com/alpha"], "subject": "alice",
                       "client_id": "https://cursor.example/c.json", "scopes": [],
                       "issued_at": 1_790_000_000, "expires_at": 1_790_000_600},
        "receipts": [], "now": 1_790_000_000,
    })
}

/// `credential.lifetime` is the last of its link.
#[test]
fn a_token_without_expiry_is_named_last() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    for (field, value, reason) in [
        ("issued_at", json!(1_790_000_001), "credential.not-yet-valid"),
        ("subject", json!("mallory"), "credential.subject"),
        ("client_id", json!("https://evil.example/c.json"), "credential.client"),
    ] {
        let mut call = browsing();
        call["credential"][field] = value;
        call["credential"]["expires_at"] = Value::Null;
        let bytes = serde_json::to_vec(&call).unwrap();
        let call = Call::from_json(&bytes, &Limits::default()).unwrap();
        let decision = world.engine.decide(&call);
        assert_eq!(decision.reason.map(Reason::as_str), Some(reason));
    }
}

#[test]
fn a_local_server_asks_for_no_token() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let mut call = browsing();
    call["server"] = json!("local:disk");
    call["target"] = json!("read_file");
    call["credential"] = Value::Null;
    let bytes = serde_json::to_vec(&call).unwrap();
    let call = Call::from_json(&bytes, &Limits::default()).unwrap();
    let decision = world.engine.decide(&call);
    assert_eq!(decision.reason, Some(Reason::CredentialMissing));
    assert_eq!(decision.remedy, None);
}

/// A key that lasts 90 seconds is no longer good when they are over.
#[test]
fn a_key_ends_with_its_last_second() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, 3);
    let mut call = loop {
        let call = caller.hopeful();
        if call["credential"]["kind"] == "api_key" && decide(&world.engine, &call).is_allow() {
            break call;
        }
    };
    for (age, allowed) in [(89, 1), (90, 0), (91, 0)] {
        let mut tally = Tally::default();
        call["credential"]["issued_at"] = json!(call["now"].as_i64().unwrap() - age);
        compare(&world, &reference, &call, &mut tally);
        report("a key", &tally);
        assert_eq!(tally.allowed, allowed, "{age}");
    }
}

/// The example above is good but for what is changed in it.
#[test]
fn the_example_is_allowed() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut tally = Tally::default();
    compare(&world, &reference, &browsing(), &mut tally);
    report("the example", &tally);
    assert_eq!(tally.allowed, 1);
}

/// One text with every policy, as a user gets it: static, named and accepted by Cedar's strict
/// validator.
#[test]
fn the_emitted_files_are_what_cedar_takes() {
    let mut worlds: Vec<World> = (0..40).filter_map(|seed| World::generate(seed).ok()).collect();
    worlds.extend(World::fixed());
    assert_eq!(worlds.len(), 41);
    for world in worlds {
        let cedar = &world.content.cedar;
        let (schema, warnings) = Schema::from_cedarschema_str(&cedar.schema).unwrap();
        assert_eq!(warnings.count(), 0, "{}", cedar.schema);
        let all: PolicySet = policy_text(cedar).parse().unwrap();
        let ids: BTreeSet<String> =
            all.policies().filter_map(|one| one.annotation("id").map(str::to_owned)).collect();
        let known: BTreeSet<String> = cedar.policies.keys().cloned().collect();
        assert_eq!(ids, known);
        assert_eq!(all.policies().count(), known.len());
        assert_eq!(all.templates().count(), 0);
        let result = Validator::new(schema).validate(&all, ValidationMode::Strict);
        let errors: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{}", world.text());
        // This engine tells groups by claims; others go by the entities.
        for (name, group) in &world.content.groups {
            let mut entities = cedar.entities.iter();
            let entity = entities.find(|one| one.uid.id == ids::group(name)).unwrap();
            let parents: BTreeSet<&str> =
                entity.parents.iter().map(|one| one.id.as_str()).collect();
            let within: BTreeSet<String> = group.within.iter().map(|one| ids::group(one)).collect();
            assert!(within.iter().map(String::as_str).eq(parents), "{name}");
        }
    }
}
