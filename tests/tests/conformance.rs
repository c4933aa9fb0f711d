//! The conformance cases of `spec/conformance`, as the native engine and the reference answer them.
//! `PLACET_UPDATE=1` compiles their bundles again.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says what it found")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use placet_engine::bundle::{self, Content};
use placet_engine::{Call, ConsentRequest, Engine, Limits, Reason, RegistrationRequest};
use placet_language::lock::{self, Lock};
use placet_language::{Policy, check, compile, lower};
use placet_tests::conformance::{self, Question, files, folder, names};
use placet_tests::reference::Reference;
use serde_json::{Value, json};

/// The policy in a folder.
fn policy(name: &str) -> Policy {
    let folder = folder().join("policies").join(name);
    let read = |file: &str| Some((file.to_owned(), fs::read_to_string(folder.join(file)).ok()?));
    let files: BTreeMap<String, String> =
        ["policy.placet", "catalogue.json", lock::FILE].into_iter().filter_map(read).collect();
    let checked = check(&files, &placet_language::Limits::default());
    assert!(checked.diagnostics.is_empty(), "{name}: {:?}", checked.diagnostics);
    checked.policy.unwrap()
}

/// A bundle that contradicts itself: Cedar forbids what the tables allow.
fn contradiction() -> Content {
    let mut content = lower(&policy("todo"));
    let forbid = String::from("forbid (principal, action, resource);");
    content.cedar.policies.insert(String::from("contradiction"), forbid);
    content
}

/// Of the policy that was, and then of the one that is.
#[test]
fn the_lock_is_current() {
    let before = Lock::take(&policy("history/before"), None);
    let folder = folder().join("policies/history");
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let files = ["policy.placet", "catalogue.json"].map(|file| (file.to_owned(), read(file)));
    let after = check(&BTreeMap::from(files), &placet_language::Limits::default()).policy.unwrap();
    let current = lock::write(&Lock::take(&after, Some(&before)));
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(folder.join(lock::FILE), current).unwrap();
    } else {
        assert!(read(lock::FILE) == current, "it is stale: run the tests with PLACET_UPDATE=1");
    }
}

#[test]
fn the_bundles_are_current() {
    for name in names(&folder().join("policies")) {
        let current = match name.as_str() {
            "contradiction" => bundle::write(&contradiction()).unwrap(),
            name => compile(&policy(name)).unwrap(),
        };
        let path = folder().join("policies").join(&name).join("policy.bundle");
        if std::env::var_os("PLACET_UPDATE").is_some() {
            fs::write(path, current).unwrap();
        } else {
            let there = fs::read(path).unwrap_or_default();
            assert!(there == current, "`{name}` is stale: run the tests with PLACET_UPDATE=1");
        }
    }
}

fn engine(policy: &str) -> Engine {
    Engine::load(&conformance::bundle(policy), &Limits::default()).unwrap()
}

/// What the engine says, as JSON.
fn answer(engine: &Engine, question: &Question) -> Value {
    let limits = Limits::default();
    match question {
        Question::Call(text) => match Call::from_json(text.as_bytes(), &limits) {
            Err(_) => json!({"error": true}),
            Ok(call) => json!(engine.decide(&call)),
        },
        Question::Registration(text) => {
            match RegistrationRequest::from_json(text.as_bytes(), &limits) {
                Err(_) => json!({"error": true}),
                Ok(request) => json!(engine.decide_registration(&request)),
            }
        }
        Question::Consent(text) => match ConsentRequest::from_json(text.as_bytes(), &limits) {
            Err(_) => json!({"error": true}),
            Ok(request) => json!(engine.decide_consent(&request)),
        },
    }
}

#[test]
fn every_case_is_answered_as_it_says() {
    let mut wrong = Vec::new();
    for (name, file) in files() {
        let engine = engine(&file.policy);
        for case in &file.cases {
            let answer = answer(&engine, &file.question(case));
            wrong.extend(case.wrong(&answer).into_iter().map(|what| format!("{name}, {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The reference shares no code with the engine, so it holds what a case expects to the specification.
#[test]
fn the_reference_agrees_with_every_case() {
    let mut judged = 0;
    for (name, file) in files() {
        // The reference knows no history: `history.rs` tries that by other means.
        if ["contradiction", "history"].contains(&file.policy.as_str()) {
            continue;
        }
        let policy = policy(&file.policy);
        let content = lower(&policy);
        let reference = Reference::new(&policy, &content).unwrap();
        for case in &file.cases {
            let Question::Call(text) = file.question(case) else { continue };
            // Only texts with one meaning are for the reference.
            let Ok(call) = placet_engine::parse_json(text.as_bytes()) else { continue };
            if case.expect.get("error").is_none() {
                let reason = reference.judge(&call).reason;
                assert_eq!(json!(reason), case.expect["reason"], "{name}, {}", case.name);
                judged += 1;
            }
        }
    }
    assert!(judged > 150, "{judged}");
}

#[test]
fn every_reason_has_a_case_and_every_case_a_source() {
    let (mut reasons, mut policies) = (BTreeSet::new(), BTreeSet::new());
    for (name, file) in files() {
        assert_eq!(file.schema, "../../case.schema.json", "{name}");
        assert!(!file.about.is_empty(), "{name}");
        let mut seen = BTreeSet::new();
        for case in &file.cases {
            assert!(seen.insert(&case.name), "{name}: `{}` stands twice", case.name);
            assert!(!case.source.is_empty(), "{name}, {}", case.name);
            let decided = ["decision", "reason"].iter().all(|one| case.expect.get(one).is_some());
            assert!(decided || case.expect == json!({"error": true}), "{name}, {}", case.name);
            reasons.extend(case.expect.get("reason").and_then(Value::as_str).map(str::to_owned));
        }
        policies.insert(file.policy);
    }
    let missing: Vec<&Reason> =
        Reason::ALL.iter().filter(|reason| !reasons.contains(reason.as_str())).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let there: BTreeSet<String> = names(&folder().join("policies")).into_iter().collect();
    assert_eq!(policies, there, "a policy without cases");
}
