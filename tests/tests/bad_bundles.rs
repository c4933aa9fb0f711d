//! Bundles that were cut off, altered or made by somebody else, and calls that are none: each is an
//! error or a denial, never a panic and never an allow.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{self, Content, Effect, Target, Who};
use placet_engine::{BundleError, Call, CallError, Decision, Digest, Engine, Limits, Reason};
use placet_language::check;
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, Random, World, files_of};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

fn world() -> World {
    World::fixed().unwrap_or_else(|error| panic!("{error}"))
}

fn load(bytes: &[u8]) -> Result<Engine, BundleError> {
    Engine::load(bytes, &Limits::default())
}

fn refused(bytes: &[u8], what: &str) -> BundleError {
    match load(bytes) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error
        }
        Ok(_) => panic!("loaded: {what}"),
    }
}

fn bytes_of(content: &Content) -> Vec<u8> {
    bundle::write(content).unwrap()
}

/// A bundle around a content given as text, with the digest that fits.
fn wrapped(content: &str) -> Vec<u8> {
    let digest = Digest::of_bytes(content.as_bytes());
    format!("{{\"format\":1,\"digest\":\"{digest}\",\"content\":{content}}}\n").into_bytes()
}

fn content_text(world: &World) -> String {
    serde_json::to_string(&world.content).unwrap()
}

fn decide(engine: &Engine, value: &Value) -> Decision {
    let bytes = serde_json::to_vec(value).unwrap();
    engine.decide(&Call::from_json(&bytes, &Limits::default()).unwrap())
}

#[test]
fn the_wrapping_used_here_is_the_real_one() {
    let world = world();
    assert_eq!(wrapped(&content_text(&world)), bytes_of(&world.content));
    assert!(load(&bytes_of(&world.content)).is_ok());
}

#[test]
fn a_truncated_bundle_is_refused() {
    let bytes = bytes_of(&world().content);
    let step = bytes.len() / 300 + 1;
    let near_the_end = bytes.len() - 100..bytes.len();
    for length in (0..200).chain((0..bytes.len()).step_by(step)).chain(near_the_end) {
        refused(&bytes[..length], &format!("the first {length} of {} bytes", bytes.len()));
    }
    assert_eq!(refused(&bytes[..bytes.len() / 2], "half"), BundleError::Truncated);
}

#[test]
fn an_altered_bundle_is_refused() {
    let bytes = bytes_of(&world().content);
    let mut random = Random::new(7);
    for round in 0..600 {
        let at = if round < 120 { round } else { random.below(bytes.len()) };
        let mut altered = bytes.clone();
        altered[at] = match random.below(3) {
            0 => altered[at] ^ 1,
            1 => altered[at] ^ 0x80,
            _ => *random.pick(b" 0\"{}[],:\\\n\0x"),
        };
        if altered != bytes {
            let error = refused(&altered, &format!("byte {at} altered"));
            assert_ne!(error, BundleError::Truncated, "byte {at}: {}", altered[at]);
        }
    }
}

#[test]
fn a_newer_format_or_edition_is_named() {
    let world = world();
    let text = String::from_utf8(bytes_of(&world.content)).unwrap();
    for format in [2_u64, 3, 4_294_967_297] {
        let newer = text.replacen("\"format\":1", &format!("\"format\":{format}"), 1);
        assert_eq!(refused(newer.as_bytes(), "newer"), BundleError::NewerFormat { format });
    }
    // A later format may look quite different.
    let later = b"{\"format\":2,\"anything\":[]}";
    assert_eq!(refused(later, "later"), BundleError::NewerFormat { format: 2 });
    for format in ["0", "-1", "1.0", "\"1\"", "null", "1e0", "18446744073709551616"] {
        let odd = text.replacen("\"format\":1", &format!("\"format\":{format}"), 1);
        refused(odd.as_bytes(), format);
    }
    let mut content = world.content.clone();
    content.edition = 2027;
    let error = refused(&bytes_of(&content), "edition 2027");
    assert_eq!(error, BundleError::NewerEdition { edition: 2027 });
}

