//! Consent decisions: who may give which terms to whom, what is asked for, and that a receipt handed
//! out mends what it was asked for.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::{Call, ConsentRequest, Engine, Limits, Link, Reason, Remedy};
use placet_language::{check, compile};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};
use serde_json::{Value, json};

const POLICY: &str = r#"
edition 2026
server shop {
    resource  "https://shop.example/mcp"
    issuer    "https://login.example"
    catalogue "shop.json"
}
server other {
    resource  "https://other.example/mcp"
    issuer    "https://login.example"
    catalogue "shop.json"
}
scope "all" on shop implies "view", "edit"
scope "view" on shop
scope "edit" on shop
scope "drop" on shop
client app "https://app.example/client.json"
register metadata_document from "tools.example" may request "view"
group staff from claim "groups" has "staff"

capability look "Look" on shop { tools look access read needs "view" or "all" }
capability change "Change" on shop { tools change access write needs "edit" and "view" or "all" }
capability remove "Remove" on shop { tools remove access destructive needs "drop" }
capability elsewhere "Look elsewhere" on other { tools look access read needs nothing because "open" }

consent reading "Let {client} look" { grants look, change purpose "work" lasts 30 days }
consent removing "Let {client} remove" { grants look, remove purpose "cleaning" purpose required }
consent useless "Let {client} do nothing" { grants look }
consent bound "Let {client} look" { grants look via app }
consent second "Let {client} look elsewhere" { grants elsewhere }
consent twice "Are you sure?" { grants change }
consent dropping "Let {client} remove" { grants remove }

allow staff_reads staff via any client to look, change under reading
allow staff_removes staff via any client to look, remove under removing
allow anyone_looks anyone via any client to look under bound
allow anyone_looks_there anyone via any client to elsewhere under second
allow anyone_drops anyone via any client to remove under dropping
require sure anyone for change else ask twice
deny no_removal anyone via clients where registration is metadata_document to access destructive
    because "Nothing is removed through a client that is known by its document only"
"#;

fn engine() -> Engine {
    let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
    let files = BTreeMap::from([
        (String::from("policy.placet"), POLICY.to_owned()),
        (
            String::from("shop.json"),
            json!({"tools": [tool("look"), tool("change"), tool("remove")]}).to_string(),
        ),
    ]);
    let checked = check(&files, &placet_language::Limits::default());
    let policy = checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap()
}

fn request(changes: &Value) -> ConsentRequest {
    let mut request = json!({
        "id": "r-1",
        "user": {"issuer": "https://login.example", "subject": "alice", "claims": {"groups": ["staff"]}},
        "client": {"id": "https://app.example/client.json", "registration": "metadata_document",
                   "status": "approved"},
        "server": "https://shop.example/mcp",
        "terms": "reading",
        "now": 1_000_000,
    });
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    serde_json::from_value(request).unwrap()
}

#[test]
fn who_may_agree_to_what() {
    let engine = engine();
    let nobody = json!({"issuer": "https://login.example", "subject": "bob"});
    let client = |status: &str, id: &str| json!({"id": id, "registration": "metadata_document", "status": status});
    let app = "https://app.example/client.json";
    let cases: Vec<(Value, Result<&[&str], &str>)> = vec![
        (json!({}), Ok(&["all"])),
        (json!({"purpose": "work"}), Ok(&["all"])),
        (json!({"purpose": "play"}), Err("consent.purpose")),
        // Another user may give what everybody may give.
        (json!({"user": nobody}), Err("rule.none")),
        (json!({"user": nobody, "terms": "bound"}), Ok(&["all"])),
        (json!({"terms": "nothing"}), Err("consent.unknown")),
        (json!({"terms": "second"}), Err("consent.unknown")),
        (json!({"terms": "second", "server": "https://other.example/mcp"}), Ok(&[])),
        (json!({"server": "https://evil.example/mcp"}), Err("operation.unknown-server")),
        (json!({"terms": "useless"}), Err("rule.none")),
        (json!({"client": client("pending", app)}), Err("registration.pending")),
        (json!({"client": client("blocked", app)}), Err("registration.blocked")),
        (
            json!({"client": client("approved", "https://evil.example/c")}),
            Err("registration.unknown-client"),
        ),
        // Of what it grants the client could only look: it may request nothing else.
        (json!({"client": client("approved", "https://tools.example/c")}), Ok(&["view"])),
        (
            json!({"client": client("approved", "https://tools.example/c"), "terms": "bound"}),
            Err("consent.client"),
        ),
        (json!({"terms": "removing"}), Err("consent.purpose")),
        // What is denied whatever the call is not asked for.
        (json!({"terms": "removing", "purpose": "cleaning"}), Ok(&["all"])),
        (json!({"terms": "dropping"}), Err("rule.denied")),
        // A requirement asks for it.
        (json!({"terms": "twice"}), Ok(&[])),
        (json!({"expires_at": 1_000_000}), Err("consent.expired")),
        (json!({"expires_at": 1_000_001}), Ok(&["all"])),
    ];
    for (changes, expected) in cases {
        let decision = engine.decide_consent(&request(&changes));
        let scopes: Vec<&str> = decision.scopes.iter().map(String::as_str).collect();
        match expected {
            Ok(wanted) => {
                assert_eq!((decision.reason, scopes.as_slice()), (None, wanted), "{changes}");
                assert!(decision.is_allow() && decision.receipt.is_some());
                assert!(!decision.rules.is_empty());
            }
            Err(reason) => {
                let found = decision.reason.map(Reason::as_str);
                assert_eq!(found, Some(reason), "{changes}: {:?}", decision.detail);
                assert!(!decision.is_allow() && decision.receipt.is_none());
                assert!(decision.shown.is_none() && decision.scopes.is_empty());
            }
        }
    }
}

