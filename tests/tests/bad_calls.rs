//! Calls that are none, or that say odd things: each is an error or a denial, never a panic.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeSet;

use placet_engine::{Call, CallError, Limits, Reason};
use placet_language::check;
use placet_tests::calls::{browsing, decide, good_call, world};
use placet_tests::worlds::{World, files_of};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// A call like `call`, its arguments written so.
fn with_arguments(call: &Value, arguments: &str) -> String {
    let mut call = call.clone();
    call["arguments"] = json!("HERE");
    call.to_string().replacen("\"HERE\"", arguments, 1)
}

#[test]
fn unread_arguments_may_hold_anything() {
    let world = world();
    let call = browsing(&world);
    for (unread, reason) in [
        ("null", None),
        ("-0.0", None),
        ("18446744073709551616", None),
        ("123456789012345678901234567890", None),
        ("1e-400", None),
        ("\"\\u0000\\ud83d\\ude00\"", None),
        ("[[[{\"a\":[]}]]]", None),
        // No text has this meaning, or two readers give it different ones.
        ("\"\\ud800\"", Some(Reason::InvalidArguments)),
        ("{\"a\":1,\"\\u0061\":1}", Some(Reason::InvalidArguments)),
    ] {
        let text = with_arguments(&call, &format!("{{\"path\":\"/srv\",\"unread\":{unread}}}"));
        let call = from_json(&text).unwrap_or_else(|error| panic!("{unread}: {error}"));
        assert_eq!(world.engine.decide(&call).reason, reason, "{unread}");
    }
}

/// Every object of a call as the array of its members, which some readers take for the same.
#[test]
fn an_array_is_no_object() {
    let world = world();
    let mut call = good_call(&world);
    let user = json!({"issuer": "https://login.example.com", "subject": "alice"});
    call["confirmation"] = json!({"id": "c", "operation": format!("sha256-{}", "0".repeat(64)), "user": user, "given_at": 1});
    assert!(from_json(&call.to_string()).is_ok(), "{call:#}");
    let places = [
        "",
        "/user",
        "/client",
        "/credential",
        "/receipts/0",
        "/receipts/0/user",
        "/receipts/0/client",
        "/confirmation",
        "/confirmation/user",
    ];
    for place in places {
        let mut changed = call.clone();
        let object = changed.pointer_mut(place).unwrap();
        // In the order of the struct's members, for those that are few.
        let members: Vec<Value> = match place.rsplit('/').next().unwrap() {
            "user" => vec![object["issuer"].clone(), object["subject"].clone()],
            "client" => vec![object["id"].clone(), object["issuer"].clone()],
            _ => object.as_object().unwrap().values().cloned().collect(),
        };
        *object = json!(members);
        let error = from_json(&changed.to_string()).unwrap_err().to_string();
        assert!(error.contains("expected an object"), "{place}: {error}");
    }
    assert!(from_json("[]").is_err() && from_json("[null]").is_err());
}

/// An unread argument may hold any JSON up to the limits, of which the range of a 64-bit float is one.
#[test]
fn a_number_beyond_a_float_is_over_a_limit() {
    let world = world();
    let call = browsing(&world);
    let text = with_arguments(&call, "{\"path\":\"/srv\",\"unread\":1e400}");
    let decision = world.engine.decide(&from_json(&text).unwrap());
    assert_eq!(decision.reason, Some(Reason::InvalidArguments));
    let text = with_arguments(&call, "{\"path\":\"/srv\",\"unread\":1e300}");
    assert_eq!(world.engine.decide(&from_json(&text).unwrap()).reason, None);
}

