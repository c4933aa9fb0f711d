//! Consents over time: a policy is changed and locked again and again, and receipts for every version
//! are judged under the last. What must be decided is told here from the versions themselves, by
//! other means than the compiler's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a mistake here fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::{Call, Engine, Limits};
use placet_language::lock::{self, Lock};
use placet_language::{Policy, check, compile};
use placet_tests::worlds::Random;
use serde_json::{Value, json};

/// A tool's parameter, from narrow to wide; the last cannot be compared with the others.
const SHAPES: [&str; 4] = [
    r#"{"properties": {"size": {"type": "integer", "maximum": 5}}, "required": ["size"]}"#,
    r#"{"properties": {"size": {"type": "integer", "maximum": 9}}, "required": ["size"]}"#,
    r#"{"properties": {"size": {"type": "integer"}, "to": {"type": "string"}}}"#,
    r#"{"properties": {"size": {"type": "integer", "x-unit": "GB"}}}"#,
];

/// Whether what takes the new shape may do more than what took the old one.
fn is_wider(old: usize, new: usize) -> bool {
    old != new && (new > old || old == 3)
}

/// Conditions, each with the sizes for which it holds.
const WHERES: [(&str, std::ops::RangeInclusive<i64>); 4] = [
    ("args.size >= 0 and args.size <= 2", 0..=2),
    ("args.size in [1, 2]", 1..=2),
    ("args.size < 4 and args.size >= 0", 0..=3),
    ("args.size == 3 or args.size in [0, 1, 2]", 0..=3),
];

const LEVELS: [&str; 3] = ["read", "write", "destructive"];
const TOOLS: [&str; 3] = ["one", "two", "three"];
const PURPOSES: [&str; 2] = ["work", "play"];
const CHANGES: [&str; 3] = ["ask again", "keep what was shown", "extend"];

/// A capability as it is at one time.
#[derive(Clone)]
struct Holds {
    called: String,
    tools: BTreeSet<usize>,
    access: usize,
    condition: Option<usize>,
}

/// A policy as it is at one time.
#[derive(Clone)]
struct Time {
    shapes: [usize; 3],
    capabilities: [Holds; 2],
    granted: BTreeSet<usize>,
    name: String,
    was: BTreeSet<String>,
    text: usize,
    purposes: BTreeSet<usize>,
    lasts: i64,
    on_change: usize,
}

impl Time {
    fn first(random: &mut Random) -> Self {
        let holds = |random: &mut Random, called: &str, tool: usize| Holds {
            called: called.to_owned(),
            tools: BTreeSet::from([tool, random.below(3)]),
            access: random.below(3),
            condition: random.chance(60).then(|| random.below(4)),
        };
        Self {
            shapes: std::array::from_fn(|_| random.below(4)),
            capabilities: [holds(random, "first", 0), holds(random, "second", 1)],
            granted: BTreeSet::from([0, random.below(2)]),
            name: String::from("terms"),
            was: BTreeSet::new(),
            text: 0,
            purposes: BTreeSet::from([0]),
            lasts: 100,
            on_change: random.below(3),
        }
    }

    /// The same a while later.
    fn later(&self, random: &mut Random, time: usize) -> Self {
        let mut later = self.clone();
        for _ in 0..random.below(3) {
            let capability = random.below(2);
            match random.below(11) {
                0 => later.shapes[random.below(3)] = random.below(4),
                1 => later.capabilities[capability].access = random.below(3),
                2 => {
                    later.capabilities[capability].condition =
                        random.chance(70).then(|| random.below(4));
                }
                3 => {
                    later.capabilities[capability].tools.insert(random.below(3));
                }
                4 if later.capabilities[capability].tools.len() > 1 => {
                    later.capabilities[capability].tools.pop_first();
                }
                5 => later.capabilities[capability].called = format!("renamed_{time}_{capability}"),
                6 => {
                    later.granted = BTreeSet::from([random.below(2), random.below(2)]);
                }
                7 => {
                    later.was.insert(later.name.clone());
                    later.name = format!("terms_{time}_{}", later.was.len());
                }
                8 => later.text = time,
                9 => {
                    later.purposes = BTreeSet::from([random.below(2), random.below(2)]);
                }
                _ => later.lasts = [50, 100, 200][random.below(3)],
            }
        }
        later.on_change = random.below(3);
        later
    }

