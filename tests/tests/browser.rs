//! The report's HTML in a browser: Chromium, without a window. Nothing is said on its console, all that
//! the policy has is there, and it can be read in the light and in the dark, wide and narrow.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod built;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use placet_engine::condition::quote;
use placet_language::{Limits, Policy, check};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::built::placet;

const MEASURE: &str = include_str!("browser/measure.js");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A page as the browser sees it, and what it said on its console.
struct Seen {
    dom: String,
    console: Vec<String>,
}

/// Opens a file.
fn open(file: &Path, scheme: Scheme) -> Seen {
    let profile = tempfile::tempdir().unwrap();
    let scheme = match scheme {
        Scheme::Dark => 0,
        Scheme::Light => 1,
    };
    // The sandbox is for strangers' pages, and does not start for a user who is root.
    let output = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--window-size=1400,1000", "--enable-logging=stderr", "--v=0", "--dump-dom"])
        .arg("--virtual-time-budget=20000")
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("chromium is needed for this test: {error}"));
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{log}");
    let console = log.lines().filter(|line| line.contains(":CONSOLE:")).map(str::to_owned);
    Seen { dom: String::from_utf8(output.stdout).unwrap(), console: console.collect() }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Dark,
    Light,
}

/// What `measure.js` finds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    dark: bool,
    /// The luminance of the page, from 0 to 1.
    background: f64,
    /// By how many pixels the page is wider than the window.
    sideways: i64,
    height: i64,
    /// Texts with too little contrast.
    faint: Vec<String>,
    /// Texts on the map that reach out of their box.
    spilt: Vec<String>,
    /// Elements that Placet does not write.
    foreign: Vec<String>,
    codes: BTreeSet<String>,
    map: BTreeSet<String>,
    /// Links that lead nowhere.
    broken: Vec<String>,
}

/// Measures a report in a window of this width.
fn measure(report: &str, width: u32, scheme: Scheme) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let text = serde_json::to_string(report).unwrap().replace('<', "\\u003c");
    let page = format!(
        "<!doctype html><meta charset=utf-8><style>:root {{ color-scheme: light dark }}</style>\
         <iframe id=report style='width: {width}px; height: 900px; border: 0'></iframe><pre \
         id=result></pre><script>const REPORT = {text};\n{MEASURE}</script>"
    );
    let file = folder.path().join("measure.html");
    fs::write(&file, page).unwrap();
    let seen = open(&file, scheme);
    assert_eq!(seen.console, [""; 0]);
    let (_, rest) = seen.dom.split_once("<pre id=\"result\">").unwrap();
    let (result, _) = rest.split_once("</pre>").unwrap();
    serde_json::from_str(result).unwrap_or_else(|error| panic!("{error}: {result}"))
}

/// Writes the report on a folder.
fn report(folder: &Path, to: &Path) -> String {
    let output = placet()
        .args(["report", "--format", "html", "--output"])
        .args([to, folder])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(to).unwrap()
}

/// As it is shown: what does not print is spelled out.
fn shown(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        '"' | '\'' | '\\' | '\n' => letter.to_string(),
        other => other.escape_debug().to_string(),
    });
    letters.collect()
}

/// Looks at the report on a policy in all ways.
fn look_at(files: &BTreeMap<String, String>) {
    let checked = check(files, &Limits::default());
    let policy = checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join("report.html");
    let html = report(folder.path(), &file);

    let seen = open(&file, Scheme::Light);
    assert_eq!(seen.console, [""; 0]);
    assert!(seen.dom.contains("</html>"));

    for (scheme, width) in [(Scheme::Light, 1400), (Scheme::Dark, 1400), (Scheme::Dark, 400)] {
        let measured = measure(&html, width, scheme);
        let place = format!("{scheme:?} {width}: {measured:#?}");
        assert_eq!(measured.dark, scheme == Scheme::Dark, "{place}");
        assert_eq!(measured.background < 0.1, measured.dark, "{place}");
        assert!(measured.sideways <= 0 && measured.height > 900, "{place}");
        assert_eq!(measured.faint, [""; 0], "{place}");
        assert_eq!(measured.spilt, [""; 0], "{place}");
        assert_eq!(measured.foreign, [""; 0], "{place}");
        assert_eq!(measured.broken, [""; 0], "{place}");
        everything_is_there(&policy, &measured);
    }
}

fn everything_is_there(policy: &Policy, measured: &Measured) {
    let in_tables = |name: &str| {
        let name = shown(name);
        assert!(measured.codes.contains(&name), "{name} is not in {:#?}", measured.codes);
    };
    let on_map = |name: &str| {
        let name = shown(name);
        assert!(
            measured.map.iter().any(|one| one.starts_with(&name)),
            "{name}: {:#?}",
            measured.map
        );
    };
    for (name, consent) in &policy.consents {
        in_tables(name);
        on_map(&format!("{name}: {}", consent.text));
    }
    for (name, capability) in &policy.capabilities {
        in_tables(name);
        on_map(&format!("{name}: {}", capability.description));
    }
    for (name, server) in &policy.servers {
        let is_held = |tool: &str| {
            let mut capabilities = policy.capabilities.values();
            let feature = placet_engine::bundle::Feature::Tool(tool.to_owned());
            capabilities.any(|one| one.server == *name && one.features.contains(&feature))
        };
        for tool in server.catalogue.tools.keys() {
            in_tables(tool);
            if is_held(tool) {
                on_map(&format!("{tool} ("));
            }
        }
    }
}

