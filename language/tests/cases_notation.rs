//! The case notation. Every file in `notation` is a file of cases, run against the policy beside it;
//! the snapshots show what its author is shown. The laws hold of whatever a case can say.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use miette::{GraphicalReportHandler, GraphicalTheme};
use placet_engine::call::{Registration, Status};
use placet_engine::{Digest, Engine, Limits as EngineLimits, Reason};
use placet_language::case::*;
use placet_language::{Code, Limits, check, compile};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn engine() -> Engine {
    let files = BTreeMap::from([
        (String::from("policy.placet"), include_str!("notation/policy.placet").to_owned()),
        (String::from("catalogue.json"), include_str!("notation/catalogue.json").to_owned()),
    ]);
    let checked = check(&files, &Limits::default());
    let policy = checked.policy.ok_or(checked.diagnostics).unwrap();
    Engine::load(&compile(&policy).unwrap(), &EngineLimits::default()).unwrap()
}

fn run_text(engine: &Engine, text: &str, limits: &CaseLimits) -> Report {
    let files = [CaseFile { path: String::from("a.cases"), text: text.to_owned() }];
    run(&files, engine, &Filter::default(), limits)
}

fn render(report: &Report) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .with_links(false);
    let mut text = String::new();
    for result in &report.results {
        let diagnostic = match &result.outcome {
            Outcome::Passed => {
                writeln!(text, "passed: {}", result.text).unwrap();
                continue;
            }
            Outcome::NotRun => {
                writeln!(text, "not run: {}", result.text).unwrap();
                continue;
            }
            Outcome::Failed(failed) => &failed.diagnostic,
            Outcome::Unusable(diagnostic) => diagnostic,
        };
        let underlined = diagnostic.underlined().unwrap_or("nothing");
        writeln!(text, "[{}] underlines: {underlined}\n", diagnostic.code).unwrap();
        handler.render_report(&mut text, diagnostic).unwrap();
        let message = &diagnostic.message;
        assert!(!message.ends_with('.') && !message.starts_with(char::is_uppercase), "{message}");
    }
    text
}

#[test]
fn what_the_author_is_shown() {
    let engine = engine();
    insta::glob!("notation/*.cases", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let report = run_text(&engine, &text, &CaseLimits::default());
        let name = path.file_stem().unwrap().to_str().unwrap();
        let all_pass = report.results.iter().all(|one| matches!(one.outcome, Outcome::Passed));
        assert_eq!(all_pass, name.ends_with("passes"), "{name}: {}", render(&report));
        insta::with_settings!({ omit_expression => true, description => "" }, {
            insta::assert_snapshot!(render(&report));
        });
    });
}

#[test]
fn limits_are_named() {
    let engine = engine();
    let line = "alice via cursor calls github/x {a: [[1]]} => deny operation.unknown-tool\n";
    for (limits, told) in [
        (CaseLimits { file_bytes: 10, ..CaseLimits::default() }, "the limit of 10"),
        (CaseLimits { cases: 1, ..CaseLimits::default() }, "more cases than the limit of 1"),
        (CaseLimits { json_depth: 2, ..CaseLimits::default() }, "deeper than the limit of 2"),
    ] {
        let report = run_text(&engine, &line.repeat(2), &limits);
        let Outcome::Unusable(diagnostic) = &report.results.first().unwrap().outcome else {
            panic!("not unusable: {report:?}")
        };
        assert_eq!(diagnostic.code, Code::Limit);
        assert!(diagnostic.message.contains(told), "{diagnostic}");
    }
    let deep = format!("alice via cursor calls github/x {}", "[".repeat(100_000));
    assert_eq!(parse(&deep).unwrap_err().code, Code::Limit);
    let deepest = format!("alice via cursor calls github/x {}{}", "[".repeat(64), "]".repeat(64));
    assert!(parse(&deepest).is_ok());
}

#[test]
fn a_filter_leaves_out_what_it_does_not_name_and_lets_it_happen_all_the_same() {
    let engine = engine();
    let text = include_str!("notation/scenario-passes.cases");
    let files = [CaseFile { path: String::from("a.cases"), text: text.to_owned() }];
    for (filter, run_of, left_out) in
        [("consent.withdrawn", 1, 8), ("asked for again", 9, 0), ("a.cases", 9, 0), ("zebra", 0, 9)]
    {
        let filter = Filter(vec![String::from("no such thing"), String::from(filter)]);
        let report = run(&files, &engine, &filter, &CaseLimits::default());
        let passed = report.count(|one| matches!(one, Outcome::Passed));
        assert_eq!((passed, report.left_out), (run_of, left_out), "{filter:?}");
        assert_eq!(report.results.len(), run_of);
    }
}

