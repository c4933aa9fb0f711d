//! `placet scan` as a user meets it: what it finds, what it says it did not read, and what it never
//! shows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{code, placet, shown};

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Put together here, so that no scanner takes this file for a leak.
fn token() -> String {
    ["gh", "p_", "a1B2c3D4e5F6g7H8", "i9J0k1L2m3N4o5P6q7R8"].concat()
}

const PASSWORD: &str = "hunter2-and-3";

/// A home with the configuration of several clients.
fn home() -> TempDir {
    let home = TempDir::new().unwrap();
    let cursor = format!(
        r#"{{
  // the one from the wiki
  "mcpServers": {{
    "github": {{
      "command": "docker",
      "args": ["run", "-i", "--rm", "-e", "GITHUB_TOKEN", "ghcr.io/github/server:1.4"],
      "env": {{ "GITHUB_TOKEN": "{}" }},
    }},
    "notes": {{ "url": "http://me:{PASSWORD}@notes.example/mcp" }},
  }},
}}
"#,
        token()
    );
    write(home.path(), ".cursor/mcp.json", &cursor);
    write(
        home.path(),
        ".codex/config.toml",
        "model = \"o3\"\n\n[mcp_servers.files]\ncommand = \"npx\"\nargs = [\"-y\", \
         \"@modelcontextprotocol/server-filesystem\", \"/srv\"]\nenv = { API_KEY = \"${API_KEY}\" }\n",
    );
    write(home.path(), "node_modules/a/mcp.json", "{");
    write(home.path(), ".git/mcp.json", "{");
    write(home.path(), "package.json", "{");
    home
}

fn scan(home: &TempDir, more: &[&str]) -> String {
    let path = home.path().to_str().unwrap();
    let arguments = [&["scan", path], more].concat();
    shown(&arguments).replace(path, "HOME")
}

const POLICY: &str = r#"edition 2026

server notes {
    local       "my-notes"
    credentials local for read because "the notes are the user's own"
    catalogue   "notes.json"
}

server wiki {
    resource    "https://wiki.example/mcp"
    issuer      "https://login.example"
    catalogue   "notes.json"
}
"#;

const CLEAN: &str = r#"{"servers": {"filesystem": {"command": "/usr/bin/files"}}}"#;

#[test]
fn what_a_user_sees() {
    let home = home();
    insta::assert_snapshot!("scan", scan(&home, &[]));
    insta::assert_snapshot!("scan_json", scan(&home, &["--format", "json"]));
    insta::assert_snapshot!("scan_policy", scan(&home, &["--policy", "policies/filesystem"]));
}

#[test]
fn what_is_secret_is_never_shown() {
    let home = home();
    for format in ["text", "json"] {
        let shown = scan(&home, &["--format", format, "--policy", "policies/filesystem"]);
        assert!(!shown.contains(PASSWORD) && !shown.contains("3D4e5F6g7H8"), "{shown}");
    }
}

#[test]
fn nothing_to_find() {
    let home = TempDir::new().unwrap();
    let path = home.path().to_str().unwrap();
    assert_eq!(code(&["scan", path]), 0);
    write(home.path(), ".vscode/mcp.json", CLEAN);
    assert_eq!(
        scan(&home, &[]),
        "$ placet scan HOME\nok: 1 server in 1 configuration file\nexit code 0\n"
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let home = TempDir::new().unwrap();
    let path = home.path().to_str().unwrap();
    write(home.path(), ".vscode/mcp.json", "{\"servers\": {\n  \"a\": }\n}");
    fs::write(home.path().join("mcp.json"), b"{\"servers\": \"\xff\"}").unwrap();
    insta::assert_snapshot!("scan_unreadable", scan(&home, &[]));
    assert_eq!(code(&["scan", path]), 2);
    assert_eq!(code(&["scan", &format!("{path}/nowhere.json")]), 2);
    // What was found is not lost over it.
    write(
        home.path(),
        ".mcp.json",
        &format!("{{\"mcpServers\": {{\"a\": {{\"token\": \"{}\"}}}}}}", token()),
    );
    assert_eq!(code(&["scan", path]), 1);
    assert_eq!(code(&["scan", "--policy", &format!("{path}/none"), path]), 2);
}

#[test]
fn a_file_that_is_too_large_is_said() {
    let home = TempDir::new().unwrap();
    write(home.path(), "mcp.json", &" ".repeat((8 << 20) + 1));
    let shown = scan(&home, &[]);
    assert!(shown.contains("cannot be read") && shown.contains("exit code 2"), "{shown}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_said() {
    let home = TempDir::new().unwrap();
    let elsewhere = TempDir::new().unwrap();
    write(elsewhere.path(), "mcp.json", "{");
    std::os::unix::fs::symlink(elsewhere.path(), home.path().join("away")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("mcp.json"), home.path().join("mcp.json"))
        .unwrap();
    let shown = scan(&home, &[]);
    assert!(shown.contains("`HOME/mcp.json` is a link, and was not followed"), "{shown}");
    assert!(shown.contains("exit code 0"), "{shown}");
    // Named, it is what the user wants.
    assert_eq!(code(&["scan", home.path().join("mcp.json").to_str().unwrap()]), 2);
}

#[test]
fn a_policy_covers_servers_by_address_and_by_name() {
    let home = TempDir::new().unwrap();
    write(home.path(), "p/a.placet", POLICY);
    write(
        home.path(),
        "p/notes.json",
        "{\"tools\": [{\"name\": \"read_note\", \"inputSchema\": {\"type\": \"object\"}}]}",
    );
    let policy = home.path().join("p");
    let policy = policy.to_str().unwrap();
    let file = home.path().join("mcp.json");
    for (entry, expected) in [
        (r#""any": {"url": "https://wiki.example/mcp"}"#, 0),
        (r#""any": {"url": "https://WIKI.example:443/mcp/?region=eu"}"#, 0),
        (
            r#""any": {"command": "npx", "args": ["mcp-remote@1.2.3", "https://wiki.example/mcp"]}"#,
            0,
        ),
        (r#""notes": {"command": "notes"}"#, 0),
        (r#""my-notes": {"command": "notes"}"#, 0),
        (r#""other": {"command": "notes"}"#, 1),
        (r#""notes": {"url": "https://notes.example/mcp"}"#, 1),
        (r#""any": {"url": "https://${HOST}/mcp"}"#, 1),
        (r#""wiki": {"command": "wiki"}"#, 1),
    ] {
        fs::write(&file, format!("{{\"mcpServers\": {{{entry}}}}}")).unwrap();
        let output = placet(&["scan", "--policy", policy, file.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{entry}\n{text}");
        assert_eq!(text.contains("compared with"), expected == 1, "{entry}\n{text}");
    }
}