#[test]
fn what_is_shown_and_the_receipt() {
    let decision = engine().decide_consent(&request(&json!({"purpose": "work"})));
    let mut shown = serde_json::to_value(&decision).unwrap();
    shown["policy"] = json!("the bundle's digest");
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap());
}

/// A receipt that is handed out ends every lack of the consent that it was asked for.
#[test]
fn the_receipt_mends_the_denial() {
    let mut mended = 0;
    for seed in 7_000..7_010 {
        let world = World::generate(seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed);
        for _ in 0..250 {
            let call = caller.call();
            let Ok(read) = Call::from_json(call.to_string().as_bytes(), &Limits::default()) else {
                continue;
            };
            let decision = world.engine.decide(&read);
            let lacks =
                decision.alternatives.first().into_iter().flat_map(|nearest| &nearest.lacks);
            let wanted = lacks.map(|lack| &lack.remedy).find_map(|remedy| match remedy {
                Remedy::Consent { terms, purpose, .. } => Some((terms, purpose)),
                _ => None,
            });
            let (Some((terms, purpose)), Some(user)) = (wanted, &read.user) else { continue };
            let given = world.engine.decide_consent(&ConsentRequest {
                id: String::from("fresh"),
                user: user.clone(),
                client: read.client.clone(),
                server: read.server.clone(),
                terms: terms.clone(),
                purpose: purpose.clone(),
                expires_at: None,
                now: read.now,
            });
            let place = || format!("{}\n{call:#}\n{decision:#?}\n{given:#?}", world.text());
            let receipt =
                given.receipt.clone().unwrap_or_else(|| panic!("no receipt\n{}", place()));
            let mut agreed = read.clone();
            // What was withdrawn just now voids what is given just now.
            agreed.receipts.retain(|old| old.withdrawn_at.is_none_or(|at| at < read.now));
            agreed.receipts.push(receipt);
            agreed.purpose.clone_from(purpose);
            let after = world.engine.decide(&agreed);
            let still = after.link == Some(Link::Consent)
                && matches!(&after.remedy, Some(Remedy::Consent { terms: again, .. }) if again == terms);
            assert!(!still, "{}\n{after:#?}", place());
            mended += 1;
        }
    }
    assert!(mended > 60, "only {mended} consents were asked for");
}

/// No smaller set of scopes makes as much usable.
#[test]
fn the_scopes_are_the_fewest() {
    let scopes = ["view", "edit", "drop", "all"];
    let needs = [vec![vec!["view"], vec!["all"]], vec![vec!["edit", "view"], vec!["all"]]];
    let suffices = |set: &BTreeSet<&str>| {
        needs.iter().all(|any| any.iter().any(|all| all.iter().all(|one| set.contains(one))))
    };
    let sets = (0..1_u32 << scopes.len()).map(|bits| -> BTreeSet<&str> {
        let chosen = scopes.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
        chosen.map(|(_, scope)| *scope).collect()
    });
    let fewest = sets.filter(suffices).map(|set| set.len()).min();
    let decision = engine().decide_consent(&request(&json!({})));
    assert_eq!(Some(decision.scopes.len()), fewest);
}
