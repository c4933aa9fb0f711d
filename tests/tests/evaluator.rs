//! The engine's own evaluation of Cedar's conditions against Cedar's authorizer over all policies:
//! conditions of every form, those that only Cedar can evaluate and those that err among them.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use placet_engine::bundle::{self, Content};
use placet_engine::{Engine, Limits, Reason};
use placet_tests::calls::{decide, world};
use placet_tests::reference::Reference;
use placet_tests::worlds::Caller;

/// What a policy may say of every call, in Cedar.
const CONDITIONS: &[&str] = &[
    "true",
    "context.now < 1790000000",
    "context.now <= 1790000000",
    "context.now > 1790000000",
    "context.now >= 1790000000",
    "1790000000 == context.now",
    "context.now != 1790000000",
    "[1790000000, 1790000001].contains(context.now)",
    "context has user",
    "!(context has user)",
    "context has user && context.user.subject == \"alice\"",
    "context has user && context.user.subject like \"*l*e\"",
    "context has user && context.user.subject like \"*\\\\*\\*\"",
    "context has user && context.token has subject && context.user.subject == context.token.subject",
    "if context has user then context.user.issuer == \"https://login.example.com\" else true",
    "if context.token has acr then context.token.acr == \"phr\" else false",
    "context.token has audience",
    "context.token has audience && context.token.audience.contains(\"https://mcp.example.com/alpha\")",
    "context.token has age && context.token.age < 600",
    "context.token has auth_age && context.token.auth_age <= 600 || context.token has lifetime",
    "context.token has issued_at && context.token has expires_at && \
     context.token.issued_at < context.token.expires_at",
    "context.token.kind == \"api_key\" || (context.token.kind == \"local\" || false)",
    "[\"oauth\", \"local\"].contains(context.token.kind)",
    "context.client has issuer",
    "context.client has domain && context.client.domain == \"cursor.example\"",
    "context.client has metadata_digest && context.client.metadata_digest like \"sha256-a*\"",
    "context.client.status != \"approved\"",
    "context.client.registration == \"dynamic\"",
    "context.client.entity in ClientGroup::\"admitted\"",
    "context.client.entity in ClientGroup::\"nobody\"",
    "context.client.entity == Client::\"client:https://cursor.example/c.json\"",
    "Client::\"client:https://cursor.example/c.json\" == context.client.entity",
    "context.client.entity == Client::\"client:https://unknown.example/c.json\"",
    "context.call has confirmation_age && context.call.confirmation_age < 60",
    "context.call has address",
    "context.call has address && context.call.address.isIpv4()",
    "context.call has address && context.call.address.isInRange(ip(\"10.0.0.0/8\"))",
    "context.call has address && !context.call.address.isInRange(ip(\"2001:db8::/32\"))",
    "context.call has address && context.call.address.isInRange(ip(\"10.0.0.7/8\"))",
    "context.call has address && context.call.address.isInRange(ip(\"10.0.0.1\"))",
    "context.call has address && context.call.address == ip(\"10.0.0.1\")",
    "context.call has address && context.call.address != ip(\"10.0.0.0/8\")",
    "context.scopes.contains(\"edit\")",
    "context.scopes.containsAll([\"view\", \"edit\"])",
    "context.scopes.containsAny([\"view\", \"edit\"])",
    "context.scopes == [\"view\"]",
    "context.scopes.isEmpty()",
    "action in Action::\"access:write\"",
    "action in [Action::\"access:destructive\", Action::\"access:write\"]",
    "principal is User",
    "principal is Machine || context.now < 0",
    "principal in Group::\"group:staff\"",
    "principal in Group::\"group:staff\" || principal == User::\"user:https://login.example.com#alice\"",
    "principal in Group::\"group:staff\" && context.now > 0",
    "principal in Group::\"staff\"",
    "principal == User::\"user:https://login.example.com#alice\" || principal is Machine",
    "resource == Server::\"server:alpha\"",
    // Overflows.
    "context.now * 9223372036854775807 > 0",
    "context.now + 9223372036854775807 > 0 || context has user",
    "context has user || context.now + 9223372036854775807 > 0",
    "context has user && context.now + 9223372036854775807 > 0",
    "principal in Group::\"group:staff\" && context.now + 9223372036854775807 > 0",
    "if context.token.kind == \"oauth\" then context.now + 9223372036854775807 > 0 else false",
];

