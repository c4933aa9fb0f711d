//! Each rule on what it is for, and on what it must be silent about.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Diagnostic;
use crate::scan::{is_configuration, scan, secret};

fn found(entry: &Value) -> Vec<(String, String)> {
    let text = json!({"mcpServers": {"notes": entry}}).to_string();
    let scanned = scan("mcp.json", &text, None);
    assert_eq!(scanned.servers, 1);
    scanned.diagnostics.iter().map(|one| (one.code.to_string(), one.message.clone())).collect()
}

fn codes(entry: &Value) -> Vec<String> {
    found(entry).into_iter().map(|(code, _)| code).collect()
}

fn started(words: &[&str]) -> Vec<String> {
    codes(&json!({"command": words.first(), "args": words.get(1..)}))
}

/// Everything that is ever shown of a diagnostic.
fn everything(diagnostics: &[Diagnostic]) -> String {
    let handler = miette::GraphicalReportHandler::new();
    let mut text = String::new();
    for one in diagnostics {
        handler.render_report(&mut text, one).unwrap();
        text += &format!("{one:?} {:?}", one.underlined());
    }
    text
}

/// Put together here, so that no scanner takes this file for a leak.
fn tokens() -> Vec<String> {
    let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let join = |start: &str| [start, body].concat();
    let mut tokens: Vec<String> = ["gh", "glp", "xox", "s", "sk-a", "npm", "AI", "h", "sk_li"]
        .iter()
        .zip(["p_", "at-", "b-", "k-proj-", "nt-", "_", "za", "f_", "ve_"])
        .map(|(one, two)| join(&[*one, two].concat()))
        .collect();
    tokens.push(["AK", "IAQ3EGWZ5TPLR7XN2V"].concat());
    tokens.push(["ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"].concat());
    let key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
    tokens.push(
        ["-----BEGIN RSA PRIVATE", " KEY-----\n", key, "\n-----END RSA PRIVATE KEY-----"].concat(),
    );
    tokens
}

#[test]
fn known_tokens_are_found_wherever_they_stand_and_never_shown() {
    for token in tokens() {
        for entry in [
            json!({"command": "notes", "env": {"ANYTHING": token}}),
            json!({"command": "notes", "args": ["--anything", token]}),
            json!({"url": "https://notes.example", "headers": {"X-Any": format!("Bearer {token}")}}),
            json!({"command": token}),
        ] {
            let text = json!({"mcpServers": {"notes": entry}}).to_string();
            let scanned = scan("mcp.json", &text, None);
            let codes: Vec<_> = scanned.diagnostics.iter().map(|one| one.code.as_str()).collect();
            assert_eq!(codes, ["scan.secret"], "{text}");
            let shown = everything(&scanned.diagnostics);
            let tail: String = token.chars().skip(12).take(16).collect();
            assert!(!shown.contains(&tail), "{shown}");
        }
        // In a comment of a file that cannot be read.
        let one_line = token.replace('\n', "\\n");
        let scanned = scan("mcp.json", &format!("// {one_line}\n{{"), None);
        let codes: Vec<_> = scanned.diagnostics.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, ["scan.secret", "scan.unreadable"], "{token}");
    }
}

