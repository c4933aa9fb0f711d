//! Records: they fit their schema, the page shows one as it is, and no secret gets into one.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use placet_engine::{Call, Digest, Engine, Limits, Reason, Record, Remedy};
use placet_language::{check, compile};
use placet_tests::calls::{good_call, world};
use placet_tests::reference::Reference;
use placet_tests::worlds::Caller;
use serde_json::{Value, json};

fn spec(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("spec").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(spec(name)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&read("record.schema.json")).unwrap()
}

/// Where a value does not fit a schema, by the keywords that this one schema uses.
fn misfit(whole: &Value, schema: &Value, value: &Value) -> Option<String> {
    let name = |one: &Value| match one {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    for (keyword, said) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let definition = whole.pointer(said.as_str().unwrap().trim_start_matches('#'));
                misfit(whole, definition.unwrap(), value).is_none()
            }
            "type" => {
                said == name(value)
                    || said.as_array().is_some_and(|all| all.contains(&json!(name(value))))
            }
            "const" => value == said,
            "enum" => said.as_array().unwrap().contains(value),
            "anyOf" => {
                said.as_array().unwrap().iter().any(|one| misfit(whole, one, value).is_none())
            }
            "pattern" => Digest::parse(value.as_str().unwrap()).is_some(),
            "minimum" => value.as_i64() >= said.as_i64(),
            "required" => said
                .as_array()
                .unwrap()
                .iter()
                .all(|key| value.get(key.as_str().unwrap()).is_some()),
            "additionalProperties" if *said == json!(true) => true,
            "additionalProperties" => {
                value.as_object().unwrap().keys().all(|key| schema["properties"].get(key).is_some())
            }
            "properties" => said.as_object().unwrap().iter().all(|(key, schema)| {
                value.get(key).is_none_or(|value| misfit(whole, schema, value).is_none())
            }),
            "items" => {
                value.as_array().unwrap().iter().all(|one| misfit(whole, said, one).is_none())
            }
            "uniqueItems" => {
                let all: Vec<String> =
                    value.as_array().unwrap().iter().map(Value::to_string).collect();
                all.iter().collect::<BTreeSet<_>>().len() == all.len()
            }
            other => panic!("this test does not know `{other}`"),
        };
        if !fits {
            return Some(format!("{keyword} {said}: {value}"));
        }
    }
    None
}

#[test]
fn every_record_fits_the_schema() {
    let (world, schema) = (world(), schema());
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, 77);
    let mut seen = BTreeSet::new();
    for _ in 0..1_500 {
        let bytes = serde_json::to_vec(&caller.call()).unwrap();
        let Ok(call) = Call::from_json(&bytes, &Limits::default()) else { continue };
        let decision = world.engine.decide(&call);
        let record =
            Record::new(&call, &decision).with_correlation("c").with_arguments(&call, &["/owner"]);
        let record = serde_json::to_value(record).unwrap();
        assert_eq!(misfit(&schema, &schema, &record), None, "{record:#}");
        let kind = decision.remedy.as_ref().map(|remedy| serde_json::to_value(remedy).unwrap());
        assert_eq!(record["remedy"], kind.map_or(Value::Null, |remedy| remedy["kind"].clone()));
        seen.insert(decision.remedy.as_ref().map(Remedy::kind));
        let receipt = record.pointer("/consent/receipt").unwrap_or(&Value::Null);
        assert_eq!(*receipt, json!(decision.receipt), "{record:#}");
    }
    assert!(seen.len() == 7, "{seen:?}");
    // By name: a caller of this world meets no terms that changed, so not every reason occurs here.
    let mut reasons: Vec<Value> = Reason::ALL.iter().map(|one| json!(one)).collect();
    reasons.push(Value::Null);
    assert_eq!(schema["properties"]["reason"]["enum"], json!(reasons));
}

/// The page's call by a user who agreed.
fn example() -> Value {
    let fenced = |page: &str, fence: &str| {
        let (_, rest) = page.split_once(fence).unwrap();
        rest.split_once("\n```").unwrap().0.to_owned()
    };
    let page = read("language.md");
    let policy: String =
        page.split("```placet\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    let files = BTreeMap::from([
        (String::from("page.placet"), policy),
        (String::from("catalogue.json"), read("catalogue.json")),
    ]);
    let policy = check(&files, &placet_language::Limits::default()).policy.unwrap();
    let engine = Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap();
    let mut call: Value =
        serde_json::from_str(&fenced(&read("chain.md"), "```json,call,consent.none\n")).unwrap();
    call["receipts"] = json!([{
        "id": "r-1", "terms": "triage", "digest": engine.content().terms["triage"].digest,
        "user": { "issuer": "https://login.example.com", "subject": "alice" },
        "client": { "id": "https://cursor.example/oauth/client.json" },
        "server": "https://mcp.example.com/github", "given_at": 1_789_990_000 }]);
    let call = Call::from_json(&serde_json::to_vec(&call).unwrap(), &Limits::default()).unwrap();
    let record = Record::new(&call, &engine.decide(&call))
        .with_correlation("req-7f3a")
        .with_arguments(&call, &["/owner"]);
    serde_json::to_value(record).unwrap()
}

