//! Tests of the tests: each fault of `faults.toml`, put into the analysis or the lowering, is noticed.
//!
//! The list is held to the code by every run. The faults themselves take long, so they are tried only
//! when asked for:
//!
//! ```sh
//! cargo test --workspace --test faults -- --ignored --nocapture
//! ```
//!
//! A copy of the workspace, below the target folder, is built once with all faults in it, each behind
//! a question which fault is asked for; the work tree is not touched. `PLACET_FAULTS=3-10` tries some
//! of them only, by their number in the list.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Fault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    file: String,
    wrong: String,
    find: String,
    instead: String,
}

fn faults() -> Vec<Fault> {
    let list: List = toml::from_str(include_str!("../faults.toml")).unwrap();
    list.fault
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The folder of all files that have faults.
const SOURCES: &str = "language/src";

/// What the scratch copy asks to know whether a fault is in.
const SWITCH: &str = r#"
/// Whether the fault of this number is asked for.
pub(crate) fn fault(number: usize) -> bool {
    static ASKED: std::sync::OnceLock<Option<usize>> = std::sync::OnceLock::new();
    *ASKED.get_or_init(|| std::env::var("PLACET_FAULT").ok()?.parse().ok()) == Some(number)
}
"#;

/// Every file that is another in the scratch copy, with all faults behind the switch.
fn faulty(faults: &[Fault]) -> BTreeMap<PathBuf, String> {
    let mut places: BTreeMap<&str, BTreeMap<usize, (usize, &Fault)>> = BTreeMap::new();
    for (at, fault) in faults.iter().enumerate() {
        let text = fs::read_to_string(workspace().join(SOURCES).join(&fault.file)).unwrap();
        let found: Vec<usize> = text.match_indices(&fault.find).map(|(place, _)| place).collect();
        let [place] = found[..] else {
            panic!("`{}` stands {} times in {}", fault.find, found.len(), fault.file);
        };
        places.entry(&fault.file).or_default().insert(place, (at + 1, fault));
    }
    let mut files = BTreeMap::new();
    for (file, places) in places {
        assert!(places.len() <= 3, "{file} has more than three faults");
        let path = Path::new(SOURCES).join(file);
        let whole = fs::read_to_string(workspace().join(&path)).unwrap();
        let (mut text, mut rest) = (String::new(), 0);
        for (place, (number, Fault { find, instead, .. })) in places {
            assert!(rest <= place, "{file}: a fault stands within another");
            text.push_str(whole.get(rest..place).unwrap());
            let chosen = format!("if crate::fault({number}) {{ {instead} }} else {{ {find} }}");
            let is_statement = find.ends_with(';');
            text.push_str(&if is_statement { chosen } else { format!("({chosen})") });
            rest = place + find.len();
        }
        text.push_str(whole.get(rest..).unwrap());
        files.insert(path, text);
    }
    let root = Path::new(SOURCES).join("lib.rs");
    let text = fs::read_to_string(workspace().join(&root)).unwrap();
    let silent =
        "#![expect(warnings, reason = \"what is behind a switch is not as one would write it\")]";
    files.insert(root, format!("{silent}\n{text}{SWITCH}"));
    files
}

#[test]
fn the_faults_are_those_of_this_code() {
    let faults = faults();
    assert!(faults.len() >= 50, "{}", faults.len());
    let files: BTreeSet<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
    assert!(files.len() >= 25, "{files:?}");
    assert!(faults.iter().all(|fault| fault.find != fault.instead && !fault.wrong.is_empty()));
    faulty(&faults);
}

/// Folders that are none of the workspace's.
const LEFT_OUT: [&str; 3] = [".git", "node_modules", "target"];

/// Makes a folder what another one is, but for some files. Only what differs is written, so that
/// only that is built again.
fn mirror(from: &Path, to: &Path, within: &Path, others: &BTreeMap<PathBuf, String>) {
    fs::create_dir_all(to).unwrap();
    let names = |folder: &Path| -> BTreeSet<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    let wanted = names(from);
    for name in names(to).difference(&wanted) {
        let path = to.join(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }
    for name in wanted.iter().filter(|name| LEFT_OUT.iter().all(|one| one != name)) {
        let (from, to, within) = (from.join(name), to.join(name), within.join(name));
        if from.is_dir() {
            mirror(&from, &to, &within, others);
            continue;
        }
        let content = match others.get(&within) {
            Some(other) => other.clone().into_bytes(),
            None => fs::read(&from).unwrap(),
        };
        if fs::read(&to).ok().as_ref() != Some(&content) {
            fs::write(to, content).unwrap();
        }
    }
}

/// The tests that may notice, by package and name, the quick ones first. The golden files of what is
/// emitted are not among them: they notice whatever is changed, right or wrong.
const TESTS: [&str; 11] = [
    "tests/diff_changes",
    "language/placet_language",
    "language/cases",
    "cli/ask",
    "cli/diff",
    "tests/history",
    "tests/visible",
    "tests/differential",
    "tests/diff_laws",
    "tests/ask",
    "tests/diff",
];

/// How long one of them may take before it counts as failed.
const LONGEST: Duration = Duration::from_secs(900);

/// A program with tests.
struct Tests {
    name: &'static str,
    program: PathBuf,
    folder: PathBuf,
}

/// Builds the tests of the copy.
fn built(copy: &Path, target: &Path) -> Vec<Tests> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(copy).args(["test", "--workspace", "--no-run", "--lib"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).arg("--target-dir").arg(target);
    let names = TESTS.iter().map(|one| one.split_once('/').unwrap().1);
    for name in names.filter(|name| !name.starts_with("placet_")).collect::<BTreeSet<_>>() {
        cargo.args(["--test", name]);
    }
    let output = cargo.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the faults do not compile");
    let mut programs: BTreeMap<String, (PathBuf, PathBuf)> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |pointer: &str| message.pointer(pointer).and_then(|one| one.as_str());
        if let (Some(program), Some(manifest), Some(name)) =
            (text("/executable"), text("/manifest_path"), text("/target/name"))
            && message.pointer("/profile/test") == Some(&serde_json::Value::Bool(true))
        {
            let folder = Path::new(manifest).parent().unwrap().to_owned();
            let package = folder.file_name().unwrap().to_str().unwrap();
            programs.insert(format!("{package}/{name}"), (PathBuf::from(program), folder));
        }
    }
    let of = |name: &'static str| {
        let (program, folder) = programs.get(name).unwrap_or_else(|| panic!("no tests {name}"));
        Tests { name, program: program.clone(), folder: folder.clone() }
    };
    TESTS.into_iter().map(of).collect()
}