#[test]
fn only_the_written_form_is_read() {
    let world = world();
    let text = String::from_utf8(bytes_of(&world.content)).unwrap();
    let content = content_text(&world);
    let digest = Digest::of_bytes(content.as_bytes());
    let same_digest = [
        format!(" {text}"),
        format!("{text}\n"),
        format!("\u{feff}{text}"),
        text.trim_end().to_owned(),
        text.replacen("{\"format\"", "{ \"format\"", 1),
        text.replacen(":1,", ": 1,", 1),
        text.replacen("{\"format\":1,", "{\"format\":1,\"format\":1,", 1),
        format!("{{\"digest\":\"{digest}\",\"format\":1,\"content\":{content}}}\n"),
        format!("{{\"format\":1,\"digest\":\"{digest}\",\"content\":{content},\"more\":1}}\n"),
        format!("{{\"format\":1,\"content\":{content}}}\n"),
        format!("{{\"format\":1,\"digest\":\"{digest}\"}}\n"),
        text.replacen("sha256-", "sha256-A", 1),
        format!("[{text}]"),
        text.clone() + &text,
    ];
    for changed in same_digest {
        refused(changed.as_bytes(), &changed[..60]);
    }
    let new_digest = [
        format!(" {content}"),
        content.replacen('{', "{ ", 1),
        content.replacen("{\"edition\":2026,", "{\"edition\":2026,\"edition\":2026,", 1),
        content.replacen("\"locked\":false", "\"locked\":false,\"locked\":false", 1),
        content.replacen(
            "\"edition\":2026,\"locked\":false",
            "\"locked\":false,\"edition\":2026",
            1,
        ),
        content.replacen("\"edition\":2026", "\"edition\":2026.0", 1),
        content.replacen("\"edition\":2026", "\"edition\":2026,\"unknown\":0", 1),
        content.replacen("Edit", "\\u0045dit", 1),
        content.replacen("\"public\"", "\"pub\\/lic\"", 1),
        String::from("{}"),
        String::from("null"),
    ];
    for changed in new_digest {
        assert_ne!(changed, content, "nothing was changed");
        refused(&wrapped(&changed), &changed[..changed.len().min(60)]);
    }
    // A member that stands twice anywhere in the content.
    let mut members = 0;
    for (at, _) in content.match_indices("{\"") {
        let Some(end) = content[at + 2..].find('"').map(|length| at + 2 + length) else { continue };
        if content.as_bytes().get(end + 1) != Some(&b':') || members > 60 {
            continue;
        }
        members += 1;
        let twice =
            format!("{}{}:0,{}", &content[..=at], &content[at + 1..=end], &content[at + 1..]);
        refused(&wrapped(&twice), &content[at..=end]);
    }
    assert!(members > 20, "{members}");
}

#[test]
fn cedar_that_does_not_fit_is_refused() {
    let world = world();
    let permit =
        |condition: &str| format!("permit (principal, action, resource) when {{ {condition} }};");
    let replaced = [
        String::new(),
        String::from("permit"),
        String::from("permit (principal, action, resource)"),
        permit("context.nothing == 1"),
        permit("context.now == \"text\""),
        permit("context.token.acr == \"phr\""),
        permit("principal in Nobody::\"x\""),
        permit("context.now"),
        String::from("permit (principal == ?principal, action, resource);"),
        String::from("permit (principal, action == Action::\"tool:alpha/nothing\", resource);"),
        String::from("permit (principal, action, resource); permit (principal, action, resource);"),
    ];
    for text in replaced {
        for id in ["edit_it/edit", "guard:registration"] {
            let mut content = world.content.clone();
            content.cedar.policies.insert(id.to_owned(), text.clone());
            let error = refused(&bytes_of(&content), &text);
            assert!(matches!(error, BundleError::Cedar(_)), "{text}: {error:?}");
        }
    }
    for schema in ["", "entity User", "entity User;", "action \"x\";"] {
        let mut content = world.content.clone();
        content.cedar.schema = schema.to_owned();
        let error = refused(&bytes_of(&content), schema);
        assert!(matches!(error, BundleError::Cedar(_)), "{schema}: {error:?}");
    }
    let entity = |kind: &str, id: &str| bundle::Entity {
        uid: bundle::EntityUid { kind: kind.to_owned(), id: id.to_owned() },
        attrs: BTreeMap::new(),
        parents: Vec::new(),
    };
    let mut attribute = entity("Server", "server:alpha");
    attribute.attrs.insert(String::from("x"), String::from("y"));
    let mut upward = entity("Server", "server:alpha");
    upward.parents.push(bundle::EntityUid { kind: String::from("Group"), id: String::from("x") });
    let mut circle = entity("Group", "group:x");
    circle.parents.push(circle.uid.clone());
    for one in
        [entity("Nobody", "x"), entity("User ", "x"), entity("", ""), attribute, upward, circle]
    {
        let mut content = world.content.clone();
        content.cedar.entities = vec![one.clone()];
        let error = refused(&bytes_of(&content), &format!("{one:?}"));
        assert!(matches!(error, BundleError::Cedar(_)), "{one:?}: {error:?}");
    }
    let text = content_text(&world);
    let start = text.find("\"entities\":").unwrap() + "\"entities\":".len();
    let end = text.find(",\"policies\":").unwrap();
    for entities in ["null", "{}", "[1]", "[{}]", "\"x\""] {
        let changed = format!("{}{entities}{}", &text[..start], &text[end..]);
        let error = refused(&wrapped(&changed), entities);
        assert!(matches!(error, BundleError::Unreadable(_)), "{entities}: {error:?}");
    }
}