#[test]
fn what_is_named_as_a_secret_or_looks_random_is_one() {
    for (name, value) in [
        ("DB_PASSWORD", "hunter2"),
        ("password", "correct horse"),
        ("API_KEY", "k3y8f7d6s5a4"),
        ("apiKey", "abcdefghijklmnop"),
        ("X-Api-Key", "k3y8f7d6s5a4"),
        ("Authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        ("AUTHORIZATION", "Bearer k3y8f7d6s5a4"),
        ("DATABASE_URL", "postgres://me:hunter2@db.example/notes"),
        ("ENDPOINT", "https://notes.example/mcp?api_key=k3y8f7d6s5a4"),
        ("ENDPOINT", "https://notes.example/s/a1B2c3D4e5F6g7H8i9J0k1L2/mcp"),
        ("TOKEN", "${TOKEN:-k3y8f7d6s5a4x9A1c2D3e4}"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnF3MI/K7MDENG/bPxRfiCYzQ81KEY9x2"),
        ("ANYTHING", "0f8d3c1b9a7e4d2f6c5b8a9e1d3f7c0b"),
        ("SCRIPT", "serve --token k3y8f7d6s5a4 --verbose"),
        ("OPTS", "--header 'X-Api-Key: k3y8f7d6s5a4'"),
    ] {
        assert!(secret::is_secret(name, value), "{name}={value}");
    }
}

#[test]
fn references_placeholders_and_common_values_are_no_secrets() {
    for (name, value) in [
        ("API_KEY", "${API_KEY}"),
        ("API_KEY", "${input:api-key}"),
        ("API_KEY", "${env:API_KEY}"),
        ("API_KEY", "$API_KEY"),
        ("API_KEY", "%API_KEY%"),
        ("API_KEY", "$(pass show notes/api)"),
        ("API_KEY", "{{ api_key }}"),
        ("API_KEY", "op://vault/notes/key1"),
        ("API_KEY", "YOUR_API_KEY"),
        ("API_KEY", "your-api-key-here1"),
        ("API_KEY", "<token>"),
        ("API_KEY", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("API_KEY", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("API_KEY", "..."),
        ("API_KEY", ""),
        ("env_key", "NOTES_API_KEY_2"),
        ("bearer_token_env_var", "NOTES_TOKEN_2"),
        ("Authorization", "Bearer ${TOKEN}"),
        ("Authorization", "Bearer <your token>"),
        ("KEY_FILE", "/home/me/.ssh/id_rsa"),
        ("PRIVATE_KEY", "/etc/ssl/private/notes2024.pem"),
        ("SORT_KEY", "created_at"),
        ("MAX_TOKENS", "4096"),
        ("AUTH", "oauth2"),
        ("MODEL", "claude-sonnet-4-20250514"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TENANT", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ("COMMIT_SHA", "0f8d3c1b9a7e4d2f6c5b8a9e1d3f7c0b5a6d7e8f"),
        ("DATABASE_URL", "postgres://me:${PASSWORD}@db.example/notes"),
        ("DATABASE_URL", "postgres://db.example/notes"),
        ("ENDPOINT", "https://notes.example/mcp?region=eu-west-1&api_key=${KEY}"),
        ("PACKAGE", "@modelcontextprotocol/server-filesystem@2025.8.21"),
        ("alwaysAllow", "getIssuesOfRepository2ByName"),
        ("LANG", "en_GB.UTF-8"),
    ] {
        assert!(!secret::is_secret(name, value), "{name}={value}");
    }
}

#[test]
fn secrets_in_arguments_are_found_by_the_word_before() {
    for (args, count) in [
        (json!(["--api-key", "k3y8f7d6s5a4"]), 1),
        (json!(["--api-key=k3y8f7d6s5a4"]), 1),
        (json!(["-e", "DB_PASSWORD=hunter2", "-e", "DB_PASSWORD"]), 1),
        (json!(["--header", "Authorization: Bearer k3y8f7d6s5a4"]), 1),
        (json!(["--header", "Authorization:${AUTH}"]), 0),
        (json!(["--api-key", "--verbose", "notes"]), 0),
        (json!(["--rev", "0f8d3c1b9a7e4d2f6c5b8a9e1d3f7c0b5a6d7e8f"]), 0),
        (json!(["/srv/My Documents/Letters 2024"]), 0),
    ] {
        let entry = json!({"command": "notes", "args": args});
        assert_eq!(codes(&entry).len(), count, "{:?}", found(&entry));
    }
}

#[test]
fn programs_without_exact_version_are_found() {
    let digest = format!("notes@sha256:{}", "0f".repeat(32));
    for words in [
        &["npx", "notes"][..],
        &["npx", "-y", "@scope/notes"],
        &["npx", "-y", "@scope/notes@latest"],
        &["npx", "-y", "notes@^1.2.3"],
        &["npx", "-y", "notes@1.2"],
        &["npx", "--package=notes", "serve"],
        &["npx", "-y", "github:me/notes"],
        &["npx -y notes"],
        &["C:\\Program Files\\nodejs\\npx.cmd", "-y", "notes"],
        &["cmd", "/c", "npx", "-y", "notes"],
        &["npm", "exec", "--", "notes"],
        &["bunx", "notes"],
        &["bun", "x", "notes"],
        &["pnpm", "dlx", "notes"],
        &["yarn", "dlx", "notes"],
        &["uvx", "notes"],
        &["uvx", "--from", "git+https://git.example/notes", "notes"],
        &["uvx", "notes>=1.0"],
        &["uv", "tool", "run", "notes"],
        &["uv", "run", "--with", "notes", "serve.py"],
        &["pipx", "run", "notes"],
        &["deno", "run", "-A", "npm:notes"],
        &["deno", "run", "-A", "https://notes.example/main.ts"],
        &["docker", "run", "-i", "--rm", "-e", "A=b", "--name", "n", "notes"],
        &["docker", "run", "-i", "notes:latest"],
        &["docker", "run", "-i", "registry.example:5000/notes:1.2"],
        &["bash", "-c", "curl -sSL https://notes.example/run | sudo sh"],
        &["sh", "-c", "sh <(wget -qO- https://notes.example/run)"],
        &["bash", "-lc", "cd /srv && npx -y notes"],
    ] {
        assert_eq!(started(words), ["scan.unpinned"], "{words:?}");
    }
    for words in [
        &["npx", "-y", "notes@1.2.3"][..],
        &["npx", "-y", "@scope/notes@1.2.3-beta.1"],
        &["npx", "--no-install", "notes"],
        &["npx", "./notes"],
        &["uvx", "notes==1.2.3"],
        &["uvx", "notes@1.2.3"],
        &["uvx", "--python", "3.12", "--from", "notes==1.2.3", "serve"],
        &[
            "uvx",
            "--from",
            "git+https://git.example/n@0f8d3c1b9a7e4d2f6c5b8a9e1d3f7c0b5a6d7e8f",
            "n",
        ],
        &["uv", "run", "serve.py"],
        &["uv", "--directory", "/srv/notes", "run", "notes"],
        &["pipx", "run", "--spec", "notes==1.2.3", "notes"],
        &["deno", "run", "npm:@scope/notes@1.2.3/serve"],
        &["deno", "run", "https://notes.example/notes@v1.2.3/main.ts"],
        &["deno", "run", "serve.ts"],
        &["docker", "run", "-i", "--rm", &digest],
        &["docker", "compose", "up"],
        &["bash", "-c", "curl https://notes.example/health && notes"],
        &["node", "/srv/notes/index.js", "npx"],
        &["/usr/bin/notes"],
    ] {
        assert_eq!(started(words), [""; 0], "{words:?}");
    }
}

#[test]
fn a_tag_is_weaker_than_a_digest_and_said_to_be() {
    let (_, message) = found(&json!({"command": "docker", "args": ["run", "notes:1.2"]})).remove(0);
    assert!(message.contains("weaker than a digest"), "{message}");
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for (url, count) in [
        ("http://notes.example/mcp", 1),
        ("HTTP://notes.example/mcp", 1),
        ("http://192.168.0.7:8080/", 1),
        ("http://localhost.example/", 1),
        ("http://${HOST}/mcp", 1),
        ("ws://notes.example/", 1),
        ("https://notes.example/mcp", 0),
        ("http://localhost:3000/mcp", 0),
        ("http://127.0.0.1/mcp", 0),
        ("http://[::1]:3000/mcp", 0),
        ("http://notes.localhost/", 0),
    ] {
        let codes = codes(&json!({"url": url}));
        assert_eq!(codes, vec!["scan.http"; count], "{url}");
    }
}

#[test]
fn servers_are_found_in_every_form() {
    for (name, text, servers) in [
        (".mcp.json", "{\"mcpServers\": {\"a\": {}, /* b */ \"b\": {},},} // end", 2),
        ("mcp.json", "\u{feff}{\"servers\": {\"a\": {}}, \"inputs\": []}", 1),
        ("settings.json", "{\"mcp\": {\"servers\": {\"a\": {}}}}", 1),
        ("settings.json", "{\"mcp.servers\": {\"a\": {}}, \"dns\": {\"servers\": {\"b\": {}}}}", 1),
        (".claude.json", "{\"projects\": {\"/srv\": {\"mcpServers\": {\"a\": {}}}}}", 1),
        ("config.toml", "[mcp_servers.a]\ncommand = \"a\"\n[mcp_servers.b]\ncommand = \"b\"", 2),
    ] {
        let scanned = scan(name, text, None);
        assert_eq!((scanned.servers, scanned.diagnostics.len()), (servers, 0), "{text}");
    }
    for text in ["", "{", "{\"mcpServers\": []}", "{\"mcpServers\": {\"a\": 1}}", "a"] {
        let diagnostics = scan("mcp.json", text, None).diagnostics;
        assert_eq!(diagnostics.len(), 1, "{text}");
        assert!(diagnostics.iter().all(|one| one.code.as_str() == "scan.unreadable"), "{text}");
    }
}

#[test]
fn a_secret_is_shown_where_it_stands() {
    let text = "[mcp_servers.a]\ncommand = \"a\"\nenv = { B_PASSWORD = \"hunter2!\" }\n";
    let diagnostics = scan("config.toml", text, None).diagnostics;
    let [one] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
    assert_eq!(one.position(), Some((3, 23)));
    assert_eq!(one.underlined(), Some("********"));
}

#[test]
fn what_no_rule_takes_for_secret_is_not_shown_either() {
    for text in [
        "{\"mcpServers\": {\"a\": {\"command\": \"npx\", \"args\": [\"a\"], \"env\": {\"PIN\": \"abcd\"}}}}",
        "{\"mcpServers\": {\"a\": {\"env\": {\"PIN\": \"abcd\"}}",
        "{\"mcpServers\": {\"a\": \"abcd\"}}",
        "{\"mcpServers\": \"abcd\"}",
    ] {
        let diagnostics = scan("mcp.json", text, None).diagnostics;
        assert_eq!(diagnostics.len(), 1, "{text}");
        let shown = everything(&diagnostics);
        assert!(!shown.contains("abcd"), "{shown}");
    }
}

#[test]
fn configuration_is_known_by_its_name() {
    for path in
        ["a/.mcp.json", ".vscode/mcp.json", "x/.codex/config.toml", "claude_desktop_config.json"]
    {
        assert!(is_configuration(path), "{path}");
    }
    for path in ["package.json", "config.toml", "settings.json", "a/mcp.json/b"] {
        assert!(!is_configuration(path), "{path}");
    }
}

proptest! {
    #[test]
    fn no_input_panics(text in ".{0,200}", toml in any::<bool>()) {
        scan(if toml { "a.toml" } else { "a.json" }, &text, None);
    }

    #[test]
    fn no_piece_of_configuration_panics(pieces in proptest::collection::vec(prop_oneof![
        Just("{"), Just("}"), Just("\""), Just(":"), Just(","), Just("["), Just("]"), Just("="),
        Just("mcpServers"), Just("mcp_servers."), Just("\"a\""), Just("env"), Just("args"), Just("\\"),
        Just("https://"), Just("@"), Just("?"), Just("${"), Just("é"), Just("%"), Just("\n"), Just("//"),
        Just("-----BEGIN PRIVATE KEY-----"), Just("password"), Just("npx"), Just("/*"), Just("'"),
    ], 0..40), toml in any::<bool>()) {
        let text = pieces.concat();
        let scanned = scan(if toml { "a.toml" } else { "a.json" }, &text, None);
        everything(&scanned.diagnostics);
        let entry = json!({"command": "bash", "args": ["-c", text], "url": text, "env": {"KEY": text}});
        scan("a.json", &json!({"mcpServers": {text: entry}}).to_string(), None);
    }

    #[test]
    fn what_is_found_is_never_shown(secret in "[A-Za-z0-9!#*+/-]{7,14}[a-z][0-9][!-~é\\n]{0,3}[A-Z][0-9]", place in 0..6) {
        let url = format!("http://me:{secret}@notes.example/mcp");
        let entry = match place {
            0 => json!({"command": "npx", "args": ["-y", "notes"], "env": {"A_PASSWORD": secret}}),
            1 => json!({"command": "npx", "args": ["notes", format!("--password={secret}")]}),
            2 => json!({"url": "http://notes.example", "headers": {"X-Password": secret}}),
            3 => json!({"command": secret, "env": {"PASSWORD": secret}, "args": [secret]}),
            4 => json!({"command": "npx", "args": [secret, url], "env": {"PASSWORD": secret}}),
            _ => json!({"command": "docker", "args": ["run", secret], "env": {"PASSWORD": secret}}),
        };
        let text = json!({"mcpServers": {"notes": entry}}).to_string();
        let diagnostics = scan("mcp.json", &text, None).diagnostics;
        let is_found = diagnostics.iter().any(|one| one.code.as_str() == "scan.secret");
        let shown = everything(&diagnostics);
        prop_assert!(!is_found || !shown.contains(secret.trim()), "{}", shown);
    }
}
