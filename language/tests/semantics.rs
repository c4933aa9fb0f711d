//! Decisions on small policies, each for one thing that once went wrong or easily could.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use placet_engine::{Call, Decision, Engine, Limits as EngineLimits};
use placet_language::{Limits, check, compile};
use serde_json::{Value, json};

const SERVER: &str = r#"edition 2026
server s {
    local       "s"
    credentials local for destructive because "the user's own"
    catalogue   "catalogue.json"
}
client c "https://c.example/c.json"
"#;

fn engine(policy: &str) -> Engine {
    let files = BTreeMap::from([
        (String::from("a.placet"), format!("{SERVER}{policy}")),
        (String::from("catalogue.json"), include_str!("cases/catalogue.json").to_owned()),
    ]);
    let checked = check(&files, &Limits::default());
    let policy = checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    Engine::load(&compile(&policy).unwrap(), &EngineLimits::default()).unwrap()
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({
        "user": {"issuer": "https://host.example", "subject": "u7", "claims": {"g": ["a", "b"]}},
        "client": {"id": "https://c.example/c.json", "registration": "metadata_document",
                   "status": "approved"},
        "server": "local:s", "operation": "tools/call", "target": tool, "arguments": arguments,
        "credential": {"kind": "local"}, "now": 1000
    })
}

fn decide(engine: &Engine, call: &Value) -> Decision {
    engine.decide(&Call::from_json(call.to_string().as_bytes(), &EngineLimits::default()).unwrap())
}

fn reason(engine: &Engine, call: &Value) -> String {
    decide(engine, call).reason.map_or("allow", placet_engine::Reason::as_str).to_owned()
}

const READ: &str = "capability read \"Read\" on s { tools read_file access read }\n";

#[test]
fn a_rule_for_thousands_is_decided_on_a_small_stack() {
    let mut policy = READ.to_owned();
    let users: Vec<String> =
        (0..3_000).map(|n| format!("user \"u{n}\" issued by \"https://host.example\"")).collect();
    let folders: Vec<String> = (0..3_000).map(|n| format!("args.path like \"/d{n}/*\"")).collect();
    writeln!(
        policy,
        "allow many {} via c to read without consent when {} because \"x\"",
        users.join(", "),
        folders.join(" or ")
    )
    .unwrap();
    let ask = move || {
        let engine = engine(&policy);
        let path = |path: &str| reason(&engine, &call("read_file", &json!({"path": path})));
        (path("/d2999/x"), path("/d3000/x"))
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(ask).unwrap();
    assert_eq!(thread.join().unwrap(), (String::from("allow"), String::from("rule.none")));
}

#[test]
fn of_two_consents_that_would_do_the_smaller_is_asked_for() {
    let engine = engine(
        r#"capability read "Read" on s { tools read_file access read }
           capability drop "Drop" on s { tools delete_issue access destructive }
           consent whole "Whole"  { grants read, drop lasts 1 day }
           consent some "Some" { grants read lasts 1 day }
           allow a anyone via c to read, drop under whole
           allow b anyone via c to read under some"#,
    );
    let decision = decide(&engine, &call("read_file", &json!({"path": "/x"})));
    let remedy = serde_json::to_value(&decision.remedy).unwrap();
    assert_eq!(remedy["terms"], "some");
    assert_eq!(decision.alternatives.len(), 2);
}

#[test]
fn terms_change_when_another_capability_raises_a_tools_access() {
    let policy = format!("{READ}consent c1 \"C\" {{ grants read lasts 1 day }}\n");
    let raised =
        format!("{policy}capability wipe \"Wipe\" on s {{ tools read_file access destructive }}\n");
    let (before, after) = (engine(&policy), engine(&raised));
    let (before, after) = (&before.content().terms["c1"], &after.content().terms["c1"]);
    assert_ne!(before.digest, after.digest);
    assert_eq!(before.lines, ["Read (read)"]);
    assert_eq!(after.lines, ["Read (destructive)"]);
}

#[test]
fn renaming_a_capability_asks_nobody_again() {
    let consent = "consent c1 \"C\" { grants read lasts 1 day }\n";
    let one = engine(&format!("{READ}{consent}"));
    let other = engine(
        &format!("{READ}{consent}")
            .replace(" read \"", " look \"")
            .replace("grants read", "grants look"),
    );
    assert_eq!(one.content().terms["c1"].digest, other.content().terms["c1"].digest);
}

#[test]
fn groups_within_groups() {
    let engine = engine(&format!(
        r#"{READ}
           group a in outer from claim "g" has "a" issued by "https://host.example"
           group outer from claim "g" has "nobody" issued by "https://host.example"
           group z from claim "g" has "b" issued by "https://host.example" and in outer
           group never from claim "g" has "b" issued by "https://host.example" and in z, absent
           group absent from claim "g" has "c" issued by "https://host.example"
           group foreign from claim "g" has "a" issued by "https://other.example"
           allow ok z via c to read without consent when args.path == "/z" because "x"
           allow no never, foreign via c to read without consent when args.path == "/n" because "x""#,
    ));
    let path = |path: &str| reason(&engine, &call("read_file", &json!({"path": path})));
    assert_eq!(path("/z"), "allow");
    assert_eq!(path("/n"), "rule.none");
}

#[test]
fn a_rounded_number_is_no_integer() {
    let engine = engine(
        r#"capability edit "Edit" on s { tools create_issue access write }
           allow r anyone via c to edit without consent
               when args.priority == 9007199254740992 because "x""#,
    );
    let ask = |number: &str| {
        let text = call("create_issue", &json!({"priority": 0})).to_string();
        let text = text.replace("\"priority\":0", &format!("\"priority\":{number}"));
        let call = Call::from_json(text.as_bytes(), &EngineLimits::default()).unwrap();
        engine.decide(&call).is_allow()
    };
    assert!(ask("9007199254740992"));
    assert!(!ask("9007199254740993.0"));
    assert!(!ask("9007199254740993"));
}

#[test]
fn an_evaluation_that_fails_is_not_explained_as_a_success() {
    let good =
        engine(&format!("{READ}allow r anyone via c to read without consent because \"x\"\n"));
    let mut content = good.content().clone();
    content.cedar.policies.retain(|id, _| !id.starts_with("r/"));
    let bundle = placet_engine::bundle::write(&content).unwrap();
    let engine = Engine::load(&bundle, &EngineLimits::default()).unwrap();
    let call = call("read_file", &json!({"path": "/x"}));
    let call = Call::from_json(call.to_string().as_bytes(), &EngineLimits::default()).unwrap();
    let explanation = engine.explain(&call);
    assert_eq!(explanation.decision.reason.unwrap().as_str(), "evaluation.error");
    let passed =
        explanation.links.iter().any(|link| link.outcome == placet_engine::Outcome::Passed);
    assert!(!passed, "{:?}", explanation.links);
}
