//! The scenario: a server, groups of users, clients, consents, two denials for everybody, and as
//! many `allow` rules as wanted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use placet_engine::bundle::Content;
use placet_engine::{Call, Digest, Engine, Limits as EngineLimits};
use placet_language::{Limits, check, lower};
use serde_json::{Value, json};

/// Where the rules are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Ten rules to a capability, so that more rules mean more tools and more groups.
    Spread,
    /// All rules concern the same tools, each another group of users.
    Crowded,
}

impl Layout {
    /// Its name in the names of benchmarks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spread => "spread",
            Self::Crowded => "crowded",
        }
    }
}

/// One `allow` rule.
pub struct Grant {
    /// The group that it speaks of.
    pub group: String,
    /// The id of the client that it speaks of.
    pub client: String,
    /// The tools.
    pub tools: Vec<String>,
    /// The scope that the token must have.
    pub scope: &'static str,
    /// The consent that must stand behind the call, as Cedar gets it.
    pub consent: String,
}

/// A policy of so many rules.
pub struct Scenario {
    /// What the compiler makes of it.
    pub content: Content,
    /// The bundle.
    pub bundle: Vec<u8>,
    /// The engine with the bundle loaded.
    pub engine: Engine,
    /// The `allow` rules.
    pub grants: Vec<Grant>,
    /// The ids of the clients.
    pub clients: Vec<String>,
}

/// The server.
pub const SERVER: &str = "https://mcp.example.com/hub";
/// The issuer of its tokens.
pub const ISSUER: &str = "https://login.example.com";
/// When the calls are made.
pub const NOW: i64 = 1_790_000_100;
/// How old a token may be, in seconds.
pub const OLDEST: i64 = 3_600;

const CLIENTS: usize = 20;
const TOOLS_EACH: usize = 5;

fn client(index: usize) -> String {
    format!("https://c{index}.example/client.json")
}

impl Scenario {
    /// So many rules, two of which deny.
    pub fn new(layout: Layout, rules: usize) -> Self {
        let allows = rules - 2;
        let (capabilities, groups) = match layout {
            Layout::Spread => (allows.div_ceil(10), allows.div_ceil(10).max(10)),
            Layout::Crowded => (1, allows.max(10)),
        };
        let mut text = format!(
            "edition 2026\n\nserver hub {{\n    resource  \"{SERVER}\"\n    issuer    \"{ISSUER}\"\n    \
             catalogue \"catalogue.json\"\n}}\n\nscope \"write\" on hub implies \"read\"\n\
             scope \"read\"  on hub\n\nregister dynamic may request \"write\" pending review by \"iam@example.com\" within 7 days\n\n"
        );
        for group in 0..groups {
            let _ = writeln!(text, "group g{group} from claim \"groups\" has \"g{group}\"");
        }
        for index in 0..CLIENTS {
            let _ = writeln!(text, "client c{index} \"{}\"", client(index));
        }
        let tools_of = |capability: usize| -> Vec<String> {
            (0..TOOLS_EACH)
                .map(|index| format!("tool_{}", capability * TOOLS_EACH + index))
                .collect()
        };
        for capability in 0..capabilities {
            let _ = writeln!(
                text,
                "\ncapability cap{capability} \"Use part {capability}\" on hub {{\n    tools  {}\n    \
                 access write\n    needs  \"write\"\n}}\n\nconsent con{capability} \"Let {{client}} use \
                 part {capability}\" {{\n    grants cap{capability}\n    lasts  30 days\n}}",
                tools_of(capability).join(", ")
            );
        }
        text.push_str(
            "\ndeny unreviewed\n    anyone via clients where registration is dynamic to access write\n    \
             because \"nobody has looked at them\"\n\ndeny stale\n    anyone via any client to access \
             write\n    when token.age > 1 hour\n    because \"log in again\"\n",
        );
        let mut grants = Vec::new();
        for rule in 0..allows {
            let (capability, group) = match layout {
                Layout::Spread => (rule / 10, rule % groups),
                Layout::Crowded => (0, rule),
            };
            let via = rule % CLIENTS;
            let _ = writeln!(
                text,
                "\nallow r{rule}\n    g{group} via c{via} to cap{capability} under \
                 con{capability}\n    when args.owner in [\"acme\", \"acme-labs\"]"
            );
            grants.push(Grant {
                group: format!("g{group}"),
                client: client(via),
                tools: tools_of(capability),
                scope: "write",
                consent: format!("con{capability}/cap{capability}"),
            });
        }
        let tools: Vec<Value> = (0..capabilities)
            .flat_map(tools_of)
            .map(|name| {
                json!({"name": name, "inputSchema": {"type": "object", "properties": {
                    "owner": {"type": "string"}, "body": {"type": "string"},
                    "items": {"type": "array", "items": {"type": "integer"}}},
                    "required": ["owner"]}})
            })
            .collect();
        let files = BTreeMap::from([
            (String::from("policy.placet"), text),
            (String::from("catalogue.json"), json!({"tools": tools}).to_string()),
        ]);
        let checked = check(&files, &Limits::default());
        let policy = checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
        let content = lower(&policy);
        let bundle = placet_engine::bundle::write(&content).unwrap();
        let engine = Engine::load(&bundle, &EngineLimits::default()).unwrap();
        let clients = (0..CLIENTS).map(client).collect();
        Self { content, bundle, engine, grants, clients }
    }

