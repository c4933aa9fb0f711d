//! Calls for a bundle: what its rules allow, and that broken in every way.

use std::collections::BTreeSet;

use placet_engine::bundle::{
    Content, Credentials, Effect, Feature, Otherwise, Rule, Server, Through, Tool, Who,
};
use placet_engine::call::Registration;
use placet_engine::condition::Attribute;
use placet_engine::resource::Pattern;
use placet_engine::{Call, Engine, Limits};
use serde_json::{Map, Value, json};

/// When the calls are made, in seconds since the epoch.
const NOW: i64 = 1_790_000_100;

/// Sets of arguments that are tried of one tool through one rule.
const PROBES: usize = 4;

/// Calls for a loaded bundle, at most so many, spread evenly over its rules: for every `allow` and
/// everything that it opens, calls that should be allowed, each of them broken in many ways.
pub fn calls(engine: &Engine, at_most: usize) -> Vec<Value> {
    let content = engine.content();
    let goods: Vec<Good<'_>> = goods(content).collect();
    let all = goods.len().saturating_mul(BROKEN.len().saturating_add(1));
    let step = all.div_ceil(at_most.max(1)).max(1);
    let mut calls = Vec::new();
    for (index, good) in goods.iter().enumerate() {
        let first = index.saturating_mul(BROKEN.len().saturating_add(1));
        let breaks = [None].into_iter().chain(BROKEN.iter().map(Some));
        for (nth, broken) in breaks.enumerate() {
            if first.saturating_add(nth).checked_rem(step) == Some(0) {
                let mut call = good.call(engine);
                if let Some((pointer, value)) = broken {
                    set(&mut call, pointer, value());
                }
                calls.push(call);
            }
        }
    }
    calls
}

/// What is written where to break a call.
type Break = (&'static str, fn() -> Value);

const BROKEN: &[Break] = &[
    ("/server", || json!("https://elsewhere.example/mcp")),
    ("/operation", || json!("tools/list")),
    ("/target", || json!("no-such-thing")),
    ("/tool_digest", || json!(format!("sha256-{}", "0".repeat(64)))),
    ("/arguments", || json!([])),
    ("/arguments", || json!({})),
    ("/user", || Value::Null),
    ("/user/issuer", || json!("https://other.example")),
    ("/user/subject", || json!("mallory")),
    ("/user/claims", || json!({})),
    ("/client/id", || json!("https://unknown.example/client.json")),
    ("/client/registration", || json!("dynamic")),
    ("/client/status", || json!("pending")),
    ("/client/status", || json!("blocked")),
    ("/client/metadata_digest", || json!(format!("sha256-{}", "1".repeat(64)))),
    ("/credential", || Value::Null),
    ("/credential", || json!({"kind": "local"})),
    ("/credential", || json!({"kind": "api_key", "id": "k", "issued_at": NOW - 60})),
    ("/credential/issuer", || json!("https://other.example")),
    ("/credential/audience", || json!([])),
    ("/credential/subject", || json!("mallory")),
    ("/credential/client_id", || json!("another")),
    ("/credential/scopes", || json!([])),
    ("/credential/issued_at", || json!(NOW + 60)),
    ("/credential/issued_at", || json!(NOW - 1_000_000)),
    ("/credential/expires_at", || json!(NOW)),
    ("/credential/expires_at", || Value::Null),
    ("/credential/auth_time", || json!(NOW - 1_000_000)),
    ("/credential/auth_time", || Value::Null),
    ("/receipts", || json!([])),
    ("/receipts/0/withdrawn_at", || json!(NOW - 1)),
    ("/receipts/0/expires_at", || json!(NOW)),
    ("/receipts/0/digest", || json!(format!("sha256-{}", "2".repeat(64)))),
    ("/receipts/0/client/id", || json!("another")),
    ("/purpose", || json!("something else")),
    ("/purpose", || Value::Null),
    ("/confirmation", || Value::Null),
    ("/confirmation/given_at", || json!(NOW - 1_000_000)),
    ("/address", || json!("192.0.2.1")),
    ("/surplus", || json!(true)),
    ("/now", || json!(NOW + 1_000_000_000)),
];

/// Writes a value, where what it is to stand in is there.
fn set(call: &mut Value, pointer: &str, value: Value) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(members)) = call.pointer_mut(parent) {
        members.insert(name.to_owned(), value);
    }
}

/// What a call that should be allowed is made of.
struct Good<'c> {
    content: &'c Content,
    server: &'c Server,
    feature: Feature,
    tool: &'c Tool,
    rule: &'c Rule,
    under: Option<&'c str>,
    who: &'c Who,
    probe: usize,
}

