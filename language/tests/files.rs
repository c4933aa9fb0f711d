//! Policies of several files, and files that cannot be read.

use std::collections::BTreeMap;

use placet_language::{Checked, Code, Files, Limits, check};

const SERVER: &str = r#"edition 2026
server hub {
    local       "hub"
    credentials local for read because "mine"
    catalogue   "catalogue.json"
}
"#;

fn policy(files: &[(&str, &str)]) -> Checked {
    let catalogue = ("catalogue.json", include_str!("cases/catalogue.json"));
    let files = files.iter().chain([&catalogue]);
    let files: BTreeMap<String, String> =
        files.map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    check(&files, &Limits::default())
}

fn codes(checked: &Checked) -> Vec<Code> {
    checked.diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn files_of_a_folder_are_one_policy() {
    let checked = policy(&[
        ("a.placet", "edition 2026\ncapability look \"Look\" on hub { tools ping access read }"),
        ("b.placet", SERVER),
    ]);
    assert_eq!(codes(&checked), []);
    assert!(checked.policy.unwrap().capabilities.contains_key("look"));
}

#[test]
fn a_file_of_the_folder_gets_its_arguments_whatever_it_is_called() {
    let pack = "edition 2026\nparameter home\nserver far { resource home issuer \"https://login.example\" \
                catalogue \"catalogue.json\" }\nscope \"a\" on far";
    let user = "edition 2026\nuse \"m.placet\" with { home \"https://mcp.example/far\" }";
    for name in ["a.placet", "z.placet"] {
        let checked = policy(&[("m.placet", pack), (name, user)]);
        let errors = checked.diagnostics.iter().filter(|one| one.is_error());
        assert_eq!(errors.count(), 0, "{name}: {:?}", codes(&checked));
    }
    // Nobody says what it stands for, or two say so otherwise.
    assert!(codes(&policy(&[("m.placet", pack)])).contains(&Code::ParameterMissing));
    let other = user.replace("/far", "/near");
    let checked = policy(&[("m.placet", pack), ("a.placet", user), ("z.placet", &other)]);
    assert!(codes(&checked).contains(&Code::ParameterConflict));
    // In a circle nobody comes first, and that is told.
    let back = format!("{pack}\nuse \"z.placet\" with {{ home \"x\" }}");
    let checked = policy(&[("m.placet", &back), ("z.placet", user)]);
    assert!(codes(&checked).contains(&Code::FileCycle), "{:?}", codes(&checked));
}

#[test]
fn a_used_file_is_found_from_where_it_is_used_and_read_once() {
    let checked = policy(&[
        ("a.placet", "edition 2026\nuse \"shared/b.placet\"\nuse \"shared/c.placet\""),
        ("shared/b.placet", "edition 2026\nuse \"c.placet\""),
        ("shared/c.placet", "edition 2026\nclient desktop \"https://desktop.example/client.json\""),
    ]);
    assert_eq!(codes(&checked), []);
    assert!(checked.policy.unwrap().clients.contains_key("desktop"));
}

#[test]
fn files_that_use_each_other_in_a_circle() {
    let checked = policy(&[
        ("a.placet", "edition 2026\nuse \"b.placet\""),
        ("b.placet", "edition 2026\nuse \"c.placet\""),
        ("c.placet", "edition 2026\nuse \"a.placet\""),
    ]);
    assert_eq!(codes(&checked), [Code::FileCycle]);
    let diagnostic = &checked.diagnostics[0];
    assert_eq!(diagnostic.underlined(), Some("\"a.placet\""));
    assert_eq!(
        diagnostic.help.as_deref(),
        Some("a.placet → b.placet → c.placet → a.placet: leave one of them out")
    );
    assert!(checked.policy.is_none());
}

#[test]
fn a_used_file_that_is_not_there() {
    let checked = policy(&[("a.placet", "edition 2026\nuse \"b.placet\"")]);
    assert_eq!(codes(&checked), [Code::FileUnreadable]);
    assert_eq!(checked.diagnostics[0].underlined(), Some("\"b.placet\""));
}

#[test]
fn what_is_used_is_a_policy_file() {
    let checked = policy(&[("a.placet", "edition 2026\nuse \"/etc/passwd\"")]);
    assert_eq!(codes(&checked), [Code::ValueFile]);
}

#[test]
fn an_empty_folder() {
    assert_eq!(codes(&policy(&[])), [Code::FileEmpty]);
}

#[test]
fn a_mistake_in_one_file_does_not_hide_those_in_another() {
    let checked = policy(&[
        ("a.placet", "edition 2026\nserver hub {"),
        ("b.placet", "edition 2026\nscope \"x\" on hub\nscope \"x\" on hubb\nclient one \"two\""),
    ]);
    assert_eq!(codes(&checked), [Code::SyntaxUnclosed, Code::NameUnknown, Code::ValueClientId]);
}

/// A folder whose one file has bytes of the test's choosing.
struct Bytes(Vec<u8>);

impl Files for Bytes {
    fn list(&self) -> Result<Vec<String>, String> {
        Ok(vec![String::from("a.placet")])
    }

    fn read(&self, _path: &str, limit: usize) -> Result<Vec<u8>, String> {
        if self.0.len() > limit {
            return Err(placet_language::over_limit(limit));
        }
        Ok(self.0.clone())
    }

    fn has_lock(&self) -> Result<bool, String> {
        Ok(false)
    }
}

#[test]
fn bytes_that_are_no_text() {
    let checked = check(&Bytes(b"edition 2026\n\xff".to_vec()), &Limits::default());
    assert_eq!(codes(&checked), [Code::FileUnreadable]);
    assert_eq!(
        checked.diagnostics[0].message,
        "cannot read `a.placet`: it is not UTF-8 at byte 13"
    );
}

#[test]
fn a_file_that_is_too_large() {
    let checked = check(&Bytes(vec![b' '; 50 << 20]), &Limits::default());
    assert_eq!(codes(&checked), [Code::FileUnreadable]);
    assert!(checked.diagnostics[0].message.contains("the limit of 8388608"));
}

#[test]
fn more_statements_than_the_limit() {
    let limits = Limits { statements: 2, ..Limits::default() };
    let text = "edition 2026\n".to_owned() + &"scope \"x\" on hub\n".repeat(5);
    let checked = check(&Bytes(text.into_bytes()), &limits);
    assert!(codes(&checked).contains(&Code::Limit));
    assert!(checked.policy.is_none());
}

#[test]
fn nesting_ten_thousand_deep() {
    for (open, close) in [("(", ")"), ("not ", ""), ("[", "]"), ("{", "}")] {
        let text = format!(
            "edition 2026\ndeny x anyone to y when {}args.a{}\n",
            open.repeat(10_000),
            close.repeat(10_000)
        );
        let checked = check(&Bytes(text.into_bytes()), &Limits::default());
        assert!(codes(&checked).contains(&Code::Limit), "{open}");
    }
}

#[test]
fn a_catalogue_that_cannot_be_used() {
    for (text, why) in [
        ("rubbish", "it is not JSON"),
        ("[]", "it has no `tools` array"),
        (r#"{"tools": [{"name": "a"}, {"name": "a"}]}"#, "two tools are called \"a\""),
        (r#"{"tools": [{"title": "a"}]}"#, "tool 0 has no name"),
        (r#"{"tools": [], "tools": []}"#, "duplicate field"),
        (r#"{"tools": []}"#, "no tool at all"),
        (r#"{"tools": [{"name": "a"}], "nextCursor": "2"}"#, "one page of several"),
    ] {
        let files = BTreeMap::from([
            (String::from("a.placet"), SERVER.to_owned()),
            (String::from("catalogue.json"), text.to_owned()),
        ]);
        let checked = check(&files, &Limits::default());
        assert_eq!(codes(&checked), [Code::CatalogueUnreadable], "{text}");
        assert!(checked.diagnostics[0].message.contains(why), "{}", checked.diagnostics[0].message);
    }
}

#[test]
fn a_tool_that_cannot_be_read_does_not_take_the_others_down() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for odd in [
        r#"{"name": "odd", "x": 1, "x": 2}"#,
        r#"{"name": "odd", "x": "\ud800"}"#,
        r#"{"name": "odd", "x": 1e999}"#,
        &format!(r#"{{"name": "odd", "inputSchema": {deep}}}"#),
    ] {
        let text = format!(r#"{{"tools": [{odd}, {{"name": "ping"}}]}}"#);
        let tools = placet_language::catalogue::read(text.as_bytes()).unwrap().tools;
        assert!(tools["odd"].arguments.is_err(), "{odd}");
        assert_eq!(tools["odd"].digest, None, "{odd}");
        assert!(tools["ping"].digest.is_some(), "{odd}");
    }
    let text = r#"{"tools": [{"name": "odd", "annotations": {"readOnlyHint": "yes"}}]}"#;
    let tools = placet_language::catalogue::read(text.as_bytes()).unwrap().tools;
    assert_eq!(tools["odd"].shape.hints, placet_language::catalogue::Hints::default());
}

#[test]
fn a_stored_digest_counts_only_where_the_definition_is_gone() {
    let claimed = format!("sha256-{}", "a".repeat(64));
    let digest = |tool: &str| {
        let text = format!(r#"{{"placet": "catalogue/1", "tools": [{tool}]}}"#);
        placet_language::catalogue::read(text.as_bytes()).unwrap().tools["t"].digest.clone()
    };
    let without_prose = digest(&format!(r#"{{"name": "t", "digest": "{claimed}"}}"#));
    assert_eq!(without_prose.unwrap().as_str(), claimed);
    let whole = digest(&format!(r#"{{"name": "t", "description": "d", "digest": "{claimed}"}}"#));
    assert_eq!(whole, digest(r#"{"name": "t", "description": "d"}"#));
    assert_ne!(whole.unwrap().as_str(), claimed);
}

#[test]
fn a_catalogue_is_any_object_with_tools() {
    for text in [
        r#"{"tools": [{"name": "ping", "inputSchema": {"type": "object"}}]}"#,
        r#"{"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "ping"}]}}"#,
        r#"{"placet": "catalogue/1", "tools": [{"name": "ping", "digest": null}]}"#,
    ] {
        let files = BTreeMap::from([
            (String::from("a.placet"), SERVER.to_owned()),
            (String::from("catalogue.json"), text.to_owned()),
        ]);
        let policy = check(&files, &Limits::default()).policy.unwrap();
        assert!(policy.servers["hub"].catalogue.tools.contains_key("ping"));
    }
}

const PACK: &str = "edition 2026\nparameter home\nparameter login = \"https://login.example.com\"\n\
    server hub {\n resource home\n issuer login\n catalogue \"hub.json\"\n}\n\
    group eng from claim \"groups\" has \"eng\" issued by login";

fn with_pack(main: &str) -> placet_language::Checked {
    policy(&[
        ("main.placet", &format!("edition 2026\n{main}")),
        ("packs/hub.placet", PACK),
        ("packs/hub.json", r#"{"tools": [{"name": "ping", "inputSchema": {"type": "object"}}]}"#),
    ])
}

#[test]
fn a_pack_is_given_its_server_by_whoever_uses_it() {
    let checked = with_pack(
        "use \"packs/hub.placet\" with {\n home \"https://mcp.acme.example/hub\"\n \
         login \"https://id.acme.example\"\n}",
    );
    assert_eq!(codes(&checked), []);
    let policy = checked.policy.unwrap();
    assert_eq!(policy.servers["hub"].identity, "https://mcp.acme.example/hub");
    assert_eq!(policy.groups["eng"].issuer, "https://id.acme.example");
    let checked = with_pack("use \"packs/hub.placet\" with { home \"https://mcp.acme.example\" }");
    assert_eq!(checked.policy.unwrap().groups["eng"].issuer, "https://login.example.com");
}

#[test]
fn what_a_pack_is_given_is_checked() {
    let checked = with_pack("use \"packs/hub.placet\"");
    assert_eq!(codes(&checked), [Code::ParameterMissing]);
    assert_eq!(checked.diagnostics[0].underlined(), Some("\"packs/hub.placet\""));

    let checked =
        with_pack("use \"packs/hub.placet\" with { home \"https://mcp.acme.example\" hoem \"x\" }");
    assert_eq!(codes(&checked), [Code::NameUnknown]);
    assert_eq!(checked.diagnostics[0].underlined(), Some("hoem"));

    let checked = with_pack(
        "use \"packs/hub.placet\" with { home \"https://one.example\" }\n\
         use \"packs/hub.placet\" with { home \"https://two.example\" }",
    );
    assert_eq!(codes(&checked), [Code::ParameterConflict]);

    // The value that is wrong is where it was given.
    let checked = with_pack("use \"packs/hub.placet\" with { home \"no uri\" }");
    assert_eq!(codes(&checked), [Code::ValueResource]);
    assert_eq!(checked.diagnostics[0].underlined(), Some("\"no uri\""));
}