    /// A call that rule `r0` allows, with so many receipts and so large arguments.
    pub fn allowed(&self, receipts: usize, large: bool) -> Value {
        let mut arguments = json!({"owner": "acme", "body": "short", "items": [1, 2, 3]});
        if large {
            arguments["body"] = json!("x".repeat(32 << 10));
            arguments["items"] = (0..6_000).collect();
        }
        let terms = &self.content.terms["con0"].digest;
        let other = Digest::of_bytes(b"other");
        let receipts: Vec<Value> = (0..receipts)
            .map(|index| {
                let (terms, digest) = match index {
                    0 => (String::from("con0"), terms),
                    other_terms => (format!("con{}", other_terms + 1_000_000), &other),
                };
                json!({"id": format!("receipt-{index}"), "terms": terms, "digest": digest,
                    "user": {"issuer": ISSUER, "subject": "alice"},
                    "client": {"id": client(0), "issuer": null}, "server": SERVER,
                    "given_at": NOW - 1_000, "expires_at": NOW + 1_000_000})
            })
            .collect();
        json!({
            "user": {"issuer": ISSUER, "subject": "alice",
                     "claims": {"groups": ["g0", "g1", "staff"], "email": "alice@example.com"}},
            "client": {"id": client(0), "issuer": null, "registration": "metadata_document",
                       "status": "approved"},
            "server": SERVER, "operation": "tools/call", "target": "tool_0",
            "arguments": arguments,
            "credential": {"kind": "oauth", "issuer": ISSUER, "audience": [SERVER],
                           "subject": "alice", "client_id": client(0), "scopes": ["write"],
                           "issued_at": NOW - 100, "expires_at": NOW + 3_500,
                           "auth_time": NOW - 100},
            "receipts": receipts, "now": NOW,
        })
    }

    /// Calls that are denied, each by what it is called.
    pub fn denied(&self) -> Vec<(&'static str, Value)> {
        let with = |name, pointer: &str, value: Value| {
            let mut call = self.allowed(1, false);
            *call.pointer_mut(pointer).unwrap() = value;
            (name, call)
        };
        vec![
            with("condition", "/arguments/owner", json!("evil")),
            with("denial", "/credential/issued_at", json!(NOW - OLDEST - 1)),
            with("scope", "/credential/scopes", json!(["read"])),
            with("consent", "/receipts", json!([])),
            with("group", "/user/claims/groups", json!(["staff"])),
            with("status", "/client/status", json!("pending")),
            with("expiry", "/credential/expires_at", json!(NOW)),
            with("audience", "/credential/audience", json!(["https://other.example"])),
            with("subject", "/credential/subject", json!("mallory")),
            with("tool", "/target", json!("tool_1000000")),
        ]
    }
}

/// The calls whose instructions and allocations are counted, by name.
pub fn cases(scenario: &Scenario) -> Vec<(&'static str, Value)> {
    let mut cases = vec![
        ("allow", scenario.allowed(1, false)),
        ("allow, 50 receipts", scenario.allowed(50, false)),
        ("allow, 64 KiB of arguments", scenario.allowed(1, true)),
    ];
    let denied = scenario.denied();
    cases.extend(denied.into_iter().filter(|(name, _)| ["condition", "scope"].contains(name)));
    cases
}

/// A call from its JSON form.
pub fn call(value: &Value) -> Call {
    Call::from_json(value.to_string().as_bytes(), &EngineLimits::default()).unwrap()
}

/// What other engines are asked with: the same facts that Cedar gets.
pub fn facts(call: &Value) -> Value {
    let mut scopes = call["credential"]["scopes"].as_array().unwrap().clone();
    if scopes.contains(&json!("write")) {
        scopes.push(json!("read"));
    }
    let consents: Vec<&str> = call["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|receipt| (receipt["terms"] == "con0").then_some("con0/cap0"))
        .collect();
    let credential = &call["credential"];
    json!({
        "user": {"issuer": ISSUER, "subject": "alice", "groups": call["user"]["claims"]["groups"]},
        "client": {"id": call["client"]["id"], "registration": call["client"]["registration"],
                   "status": call["client"]["status"]},
        "tool": call["target"],
        "token": {"kind": "oauth", "issuer": credential["issuer"],
                  "audience": credential["audience"], "subject": credential["subject"],
                  "client_id": credential["client_id"], "issued_at": credential["issued_at"],
                  "expires_at": credential["expires_at"],
                  "age": NOW - credential["issued_at"].as_i64().unwrap()},
        "scopes": scopes, "consents": consents, "now": NOW,
        "args": {"owner": call["arguments"]["owner"]},
    })
}
