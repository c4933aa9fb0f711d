//! The conformance cases of `spec/conformance`, for whatever build of the engine is to answer them.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a mistake here fails the test that makes it"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where its schema is.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// What the cases show.
    pub about: String,
    /// The policy that they are asked of.
    pub policy: String,
    #[serde(default)]
    call: Value,
    #[serde(default)]
    registration: Value,
    #[serde(default)]
    consent: Value,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Where its answer comes from.
    pub source: String,
    call: Option<Value>,
    registration: Option<Value>,
    consent: Option<Value>,
    text: Option<String>,
    /// What is to be answered.
    pub expect: Value,
}

/// What a case asks, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// About a call.
    Call(String),
    /// About a client that wants to register.
    Registration(String),
    /// About a consent.
    Consent(String),
}

impl File {
    /// What one of its cases asks.
    pub fn question(&self, case: &Case) -> Question {
        match (&case.call, &case.registration, &case.consent, &case.text) {
            (Some(patch), None, None, None) => Question::Call(merge(&self.call, patch).to_string()),
            (None, Some(patch), None, None) => {
                Question::Registration(merge(&self.registration, patch).to_string())
            }
            (None, None, Some(patch), None) => {
                Question::Consent(merge(&self.consent, patch).to_string())
            }
            (None, None, None, Some(text)) => Question::Call(text.clone()),
            _ => panic!("{}: not one question", case.name),
        }
    }
}

impl Case {
    /// In what an answer is not as it should be. `{"error": true}` is that there is none.
    pub fn wrong(&self, answer: &Value) -> Vec<String> {
        let mut answer = answer.clone();
        if let Some(rules) = answer.get_mut("rules") {
            let ids: BTreeSet<&str> =
                rules.as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
            *rules = json!(ids);
        }
        let mut wrong = Vec::new();
        for (member, expected) in self.expect.as_object().unwrap() {
            let actual = answer.get(member).unwrap_or(&Value::Null);
            if actual != expected {
                wrong.push(format!("{}: {member} is {actual}, not {expected}", self.name));
            }
        }
        if self.expect.get("decision").is_some() == answer.get("error").is_some() {
            wrong.push(format!("{}: {answer}", self.name));
        }
        wrong
    }
}

/// The folder of the cases and their policies.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("spec/conformance")
}

/// The names in a folder, sorted.
pub fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every file of cases with its name.
pub fn files() -> Vec<(String, File)> {
    let mut files = Vec::new();
    let cases = folder().join("cases");
    for area in names(&cases) {
        for name in names(&cases.join(&area)) {
            let name = format!("{area}/{name}");
            let bytes = fs::read(cases.join(&name)).unwrap();
            // Strictly, as every build may read them.
            let value = placet_engine::parse_json(&bytes).unwrap();
            let file = serde_json::from_value(value);
            files.push((name.clone(), file.unwrap_or_else(|error| panic!("{name}: {error}"))));
        }
    }
    files
}

/// The bundle of a policy.
pub fn bundle(policy: &str) -> Vec<u8> {
    fs::read(folder().join("policies").join(policy).join("policy.bundle")).unwrap()
}

/// RFC 7396.
fn merge(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        match value {
            Value::Null => {
                merged.remove(name);
            }
            value => {
                let before = merged.get(name).cloned().unwrap_or_default();
                merged.insert(name.clone(), merge(&before, value));
            }
        }
    }
    Value::Object(merged)
}
