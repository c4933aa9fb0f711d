//! Laws that hold of every policy, on generated worlds.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Effect, Otherwise};
use placet_engine::{Call, Engine, Lack, Limits, Reason, Remedy};
use placet_engine::{Link, bundle};
use placet_language::{check, compile, lower};
use placet_tests::calls::decide;
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, Random, World, beside};
use serde_json::{Value, json};

fn world(seed: u64) -> World {
    World::generate(seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

fn without(world: &World, unwanted: impl Fn(&str) -> bool) -> World {
    let kept = world.statements.iter().filter(|text| !unwanted(text)).cloned().collect();
    World::build(kept).unwrap_or_else(|error| panic!("{error}"))
}

fn parse(value: &Value) -> Option<Call> {
    Call::from_json(&serde_json::to_vec(value).unwrap(), &Limits::default()).ok()
}

/// Runs `law` on some calls for each of some worlds.
fn on_worlds(
    seeds: std::ops::Range<u64>,
    each: usize,
    mut law: impl FnMut(&World, &Reference<'_>, Vec<Value>),
) {
    for seed in seeds {
        let world = world(seed);
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed ^ 0xA5A5);
        let calls = (0..each).map(|_| caller.call()).collect();
        law(&world, &reference, calls);
    }
}

#[test]
fn without_rules_everything_is_denied() {
    on_worlds(1_000..1_015, 40, |world, _, calls| {
        let bare = without(world, |text| {
            ["allow", "deny", "require"].iter().any(|word| text.starts_with(word))
        });
        let only_denies = without(world, |text| text.starts_with("allow"));
        for call in calls {
            for other in [&bare, &only_denies] {
                let decision = decide(&other.engine, &call);
                assert!(!decision.is_allow(), "{call:#}");
                assert_ne!(decision.reason, Some(Reason::EvaluationError), "{call:#}");
            }
        }
    });
}

#[test]
fn another_deny_never_allows_more() {
    let mut turned = 0;
    on_worlds(2_000..2_020, 40, |world, _, calls| {
        let lax = without(world, |text| text.starts_with("deny"));
        let mut statements = world.statements.clone();
        statements.push(String::from("deny everything anyone, machine to access read"));
        let closed = World::build(statements).unwrap_or_else(|error| panic!("{error}"));
        for call in calls {
            let strict = decide(&world.engine, &call).is_allow();
            let without_denies = decide(&lax.engine, &call).is_allow();
            assert!(!strict || without_denies, "a deny allows\n{}\n{call:#}", world.text());
            assert!(!decide(&closed.engine, &call).is_allow(), "{}\n{call:#}", world.text());
            turned += usize::from(strict != without_denies);
        }
    });
    assert!(turned > 20, "the denies were of no account: {turned}");
}

/// The content as text, without where its rules stand.
fn without_sources(content: &bundle::Content) -> String {
    let mut content = content.clone();
    let nowhere = || bundle::Source { file: String::new(), line: 0 };
    content.rules.values_mut().for_each(|rule| rule.source = nowhere());
    content.registrations = content
        .registrations
        .into_iter()
        .map(|rule| bundle::RegisterRule { source: nowhere(), ..rule })
        .collect();
    for text in content.cedar.policies.values_mut() {
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("@source(")).collect();
        *text = kept.join("\n");
    }
    serde_json::to_string(&content).unwrap()
}

#[test]
fn order_and_files_make_no_difference() {
    on_worlds(3_000..3_020, 20, |world, _, calls| {
        let mut random = Random::new(world.statements.len() as u64);
        let usual = without_sources(&world.content);
        for round in 0..3 {
            let mut statements = world.statements.clone();
            random.shuffle(&mut statements);
            let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for statement in statements {
                let part = ["a.placet", "z.placet", "more/m.placet"][random.below(3)];
                parts.entry(part.to_owned()).or_default().push(statement);
            }
            parts
                .entry(String::from("a.placet"))
                .or_default()
                .push(String::from("use \"more/m.placet\""));
            parts.entry(String::from("more/m.placet")).or_default();
            let mut files = beside();
            for (name, statements) in parts {
                let depth = "../".repeat(name.matches('/').count());
                let mut text = statements.join("\n");
                for file in beside().keys() {
                    text = text.replace(&format!("\"{file}\""), &format!("\"{depth}{file}\""));
                }
                files.insert(name, format!("edition 2026\n{text}\n"));
            }
            let checked = check(&files, &placet_language::Limits::default());
            let policy = checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
            assert_eq!(without_sources(&lower(&policy)), usual, "round {round}\n{}", world.text());
            let bytes = compile(&policy).unwrap();
            assert_eq!(bytes, compile(&policy).unwrap(), "not deterministic");
            let engine = Engine::load(&bytes, &Limits::default()).unwrap();
            for call in &calls {
                let (one, other) = (decide(&world.engine, call), decide(&engine, call));
                assert_eq!(one.reason, other.reason, "{}\n{call:#}", world.text());
                assert_eq!(one.alternatives, other.alternatives, "{}\n{call:#}", world.text());
            }
        }
    });
}

#[test]
fn taking_away_never_allows_more() {
    let mut taken = 0;
    let mut mattered = 0;
    on_worlds(4_000..4_025, 40, |world, _, calls| {
        let names: Vec<&String> = world.policy.rules.keys().collect();
        let poorer: Vec<World> = names
            .iter()
            .filter(|name| {
                world.statements.iter().any(|text| text.starts_with(&format!("allow {name} ")))
            })
            .take(3)
            .map(|name| without(world, |text| text.starts_with(&format!("allow {name} "))))
            .collect();
        for call in calls {
            let before = decide(&world.engine, &call);
            let mut less: Vec<(Value, &Engine)> =
                poorer.iter().map(|world| (call.clone(), &world.engine)).collect();
            let scopes = call["credential"]["scopes"].as_array().cloned().unwrap_or_default();
            for index in 0..scopes.len() {
                let mut fewer = scopes.clone();
                fewer.remove(index);
                let mut call = call.clone();
                call["credential"]["scopes"] = json!(fewer);
                less.push((call, &world.engine));
            }
            let receipts = call["receipts"].as_array().cloned().unwrap_or_default();
            for (index, receipt) in receipts.iter().enumerate() {
                if receipt["withdrawn_at"].is_null() {
                    let mut fewer = receipts.clone();
                    fewer.remove(index);
                    let mut call = call.clone();
                    call["receipts"] = json!(fewer);
                    less.push((call, &world.engine));
                }
            }
            if !call["confirmation"].is_null() {
                let mut call = call.clone();
                call["confirmation"] = Value::Null;
                less.push((call, &world.engine));
            }
            for (call, engine) in less {
                let after = decide(engine, &call);
                taken += 1;
                mattered += usize::from(before.is_allow() != after.is_allow());
                assert!(before.is_allow() || !after.is_allow(), "{}\n{call:#}", world.text());
            }
        }
    });
    assert!(mattered * 20 > taken, "too little of what was taken mattered: {mattered} of {taken}");
}

/// Does what a remedy asks for; `false` where nothing can be done with the call alone.
fn follow(call: &mut Value, remedy: &Remedy, step: usize) -> bool {
    match remedy {
        Remedy::Review { .. } | Remedy::InvalidToken => false,
        Remedy::Reauthenticate { acr_values, .. } => {
            for time in ["issued_at", "auth_time"] {
                call["credential"][time] = call["now"].clone();
            }
            if let Some(preferred) = acr_values.first() {
                call["credential"]["acr"] = json!(preferred);
            }
            true
        }
        Remedy::Confirm { operation, .. } => {
            call["confirmation"] = json!({
                "id": format!("confirmed-{step}"), "operation": operation,
                "user": {"issuer": call["user"]["issuer"], "subject": call["user"]["subject"]},
                "given_at": call["now"],
            });
            true
        }
        Remedy::InsufficientScope { scopes } => {
            let held = call["credential"]["scopes"].as_array().cloned().unwrap_or_default();
            let held = held.iter().filter_map(Value::as_str).map(str::to_owned);
            let all: BTreeSet<String> = held.chain(scopes.iter().cloned()).collect();
            call["credential"]["scopes"] = json!(all);
            true
        }
        Remedy::Consent { terms, digest, purpose } => {
            let receipt = json!({
                "id": format!("fresh-{step}"), "terms": terms, "digest": digest,
                "user": {"issuer": call["user"]["issuer"], "subject": call["user"]["subject"]},
                "client": {"id": call["client"]["id"], "issuer": call["client"]["issuer"]},
                "server": call["server"], "purpose": purpose, "given_at": call["now"],
                "expires_at": null, "withdrawn_at": null,
            });
            let mut receipts = call["receipts"].as_array().cloned().unwrap_or_default();
            receipts.push(receipt);
            call["receipts"] = json!(receipts);
            call["purpose"] = json!(purpose);
            true
        }
    }
}

/// Whether a withdrawal is so late that it voids a receipt given now.
fn withdrawn_now(call: &Value) -> bool {
    let receipts = call["receipts"].as_array().cloned().unwrap_or_default();
    receipts.iter().any(|receipt| receipt["withdrawn_at"].as_i64() >= call["now"].as_i64())
}

/// Whether a call would rest on two consents and have to state another purpose: what one of them is
/// given for may be no purpose of the other.
fn is_torn(world: &World, call: &Value, lacks: &[Lack]) -> bool {
    let asks = world.policy.rules.values().any(|rule| {
        matches!(&rule.effect, Effect::Require { otherwise: Some(Otherwise::Ask { .. }), .. })
    });
    asks && lacks.iter().any(|lack| match &lack.remedy {
        Remedy::Consent { purpose, .. } => call["purpose"] != json!(purpose),
        _ => false,
    })
}

#[test]
fn remedies_end_in_an_allow() {
    let mut followed = [0_usize; 4];
    on_worlds(5_000..5_060, 80, |world, _, calls| {
        for call in calls {
            let first = decide(&world.engine, &call);
            let links = [Link::Authentication, Link::Scope, Link::Consent, Link::Confirmation];
            let link = links.iter().position(|link| first.link == Some(*link));
            let Some(link) = link.filter(|_| !withdrawn_now(&call)) else { continue };
            if first.alternatives.iter().any(|one| is_torn(world, &call, &one.lacks)) {
                continue;
            }
            followed[link] += 1;
            // One remedy after the other, each that of the latest denial.
            let mut mended = call.clone();
            let mut decision = first.clone();
            let mut steps = 0;
            while let Some(remedy) = decision.remedy.clone() {
                steps += 1;
                if steps > 6 || !follow(&mut mended, &remedy, steps) {
                    break;
                }
                decision = decide(&world.engine, &mended);
            }
            assert!(
                decision.is_allow(),
                "{}\n{call:#}\n{first:#?}\nafter {steps} steps\n{mended:#}\n{decision:#?}",
                world.text()
            );
            // All that the chosen candidate lacks, at once; and so for each of the others.
            for alternative in &first.alternatives {
                let mut mended = call.clone();
                for (step, lack) in alternative.lacks.iter().enumerate() {
                    assert!(follow(&mut mended, &lack.remedy, step), "{alternative:#?}");
                }
                let decision = decide(&world.engine, &mended);
                assert!(
                    decision.is_allow(),
                    "{}\n{call:#}\n{alternative:#?}\n{decision:#?}",
                    world.text()
                );
            }
            let nearest = first.alternatives.first();
            assert_eq!(
                nearest.and_then(|one| one.lacks.first()).map(|lack| lack.reason),
                first.reason,
                "{first:#?}"
            );
        }
    });
    println!("followed {followed:?} from authentication, scope, consent and confirmation");
    assert!(followed.iter().all(|count| *count > 10), "too few remedies: {followed:?}");
}

/// The places in a value, each as a JSON pointer.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{here}/{}", escape(name));
                found.push(place.clone());
                places(member, &place, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = format!("{here}/{index}");
                found.push(place.clone());
                places(item, &place, found);
            }
        }
        _ => {}
    }
}

