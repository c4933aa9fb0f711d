//! The component in wasmtime: it imports nothing, answers as the library does, and does not outlast its
//! limits. `engine/wasm/build` makes it first.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::LazyLock;

use placet_engine::{Call, Engine, Limits, ProtectedResource, Record};
use placet_host::judge::{self, CallErrorKind, LoadErrorKind};
use placet_host::{Component, HostError, HostLimits, Instance, call_from_json, calls, verify};
use placet_tests::conformance::{self, Question};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};
use serde_json::{Value, json};

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wasm/placet.wasm");
    std::fs::read(file).unwrap_or_else(|error| panic!("run `engine/wasm/build` first: {error}"))
});

static COMPONENT: LazyLock<Component> =
    LazyLock::new(|| Component::new(&BYTES, HostLimits::default()).unwrap());

fn bundle() -> Vec<u8> {
    conformance::bundle("office")
}

/// A call of the conformance cases that the office's policy allows, and that policy.
fn allowed() -> (Engine, String) {
    let engine = Engine::load(&bundle(), &Limits::default()).unwrap();
    let call = calls(&engine, 100_000).into_iter().map(|call| call.to_string()).find(|text| {
        let call = Call::from_json(text.as_bytes(), &Limits::default());
        call.is_ok_and(|call| engine.decide(&call).is_allow())
    });
    (engine, call.unwrap())
}

#[test]
fn it_imports_nothing_and_exports_one_interface() {
    let engine = wasmtime::Engine::default();
    let component = wasmtime::component::Component::new(&engine, &*BYTES).unwrap();
    let kind = component.component_type();
    let imports: Vec<_> = kind.imports(&engine).map(|(name, _)| name.to_owned()).collect();
    let exports: Vec<_> = kind.exports(&engine).map(|(name, _)| name.to_owned()).collect();
    assert_eq!(imports, [""; 0]);
    assert_eq!(exports, ["placet:engine/judge@0.1.0"]);
}

