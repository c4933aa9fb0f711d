//! Calls that are allowed, with one member changed at a time: each becomes unreadable, denied, or an
//! allow that the reference gives as well, on the same grounds.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use placet_engine::bundle::Content;
use placet_engine::{Call, Decision, Engine, Limits};
use placet_language::{Policy, check, compile, lower};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, Random, World};
use serde_json::{Value, json};

/// How many mutations ended how, by the place of the member.
#[derive(Default)]
struct Tally(BTreeMap<String, BTreeMap<&'static str, usize>>);

impl Tally {
    fn count(&mut self, place: &str, outcome: &'static str) {
        let kind: Vec<&str> = place
            .split('/')
            .filter(|part| part.parse::<usize>().is_err())
            .take(if place.starts_with("/arguments") || place.starts_with("/user/claims") {
                3
            } else {
                9
            })
            .collect();
        let kind = match kind.as_slice() {
            ["", "arguments", _] => String::from("/arguments/*"),
            other => other.join("/"),
        };
        *self.0.entry(kind).or_default().entry(outcome).or_default() += 1;
    }

    fn of(&self, outcome: &str) -> usize {
        self.0.values().filter_map(|outcomes| outcomes.get(outcome)).sum()
    }

    fn report(&self, name: &str) {
        println!("{name}");
        for (place, outcomes) in &self.0 {
            println!("  {place}: {outcomes:?}");
        }
        for outcome in ["unreadable", "denied", "allowed"] {
            assert!(self.of(outcome) > 0, "{name}: nothing is {outcome}");
        }
    }
}

/// Every place of a call, as JSON pointers.
fn places(call: &Value) -> Vec<String> {
    let mut places = vec![String::new()];
    let mut next = 0;
    while let Some(place) = places.get(next).cloned() {
        next += 1;
        match call.pointer(&place) {
            Some(Value::Object(members)) => {
                let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
                places.extend(members.keys().map(|name| format!("{place}/{}", escape(name))));
            }
            Some(Value::Array(items)) => {
                places.extend((0..items.len()).map(|item| format!("{place}/{item}")));
            }
            _ => {}
        }
    }
    places.remove(0);
    places
}

/// The words that some member of a call may be.
const WORDS: [&str; 11] = [
    "approved",
    "pending",
    "blocked",
    "preregistered",
    "metadata_document",
    "dynamic",
    "api_key",
    "local",
    "tools/call",
    "prompts/get",
    "resources/read",
];

/// Other values that might stand where this one does.
fn others(value: &Value, strings: &[String], random: &mut Random) -> Vec<Value> {
    let mut others = vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(-0.5),
        json!("x"),
        json!([]),
        json!({}),
        json!([value]),
        json!({ "value": value }),
    ];
    match value {
        Value::String(text) => {
            let shorter: String = text.chars().skip(1).collect();
            others.extend([
                json!(""),
                json!(format!("{text}x")),
                json!(format!(" {text}")),
                json!(format!("{text}\u{0}")),
                json!(text.to_uppercase()),
                json!(shorter),
            ]);
            others.extend(WORDS.map(|word| json!(word)));
            if let Some(digest) = text.strip_prefix("sha256-") {
                let reversed: String = digest.chars().rev().collect();
                others.push(json!(format!("sha256-{reversed}")));
            }
            // What stands elsewhere in the call is the likeliest to fit.
            others.extend((0..4).map(|_| json!(random.pick(strings))));
        }
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or_default();
            for other in [1, -1, 60, -60, 1_000_000, -1_000_000] {
                others.push(json!(number.saturating_add(other)));
            }
            others.extend([json!(0), json!(i64::MAX), json!(i64::MIN), json!(u64::MAX)]);
            others.push(json!(1e18));
        }
        Value::Bool(flag) => others.push(json!(!flag)),
        Value::Array(items) => {
            let (mut fewer, mut more) = (items.clone(), items.clone());
            fewer.pop();
            more.push(json!("x"));
            let mut twice = items.clone();
            twice.extend(items.iter().cloned());
            let reversed: Vec<Value> = items.iter().rev().cloned().collect();
            others.extend([json!(fewer), json!(more), json!(twice), json!(reversed)]);
        }
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert(String::from("unknown"), json!(1));
            others.push(Value::Object(more));
        }
        Value::Null => {}
    }
    others.retain(|other| other != value);
    others
}

fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(members) => members.values().for_each(|member| strings(member, into)),
        _ => {}
    }
}

/// The call without a member or an item.
fn without(call: &Value, place: &str) -> Value {
    let mut call = call.clone();
    let (around, name) = place.rsplit_once('/').unwrap();
    match call.pointer_mut(around).unwrap() {
        Value::Object(members) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(items) => {
            items.remove(name.parse().unwrap());
        }
        other => panic!("{other}"),
    }
    call
}

/// The call as text in which a member stands twice, the second time with another value.
fn twice(call: &Value, place: &str, second: &Value) -> Option<String> {
    let (around, name) = place.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    let mut marked = call.clone();
    let members = marked.pointer_mut(around)?.as_object_mut()?;
    let first = members.insert(name.clone(), json!("THE MEMBER"))?;
    let name = json!(name);
    let (before, after) =
        (format!("{name}:\"THE MEMBER\""), format!("{name}:{first},{name}:{second}"));
    let text = marked.to_string();
    assert!(text.contains(&before));
    Some(text.replacen(&before, &after, 1))
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// Who acts, through what, where: the members of a call with a token of which none can be another and
/// the call stay allowed.
const IDENTITY: [&str; 11] = [
    "/server",
    "/user/issuer",
    "/user/subject",
    "/client/id",
    "/client/issuer",
    "/client/registration",
    "/client/status",
    "/credential/kind",
    "/credential/issuer",
    "/credential/subject",
    "/credential/client_id",
];

/// A policy, its engine and its reference.
struct Judges<'p> {
    engine: &'p Engine,
    reference: &'p Reference<'p>,
}

impl Judges<'_> {
    fn decide(&self, text: &str) -> Option<Decision> {
        let call = Call::from_json(text.as_bytes(), &Limits::default()).ok()?;
        Some(self.engine.decide(&call))
    }

    /// Changes one member after the other of an allowed call.
    fn mutate(&self, call: &Value, random: &mut Random, tally: &mut Tally) {
        let before = self.decide(&call.to_string()).unwrap();
        assert!(before.is_allow(), "{before:#?}\n{call:#}");
        let mut texts = Vec::new();
        strings(call, &mut texts);
        for place in places(call) {
            let value = call.pointer(&place).unwrap();
            self.judge(call, &place, "removed", without(call, &place), &before, tally);
            for other in others(value, &texts, random) {
                let mut changed = call.clone();
                *changed.pointer_mut(&place).unwrap() = other.clone();
                let free = ["/arguments", "/user/claims/"].iter().any(|one| place.starts_with(one))
                    || place.starts_with("/facts/") && place.contains("/value");
                if !free && !value.is_null() && !other.is_null() && kind(value) != kind(&other) {
                    let read = self.decide(&changed.to_string());
                    assert!(read.is_none(), "{place} takes {other} for {value}");
                }
                self.judge(call, &place, "changed", changed, &before, tally);
            }
            for second in [value, &json!("x")] {
                let Some(text) = twice(call, &place, second) else { continue };
                let reason =
                    self.decide(&text).map(|decision| decision.reason.map(|one| one.as_str()));
                let refused =
                    reason.is_none() || reason == Some(Some("operation.invalid-arguments"));
                assert!(refused, "{place} stands twice: {reason:?}");
            }
        }
    }

    fn judge(
        &self,
        call: &Value,
        place: &str,
        what: &str,
        changed: Value,
        before: &Decision,
        tally: &mut Tally,
    ) {
        let Some(after) = self.decide(&changed.to_string()) else {
            return tally.count(place, "unreadable");
        };
        let expected = self.reference.judge(&changed);
        let told =
            || format!("{place} {what}\n{changed:#}\nfrom\n{call:#}\n{after:#?}\n{expected:#?}");
        let reason = after.reason.map(|reason| reason.to_string());
        assert_eq!(reason, expected.reason, "{}", told());
        if !after.is_allow() {
            return tally.count(place, "denied");
        }
        let is_token = call.pointer("/credential/kind") == Some(&json!("oauth"));
        // An issuer that is left out is the same as none.
        let is_same = call.pointer(place) == Some(&Value::Null) && what == "removed";
        assert!(!is_token || is_same || !IDENTITY.contains(&place), "{}", told());
        let rules: BTreeSet<String> = after.rules.iter().map(|rule| rule.id.clone()).collect();
        assert_eq!(rules, expected.rules, "{}", told());
        assert!(expected.receipts.contains(&after.receipt), "{}", told());
        assert_eq!(after.consume, expected.consume, "{}", told());
        assert_eq!(after.policy, before.policy);
        tally.count(place, "allowed");
    }
}