const SCOPES: &[&str] = &[
    "principal, action, resource",
    "principal is User, action, resource",
    "principal is Machine, action in Action::\"access:read\", resource",
    "principal in Group::\"group:eng\", action, resource == Server::\"server:alpha\"",
    "principal is User in Group::\"group:eng\", action, resource",
    "principal == User::\"user:https://login.example.com#alice\", action, resource is Server",
];

fn load(content: &Content) -> Engine {
    let bytes = bundle::write(content).unwrap();
    Engine::load(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A policy that the chain knows nothing of turns an answer of Cedar's into `evaluation.error`, or
/// makes no difference: so the engine's decision tells what it took Cedar's answer to be.
#[test]
fn every_form_of_condition_means_what_it_means_to_cedar() {
    let world = world();
    let usual = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &usual, 31);
    let calls: Vec<_> = (0..120).map(|_| caller.call()).collect();
    let before: Vec<_> = calls.iter().map(|call| decide(&world.engine, call)).collect();
    let (mut turned, mut erred, mut kept) = (0_usize, 0_usize, 0_usize);
    let everywhere = SCOPES.first().unwrap();
    let mut cases: Vec<String> = CONDITIONS
        .iter()
        .map(|condition| format!("forbid ({everywhere}) when {{ {condition} }};"))
        .collect();
    for scope in SCOPES {
        cases.push(format!("forbid ({scope});"));
        cases.push(format!("forbid ({scope}) unless {{ context.now < 0 }};"));
        cases.push(format!("permit ({scope}) when {{ context.client.status == \"approved\" }};"));
    }
    for text in cases {
        let mut content = world.content.clone();
        content.cedar.policies.insert(String::from("zz"), text.clone());
        let engine = load(&content);
        let reference = Reference::new(&world.policy, &content).unwrap();
        for (call, before) in calls.iter().zip(&before) {
            let after = decide(&engine, call);
            let about = || format!("{text}\n{call:#}\n{before:#?}\n{after:#?}");
            let Some(cedar) = reference.cedar(call).unwrap() else {
                assert_eq!(after.reason, before.reason, "{}", about());
                continue;
            };
            let detail = after.detail.clone().unwrap_or_default();
            assert!(!detail.starts_with("the slice says"), "{}", about());
            if !cedar.errors.is_empty() {
                erred = erred.saturating_add(1);
                assert_eq!(after.reason, Some(Reason::EvaluationError), "{}", about());
                assert!(cedar.errors.contains(&detail), "{}", about());
            } else if cedar.allow != before.is_allow() {
                turned = turned.saturating_add(1);
                assert_eq!(after.reason, Some(Reason::EvaluationError), "{}", about());
                assert!(detail.contains("this is a defect"), "{}", about());
            } else {
                kept = kept.saturating_add(1);
                assert_eq!(after.reason, before.reason, "{}", about());
            }
        }
    }
    println!("turned {turned}, erred {erred}, kept {kept}");
    assert!(turned > 500 && erred > 100 && kept > 1_000);
}

#[test]
fn threads_share_an_engine() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let world = world();
    shared(&world.engine);
    let usual = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &usual, 32);
    let calls: Vec<_> = (0..100).map(|_| caller.call()).collect();
    let alone: Vec<_> = calls.iter().map(|call| decide(&world.engine, call)).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let engine = world.engine.clone();
            let (calls, alone) = (&calls, &alone);
            scope.spawn(move || {
                for (call, alone) in calls.iter().zip(alone) {
                    assert_eq!(decide(&engine, call), *alone);
                }
            });
        }
    });
}