#[test]
fn coverage_counts_exactly() {
    let engine = engine();
    let case =
        "alice in engineers via cursor calls github/create_issue {owner: \"acme\"} with scopes";
    let covered = |text: &str| {
        let coverage = run_text(&engine, text, &CaseLimits::default()).coverage;
        (coverage.covered(), coverage.total(), coverage.percent())
    };
    // Six rules, and three tools under a consent.
    assert_eq!(covered(""), (0, 9, String::from("0.0 %")));
    let allowed = format!("{case} public_repo under triage => allow\n");
    assert_eq!(covered(&allowed).0, 2);
    // A denial whose nearest rule is under a consent touches its use, and decides by no rule.
    assert_eq!(covered(&format!("{case} public_repo => deny consent.none\n")).0, 1);
    let stale = format!("{case} repo token logged in 9 hours ago => deny rule.denied\n");
    assert_eq!(covered(&stale).0, 1);
    let all = run_text(&engine, &format!("{allowed}{stale}"), &CaseLimits::default()).coverage;
    assert_eq!((all.covered(), all.percent().as_str()), (3, "33.3 %"));
    assert!(all.reaches(33) && !all.reaches(34));
    assert_eq!(all.uncovered_rules().count() + all.uncovered_uses().count(), 6);
    // A requirement is covered where it is what a call is denied for.
    let unconfirmed = case.replace("acme", "acme-labs");
    let asked = format!("{unconfirmed} public_repo under triage => deny confirmation.required\n");
    assert_eq!(covered(&asked).0, 2);
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z_]{1,8}",
        "\\PC{0,6}",
        any::<String>(),
        prop::sample::select(vec!["via", "with", "", "a\"b", "\\", "\u{202e}", "//", "=>", "#"])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

fn texts() -> BoxedStrategy<BTreeSet<String>> {
    prop::collection::btree_set(text(), 0..3).boxed()
}