/// `PLACET_UPDATE=1` writes the page.
#[test]
fn the_record_on_the_page_is_made_like_this() {
    let mut record = example();
    assert_eq!(record["decision"], "allow", "{record:#}");
    assert_eq!(record["arguments"], json!({ "/owner": "acme" }));
    assert_eq!(misfit(&schema(), &schema(), &record), None);
    let page = read("record.md");
    let (before, rest) = page.split_once("```json,record\n").unwrap();
    let (shown, after) = rest.split_once("```\n").unwrap();
    // The bundle's digest is another with every word on the language page.
    let shown: Value = serde_json::from_str(shown).unwrap();
    record["policy"] = shown["policy"].clone();
    let current = format!("{before}```json,record\n{record:#}\n```\n{after}");
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(spec("record.md"), current).unwrap();
    } else {
        assert!(page == current, "spec/record.md is stale: run the tests with PLACET_UPDATE=1");
    }
}

/// The places of all strings and keys in a value, each as a JSON pointer; a key's ends with `#`.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(here.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let there = format!("{here}/{}", key.replace('~', "~0").replace('/', "~1"));
                if here.starts_with("/user/claims") || here.starts_with("/arguments") {
                    found.push(format!("{there}#"));
                }
                places(member, &there, found);
            }
        }
        _ => {}
    }
}

/// A call with `SECRET` in one place.
fn sprinkled(call: &Value, place: &str) -> Value {
    let mut call = call.clone();
    match place.strip_suffix('#') {
        None => *call.pointer_mut(place).unwrap() = json!("SECRET"),
        Some(place) => {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let members = call.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            let value = members.remove(&key.replace("~1", "/").replace("~0", "~")).unwrap();
            members.insert(String::from("SECRET"), value);
        }
    }
    call
}

#[test]
fn no_secret_gets_into_a_record() {
    let world = world();
    let may_show = |place: &str| {
        let shown = ["/user/issuer", "/user/subject", "/client/id", "/client/issuer", "/server"];
        let shown_too = ["/operation", "/target", "/purpose", "/confirmation/id", "/credential/id"];
        shown.contains(&place)
            || shown_too.contains(&place)
            || place.starts_with("/credential/scopes/")
            || (place.starts_with("/receipts/") && place.ends_with("/id"))
    };
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, 5);
    let mut calls = vec![good_call(&world)];
    calls.extend((0..60).map(|_| caller.hopeful()));
    calls.extend((0..60).map(|_| caller.call()));
    let mut sprinkled_at = BTreeSet::new();
    for mut call in calls {
        if call["arguments"].is_object() {
            call["arguments"]["more"] = json!({ "deep": ["text", { "er": "text" }] });
        }
        if call["user"].is_object() {
            call["user"]["claims"]["email"] = json!("text");
        }
        let mut all = Vec::new();
        places(&call, "", &mut all);
        for place in all {
            let bytes = serde_json::to_vec(&sprinkled(&call, &place)).unwrap();
            let Ok(call) = Call::from_json(&bytes, &Limits::default()) else { continue };
            let decision = world.engine.decide(&call);
            let record = Record::new(&call, &decision);
            let text = serde_json::to_string(&record).unwrap();
            assert!(may_show(&place) || !text.contains("SECRET"), "{place}: {text}");
            assert!(record.arguments.is_empty());
            sprinkled_at.insert(place);
        }
    }
    for place in ["/arguments/more/deep/1/er", "/user/claims/email", "/credential/audience/0"] {
        assert!(sprinkled_at.contains(place), "{sprinkled_at:?}");
    }
}

#[test]
fn only_the_named_arguments_are_recorded() {
    let world = world();
    let mut call = good_call(&world);
    call["arguments"] = json!({ "a": { "b": ["x", "y"], "c/d~e": 1 }, "": 2, "z": null });
    let call = Call::from_json(&serde_json::to_vec(&call).unwrap(), &Limits::default()).unwrap();
    let decision = world.engine.decide(&call);
    let named = ["", "a", "/a/b/1", "/a/c~1d~0e", "/", "/z", "/absent", "/a/absent", "/a/b/2"];
    let record = Record::new(&call, &decision).with_arguments(&call, &named);
    let expected = json!({ "/a/b/1": "y", "/a/c~1d~0e": 1, "/": 2, "/z": null });
    assert_eq!(json!(record.arguments), expected);
}