    fn files(&self) -> BTreeMap<String, String> {
        let tools: Vec<Value> = TOOLS
            .iter()
            .zip(self.shapes)
            .map(|(name, shape)| {
                let mut schema: Value = serde_json::from_str(SHAPES[shape]).unwrap();
                schema["type"] = json!("object");
                json!({"name": name, "inputSchema": schema})
            })
            .collect();
        let mut text = String::from(
            "edition 2026\nserver shop {\n  resource \"https://shop.example/mcp\"\n  issuer \
             \"https://login.example\"\n  catalogue \"shop.json\"\n}\nclient app \
             \"https://app.example/client.json\"\n",
        );
        for holds in &self.capabilities {
            let tools: Vec<&str> = holds.tools.iter().map(|tool| TOOLS[*tool]).collect();
            let condition = holds.condition.map(|one| format!("  where {}\n", WHERES[one].0));
            text += &format!(
                "capability {} \"Do {}\" on shop {{\n  tools {}\n  access {}\n  needs nothing because \
                 \"a test\"\n{}}}\n",
                holds.called,
                tools.join(" and "),
                tools.join(", "),
                LEVELS[holds.access],
                condition.unwrap_or_default(),
            );
        }
        let granted: Vec<&str> =
            self.granted.iter().map(|one| self.capabilities[*one].called.as_str()).collect();
        let purposes: Vec<String> =
            self.purposes.iter().map(|one| format!("\"{}\"", PURPOSES[*one])).collect();
        let was: Vec<String> = self.was.iter().map(|was| format!("\"{was}\"")).collect();
        let was =
            if was.is_empty() { String::new() } else { format!("  was {}\n", was.join(", ")) };
        text += &format!(
            "consent {} \"Text {}\" {{\n  grants {}\n  purpose {}\n  lasts {} seconds\n  on change \
             {}\n{was}}}\nallow using anyone via app to {} under {}\n",
            self.name,
            self.text,
            granted.join(", "),
            purposes.join(", "),
            self.lasts,
            CHANGES[self.on_change],
            granted.join(", "),
            self.name,
        );
        BTreeMap::from([
            (String::from("policy.placet"), text),
            (String::from("shop.json"), json!({"tools": tools}).to_string()),
        ])
    }

    /// A tool's access: the highest of all its capabilities.
    fn access(&self, tool: usize) -> usize {
        let holding = self.capabilities.iter().filter(|one| one.tools.contains(&tool));
        holding.map(|one| one.access).max().unwrap_or_default()
    }

    /// Whether what an older time granted covers a use of a tool as one of a capability of this one.
    fn covered_by(&self, old: &Self, holds: &Holds, tool: usize) -> bool {
        let granted = old.granted.iter().map(|one| &old.capabilities[*one]);
        let holding: Vec<&Holds> = granted.filter(|one| one.tools.contains(&tool)).collect();
        if is_wider(old.shapes[tool], self.shapes[tool]) || self.access(tool) > old.access(tool) {
            return false;
        }
        let then = |size: i64| holding.iter().any(|one| one.holds(size));
        // Sizes are all that conditions read; a call without one meets none of them.
        (-1..=10).filter(|size| holds.holds(*size)).all(then)
            && (holds.condition.is_some() || holding.iter().any(|one| one.condition.is_none()))
    }

    fn covered_whole(&self, old: &Self) -> bool {
        self.granted
            .iter()
            .map(|one| &self.capabilities[*one])
            .all(|holds| holds.tools.iter().all(|tool| self.covered_by(old, holds, *tool)))
    }
}

impl Holds {
    fn holds(&self, size: i64) -> bool {
        self.condition.is_none_or(|one| WHERES[one].1.contains(&size))
    }
}