fn json() -> BoxedStrategy<Value> {
    let number = any::<f64>().prop_filter_map("finite", serde_json::Number::from_f64);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number.prop_map(Value::Number),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(text(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

fn object() -> BoxedStrategy<Map<String, Value>> {
    prop::collection::btree_map(text(), json(), 0..3)
        .prop_map(|all| all.into_iter().collect())
        .boxed()
}

fn digest() -> BoxedStrategy<Digest> {
    any::<u8>().prop_map(|byte| Digest::of_bytes(&[byte])).boxed()
}

fn moment() -> BoxedStrategy<Moment> {
    prop_oneof![
        (-1_000_000_000_i64..1_000_000_000).prop_map(Moment::Relative),
        (i64::MIN + 1..=i64::MAX).prop_map(Moment::Relative),
        (-100_i64..100).prop_map(|days| Moment::Relative(days * 86_400)),
        any::<i64>().prop_map(Moment::At),
        (0_i64..4_000_000_000).prop_map(Moment::At),
    ]
    .boxed()
}

fn when() -> BoxedStrategy<When> {
    prop_oneof![Just(When::Never), moment().prop_map(When::Then)].boxed()
}

fn identity() -> BoxedStrategy<Identity> {
    prop_oneof![
        text().prop_map(Identity::Alias),
        (text(), prop::option::of(text()))
            .prop_map(|(id, issuer)| Identity::Written { id, issuer }),
    ]
    .boxed()
}

fn server() -> BoxedStrategy<Server> {
    prop_oneof!["[a-z_][a-z0-9_]{0,6}".prop_map(Server::Named), text().prop_map(Server::Identity)]
        .boxed()
}

fn giver() -> BoxedStrategy<Giver> {
    (text(), prop::option::of(text()))
        .prop_map(|(subject, issuer)| Giver { subject, issuer })
        .boxed()
}

fn receipt() -> BoxedStrategy<Receipt> {
    use prop::option::of;
    (
        (text(), of(moment()), of(when()), of(moment()), of(text())),
        (of(digest()), of(text()), of(giver()), of(identity()), of(server())),
    )
        .prop_map(|((terms, given, expires, withdrawn, purpose), rest)| {
            let (digest, id, giver, holder, server) = rest;
            let one = Receipt { terms, given, expires, withdrawn, purpose, ..Receipt::default() };
            Receipt { digest, id, giver, holder, server, ..one }
        })
        .boxed()
}

fn user() -> BoxedStrategy<User> {
    (text(), prop::option::of(text()), texts(), prop::option::of(object()))
        .prop_map(|(subject, issuer, groups, claims)| User { subject, issuer, groups, claims })
        .boxed()
}

fn seen() -> BoxedStrategy<Seen> {
    prop_oneof![Just(Seen::Compiled), Just(Seen::Unknown), digest().prop_map(Seen::Is)].boxed()
}

fn client() -> BoxedStrategy<Client> {
    let registration = prop::sample::select(vec![
        Registration::Preregistered,
        Registration::MetadataDocument,
        Registration::Dynamic,
    ]);
    let status = prop::sample::select(vec![Status::Approved, Status::Pending, Status::Blocked]);
    (identity(), prop::option::of(registration), prop::option::of(status), seen())
        .prop_map(|(identity, registration, status, metadata)| Client {
            identity,
            registration,
            status,
            metadata,
        })
        .boxed()
}

fn credential() -> BoxedStrategy<Credential> {
    use prop::option::of;
    let key = (of(text()), texts(), of(when()), of(when()));
    prop_oneof![
        Just(Credential::Usual),
        Just(Credential::None),
        Just(Credential::Local),
        texts().prop_map(Credential::Token),
        key.prop_map(|(id, scopes, issued, expires)| {
            Credential::Key(Key { id, scopes, issued, expires })
        }),
    ]
    .boxed()
}

fn token() -> BoxedStrategy<Token> {
    use prop::option::of;
    let times = (of(when()), of(when()), of(when()), of(text()));
    (times, of(texts()), of(text()), of(text()), of(text()))
        .prop_map(|((issued, expires, logged_in, acr), audience, issuer, subject, client)| Token {
            issued,
            expires,
            logged_in,
            acr,
            audience,
            issuer,
            subject,
            client,
        })
        .boxed()
}

fn facts() -> BoxedStrategy<Vec<Fact>> {
    let scalar = || json().prop_filter("no scalar", |one| !one.is_object() && !one.is_array());
    let value = prop_oneof![
        scalar(),
        prop::collection::vec(scalar(), 0..3).prop_map(serde_json::Value::Array),
    ];
    let argument = prop::collection::vec(text(), 1..3);
    let fact = (text(), argument, prop::option::of(digest()), value).prop_map(
        |(function, argument, component, value)| Fact { function, argument, component, value },
    );
    prop::collection::vec(fact, 0..3).boxed()
}

fn case() -> BoxedStrategy<Case> {
    use prop::option::of;
    let method = prop_oneof![
        Just(Method::Calls),
        Just(Method::Reads),
        Just(Method::Gets),
        text().prop_map(Method::Sends),
    ];
    let operation = (method, server(), text()).prop_map(|(method, server, target)| Operation {
        method,
        server,
        target,
    });
    let arguments = prop_oneof![
        object().prop_map(Arguments::Object),
        json().prop_filter("no object", |json| !json.is_object()).prop_map(Arguments::Other),
        Just(Arguments::Unreadable),
    ];
    let tool_digest = seen();
    let confirmation = (of(moment()), of(digest()), of(text()), of(giver()))
        .prop_map(|(given, operation, id, giver)| Confirmation { given, operation, id, giver });
    let expected = (of(prop::sample::select(Reason::ALL.to_vec())), texts())
        .prop_map(|(reason, rules)| Expectation { reason, rules });
    (
        (of(user()), client(), operation, arguments, of(text()), facts()),
        (of(any::<std::net::IpAddr>()), of(any::<i64>()), credential(), token()),
        (tool_digest, prop::collection::vec(receipt(), 0..3), of(confirmation), of(expected)),
    )
        .prop_map(|(first, second, third)| {
            let (user, client, operation, arguments, purpose, facts) = first;
            let (address, at, credential, token) = second;
            let (tool_digest, receipts, confirmation, expected) = third;
            Case {
                user,
                client,
                operation,
                arguments,
                facts,
                purpose,
                address,
                at,
                credential,
                token,
                tool_digest,
                receipts,
                confirmation,
                expected,
            }
        })
        .boxed()
}

fn step() -> BoxedStrategy<Step> {
    use prop::option::of;
    let expected = prop_oneof![
        Just(Registered::Approved),
        Just(Registered::Pending),
        prop::sample::select(Reason::ALL.to_vec()).prop_map(Registered::Refused),
    ];
    let kinds = vec![Registration::Dynamic, Registration::MetadataDocument];
    let registers = (
        (text(), of(text()), prop::sample::select(kinds)),
        (texts(), prop::collection::vec(text(), 0..3), expected),
    );
    prop_oneof![
        case().prop_map(|case| Step::Call(Box::new(case))),
        (1..=i64::MAX).prop_map(Step::Passes),
        (server(), text()).prop_map(|(server, tool)| Step::Changes { server, tool }),
        registers.prop_map(|((id, issuer, registration), (scopes, redirects, expected))| {
            Step::Registers(Registers { id, issuer, registration, scopes, redirects, expected })
        }),
        (text(), any::<bool>(), identity())
            .prop_map(|(reviewer, approves, client)| Step::Reviews { reviewer, approves, client }),
        (user(), text(), identity(), of(text()), of(text())).prop_map(
            |(user, terms, client, purpose, id)| Step::Consents {
                user,
                terms,
                client,
                purpose,
                id
            }
        ),
        (user(), text(), identity()).prop_map(|(user, terms, client)| Step::Withdraws {
            user,
            terms,
            client
        }),
    ]
    .boxed()
}

/// Pieces of cases, so that what is made of them gets past the first word.
fn pieces() -> BoxedStrategy<String> {
    let sources = [
        include_str!("notation/passes.cases"),
        include_str!("notation/scenario-passes.cases"),
        include_str!("notation/scenario-registers-passes.cases"),
    ];
    let words = sources.iter().flat_map(|source| source.split_inclusive([' ', '\n', '/']));
    let marks =
        ["{", "}", "[", "\"", ",", ":", "\n", "\n    ", "=>", "\\", "é", "\u{202e}", "-", "9"];
    let pieces: Vec<String> = words.chain(marks).map(str::to_owned).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..40)
        .prop_map(|pieces| pieces.concat())
        .boxed()
}

thread_local! {
    static ENGINE: Engine = engine();
}

/// Whatever is written is run or told why not, and every place that is told is in the text.
fn answers(text: &str) {
    let _ = parse_step(text);
    if let Err(error) = parse(text) {
        assert!(text.get(error.place.clone()).is_some(), "{text:?}: {error:?}");
    }
    let report = ENGINE.with(|engine| run_text(engine, text, &CaseLimits::default()));
    for result in report.results {
        if let Outcome::Unusable(diagnostic) = result.outcome {
            assert!(diagnostic.underlined().is_some(), "{text:?}: {diagnostic}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_case_is_read_as_it_is_printed(case in case()) {
        // Names of methods that have a verb of their own are no methods of another kind.
        prop_assume!(!matches!(&case.operation.method, Method::Sends(name) if Method::of(name) != case.operation.method));
        let printed = case.to_string();
        let parsed = parse(&printed);
        prop_assert_eq!(parsed.as_ref(), Ok(&case), "{}", printed);
        prop_assert_eq!(parsed.unwrap().to_string(), printed);
    }

    #[test]
    fn a_step_is_read_as_it_is_printed(step in step()) {
        let printed = step.to_string();
        let parsed = parse_step(&printed);
        prop_assert_eq!(parsed.as_ref(), Ok(&step), "{}", printed);
        prop_assert_eq!(parsed.unwrap().to_string(), printed);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        answers(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        answers(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces_are_answered(text in pieces()) {
        answers(&text);
    }

    #[test]
    fn a_file_with_a_piece_cut_out_is_answered(start in 0_usize..5_000, length in 1_usize..40) {
        let source = include_str!("notation/passes.cases");
        let kept = source.chars().enumerate().filter(|(at, _)| !(start..start + length).contains(at));
        answers(&kept.map(|(_, character)| character).collect::<String>());
    }
}
