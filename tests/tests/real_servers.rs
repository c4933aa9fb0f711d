//! From two real servers, started as their users start them, to decisions for every reason.
//!
//! The servers come from npm, pinned in `servers/package.json`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod built;
mod npm;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use placet_engine::Reason;
use placet_tests::calls::NEVER;
use serde_json::{Value, json};

use crate::built::placet;
use crate::npm::server;

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn pull_stdio(name: &str, to: &Path, arguments: &[&str]) {
    succeed(
        placet()
            .args(["catalogue", "pull", name, "--output"])
            .arg(to)
            .args(["--", "node"])
            .arg(server(name))
            .args(arguments),
    );
}

#[test]
fn the_packs_catalogue_is_what_the_server_says() {
    let folder = tempfile::tempdir().unwrap();
    let pulled = folder.path().join("catalogue.json");
    pull_stdio("server-filesystem", &pulled, &[folder.path().to_str().unwrap()]);
    let committed = manifest().parent().unwrap().join("policies/filesystem/catalogue.json");
    assert!(
        fs::read_to_string(&pulled).unwrap() == fs::read_to_string(&committed).unwrap(),
        "policies/filesystem/catalogue.json is not what the server says: pull it again"
    );
}

/// A server that speaks HTTP, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_says_the_same_over_stdio_and_http() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("stdio.json"), folder.path().join("http.json"));
    pull_stdio("server-everything", &one, &[]);

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Command::new("node")
        .arg(server("server-everything"))
        .arg("streamableHttp")
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let _running = Running(child);
    let listening = log.lines().map_while(Result::ok).find(|line| line.contains("listening"));
    assert!(listening.is_some(), "the server never listened");
    let url = format!("http://127.0.0.1:{port}/mcp");
    succeed(
        placet()
            .args(["catalogue", "pull", "everything", "--url", &url, "--output"])
            .arg(&other)
            .args(["--token-env", "PLACET_TEST_TOKEN"])
            .env("PLACET_TEST_TOKEN", "a token that this server ignores"),
    );
    assert_eq!(fs::read_to_string(one).unwrap(), fs::read_to_string(other).unwrap());
}

#[test]
fn descriptions_are_kept_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, with_text) = (folder.path().join("plain.json"), folder.path().join("text.json"));
    pull_stdio("server-everything", &plain, &[]);
    succeed(
        placet()
            .args(["catalogue", "pull", "everything", "--with-text", "--output"])
            .arg(&with_text)
            .args(["--", "node"])
            .arg(server("server-everything")),
    );
    let described = |path: &Path| fs::read_to_string(path).unwrap().contains("\"description\"");
    assert!(!described(&plain));
    assert!(described(&with_text));
    // The digests are of the whole definition either way.
    let tools = |path: &Path| {
        placet_language::catalogue::read(&fs::read(path).unwrap())
            .unwrap()
            .tools
            .into_iter()
            .map(|(name, tool)| (name, tool.digest))
            .collect::<Vec<_>>()
    };
    assert_eq!(tools(&plain), tools(&with_text));
}

#[test]
fn servers_that_cannot_be_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalogue.json");
    let rubbish = "for (;;) console.log('rubbish')".to_owned();
    let exits = "process.stderr.write('no such folder\\n'); process.exit(3)".to_owned();
    let cases: [(Vec<String>, &str); 4] = [
        (vec!["placet-no-such-command".into()], "cannot be started"),
        (vec!["node".into(), "-e".into(), exits], "no such folder"),
        (vec!["node".into(), "-e".into(), "setInterval(() => {}, 1000)".into()], "2 s"),
        (vec!["node".into(), "-e".into(), rubbish], "rubbish"),
    ];
    for (command, why) in cases {
        let output = run(placet()
            .args(["catalogue", "pull", "x", "--timeout", "2", "--output"])
            .arg(&file)
            .arg("--")
            .args(&command));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {stderr}");
        assert!(stderr.contains(why), "{command:?}: {stderr}");
        assert!(!file.exists(), "{command:?} left a file");
    }
    let output = run(placet().args(["catalogue", "pull", "../x", "--", "true"]));
    assert_eq!(output.status.code(), Some(2));
    let url = "http://127.0.0.1:9/mcp";
    let output = run(placet().args(["catalogue", "pull", "x", "--url", url, "--timeout", "5"]));
    assert_eq!(output.status.code(), Some(2));
}