/// A value with the one at a place taken out.
fn dropped(value: &Value, place: &str) -> Value {
    let mut value = value.clone();
    let (parent, name) = place.rsplit_once('/').unwrap_or_default();
    let name = name.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&name);
        }
        Some(Value::Array(items)) => {
            items.remove(name.parse().unwrap());
        }
        _ => panic!("nothing at {place}"),
    }
    value
}

#[test]
fn no_single_change_opens_a_call() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    on_worlds(6_000..6_030, 12, |world, reference, calls| {
        let allowed = calls.into_iter().filter(|call| decide(&world.engine, call).is_allow());
        for call in allowed.take(3) {
            let mut found = Vec::new();
            places(&call, "", &mut found);
            let others = [
                json!(null),
                json!(true),
                json!(7),
                json!(-1),
                json!(1.5),
                json!("other"),
                json!(""),
                json!([]),
                json!(["other"]),
                json!({}),
                json!({"other": 1}),
                json!(i64::MAX),
            ];
            for place in found {
                let changes = others.iter().map(|other| {
                    let mut changed = call.clone();
                    if let Some(value) = changed.pointer_mut(&place) {
                        *value = other.clone();
                    }
                    changed
                });
                for changed in changes.chain([dropped(&call, &place)]) {
                    let what = match parse(&changed) {
                        None => "unreadable",
                        Some(call) => {
                            let decision = world.engine.decide(&call);
                            assert_ne!(
                                decision.reason,
                                Some(Reason::EvaluationError),
                                "{changed:#}"
                            );
                            if decision.is_allow() {
                                let expected = reference.judge(&changed);
                                assert_eq!(
                                    expected.reason,
                                    None,
                                    "{place}: opened\n{}\n{changed:#}\n{}",
                                    world.text(),
                                    expected.story
                                );
                                "still allowed"
                            } else {
                                "denied"
                            }
                        }
                    };
                    *counts.entry(what).or_default() += 1;
                }
            }
        }
    });
    println!("{counts:?}");
    assert_eq!(counts.len(), 3, "{counts:?}");
}