/// A call's address is read in its IPv4 form where it has one, so no address is in a network of
/// IPv4-mapped ones, and Cedar does not read `::ffff:10.0.0.0/104` either.
#[test]
fn a_network_of_mapped_addresses_is_refused_or_means_the_plain_one() {
    let mut statements = world().statements;
    statements.push(String::from(
        "deny inside anyone to browse when call.address under \"::ffff:10.0.0.0/104\"",
    ));
    let checked = check(&files_of(&statements), &placet_language::Limits::default());
    if checked.policy.is_some() {
        let world = World::build(statements).unwrap_or_else(|error| panic!("{error}"));
        let mut call = browsing(&world);
        call["address"] = json!("10.1.2.3");
        assert_eq!(decide(&world.engine, &call).reason, Some(Reason::RuleDenied));
    }
}

fn from_json(text: &str) -> Result<Call, CallError> {
    Call::from_json(text.as_bytes(), &Limits::default())
}

#[test]
fn arbitrary_bytes_are_no_trouble() {
    let world = world();
    let good = good_call(&world).to_string();
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 3_000, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(Default::default()),
    );
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let outcome = runner.run(&bytes, |bytes| {
        assert!(Call::from_json(&bytes, &Limits::default()).is_err());
        Ok(())
    });
    outcome.unwrap();
    // A real call with a few bytes changed, taken out or put in.
    let length = good.len();
    let edits = proptest::collection::vec((0..length, any::<u8>(), 0..3_u8), 1..4);
    let outcome = runner.run(&edits.prop_map(|edits| edits), |edits| {
        let mut bytes = good.clone().into_bytes();
        for (at, byte, kind) in edits {
            let at = at % bytes.len();
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        if let Ok(call) = Call::from_json(&bytes, &Limits::default()) {
            let decision = world.engine.decide(&call);
            assert_ne!(decision.reason, Some(Reason::EvaluationError));
        }
        Ok(())
    });
    outcome.unwrap();
}

/// A value as text in which the object at `nth` place has its first member twice.
fn with_a_key_twice(value: &Value, nth: &mut isize, path: &str, at: &mut String) -> String {
    match value {
        Value::Object(members) => {
            let mine = !members.is_empty() && {
                *nth -= 1;
                *nth == -1
            };
            let mut parts: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    let path = format!("{path}/{name}");
                    format!("{}:{}", json!(name), with_a_key_twice(value, nth, &path, at))
                })
                .collect();
            if mine {
                *at = path.to_owned();
                parts.push(parts[0].clone());
            }
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| with_a_key_twice(item, nth, path, at)).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn a_key_twice_is_an_error_at_any_depth() {
    let world = world();
    let mut call = good_call(&world);
    call["arguments"]["unread"] = json!([[{"a": {"b": {"c": 1}}}]]);
    call["user"]["claims"]["unread"] = json!([[{"a": {"b": {"c": 1}}}]]);
    let mut places = BTreeSet::new();
    for nth in 0.. {
        let (mut left, mut at) = (nth, String::from("none"));
        let text = with_a_key_twice(&call, &mut left, "", &mut at);
        if at == "none" {
            break;
        }
        match from_json(&text) {
            Err(_) => {}
            Ok(call) => {
                assert!(at.starts_with("/arguments"), "{at} may stand twice");
                let reason = world.engine.decide(&call).reason;
                assert_eq!(reason, Some(Reason::InvalidArguments), "{at}");
            }
        }
        places.insert(at);
    }
    assert!(places.len() > 12, "{places:?}");
}