#[test]
fn a_table_that_names_something_missing_is_refused() {
    let world = world();
    let missing = || BTreeSet::from([String::from("missing")]);
    let allow = |content: &mut Content,
                 change: &dyn Fn(&mut BTreeSet<String>, &mut Option<String>)| {
        let effect = content.rules.get_mut("edit_it").map(|rule| &mut rule.effect);
        match effect {
            Some(Effect::Allow { capabilities, under }) => change(capabilities, under),
            other => panic!("{other:?}"),
        }
    };
    type Tamper<'t> = (&'t str, Box<dyn Fn(&mut Content) + 't>);
    let tampers: Vec<Tamper<'_>> = vec![
        (
            "a rule's capability",
            Box::new(|c| allow(c, &|capabilities, _| capabilities.extend(missing()))),
        ),
        (
            "a rule's consent",
            Box::new(|c| allow(c, &|_, under| *under = Some(String::from("missing")))),
        ),
        (
            "a rule's client",
            Box::new(|c| {
                c.rules.get_mut("edit_it").unwrap().clients = Some(missing());
            }),
        ),
        (
            "a rule's group",
            Box::new(|c| {
                c.rules.get_mut("edit_it").unwrap().who.insert(Who::Group(String::from("missing")));
            }),
        ),
        (
            "a deny's capability",
            Box::new(|c| {
                let effect = &mut c.rules.get_mut("far_count").unwrap().effect;
                *effect = Effect::Deny {
                    targets: BTreeSet::from([Target::Capability(String::from("missing"))]),
                };
            }),
        ),
        (
            "a tool's capability",
            Box::new(|c| {
                let tools = &mut c.servers.get_mut("alpha").unwrap().tools;
                tools.get_mut("a/b").unwrap().capabilities.extend(missing());
            }),
        ),
        (
            "a capability's server",
            Box::new(|c| {
                c.capabilities.get_mut("edit").unwrap().server = String::from("missing");
            }),
        ),
        (
            "terms' server",
            Box::new(|c| {
                c.terms.get_mut("editing").unwrap().server = String::from("missing");
            }),
        ),
        (
            "terms' capability",
            Box::new(|c| {
                c.terms.get_mut("editing").unwrap().grants.extend(missing());
            }),
        ),
        (
            "a group's `and in`",
            Box::new(|c| {
                c.groups.get_mut("eng").unwrap().and_in.extend(missing());
            }),
        ),
        (
            "a group's `in`",
            Box::new(|c| {
                c.groups.get_mut("eng").unwrap().within.extend(missing());
            }),
        ),
        (
            "the server of some tools",
            Box::new(|c| {
                c.servers.remove("alpha");
            }),
        ),
        ("the consents", Box::new(|c| c.terms.clear())),
        ("the clients", Box::new(|c| c.clients.clear())),
        ("the groups", Box::new(|c| c.groups.clear())),
        ("the capabilities", Box::new(|c| c.capabilities.clear())),
        (
            "two servers of one identity",
            Box::new(|c| {
                let identity = c.servers.get("alpha").unwrap().identity.clone();
                c.servers.get_mut("beta").unwrap().identity = identity;
            }),
        ),
    ];
    for (what, tamper) in tampers {
        let mut content = world.content.clone();
        tamper(&mut content);
        assert_ne!(content, world.content, "{what}: nothing changed");
        let error = refused(&bytes_of(&content), what);
        let fitting = matches!(error, BundleError::Inconsistent(_) | BundleError::Cedar(_));
        assert!(fitting, "{what}: {error:?}");
    }
}