const POLICY: &str = r#"edition 2026

server everything {
    resource   "https://mcp.example.com/everything"
    issuer     "https://login.example.com"
    catalogue  "everything.json"
    credentials api_key for read from network "10.0.0.0/8" because "nightly checks"
}

server files {
    local       "files"
    credentials local for write because "the test's own folder"
    catalogue   "filesystem.json"
}

scope "demo"       on everything implies "demo.read"
scope "demo.read"  on everything
scope "demo.admin" on everything

capability compute "Echo and add" on everything {
    tools  echo, "get-sum"
    access read
    needs  "demo.read"
}

capability echo_only "Echo" on everything {
    tools  echo
    access read
    needs  "demo.read"
}

capability add "Add small numbers" on everything {
    tools  "get-sum"
    access read
    needs  "demo.admin" and "demo.read"
    where  args.a <= 100 and args.b <= 100
}

capability look "Read text files" on files {
    tools  read_text_file, read_multiple_files
    access read
}

capability overwrite "Overwrite files" on files {
    tools  write_file
    access destructive
}

group engineers from claim "groups" has "eng" issued by "https://login.example.com"

client cursor "https://cursor.example/client.json"
client bot    "bot-7" issued by "https://login.example.com"
    metadata "sha256-1111111111111111111111111111111111111111111111111111111111111111"

consent computing "Let {client} compute for you" {
    grants  compute
    purpose "demo"
    lasts   1 hour
}

allow computing engineers via cursor, bot to compute under computing
allow adding    engineers via cursor to add without consent because "sums are harmless"
allow looking   anyone via cursor to look without consent because "the test's own folder"

require fresh_login
    for add args.a <= 5000 or token.auth_age <= 1 hour else reauthenticate within 1 hour

require a_word_on_it
    for add args.b <= 5000 or call.confirmed else confirm within 1 minute

deny secret_words
    anyone to echo_only
    because "nothing is echoed during the freeze"
"#;

/// A call that the policy allows, before a case changes it.
fn allowed() -> Value {
    json!({
        "user": {"issuer": "https://login.example.com", "subject": "alice",
                 "claims": {"groups": ["eng"]}},
        "client": {"id": "https://cursor.example/client.json", "issuer": null,
                   "registration": "metadata_document", "status": "approved"},
        "server": "https://mcp.example.com/everything",
        "operation": "tools/call",
        "target": "get-sum",
        "arguments": {"a": 1000, "b": 2},
        "credential": {"kind": "oauth", "issuer": "https://login.example.com",
                       "audience": ["https://mcp.example.com/everything"], "subject": "alice",
                       "client_id": "https://cursor.example/client.json", "scopes": ["demo"],
                       "issued_at": 1_790_000_000, "expires_at": 1_790_003_600},
        "receipts": [{"id": "r-1", "terms": "computing", "digest": null,
                      "user": {"issuer": "https://login.example.com", "subject": "alice"},
                      "client": {"id": "https://cursor.example/client.json", "issuer": null},
                      "server": "https://mcp.example.com/everything", "purpose": "demo",
                      "given_at": 1_790_000_000}],
        "now": 1_790_000_100
    })
}