#[test]
fn unknown_and_missing_parts_are_errors() {
    let world = world();
    let call = good_call(&world);
    let free = ["/arguments", "/user/claims"];
    let mut objects = vec![String::new()];
    let mut index = 0;
    while let Some(place) = objects.get(index).cloned() {
        index += 1;
        match call.pointer(&place) {
            Some(Value::Object(members)) => {
                let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
                objects.extend(members.keys().map(|name| format!("{place}/{}", escape(name))));
            }
            Some(Value::Array(items)) => {
                objects.extend((0..items.len()).map(|item| format!("{place}/{item}")));
            }
            _ => {}
        }
    }
    let mut unknown = 0;
    for place in objects.iter().filter(|place| !free.iter().any(|free| place.starts_with(free))) {
        let mut changed = call.clone();
        let Some(Value::Object(members)) = changed.pointer_mut(place) else { continue };
        members.insert(String::from("unknown"), Value::Null);
        unknown += 1;
        assert!(from_json(&changed.to_string()).is_err(), "{place} took an unknown member");
    }
    assert!(unknown > 5, "{unknown}");
    for name in ["client", "server", "operation", "target", "now"] {
        let mut changed = call.clone();
        changed.as_object_mut().unwrap().remove(name);
        assert!(from_json(&changed.to_string()).is_err(), "{name} may be missing");
        changed[name] = Value::Null;
        assert!(from_json(&changed.to_string()).is_err(), "{name} may be null");
    }
    for (whole, name) in [
        ("client", "id"),
        ("client", "registration"),
        ("client", "status"),
        ("user", "issuer"),
        ("user", "subject"),
        ("credential", "kind"),
        ("credential", "issuer"),
        ("credential", "audience"),
        ("credential", "subject"),
        ("credential", "client_id"),
        ("credential", "scopes"),
    ] {
        let mut changed = call.clone();
        if changed[whole].as_object_mut().unwrap().remove(name).is_some() {
            assert!(from_json(&changed.to_string()).is_err(), "{whole}.{name} may be missing");
        }
    }
    for text in ["", "null", "[]", "7", "{}", "\"call\"", "{\"client\":"] {
        assert!(from_json(text).is_err(), "{text}");
    }
    let trailing = format!("{call} {call}");
    assert!(from_json(&trailing).is_err(), "two calls in one");
}

#[test]
fn sizes_and_depths_are_bounded() {
    let world = world();
    let call = good_call(&world);
    let denied = |text: &str, what: &str| {
        let call = from_json(text).unwrap_or_else(|error| panic!("{what}: {error}"));
        let reason = world.engine.decide(&call).reason;
        assert_eq!(reason, Some(Reason::InvalidArguments), "{what}");
    };
    let mut large = call.clone();
    large["arguments"]["unread"] = json!("x".repeat(10 << 20));
    denied(&large.to_string(), "10 MB");
    large["arguments"]["unread"] = json!("x".repeat(17 << 20));
    assert!(matches!(from_json(&large.to_string()), Err(CallError::TooLarge { .. })));
    let with = |arguments: &str| with_arguments(&call, arguments);
    for depth in [65, 127, 128, 129, 10_000, 100_000] {
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        denied(&with(&arrays), &format!("{depth} arrays"));
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        denied(&with(&objects), &format!("{depth} objects"));
        let unclosed = "[".repeat(depth);
        assert!(from_json(&with(&unclosed)).is_err(), "{depth} unclosed");
        // Outside the arguments there is no room for such a thing.
        let mut claims = call.clone();
        claims["user"]["claims"] = json!({"deep": "HERE"});
        let claims = claims.to_string().replacen("\"HERE\"", &arrays, 1);
        assert!(depth < 129 || from_json(&claims).is_err(), "{depth} deep claims");
        let credential = format!("{{\"kind\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let mut odd = call.clone();
        odd["credential"] = json!("HERE");
        let odd = odd.to_string().replacen("\"HERE\"", &credential, 1);
        assert!(from_json(&odd).is_err(), "{depth} deep credential");
    }
    let receipt = call["receipts"][0].clone();
    let mut many = call.clone();
    many["receipts"] = json!(vec![receipt; 10_001]);
    assert!(matches!(
        from_json(&many.to_string()),
        Err(CallError::TooMany { what: "receipts", .. })
    ));
    many["receipts"].as_array_mut().unwrap().pop();
    let mut one = call.clone();
    one["receipts"] = json!([call["receipts"][0]]);
    assert_eq!(decide(&world.engine, &many).reason, decide(&world.engine, &one).reason);
}