/// What must not make the engine go round in circles for ever, or deep into its stack.
#[test]
fn groups_in_a_circle_are_no_trouble() {
    let world = world();
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let call = Caller::new(&world, &reference, 3).hopeful();
    for field in 0..2 {
        let mut content = world.content.clone();
        for (from, to) in [("staff", "eng"), ("eng", "staff")] {
            let group = content.groups.get_mut(from).unwrap();
            let edges = if field == 0 { &mut group.within } else { &mut group.and_in };
            edges.insert(to.to_owned());
        }
        if let Ok(engine) = load(&bytes_of(&content)) {
            decide(&engine, &call);
        }
    }
}

/// Declarations that nest as deep as there are many of them.
#[test]
fn long_chains_are_no_trouble() {
    let world = world();
    let length = 1_500;
    let mut statements = world.statements.clone();
    let issuer = "issued by \"https://login.example.com\"";
    statements.push(format!("group g0 from claim \"groups\" has \"g0\" {issuer}"));
    statements.push(String::from("scope \"s0\" on alpha"));
    for index in 1..length {
        let before = index - 1;
        let (within, and_in) = match index % 2 {
            0 => (format!(" in g{before}"), String::new()),
            _ => (String::new(), format!(" and in g{before}")),
        };
        let claim = format!("from claim \"groups\" has \"g{index}\"");
        statements.push(format!("group g{index}{within} {claim} {issuer}{and_in}"));
        if index < 300 {
            statements.push(format!("scope \"s{index}\" on alpha implies \"s{before}\""));
        }
    }
    let deep = World::build(statements).unwrap_or_else(|error| panic!("{}", &error[..200]));
    let mut call = good_call(&world);
    call["user"]["claims"] = json!({ "groups": [format!("g{}", length - 1)] });
    decide(&deep.engine, &call);
}

/// Judges calls by a content that was tampered with: wherever Cedar and the chain disagree the call
/// must be denied with `evaluation.error`, and all others as before.
fn tampered(what: &str, change: impl Fn(&mut Content), errs: impl Fn(&Decision) -> bool) {
    let world = world();
    let mut content = world.content.clone();
    change(&mut content);
    assert_ne!(content, world.content, "{what}: nothing changed");
    let engine = load(&bytes_of(&content)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, 11);
    let (mut erred, mut same) = (0, 0);
    for _ in 0..600 {
        let call = caller.call();
        let before = decide(&world.engine, &call);
        let after = decide(&engine, &call);
        if errs(&before) {
            erred += 1;
            let expected = Some(Reason::EvaluationError);
            assert_eq!(after.reason, expected, "{what}\n{call:#}\n{before:#?}\n{after:#?}");
            assert!(!after.is_allow());
        } else {
            same += 1;
            assert_eq!(after.reason, before.reason, "{what}\n{call:#}\n{after:#?}");
        }
    }
    assert!(erred > 5 && same > 5, "{what}: {erred} erred, {same} did not");
}

fn without_policies(content: &mut Content, effect: &str) {
    content.cedar.policies.retain(|_, text| !text.contains(&format!("\n{effect} (")));
}