/// Mutates calls of a world that are allowed.
fn mutate_some(world: &World, calls: usize, seed: u64, tally: &mut Tally) {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let judges = Judges { engine: &world.engine, reference: &reference };
    let mut caller = Caller::new(world, &reference, seed);
    let (mut done, mut seen) = (0, BTreeSet::new());
    for _ in 0..calls * 200 {
        let call = caller.hopeful();
        let rules = judges.decide(&call.to_string()).filter(Decision::is_allow);
        let Some(rules) =
            rules.map(|one| one.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>())
        else {
            continue;
        };
        // Each time other rules, as far as there are some.
        if !seen
            .insert((rules, call.pointer("/credential/kind").cloned().map(|one| one.to_string())))
            && seen.len() < calls
        {
            continue;
        }
        judges.mutate(&call, &mut caller.random, tally);
        done += 1;
        if done == calls {
            break;
        }
    }
}

#[test]
fn calls_of_the_fixed_world() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let mut tally = Tally::default();
    mutate_some(&world, 14, 41, &mut tally);
    tally.report("the fixed world");
    assert!(tally.of("denied") > 1_000 && tally.of("unreadable") > 1_000);
}

#[test]
fn calls_of_generated_worlds() {
    let mut tally = Tally::default();
    for seed in 700..708 {
        let world = World::generate(seed).unwrap_or_else(|error| panic!("{error}"));
        mutate_some(&world, 2, seed, &mut tally);
    }
    tally.report("generated worlds");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A policy and its catalogue on disk.
fn policy(folder: &Path) -> (Policy, Content, Engine) {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".placet") || name == "catalogue.json" {
            files.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    let policy = check(&files, &placet_language::Limits::default()).policy.unwrap();
    let engine = Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap();
    let content = lower(&policy);
    (policy, content, engine)
}

#[test]
fn calls_of_the_packs() {
    let mut tally = Tally::default();
    let mut packs = 0;
    for entry in fs::read_dir(root().join("policies")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(expected) = fs::read_to_string(folder.join("calls/expected.txt")) else { continue };
        packs += 1;
        let (policy, content, engine) = policy(&folder);
        let reference = Reference::new(&policy, &content).unwrap();
        let judges = Judges { engine: &engine, reference: &reference };
        let allowed = expected.lines().filter_map(|line| line.strip_suffix(" allow"));
        for name in allowed {
            let bytes = fs::read(folder.join("calls").join(name.trim())).unwrap();
            let call = serde_json::from_slice(&bytes).unwrap();
            judges.mutate(&call, &mut Random::new(5), &mut tally);
        }
    }
    assert!(packs > 0);
    tally.report("the packs");
}
