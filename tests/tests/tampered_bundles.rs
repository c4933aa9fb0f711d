//! Bundles whose Cedar and tables no longer say the same: wherever they disagree a call is denied.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeSet;

use placet_engine::bundle::{self, ApiKeys, Content, Credentials, Effect, Who};
use placet_engine::{BundleError, Decision, Engine, Limits, Reason};
use placet_tests::calls::{decide, world};
use placet_tests::reference::Reference;
use placet_tests::worlds::Caller;
use serde_json::json;

fn load(content: &Content) -> Result<Engine, BundleError> {
    Engine::load(&bundle::write(content).unwrap(), &Limits::default())
}

/// Judges calls by a content that was tampered with: wherever Cedar and the chain disagree the call
/// must be denied with `evaluation.error`, and all others as before.
fn tampered(what: &str, change: impl Fn(&mut Content), errs: impl Fn(&Decision) -> bool) {
    let world = world();
    let mut content = world.content.clone();
    change(&mut content);
    assert_ne!(content, world.content, "{what}: nothing changed");
    let engine = load(&content).unwrap_or_else(|error| panic!("{what}: {error}"));
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, 11);
    let (mut erred, mut same) = (0, 0);
    for _ in 0..600 {
        let call = caller.call();
        let before = decide(&world.engine, &call);
        let after = decide(&engine, &call);
        if errs(&before) {
            erred += 1;
            let expected = Some(Reason::EvaluationError);
            assert_eq!(after.reason, expected, "{what}\n{call:#}\n{before:#?}\n{after:#?}");
            assert!(!after.is_allow());
        } else {
            same += 1;
            assert_eq!(after.reason, before.reason, "{what}\n{call:#}\n{after:#?}");
        }
    }
    assert!(erred > 5 && same > 5, "{what}: {erred} erred, {same} did not");
}

fn without_policies(content: &mut Content, effect: &str) {
    content.cedar.policies.retain(|_, text| !text.contains(&format!("\n{effect} (")));
}

#[test]
fn where_cedar_and_the_chain_disagree_the_call_is_denied() {
    tampered("no permit", |content| without_policies(content, "permit"), Decision::is_allow);
    let all = |effect: &str, condition: &str| {
        format!("{effect} (principal, action, resource){condition};")
    };
    let add = |text: String| {
        move |content: &mut Content| {
            content.cedar.policies.insert(String::from("zz"), text.clone());
        }
    };
    tampered("a forbid of everything", add(all("forbid", "")), Decision::is_allow);
    // What no `forbid` stops, Cedar now allows.
    let stopped_by_the_chain = |decision: &Decision| {
        matches!(
            decision.reason,
            Some(
                Reason::RuleNone
                    | Reason::ScopeInsufficient
                    | Reason::ConsentNone
                    | Reason::ConsentExpired
                    | Reason::ConsentWithdrawn
                    | Reason::ConsentDrifted
                    | Reason::ConsentPurpose
            )
        )
    };
    let world = world();
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut open = world.content.clone();
    add(all("permit", ""))(&mut open);
    let engine = load(&open).unwrap();
    let mut caller = Caller::new(&world, &reference, 12);
    let mut erred = 0;
    for _ in 0..1_500 {
        let call = caller.call();
        let (before, after) = (decide(&world.engine, &call), decide(&engine, &call));
        assert_eq!(before.is_allow(), after.is_allow(), "{call:#}");
        if stopped_by_the_chain(&before) {
            // A `deny` that holds as well keeps Cedar at "deny".
            let error = after.reason == Some(Reason::EvaluationError);
            assert!(error || after.reason == before.reason, "{call:#}\n{after:#?}");
            erred += usize::from(error);
        } else {
            assert_eq!(before.reason, after.reason, "{call:#}");
        }
    }
    assert!(erred > 50, "{erred}");
}

#[test]
fn a_policy_whose_evaluation_errs_denies() {
    for effect in ["permit", "forbid"] {
        let text = format!(
            "{effect} (principal, action, resource) when {{ context.now + 9223372036854775807 < 0 }};"
        );
        let mut erred = 0;
        let world = world();
        let mut content = world.content.clone();
        content.cedar.policies.insert(String::from("zz"), text);
        let engine = load(&content).unwrap();
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, 13);
        for _ in 0..200 {
            let call = caller.call();
            let (before, after) = (decide(&world.engine, &call), decide(&engine, &call));
            assert!(!after.is_allow(), "{effect}: {call:#}\n{after:#?}");
            if before.is_allow() {
                erred += 1;
                assert_eq!(after.reason, Some(Reason::EvaluationError), "{call:#}\n{after:#?}");
            }
        }
        assert!(erred > 30, "{erred}");
    }
}

