//! Which tools a caller is shown, against calls with many arguments, each judged by itself.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{self, BundleError, Content};
use placet_engine::condition::Attribute;
use placet_engine::{
    Call, Decision, Engine, Limits, Probe, Reason, Sample, ToolVisibility, Visibility,
};
use placet_tests::calls::decide;
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};
use serde_json::{Value, json};

#[derive(Default)]
struct Tally {
    worlds: usize,
    tools: usize,
    undecided: usize,
    most_probes: usize,
    asked: usize,
    shown: usize,
    lacking: usize,
    reasons: BTreeMap<String, usize>,
    calls: usize,
    allowed: usize,
}

fn parse(value: &Value) -> Call {
    Call::from_json(&serde_json::to_vec(value).unwrap(), &Limits::default()).unwrap()
}

fn lacks_only(decision: &Decision, wanted: &[Reason]) -> bool {
    let nearest = decision.alternatives.first();
    nearest.is_some_and(|one| one.lacks.iter().all(|lack| wanted.contains(&lack.reason)))
}

/// The call as its user would have it once it is confirmed, if that is all that it lacks.
fn confirmed(world: &World, value: &Value) -> Decision {
    let decision = decide(&world.engine, value);
    if !lacks_only(&decision, &[Reason::ConfirmationRequired]) {
        return decision;
    }
    let mut value = value.clone();
    value["confirmation"] = json!({
        "id": "c-1", "operation": decision.operation, "given_at": value["now"],
        "user": {"issuer": value["user"]["issuer"], "subject": value["user"]["subject"]},
    });
    decide(&world.engine, &value)
}

fn check(world: &World, seed: u64, tally: &mut Tally) {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(world, &reference, seed ^ 0x51DE);
    let calls: Vec<Value> = (0..120).map(|_| caller.call()).collect();
    // The arguments of all calls of a tool, with the facts computed of them, to be tried by every caller.
    let mut arguments: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for call in &calls {
        let tool = (call["server"].to_string(), call["target"].to_string());
        let of_tool = arguments.entry(tool).or_default();
        if call["operation"] == "tools/call" && call["arguments"].is_object() {
            let facts = call["facts"].as_array().cloned().unwrap_or_default();
            of_tool.insert(json!([call["arguments"], facts]).to_string());
        }
    }
    tally.worlds += 1;
    for tool in world.content.servers.values().flat_map(|server| server.tools.values()) {
        tally.tools += 1;
        tally.undecided += usize::from(tool.probes.is_none());
        let probes = tool.probes.as_ref().map_or(0, BTreeSet::len);
        tally.most_probes = tally.most_probes.max(probes);
    }
    for call in calls.iter().step_by(5) {
        let Ok(parsed) = Call::from_json(&serde_json::to_vec(call).unwrap(), &Limits::default())
        else {
            continue;
        };
        let seen = world.engine.visible_tools(&parsed);
        let server = world.content.servers.values().find(|one| one.identity == parsed.server);
        assert_eq!(seen.len(), server.map_or(0, |server| server.tools.len()));
        for one in seen {
            let tool = &server.unwrap().tools[&one.tool];
            tally.asked += 1;
            let mut aimed = call.clone();
            aimed["operation"] = json!("tools/call");
            aimed["target"] = json!(one.tool);
            aimed["tool_digest"] = json!(tool.digest);
            aimed["confirmation"] = Value::Null;
            replay(world, &one, &aimed, tally);
            let key = (call["server"].to_string(), json!(one.tool).to_string());
            for text in arguments.get(&key).into_iter().flatten() {
                let tried: Value = serde_json::from_str(text).unwrap();
                aimed["arguments"] = tried[0].clone();
                aimed["facts"] = tried[1].clone();
                let decision = confirmed(world, &aimed);
                let why = || {
                    format!(
                        "seed {seed}\n{}\n{aimed:#}\n{one:#?}\n{:#?}",
                        world.text(),
                        tool.probes
                    )
                };
                tally.calls += 1;
                tally.allowed += usize::from(decision.is_allow());
                if decision.is_allow() && tool.probes.is_some() {
                    assert_eq!(one.visibility, Visibility::Visible, "{}", why());
                }
                if !decision.alternatives.is_empty() && tool.probes.is_some() {
                    assert_ne!(one.visibility, Visibility::Hidden, "{}\n{decision:#?}", why());
                }
            }
        }
    }
}

/// What is shown is allowed with the arguments that are named; what is left out has a reason.
fn replay(world: &World, one: &ToolVisibility, aimed: &Value, tally: &mut Tally) {
    let mut aimed = aimed.clone();
    aimed["arguments"] = json!(one.example.clone().unwrap_or_default());
    aimed["facts"] = json!(one.facts);
    let decision = confirmed(world, &aimed);
    match one.visibility {
        Visibility::Visible => {
            assert!(decision.is_allow(), "{}\n{aimed:#}\n{one:#?}", world.text());
            assert_eq!((one.reason, one.lacks.len()), (None, 0));
            tally.shown += 1;
        }
        Visibility::Lacking => {
            assert!(!decision.alternatives.is_empty(), "{}\n{aimed:#}\n{one:#?}", world.text());
            assert!(!one.lacks.is_empty());
            tally.lacking += 1;
        }
        Visibility::Hidden => assert!(one.lacks.is_empty()),
    }
    if let Some(reason) = one.reason {
        *tally.reasons.entry(reason.to_string()).or_default() += 1;
    }
}