#[test]
fn where_cedar_and_the_chain_disagree_the_call_is_denied() {
    tampered("no permit", |content| without_policies(content, "permit"), Decision::is_allow);
    let all = |effect: &str, condition: &str| {
        format!("{effect} (principal, action, resource){condition};")
    };
    let add = |text: String| {
        move |content: &mut Content| {
            content.cedar.policies.insert(String::from("zz"), text.clone());
        }
    };
    tampered("a forbid of everything", add(all("forbid", "")), Decision::is_allow);
    // What no `forbid` stops, Cedar now allows.
    let stopped_by_the_chain = |decision: &Decision| {
        matches!(
            decision.reason,
            Some(
                Reason::RuleNone
                    | Reason::ScopeInsufficient
                    | Reason::ConsentNone
                    | Reason::ConsentExpired
                    | Reason::ConsentWithdrawn
                    | Reason::ConsentDrifted
                    | Reason::ConsentPurpose
            )
        )
    };
    let world = world();
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut open = world.content.clone();
    add(all("permit", ""))(&mut open);
    let engine = load(&bytes_of(&open)).unwrap();
    let mut caller = Caller::new(&world, &reference, 12);
    let mut erred = 0;
    for _ in 0..1_500 {
        let call = caller.call();
        let (before, after) = (decide(&world.engine, &call), decide(&engine, &call));
        assert_eq!(before.is_allow(), after.is_allow(), "{call:#}");
        if stopped_by_the_chain(&before) {
            // A `deny` that holds as well keeps Cedar at "deny".
            let error = after.reason == Some(Reason::EvaluationError);
            assert!(error || after.reason == before.reason, "{call:#}\n{after:#?}");
            erred += usize::from(error);
        } else {
            assert_eq!(before.reason, after.reason, "{call:#}");
        }
    }
    assert!(erred > 50, "{erred}");
}

#[test]
fn a_policy_whose_evaluation_errs_denies() {
    for effect in ["permit", "forbid"] {
        let text = format!(
            "{effect} (principal, action, resource) when {{ context.now + 9223372036854775807 < 0 }};"
        );
        let mut erred = 0;
        let world = world();
        let mut content = world.content.clone();
        content.cedar.policies.insert(String::from("zz"), text);
        let engine = load(&bytes_of(&content)).unwrap();
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, 13);
        for _ in 0..200 {
            let call = caller.call();
            let (before, after) = (decide(&world.engine, &call), decide(&engine, &call));
            assert!(!after.is_allow(), "{effect}: {call:#}\n{after:#?}");
            if before.is_allow() {
                erred += 1;
                assert_eq!(after.reason, Some(Reason::EvaluationError), "{call:#}\n{after:#?}");
            }
        }
        assert!(erred > 30, "{erred}");
    }
}

