//! Arguments and targets: what a call is about.

use std::collections::BTreeMap;

use placet_engine::bundle::Feature;
use placet_language::catalogue::{Kind, Parameter};
use placet_language::model::Server;
use serde_json::{Map, Value, json};

use crate::worlds::caller::Caller;
use crate::worlds::values::*;

impl Caller<'_> {
    /// Aims a call at a feature, with arguments that fit.
    pub(super) fn aim(&mut self, call: &mut Value, server: &Server, feature: &Feature) {
        let (operation, target) = match feature {
            Feature::Tool(name) => ("tools/call", name.clone()),
            Feature::Prompt(name) => ("prompts/get", name.clone()),
            Feature::Resources(patterns) => {
                let pattern = self.random.of(patterns).map(ToString::to_string);
                ("resources/read", self.resource(&pattern.unwrap_or_default()))
            }
        };
        call["operation"] = json!(operation);
        call["target"] = json!(target);
        let definition = server.catalogue.get(feature);
        if server.pin_tools || self.random.chance(20) {
            call["tool_digest"] = json!(definition.and_then(|one| one.digest.as_ref()));
        }
        if let Some(Ok(parameters)) = definition.map(|one| &one.arguments) {
            call["arguments"] = self.object(parameters);
        }
    }

    /// A resource that fits a pattern, perhaps not in normal form.
    pub(super) fn resource(&mut self, pattern: &str) -> String {
        let mut uri: String = pattern.to_owned();
        while uri.contains('*') {
            let segment = *self.random.pick(&SEGMENTS);
            uri = uri.replacen('*', segment, 1);
        }
        if pattern.ends_with('*') {
            for _ in 0..self.random.below(3) {
                uri = format!("{uri}/{}", self.random.pick(&SEGMENTS));
            }
        }
        match self.random.below(8) {
            0 => uri.replacen("r://", "R://", 1),
            1 => format!("{uri}/."),
            2 => uri.replace("/b", "//./b"),
            _ => uri,
        }
    }

    fn object(&mut self, parameters: &BTreeMap<String, Parameter>) -> Value {
        let mut object = Map::new();
        for (name, parameter) in parameters {
            if parameter.required || self.random.chance(50) {
                object.insert(name.clone(), self.value_of(&parameter.kind));
            }
        }
        if self.random.chance(10) {
            object.insert(String::from("unread"), json!([{"any": ["thing", 1.5]}]));
        }
        Value::Object(object)
    }

    pub(super) fn string(&mut self) -> Value {
        match self.random.below(10) {
            0..=4 => json!(self.random.pick(&STRINGS)),
            5..=7 => json!(self.random.pick(&PATHS)),
            _ => json!(self.random.pick(&URLS)),
        }
    }

    fn value_of(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::String => self.string(),
            Kind::Boolean => json!(self.random.chance(50)),
            Kind::Integer => self.integer(),
            Kind::Array(element) => {
                let count = self.random.below(4);
                (0..count).map(|_| self.value_of(element)).collect()
            }
            Kind::Object(members) => self.object(members),
            Kind::Other => json!({"some": "thing"}),
        }
    }

    pub(super) fn integer(&mut self) -> Value {
        let number = *self.random.pick(&INTEGERS);
        match self.random.below(12) {
            0 => json!(number.saturating_add(1)),
            1 => json!(number.saturating_sub(1)),
            2 => json!(number.clamp(-100, 100) as f64),
            3 => json!(2.5),
            _ => json!(number),
        }
    }
}