#[test]
fn a_tool_is_shown_if_some_arguments_would_be_allowed() {
    let mut tally = Tally::default();
    check(&World::fixed().unwrap_or_else(|error| panic!("{error}")), 1, &mut tally);
    let worlds = std::env::var("PLACET_WORLDS").ok().and_then(|text| text.parse().ok());
    for seed in 9_000..(9_000 + worlds.unwrap_or(12)) {
        let world = World::generate(seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        check(&world, seed, &mut tally);
    }
    println!(
        "{} worlds, {} tools ({} undecided, at most {} probes), {} asked after: {} shown, {} lacking; \
         {} calls, {} allowed\n{:#?}",
        tally.worlds,
        tally.tools,
        tally.undecided,
        tally.most_probes,
        tally.asked,
        tally.shown,
        tally.lacking,
        tally.calls,
        tally.allowed,
        tally.reasons,
    );
    assert!(tally.undecided * 20 < tally.tools, "too many tools are left undecided");
    assert!(tally.shown * 10 > tally.asked, "too few tools are shown");
    assert!(tally.lacking > 0 && tally.allowed * 10 > tally.calls);
}

/// What is asked of arguments is one of several things, beside something that is not about them.
const CHOICE: &str = r#"
edition 2026

server hub {
    resource   "https://mcp.example.com/hub"
    issuer     "https://login.example.com"
    catalogue  "catalogue.json"
}

client one "https://app.example/one.json"

capability look "Read files" on hub {
    tools   read_file
    access  read
    needs   nothing because "so it is"
}

allow looking anyone via one to look without consent because "so it is"
    when (args.path == "a" or args.path == "b" or token.acr == "phr")
        and (args.path is absent or token.acr == "x")
"#;

const CATALOGUE: &str = r#"{ "tools": [ { "name": "read_file", "inputSchema":
    { "type": "object", "properties": { "path": { "type": "string" } } } } ] }"#;

#[test]
fn one_of_several_arguments_is_enough() {
    let files = [("hub.placet", CHOICE), ("catalogue.json", CATALOGUE)];
    let files: BTreeMap<String, String> =
        files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let checked = placet_language::check(&files, &placet_language::Limits::default());
    let policy = checked.policy.unwrap();
    let engine = load(&placet_language::lower(&policy)).unwrap();
    let caller = parse(&json!({
        "user": {"issuer": "https://login.example.com", "subject": "alice"},
        "client": {"id": "https://app.example/one.json", "issuer": null,
                   "registration": "metadata_document", "status": "approved"},
        "server": "https://mcp.example.com/hub", "operation": "tools/call",
        "target": "read_file", "arguments": {},
        "credential": {"kind": "oauth", "issuer": "https://login.example.com",
                       "audience": ["https://mcp.example.com/hub"], "subject": "alice",
                       "client_id": "https://app.example/one.json", "scopes": [],
                       "issued_at": 1_790_000_000, "expires_at": 1_790_000_600, "acr": "x"},
        "receipts": [], "now": 1_790_000_000,
    }));
    assert!(!engine.decide(&caller).is_allow());
    let shown = engine.visible_tools(&caller);
    assert_eq!(shown.len(), 1);
    assert!(shown.iter().all(|one| one.visibility == Visibility::Visible), "{shown:?}");
}

#[test]
fn a_caller_at_no_server_of_the_policy_sees_nothing() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let mut call = placet_tests::calls::good_call(&world);
    call["server"] = json!("https://elsewhere.example");
    assert_eq!(world.engine.visible_tools(&parse(&call)), Vec::new());
}

fn load(content: &Content) -> Result<Engine, BundleError> {
    Engine::load(&bundle::write(content).unwrap(), &Limits::default())
}

fn with_probes(world: &World, probes: Option<BTreeSet<Probe>>) -> Content {
    let mut content = world.content.clone();
    for tool in content.servers.values_mut().flat_map(|server| server.tools.values_mut()) {
        tool.probes.clone_from(&probes);
    }
    content
}

fn with_owner(sample: Sample) -> Probe {
    Probe { arguments: BTreeMap::from([(String::from("owner"), sample)]), ..Probe::default() }
}

#[test]
fn a_bundle_that_lies_about_arguments_hides_tools_and_shows_none() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let caller = parse(&placet_tests::calls::good_call(&world));
    let shown = |engine: &Engine| -> BTreeSet<String> {
        let seen = engine.visible_tools(&caller).into_iter();
        seen.filter(|one| one.visibility == Visibility::Visible).map(|one| one.tool).collect()
    };
    let honest = shown(&world.engine);
    assert!(!honest.is_empty());
    let strange = with_owner(Sample::String(String::new()));
    for lie in [None, Some(BTreeSet::new()), Some(BTreeSet::from([strange]))] {
        let engine = load(&with_probes(&world, lie)).unwrap();
        assert!(shown(&engine).is_subset(&honest));
    }
}

#[test]
fn probes_are_bounded_and_refer_to_strings_of_the_caller() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    let probe = with_owner;
    let many = (0..=1_000).map(|number| probe(Sample::Integer(number))).collect();
    let nested = Sample::Array(vec![Sample::Same(Attribute::TokenAge)]);
    for wrong in [many, BTreeSet::from([probe(nested)])] {
        let loaded = load(&with_probes(&world, Some(wrong)));
        assert!(matches!(loaded.map(|_| ()), Err(BundleError::Inconsistent(_))));
    }
    let subject = BTreeSet::from([probe(Sample::Same(Attribute::UserSubject))]);
    assert!(load(&with_probes(&world, Some(subject))).is_ok());
}