fn goods(content: &Content) -> impl Iterator<Item = Good<'_>> {
    content.rules.values().flat_map(move |rule| {
        let (capabilities, under) = match &rule.effect {
            Effect::Allow { capabilities, under } => (Some(capabilities), under.as_deref()),
            Effect::Deny { .. } | Effect::Require { .. } => (None, None),
        };
        let capabilities = capabilities.into_iter().flatten();
        capabilities.flat_map(move |name| {
            let server = content
                .capabilities
                .get(name)
                .and_then(|capability| content.servers.get(&capability.server));
            let held = server.into_iter().flat_map(move |server| {
                let features = server.features();
                features
                    .filter(move |(_, tool)| tool.capabilities.contains(name))
                    .map(move |(feature, tool)| (server, feature, tool))
            });
            held.flat_map(move |(server, feature, tool)| {
                let probes = tool.probes.as_ref().map_or(1, BTreeSet::len).clamp(1, PROBES);
                rule.who.iter().flat_map(move |who| {
                    let feature = feature.clone();
                    (0..probes).map(move |probe| Good {
                        content,
                        server,
                        feature: feature.clone(),
                        tool,
                        rule,
                        under,
                        who,
                        probe,
                    })
                })
            })
        })
    })
}

impl Good<'_> {
    fn call(&self, engine: &Engine) -> Value {
        let user = self.user();
        let client = self.client();
        let terms = self.under.and_then(|name| self.content.terms.get(name));
        let (operation, target) = match &self.feature {
            Feature::Tool(name) => ("tools/call", name.clone()),
            Feature::Prompt(name) => ("prompts/get", name.clone()),
            Feature::Resources(patterns) => ("resources/read", self.resource(patterns)),
        };
        let mut call = json!({
            "client": client,
            "server": self.server.identity,
            "operation": operation,
            "target": target,
            "tool_digest": self.tool.digest,
            "credential": self.credential(&user, &client),
            "receipts": self.receipts(&user, &client),
            "purpose": terms.and_then(|terms| terms.purposes.first()),
            "address": "127.0.0.1",
            "now": NOW,
        });
        if !user.is_null() {
            set(&mut call, "/user", user);
        }
        let arguments = self.arguments(&call);
        set(&mut call, "/arguments", arguments);
        if let Ok(read) = Call::from_json(call.to_string().as_bytes(), &Limits::default())
            && let (Ok(operation), Some(user)) = (engine.operation_digest(&read), &read.user)
        {
            let by = json!({"issuer": user.issuer, "subject": user.subject});
            let confirmation =
                json!({"id": "c-1", "operation": operation, "user": by, "given_at": NOW});
            set(&mut call, "/confirmation", confirmation);
        }
        call
    }

    fn resource(&self, patterns: &BTreeSet<Pattern>) -> String {
        let others = self.server.resources.iter().flat_map(|one| one.patterns.iter().cloned());
        Pattern::example(patterns, &others.collect()).unwrap_or_default()
    }

    /// `null` for a machine.
    fn user(&self) -> Value {
        match self.who {
            Who::Machine => Value::Null,
            Who::Anyone => json!({"issuer": self.issuer(), "subject": "alice"}),
            Who::User { issuer, subject } => json!({"issuer": issuer, "subject": subject}),
            Who::Group(name) => {
                let issuer = self.content.groups.get(name).map(|group| group.issuer.as_str());
                let mut claims = Map::new();
                self.join(name, &mut claims, &mut BTreeSet::new());
                json!({"issuer": issuer, "subject": "alice", "claims": claims})
            }
        }
    }

    /// Gives a user the claims that make a member of a group.
    fn join(&self, name: &str, claims: &mut Map<String, Value>, seen: &mut BTreeSet<String>) {
        let Some(group) = self.content.groups.get(name) else { return };
        if !seen.insert(name.to_owned()) {
            return;
        }
        if let Some((last, path)) = group.claim.split_last() {
            let mut at = &mut *claims;
            for member in path {
                let inner = at.entry(member.clone()).or_insert_with(|| json!({}));
                let Value::Object(inner) = inner else { return };
                at = inner;
            }
            if let Value::Array(values) = at.entry(last.clone()).or_insert_with(|| json!([])) {
                values.push(json!(group.has));
            }
        }
        for other in &group.and_in {
            self.join(other, claims, seen);
        }
    }

    fn client(&self) -> Value {
        let admitted = |registration: Registration, id: String, issuer: Option<&str>| json!({"id": id, "issuer": issuer, "registration": registration, "status": "approved"});
        let registered = |kind: Registration, domain: Option<&str>| match kind {
            Registration::MetadataDocument => {
                let mut rules = self.content.registrations.iter();
                let domain = domain
                    .map(str::to_owned)
                    .or_else(|| rules.find(|one| one.kind == kind)?.domains.first().cloned());
                let host = domain.unwrap_or_default();
                admitted(kind, format!("https://{host}/client.json"), None)
            }
            _ => admitted(kind, String::from("client-1"), self.issuer()),
        };
        let named = |name: &str| {
            let client = self.content.clients.get(name)?;
            let kind = match client.issuer {
                Some(_) => Registration::Preregistered,
                None => Registration::MetadataDocument,
            };
            let mut value = admitted(kind, client.id.clone(), client.issuer.as_deref());
            if let Some(digest) = &client.metadata_digest {
                set(&mut value, "/metadata_digest", json!(digest));
            }
            Some(value)
        };
        let through = match &self.rule.clients {
            Some(clients) => clients.first().cloned(),
            None => self.content.clients.keys().next().cloned().map(Through::Client),
        };
        match through {
            Some(Through::Client(name)) => named(&name).unwrap_or_default(),
            Some(Through::Registration(kind)) => registered(kind, None),
            Some(Through::Domain(domain)) => {
                registered(Registration::MetadataDocument, Some(&domain))
            }
            None => {
                let first = self.content.registrations.first();
                registered(first.map_or(Registration::Dynamic, |one| one.kind), None)
            }
        }
    }

    /// The first issuer whose tokens the server accepts.
    fn issuer(&self) -> Option<&str> {
        match &self.server.credentials {
            Credentials::Oauth { issuers, .. } => issuers.first().map(String::as_str),
            Credentials::Local { .. } => Some("https://login.example"),
        }
    }

    fn credential(&self, user: &Value, client: &Value) -> Value {
        if let Credentials::Local { .. } = self.server.credentials {
            return json!({"kind": "local"});
        }
        let id = client.get("id");
        let issuer = user.get("issuer").filter(|issuer| !issuer.is_null());
        let issuer = issuer.cloned().unwrap_or_else(|| json!(self.issuer()));
        json!({
            "kind": "oauth", "issuer": issuer, "audience": [self.server.identity],
            "subject": user.get("subject").or(id), "client_id": id,
            "scopes": self.server.scopes.keys().collect::<Vec<_>>(),
            "issued_at": NOW - 60, "expires_at": NOW + 600, "auth_time": NOW - 60, "acr": self.acr(),
        })
    }

    /// An authentication context class that some rule asks for.
    fn acr(&self) -> Option<&String> {
        self.content.rules.values().find_map(|rule| match &rule.effect {
            Effect::Require { otherwise: Some(Otherwise::Reauthenticate { acr, .. }), .. } => {
                acr.first()
            }
            _ => None,
        })
    }

    /// A receipt for the rule's consent, and for those that requirements ask for.
    fn receipts(&self, user: &Value, client: &Value) -> Vec<Value> {
        let asked = self.content.rules.values().filter_map(|rule| match &rule.effect {
            Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } => {
                Some(terms.as_str())
            }
            _ => None,
        });
        let asked: BTreeSet<&str> = asked.filter(|name| Some(*name) != self.under).collect();
        let names = self.under.into_iter().chain(asked);
        let terms = names.filter_map(|name| Some((name, self.content.terms.get(name)?)));
        let receipt = |(name, terms): (&str, &placet_engine::bundle::Terms)| {
            json!({
                "id": format!("r-{name}"), "terms": name, "digest": terms.digest,
                "user": {"issuer": user.get("issuer"), "subject": user.get("subject")},
                "client": {"id": client.get("id"), "issuer": client.get("issuer")},
                "server": self.server.identity, "purpose": terms.purposes.first(),
                "given_at": NOW - 100,
            })
        };
        if user.is_null() { Vec::new() } else { terms.map(receipt).collect() }
    }

    /// Arguments that the compiler found worth trying.
    fn arguments(&self, call: &Value) -> Value {
        let text = |pointer: &str| call.pointer(pointer)?.as_str().map(str::to_owned);
        let of_caller = |attribute: &Attribute| match attribute {
            Attribute::UserIssuer => text("/user/issuer"),
            Attribute::UserSubject => text("/user/subject"),
            Attribute::ClientId => text("/client/id"),
            Attribute::TokenAcr => text("/credential/acr"),
            _ => None,
        };
        let probe = self.tool.probes.as_ref().and_then(|probes| probes.iter().nth(self.probe));
        let arguments = probe.and_then(|probe| probe.arguments(&of_caller));
        Value::Object(arguments.unwrap_or_default())
    }
}