/// An argument is what its name says, whatever characters that has, and whatever the name means to
/// Cedar.
#[test]
fn arguments_of_any_name_can_be_judged() {
    let names = [
        "",
        "a.b",
        "a",
        "__extn",
        "__entity",
        "__cedar",
        "type",
        "in",
        "has",
        "if",
        "is",
        "args",
        "\"",
        "\\",
        "'",
        "*",
        "\u{0}",
        "é",
        " ",
        "like",
        "principal",
    ];
    let properties: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({"type": "string"})))
        .chain([(
            String::from("nested"),
            json!({"type": "object", "properties": {"__extn": {"type": "string"}, "": {"type": "string"}}}),
        )])
        .collect();
    let catalogue = json!({"tools": [
        {"name": "tool", "inputSchema": {"type": "object", "properties": properties}}
    ]});
    let quote = |name: &str| {
        let escape = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => c.escape_unicode().to_string(),
            c => c.to_string(),
        };
        format!("\"{}\"", name.chars().map(escape).collect::<String>())
    };
    let mut paths: Vec<Vec<&str>> = names.iter().map(|name| vec![*name]).collect();
    paths.extend([vec!["nested", "__extn"], vec!["nested", ""]]);
    for path in &paths {
        let written: String = path.iter().map(|name| format!(".{}", quote(name))).collect();
        for condition in [
            format!("args{written} == \"yes\""),
            format!("args{written} is present and path(args{written}) under \"/srv\""),
        ] {
            let text = format!(
                "edition 2026 server s {{ local \"s\" credentials local for read because \"x\" \
                 catalogue \"c.json\" }} client c \"https://c.example/c.json\" \
                 capability usage \"Use\" on s {{ tools tool access read }} \
                 allow it anyone via any client to usage without consent because \"x\" when {condition}"
            );
            let files = BTreeMap::from([
                (String::from("c.json"), catalogue.to_string()),
                (String::from("p.placet"), text.clone()),
            ]);
            let checked = check(&files, &placet_language::Limits::default());
            let policy =
                checked.policy.unwrap_or_else(|| panic!("{text}: {:?}", checked.diagnostics));
            let bytes = compile(&policy).unwrap();
            let engine = Engine::load(&bytes, &Limits::default())
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            for (value, allowed) in [("yes", true), ("/srv/x", true), ("no", false)] {
                let mut arguments = json!(value);
                for name in path.iter().rev() {
                    arguments = json!({ *name: arguments });
                }
                let call = json!({
                    "user": {"issuer": "i", "subject": "s"},
                    "client": {"id": "https://c.example/c.json", "issuer": null,
                               "registration": "metadata_document", "status": "approved"},
                    "server": "local:s", "operation": "tools/call", "target": "tool",
                    "arguments": arguments, "credential": {"kind": "local"}, "now": 0,
                });
                let decision = decide(&engine, &call);
                let expected = allowed && (value == "yes") == condition.contains("yes");
                let reason = (!expected).then_some(Reason::RuleNone);
                assert_eq!(decision.reason, reason, "{condition} of {value}: {decision:#?}");
            }
        }
    }
}
