//! Bundles that were cut off, altered or made by somebody else, and policies at the limits: each is
//! an error or a denial, never a panic and never an allow.

#![expect(
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{self, Content, Effect, Otherwise, Target, Through, Who};
use placet_engine::resource::Pattern;
use placet_engine::{BundleError, Digest, Engine, Limits};
use placet_language::check;
use placet_tests::calls::{browsing, decide, good_call, world};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, Random, World, files_of};
use serde_json::json;

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
            // Without one of its brackets a bundle does end too early.
            let brackets = b"{}[]\"\\";
            let structural = brackets.contains(&bytes[at]) || brackets.contains(&altered[at]);
            let truncated = error == BundleError::Truncated;
            assert!(structural || !truncated, "byte {at}: {}", altered[at]);
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
                let gone = Through::Client(String::from("missing"));
                c.rules.get_mut("edit_it").unwrap().clients = Some(BTreeSet::from([gone]));
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
        (
            "a requirement's consent",
            Box::new(|c| {
                let effect = &mut c.rules.get_mut("housed").unwrap().effect;
                let Effect::Require { otherwise, .. } = effect else { panic!("{effect:?}") };
                *otherwise = Some(Otherwise::Ask { terms: String::from("missing") });
            }),
        ),
        (
            "a requirement's capability",
            Box::new(|c| {
                let effect = &mut c.rules.get_mut("housed").unwrap().effect;
                let Effect::Require { targets, .. } = effect else { panic!("{effect:?}") };
                targets.insert(Target::Capability(String::from("missing")));
            }),
        ),
        (
            "the client of a consent",
            Box::new(|c| {
                let gone = Through::Client(String::from("missing"));
                c.terms.get_mut("wiping").unwrap().clients = Some(BTreeSet::from([gone]));
            }),
        ),
        (
            "a prompt's capability",
            Box::new(|c| {
                let prompts = &mut c.servers.get_mut("alpha").unwrap().prompts;
                prompts.get_mut("review_code").unwrap().capabilities.extend(missing());
            }),
        ),
        (
            "a resource's capability",
            Box::new(|c| {
                let resources = &mut c.servers.get_mut("alpha").unwrap().resources;
                resources[0].tool.capabilities.extend(missing());
            }),
        ),
        (
            "the resources that Cedar knows",
            Box::new(|c| {
                // What fits the narrow pattern too would be taken for what fits the wide one.
                let resources = &mut c.servers.get_mut("alpha").unwrap().resources;
                let narrow = Pattern::parse("r://a/b/*").unwrap();
                resources.retain(|one| !one.patterns.contains(&narrow));
            }),
        ),
        (
            "one of overlapping resources",
            Box::new(|c| {
                let resources = &mut c.servers.get_mut("alpha").unwrap().resources;
                resources.retain(|one| one.patterns.len() == 1);
            }),
        ),
        (
            "the resources once",
            Box::new(|c| {
                let resources = &mut c.servers.get_mut("alpha").unwrap().resources;
                resources.push(resources[0].clone());
            }),
        ),
        (
            "the prompts that Cedar knows",
            Box::new(|c| {
                c.servers.get_mut("gamma").unwrap().prompts.clear();
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
