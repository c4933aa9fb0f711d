//! `corpus FOLDER WORLDS CALLS`: generated policies, each with so many calls and what the library says of
//! them, one file a policy; and the conformance cases likewise. Builds in other languages are held to
//! them. A file's first line is the bundle, each other one question: its kind, its text and the answer.
//! And in `plugins` the components of `host/tests/plugins`, with what comes of each in `plugins.json`; and
//! `sql.bundle`, the policy of `examples/sql`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a mistake here fails the test that makes it"
)]

#[path = "../tests/support/example.rs"]
mod example;
#[path = "../tests/support/bad_and_good.rs"]
mod files;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use placet_engine::{Call, CallError, ConsentRequest, Engine, Limits, RegistrationRequest};
use placet_tests::conformance::{self, Question};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};
use serde::Serialize;

use crate::files::{Outcome, Plugin};
use serde_json::json;

/// What the library says, as JSON; where it is no question, why.
fn answer(engine: &Engine, question: &Question) -> serde_json::Value {
    fn of<Q, D: Serialize>(
        read: Result<Q, CallError>,
        decide: impl Fn(&Q) -> D,
    ) -> serde_json::Value {
        match read {
            Ok(question) => json!({"answer": serde_json::to_string(&decide(&question)).unwrap()}),
            Err(error) => json!({"error": error.to_string()}),
        }
    }
    let limits = Limits::default();
    match question {
        Question::Call(text) => {
            of(Call::from_json(text.as_bytes(), &limits), |call| engine.decide(call))
        }
        Question::Registration(text) => {
            let read = RegistrationRequest::from_json(text.as_bytes(), &limits);
            of(read, |request| engine.decide_registration(request))
        }
        Question::Consent(text) => {
            let read = ConsentRequest::from_json(text.as_bytes(), &limits);
            of(read, |request| engine.decide_consent(request))
        }
    }
}

fn write(file: &Path, bundle: &[u8], questions: &[Question]) {
    let engine = Engine::load(bundle, &Limits::default()).unwrap();
    let mut to = BufWriter::new(fs::File::create(file).unwrap());
    writeln!(to, "{}", json!({"bundle": String::from_utf8(bundle.to_vec()).unwrap()})).unwrap();
    for question in questions {
        let (kind, text) = match question {
            Question::Call(text) => ("call", text),
            Question::Registration(text) => ("registration", text),
            Question::Consent(text) => ("consent", text),
        };
        let mut line = answer(&engine, question);
        line["kind"] = json!(kind);
        line["text"] = json!(text);
        writeln!(to, "{line}").unwrap();
    }
    to.flush().unwrap();
}

/// The components that compute facts, and what comes of each, as builds in other languages can read it.
fn plugins(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut told = BTreeMap::new();
    for Plugin { name, bytes, outcome } in files::all() {
        fs::write(folder.join(format!("{name}.wasm")), bytes).unwrap();
        let outcome = match outcome {
            Outcome::Value(value) => json!({ "value": value.to_string() }),
            Outcome::None => json!({ "none": true }),
            Outcome::Failed(why) => json!({ "failed": why }),
            Outcome::Unusable => json!({ "unusable": true }),
        };
        told.insert(name, outcome);
    }
    fs::write(folder.join("plugins.json"), json!(told).to_string()).unwrap();
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, worlds, calls] = arguments.as_slice() else {
        panic!("usage: corpus FOLDER WORLDS CALLS");
    };
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder).unwrap();
    let number = |text: &str| text.parse::<u64>().expect("a number");

    plugins(&folder.join("plugins"));
    fs::write(folder.join("sql.bundle"), example::example_bundle()).unwrap();
    let mut cases: BTreeMap<String, Vec<Question>> = BTreeMap::new();
    for (_, file) in conformance::files() {
        let questions = file.cases.iter().map(|case| file.question(case));
        cases.entry(file.policy.clone()).or_default().extend(questions);
    }
    for (policy, questions) in cases {
        let file = folder.join(format!("conformance-{policy}.jsonl"));
        write(&file, &conformance::bundle(&policy), &questions);
    }
    for seed in 0..number(worlds) {
        let world = World::generate(seed).unwrap();
        let bundle = placet_engine::bundle::write(&world.content).unwrap();
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed ^ 0x5A5A);
        let questions: Vec<Question> =
            (0..number(calls)).map(|_| Question::Call(caller.call().to_string())).collect();
        write(&folder.join(format!("world-{seed:05}.jsonl")), &bundle, &questions);
    }
}
