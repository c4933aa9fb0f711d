//! What breaks a call, at every link of the chain.

use serde_json::{Value, json};

use crate::worlds::caller::Caller;
use crate::worlds::tools::ALPHA;
use crate::worlds::values::*;

impl Caller<'_> {
    /// Breaks a link of the chain, or something else that matters.
    pub fn break_something(&mut self, call: &mut Value) {
        let random = &mut self.random;
        match random.below(65) {
            0 => call["server"] = json!(random.pick(&["https://x.example", "alpha", "local:disk"])),
            1 => {
                let operations = ["resources/read", "prompts/get", "tools/call", "tools/list"];
                call["operation"] = json!(random.pick(&operations));
            }
            2 => call["target"] = json!(random.pick(&["nothing", "", "create_issue "])),
            3 => call["target"] = json!(ALPHA[random.below(ALPHA.len())].0),
            4 => call["tool_digest"] = json!(format!("sha256-{}", "1".repeat(64))),
            5 => {
                let tool = self
                    .world
                    .policy
                    .servers
                    .values()
                    .find(|server| call["server"] == server.identity.as_str())
                    .and_then(|server| {
                        server.catalogue.tools.get(call["target"].as_str().unwrap_or_default())
                    });
                call["tool_digest"] = json!(tool.and_then(|tool| tool.digest.clone()));
            }
            6 => {
                let mut deep = json!({});
                for _ in 0..*random.pick(&[62, 63, 64, 65]) {
                    deep = json!({ "d": deep });
                }
                call["arguments"] = match random.below(4) {
                    0 => json!([]),
                    1 => json!("text"),
                    2 => Value::Null,
                    _ => deep,
                };
            }
            62..=64 if call["facts"].as_array().is_some_and(|facts| !facts.is_empty()) => {
                let facts = call["facts"].as_array_mut();
                let (at, way) =
                    (facts.as_ref().map_or(0, |facts| random.below(facts.len())), random);
                if let Some(facts) = facts {
                    match way.below(4) {
                        0 => drop(facts.remove(at)),
                        1 => facts[at]["component"] = json!(format!("sha256-{}", "2".repeat(64))),
                        2 => facts[at]["argument"] = json!(["other"]),
                        _ => {
                            let values =
                                [json!("x"), json!(7), json!(true), json!(["x", 1]), Value::Null];
                            facts[at]["value"] = way.pick(&values).clone();
                        }
                    }
                }
            }
            7 => call["client"]["id"] = json!("https://evil.example/c.json"),
            8 => call["client"]["status"] = json!("pending"),
            9 => call["client"]["status"] = json!("blocked"),
            10 => {
                call["client"]["registration"] =
                    json!(random.pick(&["preregistered", "metadata_document", "dynamic"]));
            }
            11 => {
                call["client"]["issuer"] = json!(*random.pick(&[Some(FIRST), Some(SECOND), None]))
            }
            12 => call["credential"] = Value::Null,
            13 => call["credential"] = json!({"kind": "local"}),
            14..=24 if call["credential"]["kind"] == "oauth" => {
                let token = &mut call["credential"];
                match random.below(14) {
                    0 => {
                        token["issuer"] =
                            json!(random.pick(&[FIRST, SECOND, "https://evil.example"]))
                    }
                    1 => token["audience"] = json!(["https://mcp.example.com/", "x"]),
                    2 => token["audience"] = json!([]),
                    3 => token["expires_at"] = json!(NOW),
                    4 => token["expires_at"] = json!(*random.pick(&[i64::MIN, 0, i64::MAX])),
                    5 => token["expires_at"] = Value::Null,
                    6 => token["issued_at"] = json!(*random.pick(&[NOW + 1, i64::MAX, i64::MIN])),
                    7 => token["issued_at"] = Value::Null,
                    8 => token["subject"] = json!("mallory"),
                    9 => token["client_id"] = json!("https://evil.example/c.json"),
                    10 => token["auth_time"] = json!(*random.pick(&[NOW + 50, i64::MIN, NOW])),
                    11 => token["auth_time"] = Value::Null,
                    12 => token["acr"] = Value::Null,
                    _ => token["scopes"] = json!(["view", "View", ""]),
                }
            }
            25 => call["user"] = Value::Null,
            26 if call["user"].is_object() => {
                call["user"]["issuer"] = json!(random.pick(&[FIRST, SECOND]))
            }
            27 if call["user"].is_object() => {
                call["user"]["subject"] = json!(random.pick(&SUBJECTS))
            }
            28 if call["user"].is_object() => {
                call["user"]["claims"] = json!({"groups": "eng", "realm": {"roles": ["ops"]}})
            }
            29 | 30 if call["credential"]["scopes"].is_array() => {
                let mut scopes =
                    call["credential"]["scopes"].as_array().cloned().unwrap_or_default();
                scopes.pop();
                call["credential"]["scopes"] = json!(scopes);
            }
            42 => call["receipts"] = json!([]),
            31..=37 => {
                let now = call["now"].as_i64().unwrap_or(NOW);
                let mut receipts = call["receipts"].as_array().cloned().unwrap_or_default();
                let copies = self.random.below(3);
                for _ in 0..copies {
                    receipts.extend(self.random.of(&receipts).cloned());
                }
                for receipt in &mut receipts {
                    for _ in 0..self.random.below(3) {
                        self.spoil(receipt, now);
                    }
                    receipt["id"] = json!(format!("r-{}", self.random.below(5)));
                }
                self.random.shuffle(&mut receipts);
                call["receipts"] = json!(receipts);
            }
            43 => call["purpose"] = json!(random.pick(&["triage", "theft", "", "release"])),
            44 => call["purpose"] = Value::Null,
            38 => call["address"] = json!(random.pick(&ADDRESSES)),
            39 => call["address"] = Value::Null,
            40 => {
                let now = [NOW - 100, NOW + 1, NOW + 60, NOW + 100_000, i64::MIN, i64::MAX - 1];
                call["now"] = json!(random.pick(&now));
            }
            45 => call["confirmation"] = Value::Null,
            46..=48 => self.confirm(call, false),
            49 => {
                call["client"] = json!({
                    "id": random.pick(&["https://app.example/c.json", "https://APP.example:8443/x",
                        "https://sub.app.example/", "https://app.example.evil.example/c.json",
                        "http://app.example/c.json", "dyn-1"]),
                    "issuer": *random.pick(&[None, None, Some(FIRST), Some(SECOND)]),
                    "registration": random.pick(&["metadata_document", "dynamic", "preregistered"]),
                    "status": random.pick(&["approved", "approved", "pending"]),
                });
                if call["credential"]["client_id"].is_string() && random.chance(70) {
                    call["credential"]["client_id"] = call["client"]["id"].clone();
                }
            }
            50 | 51 => {
                let letter = *random.pick(&["a", "b", "c"]);
                call["client"]["metadata_digest"] = json!(format!("sha256-{}", letter.repeat(64)));
            }
            52 => call["client"]["metadata_digest"] = Value::Null,
            53 => {
                let mut key = json!({"kind": "api_key", "id": "k-2", "scopes": ["view", "all"]});
                if random.chance(70) {
                    key["issued_at"] = json!(NOW - random.pick(&[0, 89, 90, 100_000]));
                }
                call["credential"] = key;
            }
            54 | 55 if call["credential"]["kind"] == "api_key" => match random.below(5) {
                0 => call["credential"]["expires_at"] = json!(NOW - random.below(2) as i64),
                1 => call["credential"]["issued_at"] = json!(NOW + 1),
                2 => call["credential"]["issued_at"] = json!(NOW - random.pick(&[90, 86_400])),
                3 => call["credential"]["issued_at"] = Value::Null,
                _ => call["address"] = json!(random.pick(&ADDRESSES)),
            },
            56 => {
                call["operation"] = json!("resources/read");
                let targets = [
                    "r://a/x",
                    "R://a//b/.",
                    "r://a/b/c",
                    "r://x/b",
                    "r://a/../b",
                    "r://a",
                    "r://a/b?x",
                    "r://a/%62",
                    "r:/a/b",
                    "r://a/b\\c",
                    "r://A/b",
                    "s://a/b",
                ];
                call["target"] = json!(random.pick(&targets));
                call["tool_digest"] = Value::Null;
            }
            57 => call["tool_digest"] = Value::Null,
            58 | 59 if call["credential"]["kind"] == "oauth" => {
                call["credential"]["auth_time"] = json!(NOW - 1_000_000);
                if random.chance(50) {
                    call["credential"]["acr"] = json!("pwd");
                }
            }
            _ => self.break_argument(call),
        }
    }

    fn break_argument(&mut self, call: &mut Value) {
        let names: Vec<String> = call["arguments"]
            .as_object()
            .map(|members| members.keys().cloned().collect())
            .unwrap_or_default();
        let Some(name) = self.random.of(names) else { return };
        let value = match self.random.below(9) {
            0 => Value::Null,
            1 => json!({"page_id": 7}),
            2 => json!([]),
            3 => json!([self.string(), 5, null]),
            4 => self.integer(),
            5 => json!(*self.random.pick(&[1e3, 9_007_199_254_740_994.0, 1e300, 5.0, -0.0])),
            6 => json!(*self.random.pick(&[u64::MAX, 9_223_372_036_854_775_808])),
            7 => json!(true),
            _ => self.string(),
        };
        if self.random.chance(20)
            && let Some(members) = call["arguments"].as_object_mut()
        {
            members.remove(&name);
        } else {
            call["arguments"][name] = value;
        }
    }
}
