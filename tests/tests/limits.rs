//! Every limit holds: what is at it passes, what is over it is an error, or a denial, that names it.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeMap;

use placet_engine::bundle::Content;
use placet_engine::call::InvalidArguments;
use placet_engine::{
    BundleError, Call, CallError, ConsentRequest, Engine, Limits, Reason, RegistrationRequest,
};
use placet_tests::calls::{good_call, world};
use serde_json::{Value, json};

/// A call with much of everything, allowed or not.
fn call() -> Value {
    let mut call = good_call(&world());
    let user = json!({"issuer": "https://login.example.com", "subject": "alice"});
    call["confirmation"] = json!({
        "id": "k-1", "operation": format!("sha256-{}", "0".repeat(64)), "user": user, "given_at": 1,
    });
    call["credential"]["acr"] = json!("phr");
    call["receipts"] = json!([call["receipts"][0]]);
    call["receipts"][0]["purpose"] = json!("triage");
    call["receipts"][0]["client"]["issuer"] = json!("https://login.example.com");
    call["client"]["issuer"] = json!("https://login.example.com");
    call["purpose"] = json!("triage");
    call["user"]["claims"] = json!({"groups": ["eng"]});
    call
}

fn read(call: &Value, limits: &Limits) -> Result<Call, CallError> {
    Call::from_json(call.to_string().as_bytes(), limits)
}

/// What is refused of a call that changed, where the same limits take it unchanged.
#[track_caller]
fn refused(limits: &Limits, before: &Value, after: &Value) -> CallError {
    read(before, limits).unwrap_or_else(|error| panic!("at the limit: {error}"));
    let error = read(after, limits).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("limit of"), "{error}");
    error
}

#[test]
fn counts_and_depths_of_a_call() {
    let set = |place: &str, value: Value| {
        let mut call = call();
        *call.pointer_mut(place).unwrap() = value;
        call
    };
    let texts = |count: usize| (0..count).map(|n| json!(format!("s{n}"))).collect::<Value>();
    let limits = Limits { scopes: 3, ..Limits::default() };
    let place = "/credential/scopes";
    let error = refused(&limits, &set(place, texts(3)), &set(place, texts(4)));
    assert_eq!(error, CallError::TooMany { what: "scopes", count: 4, limit: 3 });

    let limits = Limits { audiences: 3, ..Limits::default() };
    let place = "/credential/audience";
    let error = refused(&limits, &set(place, texts(3)), &set(place, texts(4)));
    assert_eq!(error, CallError::TooMany { what: "audiences", count: 4, limit: 3 });

    let limits = Limits { receipts: 3, ..Limits::default() };
    let receipts = |count| set("/receipts", json!(vec![call()["receipts"][0].clone(); count]));
    let error = refused(&limits, &receipts(3), &receipts(4));
    assert_eq!(error, CallError::TooMany { what: "receipts", count: 4, limit: 3 });

    let limits = Limits { claims: 4, ..Limits::default() };
    let place = "/user/claims";
    let claims = |count: usize| set(place, json!({"groups": texts(count - 1)}));
    let error = refused(&limits, &claims(4), &claims(5));
    assert_eq!(error, CallError::TooMany { what: "values in the claims", count: 5, limit: 4 });
    let error = refused(&limits, &claims(4), &set(place, json!({"a": {"b": [1, 2, 3]}})));
    assert_eq!(error, CallError::TooMany { what: "values in the claims", count: 5, limit: 4 });

    let limits = Limits { claim_depth: 2, ..Limits::default() };
    let error = refused(
        &limits,
        &set(place, json!({"realm": {"roles": ["eng"]}})),
        &set(place, json!({"realm": {"roles": [[]]}})),
    );
    assert_eq!(error, CallError::TooDeep { limit: 2 });

    let large = call().to_string();
    let limits = Limits { call_bytes: large.len(), ..Limits::default() };
    assert!(Call::from_json(large.as_bytes(), &limits).is_ok());
    let error = Call::from_json(format!("{large} ").as_bytes(), &limits).map(|_| ());
    assert_eq!(error, Err(CallError::TooLarge { bytes: large.len() + 1, limit: large.len() }));
}