fn checked(time: &Time, lock: Option<&Lock>) -> Policy {
    let mut files = time.files();
    if let Some(lock) = lock {
        files.insert(lock::FILE.to_owned(), lock::write(lock));
    }
    let checked = check(&files, &placet_language::Limits::default());
    let errors: Vec<String> = checked.diagnostics.iter().map(ToString::to_string).collect();
    checked.policy.unwrap_or_else(|| refused(&files["policy.placet"], &errors))
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn refused(text: &str, errors: &[String]) -> Policy {
    panic!("{}\n{text}", errors.join("\n"))
}

/// What must be decided of a call with one receipt.
fn expected(
    times: &[Time],
    agreed: usize,
    (tool, size, age, stated): (usize, i64, i64, Option<usize>),
) -> Option<&'static str> {
    let today = &times[times.len() - 1];
    let old = &times[agreed];
    let candidates: Vec<&Holds> = today
        .granted
        .iter()
        .map(|one| &today.capabilities[*one])
        .filter(|holds| holds.tools.contains(&tool) && holds.holds(size))
        .collect();
    if candidates.is_empty() {
        return Some("rule.none");
    }
    if old.name != today.name && !today.was.contains(&old.name) {
        return Some("consent.none");
    }
    let whole = today.covered_whole(old);
    if today.on_change == 0 && !whole {
        return Some("consent.drifted");
    }
    if age >= old.lasts.min(today.lasts) {
        return Some("consent.expired");
    }
    let extends = today.on_change == 2;
    let agreed_to =
        |purpose| today.purposes.contains(&purpose) && (extends || old.purposes.contains(&purpose));
    let lacking = |holds: &Holds| {
        if !extends && !today.covered_by(old, holds, tool) {
            return Some("consent.not-covered");
        }
        stated.is_some_and(|stated| !agreed_to(stated)).then_some("consent.purpose")
    };
    // The candidate that lacks nothing, else the one of the lower access, then of the first name.
    let mut candidates: Vec<(Option<&'static str>, &Holds)> =
        candidates.into_iter().map(|holds| (lacking(holds), holds)).collect();
    candidates.sort_by_key(|(lack, holds)| (lack.is_some(), holds.access, holds.called.clone()));
    candidates[0].0
}

#[test]
fn receipts_are_judged_by_what_was_agreed_to_then() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..150 {
        let random = &mut Random::new(seed);
        let mut times = vec![Time::first(random)];
        let mut lock: Option<Lock> = None;
        let mut digests = Vec::new();
        for time in 1..=4 {
            let policy = checked(&times[times.len() - 1], None);
            lock = Some(Lock::take(&policy, lock.as_ref()));
            let terms = placet_language::lower(&policy).terms;
            digests.push(terms.into_values().next().unwrap().digest);
            if time < 4 {
                let later = times[times.len() - 1].later(random, time);
                times.push(later);
            }
        }
        let today = &times[times.len() - 1];
        let text = lock::write(lock.as_ref().unwrap());
        assert_eq!(lock::read(&text).as_ref(), Ok(lock.as_ref().unwrap()), "{text}");
        let bundle = compile(&checked(today, lock.as_ref())).unwrap();
        let engine = Engine::load(&bundle, &Limits::default()).unwrap();
        assert!(engine.content().locked);
        for _ in 0..60 {
            let agreed = random.below(times.len());
            let (tool, size) = (random.below(3), i64::try_from(random.below(12)).unwrap() - 1);
            let age = [0, 49, 50, 99, 100][random.below(5)];
            let stated = random.chance(50).then(|| random.below(2));
            let call = json!({
                "user": {"issuer": "https://login.example", "subject": "alice"},
                "client": {"id": "https://app.example/client.json", "registration": "metadata_document",
                           "status": "approved"},
                "server": "https://shop.example/mcp", "operation": "tools/call", "target": TOOLS[tool],
                "arguments": {"size": size},
                "credential": {"kind": "oauth", "issuer": "https://login.example",
                               "audience": ["https://shop.example/mcp"], "subject": "alice",
                               "client_id": "https://app.example/client.json", "scopes": [],
                               "issued_at": 1000, "expires_at": 2000},
                "receipts": [{"id": "r", "terms": times[agreed].name, "digest": digests[agreed],
                              "user": {"issuer": "https://login.example", "subject": "alice"},
                              "client": {"id": "https://app.example/client.json"},
                              "server": "https://shop.example/mcp", "given_at": 1500 - age}],
                "purpose": stated.map(|stated| PURPOSES[stated]),
                "now": 1500,
            });
            let call = Call::from_json(call.to_string().as_bytes(), &Limits::default()).unwrap();
            let decision = engine.decide(&call);
            let wanted = expected(&times, agreed, (tool, size, age, stated));
            assert_eq!(
                decision.reason.map(|reason| reason.as_str()),
                wanted,
                "seed {seed}, agreed to {agreed}, tool {}, size {size}, age {age}, purpose {stated:?}\n\
                 {decision:#?}\n{}\n{}",
                TOOLS[tool],
                times[agreed].files()["policy.placet"],
                today.files()["policy.placet"],
            );
            *seen.entry(wanted.unwrap_or("allow")).or_default() += 1;
        }
    }
    for reason in
        ["allow", "consent.drifted", "consent.expired", "consent.not-covered", "consent.purpose"]
    {
        assert!(seen.get(reason).is_some_and(|times| *times > 100), "{reason}: {seen:?}");
    }
}
