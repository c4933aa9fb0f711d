//! Facts that a component computes: what a host is asked for, what it hands over, and what comes of it
//! where that is missing, wrong, or of another component. And `spec/facts.md` is done as it says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use placet_engine::call::{Fact, Status};
use placet_engine::condition::Function;
use placet_engine::{BundleError, Call, CallError, Digest, Engine, Limits, Reason};
use placet_language::case::{CaseFile, CaseLimits, Filter, Outcome, run};
use placet_language::diff::{Cause, DiffLimits, Switched, diff, switched};
use placet_language::lock::{self, Lock};
use placet_language::{Code, check, compile};
use serde_json::{Value, json};

const COMPONENT: &str = "\0asm\r\0\u{1}\0";

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/facts.md");
    fs::read_to_string(path).unwrap()
}

/// The block of the page that starts so.
fn block(info: &str) -> String {
    let page = page();
    let (_, rest) = page.split_once(&format!("```{info}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn catalogue() -> String {
    json!({"tools": [{"name": "query", "inputSchema": {
        "type": "object", "properties": {"sql": {"type": "string"}}, "required": ["sql"],
    }}]})
    .to_string()
}

fn files() -> BTreeMap<String, String> {
    BTreeMap::from([
        (String::from("db.placet"), block("placet")),
        (String::from("catalogue.json"), catalogue()),
        (String::from("facts/sql.wasm"), COMPONENT.to_owned()),
    ])
}

fn engine(files: &BTreeMap<String, String>) -> Engine {
    let checked = check(files, &placet_language::Limits::default());
    let policy = checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap()
}

fn component() -> Digest {
    Digest::of_bytes(COMPONENT.as_bytes())
}

/// A block of JSON, with the component's digest in its place.
fn told(info: &str) -> Value {
    let text = block(info).replace("\"COMPONENT\"", &format!("\"{}\"", component()));
    serde_json::from_str(&text).unwrap()
}

/// The call of the page with what the host computed, and the receipt that it needs.
fn call(engine: &Engine, facts: Value) -> Call {
    let mut call = told("json,call");
    let terms = engine.content().terms.get("reporting").unwrap();
    call["receipts"] = json!([{
        "id": "r-1", "terms": "reporting", "digest": terms.digest, "server": "local:db",
        "user": {"issuer": "local", "subject": "alice"},
        "client": {"id": "https://desktop.example/oauth/client.json"}, "given_at": 1_790_000_000,
    }]);
    call["facts"] = facts;
    Call::from_json(call.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn reason(engine: &Engine, facts: Value) -> Option<Reason> {
    engine.decide(&call(engine, facts)).reason
}

#[test]
fn the_page_is_done_as_it_says() {
    let engine = engine(&files());
    let asked = engine.facts_needed(&call(&engine, json!([])));
    assert_eq!(serde_json::to_value(&asked).unwrap(), told("json,needed"));
    let call = call(&engine, told("json,facts"));
    assert!(engine.decide(&call).is_allow());
    assert_eq!(engine.facts_needed(&call), []);

    let cases = CaseFile { path: String::from("facts.md"), text: block("cases") };
    let report = run(&[cases], &engine, &Filter::default(), &CaseLimits::default());
    assert_eq!(report.results.len(), 3);
    for result in report.results {
        assert!(matches!(result.outcome, Outcome::Passed), "{result:#?}");
    }
}

#[test]
fn the_policy_of_the_page_is_the_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sql/policy/db.placet");
    assert_eq!(block("placet"), fs::read_to_string(example).unwrap());
}

#[test]
fn whatever_is_wrong_with_a_fact_it_is_no_value() {
    let engine = engine(&files());
    let fact = |function: &str, value: Value| json!({"component": component(), "function": function, "argument": ["sql"], "value": value});
    let tables = fact("tables", json!(["orders"]));
    assert_eq!(reason(&engine, json!([fact("kind", json!("read")), tables])), None);
    let other = Digest::of_bytes(b"another");
    let kind = fact("kind", json!("read"));
    let with = |member: &str, value: Value| {
        let mut changed = kind.clone();
        changed[member] = value;
        changed
    };
    for wrong in [
        fact("kind", json!("write")),
        fact("kind", json!(["read"])),
        fact("kind", json!(true)),
        fact("kind", Value::Null),
        fact("Kind", json!("read")),
        with("component", json!(other)),
        with("argument", json!(["query"])),
        with("argument", json!([])),
    ] {
        let facts = json!([wrong, tables]);
        assert_eq!(reason(&engine, facts.clone()), Some(Reason::RuleNone), "{facts}");
    }
    for wrong in [json!("orders"), json!([]), json!(["orders", 1]), json!(["orders", "secrets"])] {
        let facts = json!([kind, fact("tables", wrong)]);
        assert_eq!(reason(&engine, facts.clone()), Some(Reason::RuleNone), "{facts}");
    }
}

#[test]
fn facts_that_say_no_one_thing_make_no_call() {
    let engine = engine(&files());
    let read = |facts: &Value| {
        let mut call = told("json,call");
        call["facts"] = facts.clone();
        Call::from_json(call.to_string().as_bytes(), &Limits::default())
    };
    let fact = |value: Value| json!({"component": component(), "function": "kind", "argument": ["sql"], "value": value});
    let one = fact(json!("read"));
    let mut unknown = one.clone();
    unknown["digest"] = json!("x");
    for wrong in [
        json!([one, fact(json!("write"))]),
        json!([one, one]),
        json!([fact(json!({"is": "read"}))]),
        json!([fact(json!([["read"]]))]),
        json!([fact(json!("x".repeat(20_000)))]),
        json!([unknown]),
        json!([{"component": "sha256-1", "function": "kind", "argument": [], "value": 1}]),
        json!([[component(), "kind", ["sql"], "read"]]),
        json!({"kind": "read"}),
    ] {
        assert!(read(&wrong).is_err(), "{wrong}");
    }
    let many: Vec<Value> = (0..1_001)
        .map(|number| {
            json!({"component": component(),
        "function": format!("f{number}"), "argument": ["sql"], "value": 1})
        })
        .collect();
    assert!(matches!(read(&json!(many)), Err(CallError::TooMany { what: "facts", .. })));
    let long = json!([fact(json!(vec!["x"; 10_001]))]);
    assert!(matches!(read(&long), Err(CallError::TooMany { .. })));

    // A host that builds the call itself and gives one twice is no better off.
    let mut twice = call(&engine, told("json,facts"));
    let first = twice.facts.first().unwrap().clone();
    twice.facts.push(first);
    assert_eq!(engine.decide(&twice).reason, Some(Reason::RuleNone));
}

#[test]
fn nothing_is_asked_for_that_no_rule_reads_or_that_is_not_there() {
    let engine = engine(&files());
    let mut asked = call(&engine, json!([]));
    for absent in ["{}", "{\"sql\": null}"] {
        asked.arguments = Ok(serde_json::from_str(absent).unwrap());
        assert_eq!(engine.facts_needed(&asked), []);
    }
    asked.target = String::from("unknown");
    assert_eq!(engine.facts_needed(&asked), []);
    asked.server = String::from("local:other");
    assert_eq!(engine.facts_needed(&asked), []);
}

/// The files, where the argument of the facts is an object.
fn of_objects() -> BTreeMap<String, String> {
    let mut files = files();
    let text = files["catalogue.json"].replace("\"string\"", "\"object\"");
    files.insert(String::from("catalogue.json"), text);
    files
}

#[test]
fn the_input_is_the_same_text_whatever_the_order_of_members() {
    let engine = engine(&of_objects());
    let input = |arguments: &str| {
        let mut asked = call(&engine, json!([]));
        asked.arguments = placet_engine::call::arguments(Some(arguments), &Limits::default());
        engine.facts_needed(&asked).first().unwrap().input.clone()
    };
    let sorted = "{\"a\":[1,{\"x\":9007199254740991,\"y\":null}],\"b\":1.5}";
    let other = "{\"sql\": {\"b\": 1.5, \"a\": [1, {\"y\": null, \"x\": 9007199254740991}]}}";
    assert_eq!(input(&format!("{{\"sql\": {sorted}}}")), sorted);
    assert_eq!(input(other), sorted);
}

/// What the tool reads there may be another number than the component would be told.
#[test]
fn nothing_is_computed_of_a_number_that_is_not_exact() {
    let engine = engine(&of_objects());
    let mut asked = call(&engine, json!([]));
    for number in ["9007199254740993", "-9007199254740993", "9007199254740993.0", "1e300"] {
        let text = format!("{{\"sql\": {{\"a\": [{number}]}}}}");
        asked.arguments = placet_engine::call::arguments(Some(&text), &Limits::default());
        assert_eq!(engine.facts_needed(&asked), [], "{number}");
    }
}

/// Whoever is turned away makes nobody work.
#[test]
fn nothing_is_computed_for_whom_no_rule_is_asked_about() {
    let engine = engine(&files());
    let asked = call(&engine, json!([]));
    assert!(!engine.facts_needed(&asked).is_empty());
    let mut blocked = asked.clone();
    blocked.client.status = Status::Blocked;
    let mut unknown = asked.clone();
    unknown.client.id = String::from("https://elsewhere.example/client.json");
    let mut without = asked;
    without.credential = None;
    for call in [blocked, unknown, without] {
        assert_eq!(engine.facts_needed(&call), [], "{:?}", engine.decide(&call).reason);
    }
}

#[test]
fn another_component_is_not_the_one_that_was_locked() {
    let mut files = files();
    let limits = placet_language::Limits::default();
    let policy = check(&files, &limits).policy.unwrap();
    let text = lock::write(&Lock::take(&policy, None));
    assert!(text.contains(&format!("component \"facts/sql.wasm\" {}", component())));
    files.insert(lock::FILE.to_owned(), text.clone());
    assert!(check(&files, &limits).policy.is_some());
    let codes = |files: &BTreeMap<String, String>| -> Vec<Code> {
        check(files, &limits).diagnostics.into_iter().map(|one| one.code).collect()
    };
    // Told once, though two facts are of it.
    let other = format!("{COMPONENT}\0\u{1}\0");
    let mut changed = files.clone();
    changed.insert(String::from("facts/sql.wasm"), other);
    assert_eq!(codes(&changed), [Code::LockComponent]);
    let without: String = text
        .lines()
        .filter(|line| !line.starts_with("component"))
        .map(|line| format!("{line}\n"))
        .collect();
    files.insert(lock::FILE.to_owned(), without);
    assert_eq!(codes(&files), [Code::LockComponent]);
}

#[test]
fn another_component_might_allow_anything_else_and_asks_users_again() {
    let old = engine(&files());
    let mut changed = files();
    changed.insert(String::from("facts/sql.wasm"), format!("{COMPONENT}\0\u{1}\0"));
    let new = engine(&changed);
    // Found in the versions themselves, as from bundles, and by switching files.
    let by_files = || switched(&files(), &changed, &placet_language::Limits::default());
    for between in [&Vec::new as &dyn Fn() -> Vec<Switched>, &by_files] {
        let found = diff(&old, &new, between, &DiffLimits::default());
        assert!(found.undecided.is_empty());
        let [finding] = found.expansions.as_slice() else { panic!("{:#?}", found.expansions) };
        assert_eq!(finding.causes.iter().copied().collect::<Vec<_>>(), [Cause::Component]);
    }
    let causes: Vec<Cause> = by_files().iter().map(|one| one.cause).collect();
    assert_eq!(causes, [Cause::Component]);
    // Nothing but the author's word for it changed here.
    let mut renamed = files();
    let text =
        renamed["db.placet"].replace("sql.kind", "query.kind").replace("sql.tables", "q.tables");
    renamed.insert(String::from("db.placet"), text);
    let same = diff(&old, &engine(&renamed), &Vec::new, &DiffLimits::default());
    assert!(same.expansions.is_empty() && same.contractions.is_empty());
    let digest = |engine: &Engine| engine.content().terms["reporting"].digest.clone();
    assert_ne!(digest(&old), digest(&new));
    assert_eq!(digest(&old), digest(&engine(&renamed)));
}

#[test]
fn a_bundle_in_which_two_components_compute_one_fact_is_refused() {
    let load = |content| {
        let bundle = placet_engine::bundle::write(&content).unwrap();
        Engine::load(&bundle, &Limits::default()).map(|_| ())
    };
    let mut content = engine(&files()).content().clone();
    assert!(load(content.clone()).is_ok());
    let tool = content.servers.get_mut("db").unwrap().tools.get_mut("query").unwrap();
    let mut other = tool.reads.arguments.first().unwrap().clone();
    other.computed.as_mut().unwrap().component = Digest::of_bytes(b"another");
    tool.reads.arguments.insert(other);
    let refused = load(content);
    let Err(BundleError::Inconsistent(what)) = refused else { panic!("{refused:?}") };
    assert_eq!(what, "two components compute `kind(args.sql)`");
}

/// Where nobody computes it, it is absent: a host that computes nothing would be allowed more.
#[test]
fn whether_a_fact_is_there_is_nothing_to_rest_on() {
    for (condition, underlined) in [
        ("sql.kind is absent or sql.kind == \"read\"", "sql.kind"),
        ("sql.kind is present", "sql.kind"),
    ] {
        let mut files = files();
        let policy = files.get_mut("db.placet").unwrap();
        *policy = policy.replacen("where   ", &format!("where   {condition} and "), 1);
        assert!(policy.contains(condition));
        let checked = check(&files, &placet_language::Limits::default());
        let errors: Vec<_> = checked.diagnostics.iter().filter(|one| one.is_error()).collect();
        let [error] = errors[..] else { panic!("{errors:?}") };
        assert_eq!((error.code, error.underlined()), (Code::TypeMismatch, Some(underlined)));
    }
    let mut content = engine(&files()).content().clone();
    let tool = content.servers.get_mut("db").unwrap().tools.get_mut("query").unwrap();
    let fact = tool.reads.arguments.iter().find(|one| one.computed.is_some()).unwrap().clone();
    tool.reads.present.insert(fact);
    let bundle = placet_engine::bundle::write(&content).unwrap();
    let refused = Engine::load(&bundle, &Limits::default()).map(|_| ());
    let Err(BundleError::Inconsistent(what)) = refused else { panic!("{refused:?}") };
    assert_eq!(what, "a rule asks whether `kind(args.sql)` is there");
}

#[test]
fn a_fact_is_told_apart_by_function_and_argument() {
    let fact = |name: &str, argument: &[&str]| Fact {
        function: Function { component: component(), name: name.to_owned() },
        argument: argument.iter().map(|one| (*one).to_owned()).collect(),
        value: json!("read"),
    };
    let engine = engine(&files());
    let mut hostile = call(&engine, json!([]));
    hostile.facts = vec![
        fact("kind(args.sql)", &["sql"]),
        fact("kind", &["sql", ""]),
        fact("kind", &["sql)"]),
        fact("", &["kind(args.sql)"]),
    ];
    assert_eq!(engine.decide(&hostile).reason, Some(Reason::RuleNone));
}
