//! What the wall costs: the component in wasmtime beside the library, on the same calls in the same run.
//!
//! `cargo bench -p placet-host --features wasmtime [-- FOLDER]`; with a folder, the
//! bundles and calls are written there, for `npm/bench`.

#![expect(
    unreachable_pub,
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark may panic, and says what it measured"
)]

#[path = "../../engine/benches/src/scenario.rs"]
mod scenario;

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use placet_engine::{Call, Limits};
use placet_host::{Component, HostLimits};
use serde_json::{Value, json};

use crate::scenario::{ISSUER, Layout, Scenario, facts};

/// How long each thing is measured, in rounds: all of them once, and again.
const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(12);

/// The time of one run, in one round.
fn round(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < ROUND {
        run();
        runs += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
}

/// The median of each thing in microseconds. They take turns, so that the machine's other work falls on
/// all alike.
fn medians<const N: usize>(mut things: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (thing, times) in things.iter_mut().zip(&mut times) {
            times.push(round(*thing));
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}

fn main() {
    let folder = std::env::args().skip(1).find(|one| !one.starts_with('-')).map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wasm");
    let bytes = fs::read(root.join("placet.wasm")).unwrap();
    let start = Instant::now();
    let component = Component::new(&bytes, HostLimits::default()).unwrap();
    println!("compile       {:9.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let instance = &mut || drop(black_box(component.version().unwrap()));
    let [instantiate] = medians([instance]);
    println!("instantiate, ask for the version, drop {instantiate:9.2} µs");

    println!(
        "layout   rules  load: library, component   call                    library  typed         JSON: library, component"
    );
    for layout in [Layout::Spread, Layout::Crowded] {
        for rules in [10, 1_000, 10_000] {
            let scenario = Scenario::new(layout, rules);
            let start = Instant::now();
            drop(placet_engine::Engine::load(&scenario.bundle, &Limits::default()).unwrap());
            let library_load = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let mut instance = component.load(&scenario.bundle).unwrap();
            let component_load = start.elapsed().as_secs_f64();
            let calls = [
                ("allow", scenario.allowed(1, false)),
                ("deny, condition", scenario.denied()[0].1.clone()),
                ("allow, 50 receipts", scenario.allowed(50, false)),
                ("allow, 64 KiB", scenario.allowed(1, true)),
            ];
            if let Some(folder) = folder.as_ref().filter(|_| layout == Layout::Spread) {
                write(&folder.join(rules.to_string()), &scenario, &calls[0].1);
            }
            for (name, value) in calls {
                let text = value.to_string();
                let limits = Limits::default();
                let call = Call::from_json(text.as_bytes(), &limits).unwrap();
                let record = placet_host::call_from_json(text.as_bytes(), &limits).unwrap();
                let expected = serde_json::to_string(&scenario.engine.decide(&call)).unwrap();
                assert_eq!(expected, instance.decide_json(&text).unwrap());
                let instance = std::cell::RefCell::new(&mut instance);
                let [library, typed, json, component_json] = medians([
                    &mut || drop(black_box(scenario.engine.decide(black_box(&call)))),
                    &mut || drop(black_box(instance.borrow_mut().decide(&record).unwrap())),
                    &mut || {
                        let call = Call::from_json(text.as_bytes(), &limits).unwrap();
                        let decision = scenario.engine.decide(&call);
                        drop(black_box(serde_json::to_string(&decision).unwrap()));
                    },
                    &mut || drop(black_box(instance.borrow_mut().decide_json(&text).unwrap())),
                ]);
                println!(
                    "{:8} {rules:5} {library_load:7.2} s {component_load:7.2} s  {name:20} \
                     {library:8.2} µs {typed:8.2} µs ×{:.2} {json:8.2} µs {component_json:8.2} µs ×{:.2}",
                    layout.name(),
                    typed / library,
                    component_json / json,
                );
            }
        }
    }
}

/// Writes the bundle and an allowed call, and the same for Cedar alone.
fn write(folder: &Path, scenario: &Scenario, call: &Value) {
    fs::create_dir_all(folder).unwrap();
    let cedar = &scenario.content.cedar;
    let facts = facts(call);
    let client = facts["client"]["id"].as_str().unwrap();
    let user = json!({"type": "User", "id": format!("user:{ISSUER}#alice")});
    let groups: Vec<Value> = facts["user"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|name| scenario.content.groups.contains_key(name.as_str().unwrap()))
        .map(|name| json!({"type": "Group", "id": format!("group:{}", name.as_str().unwrap())}))
        .collect();
    let mut entities = serde_json::to_value(&cedar.entities).unwrap();
    let all = entities.as_array_mut().unwrap();
    all.push(json!({"uid": user, "attrs": {}, "parents": groups}));
    let request = json!({
        "principal": user,
        "action": {"type": "Action", "id": format!("tool:hub/{}", facts["tool"].as_str().unwrap())},
        "resource": {"type": "Server", "id": "server:hub"},
        "context": {
            "call": {}, "client": {
                "entity": {"__entity": {"type": "Client", "id": format!("client:{client}")}},
                "id": client, "registration": facts["client"]["registration"],
                "status": facts["client"]["status"], "domain": "c0.example"},
            "consents": facts["consents"], "now": facts["now"], "scopes": facts["scopes"],
            "token": facts["token"], "user": {"issuer": ISSUER, "subject": "alice"},
            "args": facts["args"],
        },
        "entities": entities,
    });
    let policies: BTreeMap<&String, &String> = cedar.policies.iter().collect();
    fs::write(folder.join("policy.bundle"), &scenario.bundle).unwrap();
    fs::write(folder.join("call.json"), call.to_string()).unwrap();
    let cedar = json!({"policies": policies, "schema": cedar.schema, "request": request});
    fs::write(folder.join("cedar.json"), cedar.to_string()).unwrap();
}