#[test]
fn a_component_that_imports_something_is_refused() {
    // (component (import "clock" (func)))
    let clock = b"\0asm\x0d\0\x01\0\x07\x05\x01\x40\0\x01\0\x0a\x0a\x01\0\x05clock\x01\0";
    let error = Component::new(clock, HostLimits::default()).err();
    let message = error.unwrap().to_string();
    assert!(message.contains("`clock`"), "{message}");
    for nothing in [&b""[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"] {
        let error = Component::new(nothing, HostLimits::default()).err();
        assert!(matches!(error, Some(HostError::Component(_))), "{error:?}");
    }
}

#[test]
fn it_says_what_it_is() {
    let version = COMPONENT.version().unwrap();
    assert_eq!(version.engine, env!("CARGO_PKG_VERSION"));
    assert_eq!(version.bundle_format, placet_engine::bundle::FORMAT);
    assert_eq!(version.edition, placet_engine::bundle::EDITION);
}

fn ask(instance: &mut Instance, question: &Question) -> Result<String, HostError> {
    match question {
        Question::Call(text) => instance.decide_json(text),
        Question::Registration(text) => instance.decide_registration_json(text),
        Question::Consent(text) => instance.decide_consent_json(text),
    }
}

#[test]
fn every_conformance_case_is_answered_as_it_says() {
    let (mut judged, mut wrong) = (0, Vec::new());
    for (name, file) in conformance::files() {
        let mut instance = COMPONENT.load(&conformance::bundle(&file.policy)).unwrap();
        for case in &file.cases {
            let answer = match ask(&mut instance, &file.question(case)) {
                Ok(answer) => serde_json::from_str(&answer).unwrap(),
                Err(HostError::Call(_)) => json!({"error": true}),
                Err(error) => panic!("{name}, {}: {error}", case.name),
            };
            wrong.extend(case.wrong(&answer).into_iter().map(|what| format!("{name}, {what}")));
            judged += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 150, "{judged}");
}

/// `PLACET_WORLDS` policies with `PLACET_CALLS` calls each.
#[test]
fn generated_calls_are_decided_alike_byte_for_byte() {
    let number = |name: &str, otherwise| {
        std::env::var(name).map_or(otherwise, |text| text.parse::<u64>().unwrap())
    };
    let (worlds, each) = (number("PLACET_WORLDS", 12), number("PLACET_CALLS", 150));
    let (mut judged, mut allowed) = (0, 0);
    for seed in 0..worlds {
        let world = World::generate(seed).unwrap();
        let bundle = placet_engine::bundle::write(&world.content).unwrap();
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed ^ 0x5A5A);
        let calls: Vec<Value> = (0..each).map(|_| caller.call()).collect();
        let mut instance = COMPONENT.load(&bundle).unwrap();
        let verified = verify(&world.engine, &mut instance, &calls)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        judged += verified.calls;
        allowed += verified.allowed;
    }
    assert_eq!(judged as u64, worlds * each);
    assert!(allowed * 10 >= judged * 3, "{allowed} of {judged} allowed");
}

/// What `placet verify` asks, of every policy of the conformance cases.
#[test]
fn calls_made_from_a_bundle_meet_its_rules() {
    let mut reasons = std::collections::BTreeSet::new();
    for name in conformance::names(&conformance::folder().join("policies")) {
        let bundle = conformance::bundle(&name);
        let engine = Engine::load(&bundle, &Limits::default()).unwrap();
        let calls = calls(&engine, 2_000);
        assert!(calls.len() > 30 && calls.len() <= 2_000, "{name}: {}", calls.len());
        let mut instance = COMPONENT.load(&bundle).unwrap();
        let verified = verify(&engine, &mut instance, &calls).unwrap();
        // What `history` asks of arguments is not hit upon by probing, and `contradiction` allows nothing.
        let is_hard = ["contradiction", "history"].contains(&name.as_str());
        assert!(verified.allowed > 0 || is_hard, "{name}: {verified:?}");
        reasons.extend(verified.reasons);
    }
    assert!(reasons.len() >= 20, "{reasons:?}");
}

#[test]
fn the_rest_of_the_interface_says_what_the_library_says() {
    let (engine, text) = allowed();
    let mut instance = COMPONENT.load(&bundle()).unwrap();
    assert_eq!(instance.policy().unwrap(), engine.digest().as_str());
    let limits = Limits::default();
    let call = Call::from_json(text.as_bytes(), &limits).unwrap();
    let record = call_from_json(text.as_bytes(), &limits).unwrap();

    let tools = engine.visible_tools(&call);
    let json = serde_json::to_string(&tools).unwrap();
    assert_eq!(instance.visible_tools_json(&text).unwrap(), json);
    let seen = instance.visible_tools(&record).unwrap();
    let seen: Vec<_> = seen.iter().map(|tool| (&tool.tool, &tool.reason, &tool.example)).collect();
    let example = |tool: &placet_engine::ToolVisibility| {
        tool.example.as_ref().map(|example| serde_json::to_string(example).unwrap())
    };
    let examples: Vec<_> = tools.iter().map(example).collect();
    let reasons: Vec<_> =
        tools.iter().map(|tool| tool.reason.map(|reason| reason.as_str().to_owned())).collect();
    let expected: Vec<_> = tools
        .iter()
        .zip(reasons.iter().zip(&examples))
        .map(|(tool, (reason, example))| (&tool.tool, reason, example))
        .collect();
    assert_eq!(seen, expected);

    let json = serde_json::to_string(&engine.explain(&call)).unwrap();
    assert_eq!(instance.explain_json(&text).unwrap(), json);

    let digest = engine.operation_digest(&call).unwrap();
    assert_eq!(instance.operation_digest(&record).unwrap(), digest.as_str());

    let mut poor = record.clone();
    let mut poor_call = call.clone();
    if let (
        Some(judge::Credential::Oauth(token)),
        Some(placet_engine::call::Credential::Oauth(same)),
    ) = (&mut poor.credential, &mut poor_call.credential)
    {
        token.scopes.clear();
        same.scopes.clear();
    }
    for (record, call) in [(&record, &call), (&poor, &poor_call)] {
        let decision = engine.decide(call);
        let answer = instance.decide(record).unwrap();

        let explanation = instance.explain(record).unwrap();
        let expected = engine.explain(call);
        let lacks: Vec<_> = explanation.allows.iter().map(|one| (&one.rule, &one.lacks)).collect();
        let expected_lacks: Vec<_> =
            expected.allows.iter().map(|one| (&one.rule, &one.lacks)).collect();
        assert_eq!(lacks, expected_lacks);
        let details: Vec<_> = explanation.links.iter().map(|link| &link.detail).collect();
        let expected_details: Vec<_> = expected.links.iter().map(|link| &link.detail).collect();
        assert_eq!(details, expected_details);

        let metadata = "https://office.example/.well-known/oauth-protected-resource";
        let server = judge::ProtectedResource {
            metadata: metadata.to_owned(),
            realm: Some(String::from("office")),
            scopes: Vec::new(),
        };
        let resource = ProtectedResource::new(metadata).unwrap().with_realm("office").unwrap();
        let challenge = instance.challenge(&server, &answer).unwrap();
        let challenge = challenge.map(|one| (one.status, one.www_authenticate));
        let expected = resource.challenge(&decision).unwrap();
        assert_eq!(challenge, expected.map(|one| (one.status, one.www_authenticate)));

        let event = instance.record(record, &answer, Some("request-1"), &[]).unwrap();
        let expected = Record::new(call, &decision).with_correlation("request-1");
        assert_eq!(event, serde_json::to_string(&expected).unwrap());
    }
}

#[test]
fn bad_bundles_and_calls_are_errors_that_say_what_they_are() {
    let good = bundle();
    let mut altered = good.clone();
    let at = altered.windows(7).position(|part| part == b"\"rules\"").unwrap();
    altered[at + 1] = b'R';
    for (bytes, kind) in [
        (&b""[..], LoadErrorKind::Unreadable),
        (&good[..good.len() / 2], LoadErrorKind::Unreadable),
        (&altered, LoadErrorKind::Altered),
    ] {
        match COMPONENT.load(bytes).err() {
            Some(HostError::Load(error)) => assert_eq!(error.kind, kind, "{}", error.message),
            other => panic!("{other:?}"),
        }
    }
    match COMPONENT.load_signed(&good, &[], 0).err() {
        Some(HostError::Load(error)) => assert_eq!(error.kind, LoadErrorKind::Signature),
        other => panic!("{other:?}"),
    }

    let (_, text) = allowed();
    let mut instance = COMPONENT.load(&good).unwrap();
    for bad in ["", "{}", "[]", "{\"client\": 1}", &format!("{text}}}"), "\u{0}"] {
        assert!(matches!(instance.decide_json(bad), Err(HostError::Call(_))), "{bad}");
    }
    let mut call = call_from_json(text.as_bytes(), &Limits::default()).unwrap();
    call.tool_digest = Some(String::from("md5-1"));
    call.target = "t".repeat(100_000);
    match instance.decide(&call) {
        Err(HostError::Call(error)) => {
            assert_eq!(error.kind, CallErrorKind::Unreadable, "{}", error.message);
        }
        other => panic!("{other:?}"),
    }
    call.tool_digest = None;
    match instance.decide(&call) {
        Err(HostError::Call(error)) => assert_eq!(error.kind, CallErrorKind::Limit),
        other => panic!("{other:?}"),
    }
    // No such error ends the instance.
    assert!(instance.decide_json(&text).unwrap().starts_with(r#"{"decision":"allow""#));
}

#[test]
fn deep_nesting_is_an_answer_and_no_trap() {
    let (engine, text) = allowed();
    let mut instance = COMPONENT.load(&bundle()).unwrap();
    for depth in [10, 63, 64, 65, 127, 128, 1_000, 100_000] {
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["arguments"] = json!("here");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let text = call.to_string().replace("\"here\"", &deep);
        let expected = match Call::from_json(text.as_bytes(), &Limits::default()) {
            Ok(call) => serde_json::to_string(&engine.decide(&call)).unwrap(),
            Err(error) => error.to_string(),
        };
        match instance.decide_json(&text) {
            Ok(answer) => assert_eq!(answer, expected, "{depth}"),
            Err(HostError::Call(error)) => assert_eq!(error.message, expected, "{depth}"),
            Err(error) => panic!("{depth}: {error}"),
        }
    }
}

#[test]
fn no_more_fuel_is_an_error_and_ends_the_instance() {
    let (_, text) = allowed();
    let starved = HostLimits { load_fuel: 10_000, ..HostLimits::default() };
    let starved = Component::new(&BYTES, starved).unwrap();
    assert!(matches!(starved.load(&bundle()).err(), Some(HostError::OutOfFuel)));
    let tired = HostLimits { call_fuel: 1_000, instances: 1, ..HostLimits::default() };
    let tired = Component::new(&BYTES, tired).unwrap();
    for _ in 0..3 {
        let mut instance = tired.load(&bundle()).unwrap();
        assert!(matches!(instance.decide_json(&text), Err(HostError::OutOfFuel)));
        assert!(matches!(instance.decide_json(&text), Err(HostError::Spent)));
        assert!(matches!(instance.policy(), Err(HostError::Spent)));
    }
}

#[test]
fn no_more_memory_is_an_error_and_ends_the_instance() {
    let narrow = HostLimits { memory_bytes: 24 << 20, instances: 1, ..HostLimits::default() };
    let narrow = Component::new(&BYTES, narrow).unwrap();
    let (_, text) = allowed();
    for _ in 0..3 {
        let mut instance = narrow.load(&bundle()).unwrap();
        assert!(instance.decide_json(&text).unwrap().contains("allow"));
        let large = " ".repeat(30 << 20);
        assert!(matches!(instance.decide_json(&large), Err(HostError::OutOfMemory)));
        assert!(matches!(instance.decide_json(&text), Err(HostError::Spent)));
    }
    assert!(matches!(narrow.load(&vec![b' '; 40 << 20]).err(), Some(HostError::OutOfMemory)));
}

#[test]
fn more_instances_than_there_may_be_are_an_error() {
    let one = HostLimits { instances: 1, ..HostLimits::default() };
    let one = Component::new(&BYTES, one).unwrap();
    let first = one.load(&bundle()).unwrap();
    assert!(matches!(one.load(&bundle()).err(), Some(HostError::NoInstance(_))));
    drop(first);
    one.load(&bundle()).unwrap();
}