#[test]
fn every_text_of_a_call() {
    let limits = Limits { text_bytes: 100, ..Limits::default() };
    let call = call();
    assert!(read(&call, &limits).is_ok());
    let mut texts = Vec::new();
    let mut places = vec![String::new()];
    while let Some(place) = places.pop() {
        match call.pointer(&place).unwrap() {
            Value::Object(members) => {
                places.extend(members.keys().map(|name| format!("{place}/{}", escape(name))));
            }
            Value::Array(items) => {
                places.extend((0..items.len()).map(|item| format!("{place}/{item}")));
            }
            Value::String(_) => texts.push(place),
            _ => {}
        }
    }
    texts.retain(|place| !place.starts_with("/arguments"));
    let mut named = 0;
    for place in &texts {
        let mut long = call.clone();
        *long.pointer_mut(place).unwrap() = json!("x".repeat(101));
        match read(&long, &limits) {
            Err(CallError::TooLong { what, bytes: 101, limit: 100 }) => {
                let named_place: String =
                    place.split('/').filter(|part| part.parse::<usize>().is_err()).collect();
                assert!(
                    named_place.starts_with(&what.replace('.', "")),
                    "{place} is called {what}"
                );
                named += 1;
            }
            // Words and digests have one form each, none of which is long.
            Err(CallError::Unreadable { .. }) => {}
            other => panic!("{place}: {other:?}"),
        }
        // A limit is in bytes, whatever they spell.
        *long.pointer_mut(place).unwrap() = json!("é".repeat(51));
        assert!(read(&long, &limits).is_err(), "{place}");
    }
    assert!(named >= 20, "{named} of {texts:?}");
    let mut long = call.clone();
    long["user"]["claims"][&"x".repeat(101)] = Value::Null;
    assert!(matches!(read(&long, &limits), Err(CallError::TooLong { what: "user.claims", .. })));
    long["user"]["claims"] = json!({"a": {"x".repeat(101): 1}});
    assert!(matches!(read(&long, &limits), Err(CallError::TooLong { what: "user.claims", .. })));
    let mut key = call.clone();
    key["credential"] = json!({"kind": "api_key", "id": "x".repeat(101)});
    assert!(matches!(read(&key, &limits), Err(CallError::TooLong { what: "credential.id", .. })));
    // Arguments have their own limits.
    let mut long = call.clone();
    long["arguments"]["unread"] = json!("x".repeat(1_000));
    assert!(read(&long, &limits).is_ok());
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[test]
fn arguments_over_a_limit_are_a_denial() {
    let engine = world().engine;
    let mut call = call();
    call["arguments"] = json!({"a": {"b": [1]}});
    for (limits, expected) in [
        (Limits { argument_depth: 3, argument_bytes: 15, ..Limits::default() }, None),
        (
            Limits { argument_depth: 2, ..Limits::default() },
            Some(InvalidArguments::TooDeep { limit: 2 }),
        ),
        (
            Limits { argument_bytes: 14, ..Limits::default() },
            Some(InvalidArguments::TooLarge { bytes: 15, limit: 14 }),
        ),
    ] {
        let call = read(&call, &limits).unwrap();
        assert_eq!(call.arguments.clone().err(), expected);
        if let Some(expected) = expected {
            let decision = engine.decide(&call);
            assert_eq!(decision.reason, Some(Reason::InvalidArguments));
            assert_eq!(decision.detail, Some(expected.to_string()));
            assert!(expected.to_string().contains("limit of"));
        }
    }
}

#[test]
fn registration_requests() {
    let request = json!({
        "id": "client-1", "issuer": "https://login.example.com", "registration": "dynamic",
        "scopes": ["a", "b"], "redirect_uris": ["http://127.0.0.1/a", "http://127.0.0.1/b"],
    });
    let read = |request: &Value, limits: &Limits| {
        RegistrationRequest::from_json(request.to_string().as_bytes(), limits).map(|_| ())
    };
    let exact = Limits { scopes: 2, redirect_uris: 2, text_bytes: 25, ..Limits::default() };
    assert_eq!(read(&request, &exact), Ok(()));
    let over = |limits: Limits| read(&request, &limits).unwrap_err();
    let error = over(Limits { scopes: 1, ..Limits::default() });
    assert_eq!(error, CallError::TooMany { what: "scopes", count: 2, limit: 1 });
    let error = over(Limits { redirect_uris: 1, ..Limits::default() });
    assert_eq!(error, CallError::TooMany { what: "redirect URIs", count: 2, limit: 1 });
    let error = over(Limits { call_bytes: 10, ..Limits::default() });
    assert!(matches!(error, CallError::TooLarge { limit: 10, .. }), "{error:?}");
    for (place, what) in [
        ("/id", "id"),
        ("/issuer", "issuer"),
        ("/scopes/1", "scopes"),
        ("/redirect_uris/1", "redirect_uris"),
    ] {
        let mut long = request.clone();
        *long.pointer_mut(place).unwrap() = json!("x".repeat(26));
        let error = read(&long, &exact);
        assert_eq!(error, Err(CallError::TooLong { what, bytes: 26, limit: 25 }));
    }
    let text = request.to_string();
    for changed in [
        text.replacen("\"id\"", "\"ID\"", 1),
        text.replacen("\"id\":", "\"id\":\"x\",\"id\":", 1),
        text.replacen("\"dynamic\"", "\"static\"", 1),
        text.replacen("\"dynamic\"", "\"dynamic\",\"name\":\"x\"", 1),
        text.replacen("\"client-1\"", "\"\\udc00\"", 1),
        text.replacen("\"client-1\"", "1", 1),
        format!("{text}{text}"),
        String::from("[]"),
    ] {
        assert_ne!(changed, text);
        assert!(RegistrationRequest::from_json(changed.as_bytes(), &exact).is_err(), "{changed}");
    }
}

#[test]
fn consent_requests() {
    let request = json!({
        "id": "r-1", "server": "https://mcp.example.com", "terms": "triage",
        "user": {"issuer": "https://login.example.com", "subject": "alice",
                 "claims": {"groups": ["eng", "ops"]}},
        "client": {"id": "client-1", "issuer": "https://login.example.com",
                   "registration": "preregistered", "status": "approved"},
        "purpose": "bugs", "expires_at": 2, "now": 1,
    });
    let read = |request: &Value, limits: &Limits| {
        ConsentRequest::from_json(request.to_string().as_bytes(), limits).map(|_| ())
    };
    let exact = Limits { claims: 3, claim_depth: 1, text_bytes: 25, ..Limits::default() };
    assert_eq!(read(&request, &exact), Ok(()));
    let over = |limits: Limits| read(&request, &limits).unwrap_err();
    let error = over(Limits { call_bytes: 10, ..Limits::default() });
    assert!(matches!(error, CallError::TooLarge { limit: 10, .. }), "{error:?}");
    let error = over(Limits { claims: 2, ..exact.clone() });
    assert!(matches!(error, CallError::TooMany { what: "values in the claims", .. }), "{error:?}");
    let error = over(Limits { claim_depth: 0, ..exact.clone() });
    assert!(error.to_string().contains("limit of"), "{error:?}");
    for (place, what) in [
        ("/id", "id"),
        ("/user/issuer", "user.issuer"),
        ("/user/subject", "user.subject"),
        ("/client/id", "client.id"),
        ("/client/issuer", "client.issuer"),
        ("/server", "server"),
        ("/terms", "terms"),
        ("/purpose", "purpose"),
    ] {
        let mut long = request.clone();
        *long.pointer_mut(place).unwrap() = json!("x".repeat(26));
        let error = read(&long, &exact);
        assert_eq!(error, Err(CallError::TooLong { what, bytes: 26, limit: 25 }));
    }
    let text = request.to_string();
    for changed in [
        text.replacen("\"terms\"", "\"TERMS\"", 1),
        text.replacen("\"terms\":", "\"terms\":\"x\",\"terms\":", 1),
        text.replacen("\"groups\":", "\"groups\":[],\"groups\":", 1),
        text.replacen("\"subject\":", "\"name\":\"x\",\"subject\":", 1),
        text.replacen("\"alice\"", "\"\\udc00\"", 1),
        text.replacen("\"now\":1", "\"now\":1.0", 1),
        text.replacen("\"now\":1", "\"now\":9223372036854775808", 1),
        text.replacen("\"expires_at\":2", "\"expires_at\":\"2\"", 1),
        format!("{text}{text}"),
        String::from("[]"),
    ] {
        assert_ne!(changed, text);
        assert!(ConsentRequest::from_json(changed.as_bytes(), &exact).is_err(), "{changed}");
    }
}

/// Copies an entry of a table under another name.
fn grow(content: &mut Content, table: &str, copy: usize) {
    fn again<T: Clone>(table: &mut BTreeMap<String, T>, copy: usize) {
        let one = table.values().next().unwrap().clone();
        table.insert(format!("copy {copy}"), one);
    }
    match table {
        "policies" => again(&mut content.cedar.policies, copy),
        "entities" => content.cedar.entities.push(content.cedar.entities[0].clone()),
        "servers" => {
            again(&mut content.servers, copy);
            let server = content.servers.get_mut(&format!("copy {copy}")).unwrap();
            (server.tools, server.prompts, server.resources) = Default::default();
        }
        "tools, prompts and resources" => match copy % 3 {
            0 => again(&mut content.servers.get_mut("alpha").unwrap().tools, copy),
            1 => again(&mut content.servers.get_mut("alpha").unwrap().prompts, copy),
            _ => {
                let resources = &mut content.servers.get_mut("alpha").unwrap().resources;
                resources.push(resources[0].clone());
            }
        },
        "groups" => again(&mut content.groups, copy),
        "clients" => again(&mut content.clients, copy),
        "registrations" => {
            let mut one = content.registrations.first().unwrap().clone();
            one.source.line = 1_000_000 + copy;
            content.registrations.insert(one);
        }
        "capabilities" => again(&mut content.capabilities, copy),
        "consents" => again(&mut content.terms, copy),
        "rules" => again(&mut content.rules, copy),
        other => panic!("{other}"),
    }
}

#[test]
fn tables_of_a_bundle() {
    let world = world();
    let content = &world.content;
    let bytes = placet_engine::bundle::write(content).unwrap();
    let load = |limits: Limits| Engine::load(&bytes, &limits).map(|_| ());
    let features: usize = content.servers.values().map(|server| server.features().count()).sum();
    let counts = [
        ("policies", content.cedar.policies.len()),
        ("entities", content.cedar.entities.len()),
        ("servers", content.servers.len()),
        ("tools, prompts and resources", features),
        ("groups", content.groups.len()),
        ("clients", content.clients.len()),
        ("registrations", content.registrations.len()),
        ("capabilities", content.capabilities.len()),
        ("consents", content.terms.len()),
        ("rules", content.rules.len()),
    ];
    // One policy more that concerns every tool, over and over.
    let mut broad = content.clone();
    for copy in 0..20 {
        let forbid = String::from("forbid (principal, action, resource) when { false };");
        broad.cedar.policies.insert(format!("copy {copy}"), forbid);
    }
    let broad = placet_engine::bundle::write(&broad).unwrap();
    let error = Engine::load(&broad, &Limits { slice_entries: 20 * features, ..Limits::default() });
    assert!(
        matches!(error.err(), Some(BundleError::TooMany { limit, .. }) if limit == 20 * features)
    );
    assert!(Engine::load(&broad, &Limits::default()).is_ok());
    let most = counts.iter().map(|(_, count)| *count).max().unwrap();
    assert_eq!(load(Limits { bundle_entries: most, ..Limits::default() }), Ok(()));
    // One table after the other grows by as many copies as are too many.
    let limits = Limits { bundle_entries: most, ..Limits::default() };
    for (what, count) in counts {
        let mut large = content.clone();
        for copy in 0..=most - count {
            grow(&mut large, what, copy);
        }
        let bytes = placet_engine::bundle::write(&large).unwrap();
        let error = Engine::load(&bytes, &limits).map(|_| ());
        assert_eq!(error, Err(BundleError::TooMany { what, count: most + 1, limit: most }));
    }

    let deepest =
        (0..9).find(|depth| load(Limits { condition_depth: *depth, ..Limits::default() }).is_ok());
    assert_eq!(deepest, Some(2));
    let error = load(Limits { condition_depth: 1, ..Limits::default() });
    assert_eq!(error, Err(BundleError::TooDeep { limit: 1 }));
    let exact = Limits { bundle_bytes: bytes.len(), ..Limits::default() };
    assert_eq!(load(exact), Ok(()));
    let error = load(Limits { bundle_bytes: bytes.len() - 1, ..Limits::default() });
    let stated = BundleError::TooLarge { bytes: bytes.len(), limit: bytes.len() - 1 };
    assert_eq!(error, Err(stated));
}

/// Numbers are integers of 64 bits where they are read, texts are Unicode, and nothing follows a call.
#[test]
fn what_is_not_one_value_is_refused() {
    let call = call();
    let limits = Limits::default();
    let numbers = [
        "1.5",
        "1.0",
        "1e3",
        "1e400",
        "-0.0",
        "01",
        "+1",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "\"1\"",
        "[1]",
        "true",
        "{}",
    ];
    for place in [
        "/now",
        "/credential/issued_at",
        "/credential/expires_at",
        "/credential/auth_time",
        "/receipts/0/given_at",
        "/receipts/0/expires_at",
        "/receipts/0/withdrawn_at",
        "/confirmation/given_at",
    ] {
        let mut marked = call.clone();
        *marked.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = json!("HERE");
        let marked = marked.to_string();
        let with = |number: &str| {
            let text = marked.replacen("\"HERE\"", number, 1);
            Call::from_json(text.as_bytes(), &limits)
        };
        for number in ["0", "-1", "9223372036854775807", "-9223372036854775808"] {
            assert!(with(number).is_ok(), "{place}: {number}");
        }
        for number in numbers {
            assert!(with(number).is_err(), "{place}: {number}");
        }
    }
    let text = call.to_string();
    let target = format!("\"target\":{}", call["target"]);
    for odd in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\u0041""#,
        r#""\udc00\ud800""#,
        r#""\u12""#,
        r#""\x41""#,
        "\"a\nb\"",
        "\"a\u{0}b\"",
        "'a'",
        "null",
        "7",
        "[\"a\"]",
    ] {
        let changed = text.replacen(&target, &format!("\"target\":{odd}"), 1);
        assert_ne!(changed, text);
        assert!(Call::from_json(changed.as_bytes(), &limits).is_err(), "{odd}");
    }
    let mut not_unicode = text.clone().into_bytes();
    let at = text.find(&target).unwrap() + 10;
    not_unicode.insert(at, 0xff);
    assert!(Call::from_json(&not_unicode, &limits).is_err());
    for around in ["\u{feff}CALL", "CALL,", "CALL}", "CALL null", "CALL//", "/**/CALL", "CALL\u{0}"]
    {
        let changed = around.replacen("CALL", &text, 1);
        assert!(Call::from_json(changed.as_bytes(), &limits).is_err(), "{around}");
    }
    for number in ["NaN", "Infinity", "1e400", "01", ".5", "1.", "0x1"] {
        let mut claims = call.clone();
        claims["user"]["claims"] = json!({"level": "HERE"});
        let changed = claims.to_string().replacen("\"HERE\"", number, 1);
        assert!(Call::from_json(changed.as_bytes(), &limits).is_err(), "a claim of {number}");
    }
}