impl Tests {
    /// The tests that fail with a fault in, if any does.
    fn notice(&self, fault: usize, scratch: &Path) -> Option<String> {
        let path = scratch.join("output.txt");
        let output = File::create(&path).unwrap();
        let mut child = Command::new(&self.program)
            .current_dir(&self.folder)
            .env("PLACET_FAULT", fault.to_string())
            // As many as every reason and every policy takes.
            .env("PLACET_CALLS", std::env::var("PLACET_CALLS").unwrap_or(String::from("2000")))
            .env("INSTA_UPDATE", "no")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
            // A fault that is noticed is noticed again.
            .env("PROPTEST_RNG_SEED", "1")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > LONGEST {
                child.kill().unwrap();
                child.wait().unwrap();
                return Some(format!("{}, which takes too long", self.name));
            }
            thread::sleep(Duration::from_millis(50));
        };
        if status.success() {
            return None;
        }
        let output = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let failed = output.lines().filter_map(|line| {
            let failed = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
            Some(failed.to_owned())
        });
        let failed: Vec<String> = failed.collect();
        Some(format!("{}: {}", self.name, failed.join(", ")))
    }
}

/// The numbers that `PLACET_FAULTS` asks for.
fn asked(count: usize) -> std::ops::RangeInclusive<usize> {
    let Ok(text) = std::env::var("PLACET_FAULTS") else { return 1..=count };
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    first.parse().unwrap()..=last.parse::<usize>().unwrap().min(count)
}

#[test]
#[ignore = "takes long: every test is run for every fault that those before did not notice"]
fn every_fault_is_noticed() {
    let faults = faults();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults");
    let (copy, target) = (scratch.join("work"), scratch.join("target"));
    mirror(workspace(), &copy, Path::new(""), &faulty(&faults));
    let tests = built(&copy, &target);
    for one in &tests {
        let failed = one.notice(0, &scratch);
        assert!(failed.is_none(), "fails without any fault: {failed:?}");
    }
    let mut survived = Vec::new();
    for number in asked(faults.len()) {
        let Fault { file, wrong, .. } = faults.get(number - 1).unwrap();
        let start = Instant::now();
        let noticed = tests.iter().find_map(|one| one.notice(number, &scratch));
        let by = noticed.as_deref().unwrap_or("NOT NOTICED");
        println!("{number}. {file}: {wrong}\n   {by} ({} s)", start.elapsed().as_secs());
        if noticed.is_none() {
            survived.push(number);
        }
    }
    assert!(survived.is_empty(), "not noticed: {survived:?}");
}