/// Tables that no longer fit Cedar: whatever happens, nothing is allowed that was denied.
#[test]
fn tables_that_say_more_than_cedar_open_nothing() {
    let world = world();
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    type Tamper = (&'static str, fn(&mut Content));
    let tampers: [Tamper; 15] = [
        ("no condition", |c| c.rules.values_mut().for_each(|rule| rule.when = None)),
        ("no where", |c| c.capabilities.values_mut().for_each(|one| one.condition = None)),
        ("no needs", |c| {
            c.capabilities
                .values_mut()
                .for_each(|one| one.needs = BTreeSet::from([BTreeSet::new()]));
        }),
        ("for anyone", |c| {
            c.rules.values_mut().for_each(|rule| rule.who = BTreeSet::from([Who::Anyone]));
        }),
        ("via any client", |c| c.rules.values_mut().for_each(|rule| rule.clients = None)),
        ("nothing read", |c| {
            let tools = c.servers.values_mut().flat_map(|server| server.tools.values_mut());
            tools.for_each(|tool| tool.reads = bundle::Reads::default());
        }),
        ("no deny", |c| {
            c.rules.retain(|_, rule| matches!(rule.effect, Effect::Allow { .. }));
        }),
        ("no requirement", |c| {
            c.rules.retain(|_, rule| !matches!(rule.effect, Effect::Require { .. }));
        }),
        ("confirmed for ever", |c| {
            for rule in c.rules.values_mut() {
                if matches!(rule.effect, Effect::Require { .. }) {
                    rule.when = Some(placet_engine::condition::Condition::All(Vec::new()));
                }
            }
        }),
        ("nothing pinned", |c| {
            c.servers.values_mut().for_each(|server| server.pin_clients = false);
            c.clients.values_mut().for_each(|client| client.metadata_digest = None);
        }),
        ("keys for everything", |c| {
            for server in c.servers.values_mut() {
                if let Credentials::Oauth { api_keys, .. } = &mut server.credentials {
                    *api_keys = Some(ApiKeys {
                        up_to: bundle::Access::Destructive,
                        networks: BTreeSet::new(),
                        lasts: None,
                        because: String::new(),
                    });
                }
            }
        }),
        ("consents for every client", |c| {
            c.terms.values_mut().for_each(|terms| terms.clients = None);
            c.rules.values_mut().for_each(|rule| rule.clients = None);
        }),
        ("machines too", |c| {
            c.rules.values_mut().for_each(|rule| {
                rule.who.extend([Who::Anyone, Who::Machine]);
            });
        }),
        ("under nothing", |c| {
            for rule in c.rules.values_mut() {
                if let Effect::Allow { under, .. } = &mut rule.effect {
                    *under = None;
                }
            }
        }),
        ("untyped", |c| {
            let tools = c.servers.values_mut().flat_map(|server| server.tools.values_mut());
            tools.for_each(|tool| tool.typed = false);
        }),
    ];
    for (what, tamper) in tampers {
        let mut content = world.content.clone();
        tamper(&mut content);
        assert_ne!(content, world.content, "{what}: nothing changed");
        let Ok(engine) = load(&content) else { continue };
        let mut caller = Caller::new(&world, &reference, 14);
        let mut errors = 0;
        for _ in 0..700 {
            let call = caller.call();
            let (before, after) = (decide(&world.engine, &call), decide(&engine, &call));
            errors += usize::from(after.reason == Some(Reason::EvaluationError));
            assert!(before.is_allow() || !after.is_allow(), "{what}: {call:#}\n{after:#?}");
        }
        assert!(errors > 0, "{what}: nothing disagreed");
    }
}

/// A `register` line that admits clients of more domains than Cedar does.
#[test]
fn a_table_that_admits_more_clients_than_cedar_opens_nothing() {
    let world = world();
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut content = world.content.clone();
    content.registrations = std::mem::take(&mut content.registrations)
        .into_iter()
        .map(|mut rule| {
            rule.domains.insert(String::from("evil.example"));
            rule
        })
        .collect();
    let engine = load(&content).unwrap();
    let mut caller = Caller::new(&world, &reference, 15);
    let mut errors = 0;
    while errors < 10 {
        let mut call = caller.hopeful();
        let registered = call["client"]["id"].as_str().is_some_and(|id| id.contains("app.example"));
        if !registered || !decide(&world.engine, &call).is_allow() {
            continue;
        }
        let evil = json!("https://evil.example/c.json");
        call["client"]["id"] = evil.clone();
        if call["user"].is_null() {
            call["credential"]["subject"] = evil.clone();
        }
        if call["credential"]["kind"] == "oauth" {
            call["credential"]["client_id"] = evil;
        }
        assert_eq!(decide(&world.engine, &call).reason, Some(Reason::UnknownClient));
        let after = decide(&engine, &call);
        assert!(!after.is_allow(), "{call:#}\n{after:#?}");
        errors += usize::from(after.reason == Some(Reason::EvaluationError));
    }
}