fn files(folder: &str, names: &[&str]) -> BTreeMap<String, String> {
    let read = |name: &&str| {
        let text = fs::read_to_string(root().join(folder).join(name)).unwrap();
        ((*name).to_owned(), text)
    };
    names.iter().map(read).collect()
}

#[test]
fn the_console_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let page = "<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src \
                'none'\"><script>1</script><p>a</p>";
    fs::write(&file, page).unwrap();
    let seen = open(&file, Scheme::Light);
    assert_eq!(seen.console.len(), 1, "{:?}", seen.console);
    assert!(seen.dom.contains("<p>a</p>"));
}

#[test]
fn a_pack_can_be_read() {
    look_at(&files("policies/filesystem", &["filesystem.placet", "catalogue.json"]));
}

#[test]
fn a_policy_with_everything_can_be_read() {
    look_at(&files("language/tests/cases", &["clean-everything.placet", "catalogue.json"]));
}

/// Many tools, long names, and capabilities that many consents grant.
#[test]
fn a_large_policy_can_be_read() {
    let mut tools = Vec::new();
    let mut policy = String::from(
        "edition 2026\nserver hub {\n  resource \"https://hub.example/mcp\"\n  issuer \
         \"https://login.example\"\n  catalogue \"hub.json\"\n}\nclient desktop \
         \"https://desktop.example/client.json\"\n",
    );
    for capability in 0..20 {
        let names = (0..11).map(|tool| {
            let long = "_of_the_organisation".repeat(tool % 5);
            format!("tool_{capability}_{tool}{long}")
        });
        let names: Vec<String> = names.collect();
        tools.extend(
            names.iter().map(|name| json!({"name": name, "inputSchema": {"type": "object"}})),
        );
        let access = ["read", "write", "destructive"][capability % 3];
        policy.push_str(&format!(
            "scope \"scope:{capability}:with:a:long:name\" on hub\n\
             capability capability_number_{capability} \"Do what the tools of number {capability} do, \
             and all that this implies for those who are concerned\" on hub {{ tools {} access \
             {access} needs \"scope:{capability}:with:a:long:name\" }}\n",
            names.join(", ")
        ));
    }
    for consent in 0..12 {
        let granted =
            (0..4).map(|step| format!("capability_number_{}", (consent * 3 + step * 7) % 20));
        let granted: BTreeSet<String> = granted.collect();
        let granted = granted.into_iter().collect::<Vec<_>>().join(", ");
        policy.push_str(&format!(
            "consent consent_number_{consent} \"Let {{client}} do what number {consent} says, in your \
             name, everywhere\" {{ grants {granted} lasts {} days }}\n\
             allow rule_{consent} anyone via desktop to {granted} under consent_number_{consent}\n",
            consent + 1
        ));
    }
    let files = BTreeMap::from([
        (String::from("hub.placet"), policy),
        (String::from("hub.json"), json!({ "tools": tools }).to_string()),
    ]);
    look_at(&files);
}

/// Names and texts that try to be markup, or to be shown as something else.
#[test]
fn other_peoples_text_stays_text() {
    let hostile = [
        "</script><img src=x onerror=alert(1)>",
        "\" onload=\"alert(1)\" x=\"",
        "' autofocus onfocus='alert(1)",
        "</title></desc></svg><svg onload=alert(1)>",
        "]]></style><style>*{display:none}</style>",
        "<!--",
        "&lt;b&gt;&#x202e;",
        "line\nbreak\u{202e}\u{0}\u{1b}[31m",
        "全角の名前はとても幅が広いので箱からはみ出すかもしれない全角の名前はとても幅が広い",
    ];
    let mut policy = String::from(
        "edition 2026\nserver hub {\n  resource \"https://hub.example/mcp\"\n  issuer \
         \"https://login.example\"\n  catalogue \"hub.json\"\n}\nclient desktop \
         \"https://desktop.example/client.json\"\n",
    );
    for (index, text) in hostile.iter().enumerate() {
        let text = quote(text);
        policy.push_str(&format!(
            "capability k{index} {text} on hub {{ tools {text} access write needs nothing because \
             {text} }}\n\
             consent c{index} {text} {{ grants k{index} purpose {text} }}\n\
             allow a{index} user {text} via desktop to k{index} under c{index}\n\
             client l{index} {text} issued by \"https://login.example\" owner {text}\n\
             group g{index} from claim {text} has {text}\n"
        ));
    }
    let tool = |name: &&str| json!({"name": name, "inputSchema": {"type": "object"}});
    let tools: Vec<Value> = hostile.iter().map(tool).collect();
    let files = BTreeMap::from([
        (String::from("hub.placet"), policy),
        (String::from("hub.json"), json!({ "tools": tools }).to_string()),
    ]);
    look_at(&files);
}