/// Tables that no longer fit Cedar: whatever happens, nothing is allowed that was denied.
#[test]
fn tables_that_say_more_than_cedar_open_nothing() {
    let world = world();
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    type Tamper = (&'static str, fn(&mut Content));
    let tampers: [Tamper; 9] = [
        ("no condition", |c| c.rules.values_mut().for_each(|rule| rule.when = None)),
        ("no where", |c| c.capabilities.values_mut().for_each(|one| one.condition = None)),
        ("no needs", |c| {
            c.capabilities
                .values_mut()
                .for_each(|one| one.needs = BTreeSet::from([BTreeSet::new()]));
        }),
        ("for anyone", |c| {
            c.rules.values_mut().for_each(|rule| rule.who = BTreeSet::from([Who::Anyone]));
        }),
        ("via any client", |c| c.rules.values_mut().for_each(|rule| rule.clients = None)),
        ("nothing read", |c| {
            let tools = c.servers.values_mut().flat_map(|server| server.tools.values_mut());
            tools.for_each(|tool| tool.reads = bundle::Reads::default());
        }),
        ("no deny", |c| {
            c.rules.retain(|_, rule| matches!(rule.effect, Effect::Allow { .. }));
        }),
        ("under nothing", |c| {
            for rule in c.rules.values_mut() {
                if let Effect::Allow { under, .. } = &mut rule.effect {
                    *under = None;
                }
            }
        }),
        ("untyped", |c| {
            let tools = c.servers.values_mut().flat_map(|server| server.tools.values_mut());
            tools.for_each(|tool| tool.typed = false);
        }),
    ];
    for (what, tamper) in tampers {
        let mut content = world.content.clone();
        tamper(&mut content);
        assert_ne!(content, world.content, "{what}: nothing changed");
        let Ok(engine) = load(&bytes_of(&content)) else { continue };
        let mut caller = Caller::new(&world, &reference, 14);
        let mut errors = 0;
        for _ in 0..250 {
            let call = caller.call();
            let (before, after) = (decide(&world.engine, &call), decide(&engine, &call));
            errors += usize::from(after.reason == Some(Reason::EvaluationError));
            assert!(before.is_allow() || !after.is_allow(), "{what}: {call:#}\n{after:#?}");
        }
        assert!(errors > 0, "{what}: nothing disagreed");
    }
}

fn good_call(world: &World) -> Value {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(world, &reference, 21);
    loop {
        let call = caller.hopeful();
        let fit = call["arguments"].as_object().is_some_and(|members| members.len() > 3);
        let receipts = call["receipts"].as_array().is_some_and(|all| !all.is_empty());
        if fit && receipts && decide(&world.engine, &call).is_allow() {
            return call;
        }
    }
}

/// A call like `call`, its arguments written so.
fn with_arguments(call: &Value, arguments: &str) -> String {
    let mut call = call.clone();
    call["arguments"] = json!("HERE");
    call.to_string().replacen("\"HERE\"", arguments, 1)
}

fn browsing(world: &World) -> Value {
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(world, &reference, 22);
    loop {
        let call = caller.hopeful();
        let read = call["arguments"]["path"] == "/srv" && call["target"] == "API-get-user";
        if read && decide(&world.engine, &call).is_allow() {
            return call;
        }
    }
}

#[test]
fn unread_arguments_may_hold_anything() {
    let world = world();
    let call = browsing(&world);
    for (unread, reason) in [
        ("null", None),
        ("-0.0", None),
        ("18446744073709551616", None),
        ("123456789012345678901234567890", None),
        ("1e-400", None),
        ("\"\\u0000\\ud83d\\ude00\"", None),
        ("[[[{\"a\":[]}]]]", None),
        // No text has this meaning, or two readers give it different ones.
        ("\"\\ud800\"", Some(Reason::InvalidArguments)),
        ("{\"a\":1,\"\\u0061\":1}", Some(Reason::InvalidArguments)),
    ] {
        let text = with_arguments(&call, &format!("{{\"path\":\"/srv\",\"unread\":{unread}}}"));
        let call = from_json(&text).unwrap_or_else(|error| panic!("{unread}: {error}"));
        assert_eq!(world.engine.decide(&call).reason, reason, "{unread}");
    }
}

/// An unread argument may hold any JSON up to the limits, of which the range of a 64-bit float is one.
#[test]
fn a_number_beyond_a_float_is_over_a_limit() {
    let world = world();
    let call = browsing(&world);
    let text = with_arguments(&call, "{\"path\":\"/srv\",\"unread\":1e400}");
    let decision = world.engine.decide(&from_json(&text).unwrap());
    assert_eq!(decision.reason, Some(Reason::InvalidArguments));
    let text = with_arguments(&call, "{\"path\":\"/srv\",\"unread\":1e300}");
    assert_eq!(world.engine.decide(&from_json(&text).unwrap()).reason, None);
}

/// A call's address is read in its IPv4 form where it has one, so no address is in a network of
/// IPv4-mapped ones, and Cedar does not read `::ffff:10.0.0.0/104` either.
#[test]
fn a_network_of_mapped_addresses_is_refused_or_means_the_plain_one() {
    let mut statements = world().statements;
    statements.push(String::from(
        "deny inside anyone to browse when call.address under \"::ffff:10.0.0.0/104\"",
    ));
    let checked = check(&files_of(&statements), &placet_language::Limits::default());
    if checked.policy.is_some() {
        let world = World::build(statements).unwrap_or_else(|error| panic!("{error}"));
        let mut call = browsing(&world);
        call["address"] = json!("10.1.2.3");
        assert_eq!(decide(&world.engine, &call).reason, Some(Reason::RuleDenied));
    }
}

fn from_json(text: &str) -> Result<Call, CallError> {
    Call::from_json(text.as_bytes(), &Limits::default())
}

#[test]
fn arbitrary_bytes_are_no_trouble() {
    let world = world();
    let good = good_call(&world).to_string();
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 3_000, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(Default::default()),
    );
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let outcome = runner.run(&bytes, |bytes| {
        assert!(Call::from_json(&bytes, &Limits::default()).is_err());
        Ok(())
    });
    outcome.unwrap();
    // A real call with a few bytes changed, taken out or put in.
    let length = good.len();
    let edits = proptest::collection::vec((0..length, any::<u8>(), 0..3_u8), 1..4);
    let outcome = runner.run(&edits.prop_map(|edits| edits), |edits| {
        let mut bytes = good.clone().into_bytes();
        for (at, byte, kind) in edits {
            let at = at % bytes.len();
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        if let Ok(call) = Call::from_json(&bytes, &Limits::default()) {
            let decision = world.engine.decide(&call);
            assert_ne!(decision.reason, Some(Reason::EvaluationError));
        }
        Ok(())
    });
    outcome.unwrap();
}

/// A value as text in which the object at `nth` place has its first member twice.
fn with_a_key_twice(value: &Value, nth: &mut isize, path: &str, at: &mut String) -> String {
    match value {
        Value::Object(members) => {
            let mine = !members.is_empty() && {
                *nth -= 1;
                *nth == -1
            };
            let mut parts: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    let path = format!("{path}/{name}");
                    format!("{}:{}", json!(name), with_a_key_twice(value, nth, &path, at))
                })
                .collect();
            if mine {
                *at = path.to_owned();
                parts.push(parts[0].clone());
            }
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| with_a_key_twice(item, nth, path, at)).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn a_key_twice_is_an_error_at_any_depth() {
    let world = world();
    let mut call = good_call(&world);
    call["arguments"]["unread"] = json!([[{"a": {"b": {"c": 1}}}]]);
    call["user"]["claims"]["unread"] = json!([[{"a": {"b": {"c": 1}}}]]);
    let mut places = BTreeSet::new();
    for nth in 0.. {
        let (mut left, mut at) = (nth, String::from("none"));
        let text = with_a_key_twice(&call, &mut left, "", &mut at);
        if at == "none" {
            break;
        }
        match from_json(&text) {
            Err(_) => {}
            Ok(call) => {
                assert!(at.starts_with("/arguments"), "{at} may stand twice");
                let reason = world.engine.decide(&call).reason;
                assert_eq!(reason, Some(Reason::InvalidArguments), "{at}");
            }
        }
        places.insert(at);
    }
    assert!(places.len() > 12, "{places:?}");
}

#[test]
fn unknown_and_missing_parts_are_errors() {
    let world = world();
    let call = good_call(&world);
    let free = ["/arguments", "/user/claims"];
    let mut objects = vec![String::new()];
    let mut index = 0;
    while let Some(place) = objects.get(index).cloned() {
        index += 1;
        match call.pointer(&place) {
            Some(Value::Object(members)) => {
                let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
                objects.extend(members.keys().map(|name| format!("{place}/{}", escape(name))));
            }
            Some(Value::Array(items)) => {
                objects.extend((0..items.len()).map(|item| format!("{place}/{item}")));
            }
            _ => {}
        }
    }
    let mut unknown = 0;
    for place in objects.iter().filter(|place| !free.iter().any(|free| place.starts_with(free))) {
        let mut changed = call.clone();
        let Some(Value::Object(members)) = changed.pointer_mut(place) else { continue };
        members.insert(String::from("unknown"), Value::Null);
        unknown += 1;
        assert!(from_json(&changed.to_string()).is_err(), "{place} took an unknown member");
    }
    assert!(unknown > 5, "{unknown}");
    for name in ["client", "server", "operation", "target", "now"] {
        let mut changed = call.clone();
        changed.as_object_mut().unwrap().remove(name);
        assert!(from_json(&changed.to_string()).is_err(), "{name} may be missing");
        changed[name] = Value::Null;
        assert!(from_json(&changed.to_string()).is_err(), "{name} may be null");
    }
    for (whole, name) in [
        ("client", "id"),
        ("client", "registration"),
        ("client", "status"),
        ("user", "issuer"),
        ("user", "subject"),
        ("credential", "kind"),
        ("credential", "issuer"),
        ("credential", "audience"),
        ("credential", "subject"),
        ("credential", "client_id"),
        ("credential", "scopes"),
    ] {
        let mut changed = call.clone();
        if changed[whole].as_object_mut().unwrap().remove(name).is_some() {
            assert!(from_json(&changed.to_string()).is_err(), "{whole}.{name} may be missing");
        }
    }
    for text in ["", "null", "[]", "7", "{}", "\"call\"", "{\"client\":"] {
        assert!(from_json(text).is_err(), "{text}");
    }
    let trailing = format!("{call} {call}");
    assert!(from_json(&trailing).is_err(), "two calls in one");
}

#[test]
fn sizes_and_depths_are_bounded() {
    let world = world();
    let call = good_call(&world);
    let denied = |text: &str, what: &str| {
        let call = from_json(text).unwrap_or_else(|error| panic!("{what}: {error}"));
        let reason = world.engine.decide(&call).reason;
        assert_eq!(reason, Some(Reason::InvalidArguments), "{what}");
    };
    let mut large = call.clone();
    large["arguments"]["unread"] = json!("x".repeat(10 << 20));
    denied(&large.to_string(), "10 MB");
    large["arguments"]["unread"] = json!("x".repeat(17 << 20));
    assert!(matches!(from_json(&large.to_string()), Err(CallError::TooLarge { .. })));
    let with = |arguments: &str| with_arguments(&call, arguments);
    for depth in [65, 127, 128, 129, 10_000, 100_000] {
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        denied(&with(&arrays), &format!("{depth} arrays"));
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        denied(&with(&objects), &format!("{depth} objects"));
        let unclosed = "[".repeat(depth);
        assert!(from_json(&with(&unclosed)).is_err(), "{depth} unclosed");
        // Outside the arguments there is no room for such a thing.
        let mut claims = call.clone();
        claims["user"]["claims"] = json!({"deep": "HERE"});
        let claims = claims.to_string().replacen("\"HERE\"", &arrays, 1);
        assert!(depth < 129 || from_json(&claims).is_err(), "{depth} deep claims");
        let credential = format!("{{\"kind\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let mut odd = call.clone();
        odd["credential"] = json!("HERE");
        let odd = odd.to_string().replacen("\"HERE\"", &credential, 1);
        assert!(from_json(&odd).is_err(), "{depth} deep credential");
    }
    let receipt = call["receipts"][0].clone();
    let mut many = call.clone();
    many["receipts"] = json!(vec![receipt; 10_001]);
    assert!(matches!(from_json(&many.to_string()), Err(CallError::TooManyReceipts { .. })));
    many["receipts"].as_array_mut().unwrap().pop();
    let mut one = call.clone();
    one["receipts"] = json!([call["receipts"][0]]);
    assert_eq!(decide(&world.engine, &many).reason, decide(&world.engine, &one).reason);
}

/// Cedar's evaluator gives up at a depth that depends on how much stack the host's thread has left,
/// so what a rule lists must not nest as deep as it is long.
#[test]
fn a_long_rule_can_be_evaluated() {
    let plain = world();
    let call = browsing(&plain);
    let issuer = "issued by \"https://login.example.com\"";
    let users: Vec<String> = (0..2_000).map(|n| format!("user \"u{n}\" {issuer}")).collect();
    let parts: Vec<String> = (0..2_000).map(|n| format!("args.path == \"/no/{n}\"")).collect();
    for rule in [
        format!("deny inside {} to browse", users.join(", ")),
        format!("deny inside anyone to browse when {}", parts.join(" or ")),
    ] {
        let mut statements = plain.statements.clone();
        statements.push(rule);
        let checked = check(&files_of(&statements), &placet_language::Limits::default());
        if checked.policy.is_some() {
            let world =
                World::build(statements).unwrap_or_else(|error| panic!("{}", &error[..200]));
            assert_eq!(decide(&world.engine, &call).reason, None);
        }
    }
}

/// A reader of JSON stops at some depth, and the parser at some nesting: what checks must also load.
#[test]
fn a_deep_condition_can_be_loaded() {
    let mut condition = String::from("args.path == \"/no\"");
    for level in 0..62 {
        let word = if level % 2 == 0 { "or" } else { "and" };
        condition = format!("({condition}) {word} args.path == \"/no/{level}\"");
    }
    let mut statements = world().statements;
    statements.push(format!("deny inside anyone to browse when {condition}"));
    let checked = check(&files_of(&statements), &placet_language::Limits::default());
    if checked.policy.is_some() {
        World::build(statements).unwrap_or_else(|error| panic!("{}", &error[..200]));
    }
}
