//! scratch
use std::collections::BTreeMap;
#[test]
fn show() {
    let files = BTreeMap::from([
        (String::from("notes.json"), String::from(r#"{"tools": [
            {"name": "read_note", "inputSchema": {"type": "object", "properties": {"owner": {"type":"string"}, "title": {"type": "string"}, "n": {"type":["integer","null"]}, "paths": {"type":"array","items":{"type":"string"}}, "parent": {"type":"object","properties":{"page_id":{"type":"string"},"x y":{"type":"boolean"}}}}, "required": ["owner"]}},
            {"name": "a/b", "inputSchema": {"type": "object", "anyOf": []}}
        ]}"#)),
        (String::from("notes.placet"), String::from(r#"
            edition 2026
            server notes {
                resource    "https://notes.example/mcp"
                issuer "https://login.example"
                catalogue   "notes.json"
            }
            scope "read" on notes
            scope "all" on notes implies "read"
            server loc { local "loc" credentials local for write because "x" catalogue "notes.json" }
            group eng from claim "realm"."groups" has "eng"
            group boss in eng from claim "groups" has "boss"
            capability read "Read your notes" on notes {
                tools  read_note, "a/b"
                access read
                needs "read" or "all" and "read"
                where args.owner == "x" and args.parent."x y" and all args.paths under "/srv" and args.title != user.subject
            }
            capability lread "Read your notes" on loc {
                tools  "*"
                access read
            }
            clients desks { client desktop "https://desktop.example/client.json" client d2 "abc" issued by "https://login.example" }
            consent reading "Let {client} read your notes" {
                grants read
                purpose "a", "b" purpose required
                lasts  30 days
            }
            allow reading_notes eng, user "zed" via desktop, desks to read under reading when token.age < 5 minutes and path(args.owner) under "/x" and now < 2027-01-01
            allow lr anyone via any client to lread without consent because "x"
            deny d1 anyone to access write, read unless args.n is present and args.n == 5 and any args.paths == "x" and args.paths is present and call.address under "10.0.0.0/8"
              deny d3 boss, user "al#ice" via d2 to read 
        "#)),
    ]);
    let checked = placet_language::check(&files, &placet_language::Limits::default());
    for d in &checked.diagnostics { eprintln!("{d:?}"); }
    let policy = checked.policy.unwrap();
    let content = placet_language::lower(&policy);
    println!("{}", content.cedar.schema);
    let (f,_) = cedar_policy::SchemaFragment::from_cedarschema_str(&content.cedar.schema).unwrap(); println!("{}", serde_json::to_string(&f.to_json_value().unwrap()[""]["actions"]["tool:notes/read_note"]).unwrap());
    for (id, p) in &content.cedar.policies { println!("=== {id}\n{p}"); }
    println!("{}", serde_json::to_string_pretty(&content).unwrap().len());
}