#[test]
fn a_policy_over_both_servers_decides_for_every_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    pull_stdio("server-everything", &path.join("everything.json"), &[]);
    pull_stdio("server-filesystem", &path.join("filesystem.json"), &[path.to_str().unwrap()]);
    fs::write(path.join("both.placet"), POLICY).unwrap();
    succeed(placet().arg("check").arg(path));
    let bundle = path.join("bundle");
    succeed(placet().arg("compile").arg(path).arg("-o").arg(&bundle));

    let decide = |call: &Value| -> Value {
        let mut child = placet()
            .args(["decide", "--format", "json", "--policy"])
            .arg(&bundle)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(call.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let decision: Value = serde_json::from_slice(&output.stdout).unwrap();
        let allowed = decision["decision"] == "allow";
        assert_eq!(output.status.code(), Some(i32::from(!allowed)));
        decision
    };
    let with = |changes: &[(&str, Value)], digest: &str| {
        let mut call = allowed();
        call["receipts"][0]["digest"] = json!(digest);
        for (pointer, value) in changes {
            match call.pointer_mut(pointer) {
                Some(place) => *place = value.clone(),
                None => {
                    let (parent, member) = pointer.rsplit_once('/').unwrap();
                    call.pointer_mut(parent).unwrap()[member] = value.clone();
                }
            }
        }
        call
    };

    // The terms' digest is what a denial for lack of consent says to ask for.
    let unasked = decide(&with(&[("/receipts", json!([]))], ""));
    assert_eq!(unasked["reason"], "consent.none");
    let digest = unasked["remedy"]["digest"].as_str().unwrap();
    let local = [
        ("/server", json!("local:files")),
        ("/credential", json!({"kind": "local"})),
        ("/target", json!("read_text_file")),
        ("/arguments", json!({"path": "/anywhere"})),
    ];
    let and = |more: &[(&'static str, Value)]| [&local[..], more].concat();
    let zero = json!(format!("sha256-{}", "0".repeat(64)));
    let far = json!(1_800_000_000);

    let cases: Vec<(&str, Vec<(&str, Value)>)> = vec![
        ("allow", vec![]),
        (
            "allow",
            vec![
                ("/arguments", json!({"a": 1, "b": 2})),
                ("/receipts", json!([])),
                ("/credential/scopes", json!(["demo", "demo.admin"])),
            ],
        ),
        ("allow", local.to_vec()),
        ("operation.unknown-server", vec![("/server", json!("https://mcp.example.com/other"))]),
        ("operation.unknown-method", vec![("/operation", json!("tools/list"))]),
        ("operation.unknown-resource", vec![("/operation", json!("resources/read"))]),
        ("operation.unknown-prompt", vec![("/operation", json!("prompts/get"))]),
        ("operation.unknown-tool", vec![("/target", json!("capability:compute"))]),
        ("operation.tool-changed", vec![("/tool_digest", zero.clone())]),
        ("operation.invalid-arguments", vec![("/arguments", json!([1, 2]))]),
        ("registration.unknown-client", vec![("/client/id", json!("https://evil.example/c.json"))]),
        ("registration.pending", vec![("/client/status", json!("pending"))]),
        ("registration.blocked", vec![("/client/status", json!("blocked"))]),
        ("registration.kind", vec![("/client/registration", json!("dynamic"))]),
        (
            "registration.metadata-changed",
            vec![(
                "/client",
                json!({"id": "bot-7", "issuer": "https://login.example.com",
                       "registration": "preregistered", "status": "approved",
                       "metadata_digest": zero}),
            )],
        ),
        ("credential.network", vec![("/credential", json!({"kind": "api_key", "id": "k-1"}))]),
        ("authentication.insufficient", vec![("/arguments", json!({"a": 6000, "b": 2}))]),
        ("confirmation.required", vec![("/arguments", json!({"a": 1000, "b": 6000}))]),
        ("credential.missing", vec![("/credential", json!(null))]),
        ("credential.kind", vec![("/credential", json!({"kind": "local"}))]),
        ("credential.kind", and(&[("/target", json!("write_file"))])),
        ("credential.issuer", vec![("/credential/issuer", json!("https://evil.example"))]),
        ("credential.audience", vec![("/credential/audience", json!(["https://other.example"]))]),
        ("credential.expired", vec![("/credential/expires_at", json!(1_790_000_100))]),
        ("credential.not-yet-valid", vec![("/credential/issued_at", json!(1_790_000_101))]),
        ("credential.subject", vec![("/credential/subject", json!("mallory"))]),
        (
            "credential.client",
            vec![("/credential/client_id", json!("https://evil.example/c.json"))],
        ),
        ("credential.lifetime", vec![("/credential/expires_at", json!(null))]),
        ("scope.insufficient", vec![("/credential/scopes", json!(["demo.admin"]))]),
        ("consent.none", vec![("/receipts/0/user/subject", json!("bob"))]),
        ("consent.expired", vec![("/now", json!(1_790_003_600)), ("/credential/expires_at", far)]),
        ("consent.withdrawn", vec![("/receipts/0/withdrawn_at", json!(1_790_000_050))]),
        ("consent.drifted", vec![("/receipts/0/digest", zero)]),
        ("consent.purpose", vec![("/purpose", json!("training"))]),
        ("rule.denied", vec![("/target", json!("echo")), ("/arguments", json!({"message": "x"}))]),
        ("rule.none", vec![("/user/claims", json!({"groups": ["sales"]}))]),
    ];
    let mut reasons = BTreeSet::new();
    for (expected, changes) in cases {
        let decision = decide(&with(&changes, digest));
        let reason = decision["reason"].as_str().unwrap_or("allow").to_owned();
        assert_eq!(reason, expected, "{changes:?}: {decision:#}");
        reasons.insert(reason);
    }
    for reason in Reason::ALL {
        let met = NEVER.contains(reason) || reasons.contains(reason.as_str());
        assert!(met, "no call met {reason}");
    }
}

/// What lint finds of drift while it asks the server.
fn live_drift(folder: &Path) -> BTreeSet<String> {
    let output = run(placet().args(["lint", "--live", "--format", "json"]).arg(folder));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report.get("unchecked"), Some(&json!([])), "{report:#}");
    let codes = report.get("findings").unwrap().as_array().unwrap().iter();
    let codes = codes.map(|one| one.get("code").unwrap().as_str().unwrap().to_owned());
    codes.filter(|code| code.starts_with("drift.") || code.starts_with("consent.")).collect()
}

#[test]
fn lint_asks_the_server_what_it_serves_today() {
    let folder = tempfile::tempdir().unwrap();
    let pack = manifest().parent().unwrap().join("policies/filesystem");
    for file in ["filesystem.placet", "catalogue.json"] {
        fs::copy(pack.join(file), folder.path().join(file)).unwrap();
    }
    let settings = format!(
        "[servers.filesystem]\ncommand = [\"node\", {}, {}]\n",
        json!(server("server-filesystem")),
        json!(folder.path())
    );
    fs::write(folder.path().join("placet.toml"), settings).unwrap();
    let lock = || succeed(placet().args(["lock", "--yes"]).arg(folder.path()));
    lock();
    let calm = live_drift(folder.path());
    assert!(!calm.iter().any(|code| code.starts_with("drift.")), "{calm:?}");

    // As if the catalogue had been reviewed before the server learned to move files, and while it
    // still took only short paths.
    let catalogue = folder.path().join("catalogue.json");
    let mut known: Value = serde_json::from_slice(&fs::read(&catalogue).unwrap()).unwrap();
    let tools = known["tools"].as_array_mut().unwrap();
    tools.retain(|tool| tool["name"] != "directory_tree");
    let write = tools.iter_mut().find(|tool| tool["name"] == "write_file").unwrap();
    write["inputSchema"]["properties"]["path"]["maxLength"] = json!(64);
    fs::write(&catalogue, known.to_string()).unwrap();
    let policy = folder.path().join("filesystem.placet");
    let text = fs::read_to_string(&policy).unwrap().replace(" directory_tree,", "");
    fs::write(&policy, text).unwrap();
    lock();
    let drifted: BTreeSet<String> = live_drift(folder.path()).difference(&calm).cloned().collect();
    let expected = ["drift.added", "drift.broken", "drift.widened"];
    assert_eq!(drifted, expected.map(String::from).into_iter().collect());
}
