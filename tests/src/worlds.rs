//! Small policies as text, and calls that are directed by them.
//!
//! Everything is drawn from [`Random`], so a seed names a world or a call for ever. Policies go
//! through the parser and the checker like any other. A call starts out as one that some rule should
//! allow, built from the constants in the rule's conditions, and is then broken here and there.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "test support: a mistake here fails the test that makes it"
)]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Content, Credentials, Target, Who};
use placet_engine::condition::{
    ArgumentType, Atom, Attribute, Condition, Literal, Operand, Quantifier, Test,
};
use placet_engine::{Engine, Limits};
use placet_language::catalogue::{Kind, Parameter};
use placet_language::model::{Capability, Effect, Rule};
use placet_language::{Policy, check, compile, lower};
use serde_json::{Map, Value, json};

use crate::reference::{Reference, atom_holds, fits};

/// A small generator of random numbers (SplitMix64), the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D1CE_4E5B)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let next = usize::try_from(self.number() >> 33).unwrap_or_default();
        next.checked_rem(bound).unwrap_or_default()
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of several, if any.
    pub fn of<T: Clone>(&mut self, from: impl IntoIterator<Item = T>) -> Option<T> {
        let all: Vec<T> = from.into_iter().collect();
        all.get(self.below(all.len())).cloned()
    }

    /// Some of several, at least `least` and at most `most`, in their order.
    pub fn some<T: Clone>(&mut self, from: &[T], least: usize, most: usize) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        let mut left: Vec<usize> = (0..from.len()).collect();
        while left.len() > count {
            left.remove(self.below(left.len()));
        }
        left.into_iter().map(|index| from[index].clone()).collect()
    }

    /// Puts a list into a random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// The time of every call, give or take: 2026-09-21.
pub const NOW: i64 = 1_790_000_000;
const FIRST: &str = "https://login.example.com";
const SECOND: &str = "https://id.example.org/é#2";
const STRINGS: [&str; 13] = [
    "acme",
    "acme-labs",
    "alice",
    "",
    "a\"b",
    "line\nbreak",
    "naïve",
    "*",
    "/srv/data",
    "50%",
    "a\\b",
    "args.owner",
    "\u{202e}\u{0}\r\t${x}",
];
const PATHS: [&str; 16] = [
    "/srv",
    "/srv/data",
    "/srv/data/x",
    "/srv//data/./y",
    "/srv/../etc",
    "/srv2",
    "srv/data",
    "/",
    "/st*r/x",
    "/star/x",
    "/srv/%2e%2e/x",
    "/srv\\data",
    "/srv/\u{85}",
    "/srv/..data",
    "/srv/data/",
    "",
];
const FOLDERS: [&str; 5] = ["/srv", "/srv/data", "/", "/st*r", "/home/naïve \"q\""];
const GLOBS: [&str; 8] = ["acme*", "*-labs", "a*e", "*", "\\*", "/srv/*", "*\\\"*", "n*ve"];
const INTEGERS: [i64; 9] = [-5, 0, 1, 5, 10, 100, i64::MAX, i64::MIN, 9_007_199_254_740_992];
const NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32", "0.0.0.0/0", "10.1.2.3/32", "::/0"];
const ADDRESSES: [&str; 7] = [
    "10.1.2.3",
    "11.0.0.1",
    "2001:db8::1",
    "::ffff:10.1.2.3",
    "192.168.1.77",
    "2001:db9::",
    "0.0.0.0",
];
const SUBJECTS: [&str; 5] = ["alice", "bob", "al#ice", "a%23\"\\", "naïve"];
const CLAIMS: [&[&str]; 4] =
    [&["groups"], &["realm", "roles"], &["https://x.example/team"], &["say \"x\""]];
const VALUES: [&str; 5] = ["eng", "ops", "boss \"x\"", "é", "groups"];

/// An argument that the generated tools have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    path: &'static [&'static str],
    kind: Shape,
    required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Truth,
    Number,
    Texts,
    Truths,
    Numbers,
    Opaque,
}

const fn slot(path: &'static [&'static str], kind: Shape, required: bool) -> Slot {
    Slot { path, kind, required }
}

const RICH: [Slot; 16] = [
    slot(&["owner"], Shape::Text, true),
    slot(&["title"], Shape::Text, false),
    slot(&["path"], Shape::Text, true),
    slot(&["page-id"], Shape::Text, true),
    slot(&["count"], Shape::Number, true),
    slot(&["limit"], Shape::Number, false),
    slot(&["draft"], Shape::Truth, true),
    slot(&["public"], Shape::Truth, false),
    slot(&["paths"], Shape::Texts, false),
    slot(&["labels"], Shape::Texts, true),
    slot(&["sizes"], Shape::Numbers, false),
    slot(&["flags"], Shape::Truths, false),
    slot(&["anything"], Shape::Opaque, false),
    slot(&["parent", "page_id"], Shape::Text, true),
    slot(&["parent", "de\npth \"d\" \\"], Shape::Number, false),
    slot(&["parent", "in", "has"], Shape::Truth, false),
];

const SLIM: [Slot; 4] = [
    slot(&["owner"], Shape::Text, false),
    slot(&["path"], Shape::Text, true),
    slot(&["count"], Shape::Text, true),
    slot(&["sizes"], Shape::Texts, false),
];

/// What a tool's schema is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rich,
    Slim,
    Opaque,
}

/// A tool's name and what its schema is like.
type Tool = (&'static str, Family);

const ALPHA: [Tool; 14] = [
    ("create_issue", Family::Rich),
    ("create_pull", Family::Rich),
    ("delete_repo", Family::Rich),
    ("capability:edit", Family::Rich),
    ("access:write", Family::Slim),
    ("say \"hi\"", Family::Rich),
    ("line\nbreak", Family::Rich),
    ("a/b", Family::Rich),
    ("star*name", Family::Rich),
    ("naïve ツール", Family::Rich),
    ("API-get-user", Family::Slim),
    ("list_files", Family::Slim),
    ("opaque", Family::Opaque),
    ("create_opaque", Family::Opaque),
];
const BETA: [Tool; 5] = [
    ("back\\slash\u{0}\u{202e}*", Family::Rich),
    ("create_issue", Family::Rich),
    ("read", Family::Slim),
    ("opaque", Family::Opaque),
    ("a/b", Family::Slim),
];
const DISK: [Tool; 4] = [
    ("read_file", Family::Rich),
    ("write_file", Family::Rich),
    ("tool:disk/read_file", Family::Slim),
    ("a/b", Family::Slim),
];

fn slots(family: Family) -> Option<&'static [Slot]> {
    match family {
        Family::Rich => Some(&RICH),
        Family::Slim => Some(&SLIM),
        Family::Opaque => None,
    }
}

/// The arguments that a condition over tools of these families may read, each optional where it is
/// in one of them.
fn common(families: &BTreeSet<u8>) -> Vec<Slot> {
    match (families.contains(&0), families.contains(&1)) {
        (true, false) => RICH.to_vec(),
        (false, true) => SLIM.to_vec(),
        (true, true) => {
            vec![slot(&["owner"], Shape::Text, false), slot(&["path"], Shape::Text, true)]
        }
        (false, false) => Vec::new(),
    }
}

fn family_number(family: Family) -> u8 {
    match family {
        Family::Rich => 0,
        Family::Slim => 1,
        Family::Opaque => 2,
    }
}

fn schema(family: Family, name: &str) -> Value {
    let Some(slots) = slots(family) else {
        return json!({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]});
    };
    fn insert(schema: &mut Value, path: &[&str], leaf: &Value, required: bool) {
        let Some((first, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            schema["properties"][first] = leaf.clone();
        } else {
            if schema["properties"].get(first).is_none() {
                schema["properties"][first] = json!({"type": "object", "properties": {}});
            }
            insert(&mut schema["properties"][first], rest, leaf, required);
        }
        if required {
            let names = schema["required"].as_array_mut();
            match names {
                Some(names) if names.contains(&json!(first)) => {}
                Some(names) => names.push(json!(first)),
                None => schema["required"] = json!([first]),
            }
        }
    }
    let mut schema = json!({"type": "object", "properties": {}});
    for slot in slots {
        let leaf = match slot.kind {
            Shape::Text => json!({"type": "string"}),
            Shape::Truth => json!({"type": "boolean"}),
            Shape::Number if slot.required => json!({"type": "integer"}),
            Shape::Number => json!({"type": ["number", "null"]}),
            Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Shape::Truths => json!({"type": "array", "items": {"type": "boolean"}}),
            Shape::Numbers => json!({"type": "array", "items": {"anyOf": [{"type": "number"}]}}),
            Shape::Opaque => json!({"anyOf": [{"type": "string"}, {"type": "object"}]}),
        };
        insert(&mut schema, slot.path, &leaf, slot.required);
    }
    if name == "list_files" {
        // No canonical form, hence no digest of the definition.
        schema["properties"]["path"]["maxLength"] = json!(9_007_199_254_740_993_u64);
    }
    schema
}

fn catalogue(tools: &[Tool]) -> String {
    let tools: Vec<Value> = tools
        .iter()
        .map(|(name, family)| json!({"name": name, "inputSchema": schema(*family, name)}))
        .collect();
    json!({ "tools": tools }).to_string()
}

/// A text as policies write it.
fn quoted(text: impl AsRef<str>) -> String {
    let mut quoted = String::from("\"");
    for character in text.as_ref().chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\'' => quoted.push('\''),
            hidden if hidden.escape_debug().len() > 1 => quoted.extend(hidden.escape_unicode()),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A tool's name as a pattern that means it alone.
fn literal_pattern(name: &str) -> String {
    quoted(name).replace('*', "\\*")
}

fn argument(slot: &Slot, random: &mut Random) -> String {
    let mut text = String::from("args");
    for part in slot.path {
        text.push('.');
        let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !["in", "has"].contains(part);
        if plain && !random.chance(10) {
            text.push_str(part);
        } else {
            text.push_str(&quoted(part));
        }
    }
    text
}

/// Writes conditions.
struct Author<'r> {
    random: &'r mut Random,
    slots: Vec<Slot>,
    in_deny: bool,
    local: bool,
}

impl Author<'_> {
    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(50) {
            return self.test();
        }
        let (one, other) = (self.condition(depth - 1), self.condition(depth - 1));
        match self.random.below(10) {
            0..=3 => format!("({one}) and ({other})"),
            4..=7 => format!("({one}) or ({other})"),
            _ => format!("not ({one} or not ({other}))"),
        }
    }

    fn text(&mut self) -> String {
        quoted(self.random.pick(&STRINGS))
    }

    fn texts(&mut self) -> String {
        let count = 1 + self.random.below(3);
        let list: Vec<String> = (0..count).map(|_| self.text()).collect();
        format!("[{}]", list.join(", "))
    }

    fn integers(&mut self) -> String {
        let list = self.random.some(&INTEGERS, 1, 3);
        let list: Vec<String> = list.iter().map(i64::to_string).collect();
        format!("[{}]", list.join(", "))
    }

    /// One test, with what a `deny` must say about absence.
    fn test(&mut self) -> String {
        if self.slots.is_empty() || self.random.chance(25) {
            return self.attribute_test();
        }
        let slot = *self.random.pick(&self.slots.clone());
        let name = argument(&slot, self.random);
        if slot.kind == Shape::Opaque || self.random.chance(8) {
            return format!("{name} is {}", self.random.pick(&["present", "absent"]));
        }
        let (test, other) = self.argument_test(&slot, &name);
        let mut guarded = test;
        let optional: Vec<Slot> =
            [Some(slot), other].into_iter().flatten().filter(|slot| !slot.required).collect();
        if self.in_deny {
            for slot in optional {
                let name = argument(&slot, self.random);
                guarded = match self.random.chance(70) {
                    true => format!("({name} is present and ({guarded}))"),
                    false => format!("({name} is absent or ({guarded}))"),
                };
            }
        }
        guarded
    }

    fn string_test(&mut self, name: &str, allow_other: bool) -> (String, Option<Slot>) {
        let not = *self.random.pick(&["", "not "]);
        let test = match self.random.below(if allow_other { 12 } else { 9 }) {
            0 => format!("{name} == {}", self.text()),
            1 => format!("{name} != {}", self.text()),
            2 => format!("{name} {not}in {}", self.texts()),
            3 => format!("{name} {not}like \"{}\"", self.random.pick(&GLOBS)),
            4 => format!("path({name}) {not}under {}", quoted(self.random.pick(&FOLDERS))),
            5 => format!("{name} {not}under {}", quoted(self.random.pick(&FOLDERS))),
            6 => format!("path({name}) == {}", quoted(self.random.pick(&FOLDERS))),
            7 => format!("path({name}) {not}like \"{}\"", self.random.pick(&["/srv*", "*/x", "/"])),
            8 => format!(
                "path({name}) {not}in [{}, {}]",
                quoted(self.random.pick(&FOLDERS)),
                quoted(self.random.pick(&FOLDERS))
            ),
            9 => format!("{name} {} user.subject", self.random.pick(&["==", "!="])),
            _ => {
                let same: Vec<Slot> =
                    self.slots.iter().filter(|one| one.kind == Shape::Text).copied().collect();
                let other = *self.random.pick(&same);
                let written = argument(&other, self.random);
                let equal = *self.random.pick(&["==", "!="]);
                let test = match self.random.chance(30) {
                    true => format!("path({name}) {equal} path({written})"),
                    false => format!("{name} {equal} {written}"),
                };
                return (test, Some(other));
            }
        };
        (test, None)
    }

    fn argument_test(&mut self, slot: &Slot, name: &str) -> (String, Option<Slot>) {
        let not = *self.random.pick(&["", "not "]);
        let all = *self.random.pick(&["all", "any"]);
        let compare = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        let number = *self.random.pick(&INTEGERS);
        match slot.kind {
            Shape::Text => self.string_test(name, true),
            Shape::Truth => match self.random.below(4) {
                0 => (format!("{not}{name}"), None),
                1 => (format!("{name} == {}", self.random.pick(&["true", "false"])), None),
                2 => (format!("{name} != true"), None),
                _ => self.same_kind(slot, name),
            },
            Shape::Number => match self.random.below(6) {
                0 => (format!("{name} {not}in {}", self.integers()), None),
                1 => self.same_kind(slot, name),
                2 => (format!("not {name} {compare} {number}"), None),
                _ => (format!("{name} {compare} {number}"), None),
            },
            Shape::Texts => match self.random.below(4) {
                0 => (format!("{name} {not}has {}", self.text()), None),
                1 => {
                    let (test, _) = self.string_test(name, false);
                    (format!("not {all} {test}"), None)
                }
                _ => {
                    let (test, _) = self.string_test(name, false);
                    (format!("{all} {test}"), None)
                }
            },
            Shape::Truths => match self.random.below(2) {
                0 => (format!("{not}{all} {name}"), None),
                _ => (format!("{all} {name} == false"), None),
            },
            Shape::Numbers => match self.random.below(3) {
                0 => (format!("{all} {name} {not}in {}", self.integers()), None),
                _ => (format!("{not}{all} {name} {compare} {number}"), None),
            },
            Shape::Opaque => (format!("{name} is present"), None),
        }
    }

    fn same_kind(&mut self, slot: &Slot, name: &str) -> (String, Option<Slot>) {
        let same: Vec<Slot> =
            self.slots.iter().filter(|one| one.kind == slot.kind).copied().collect();
        let other = *self.random.pick(&same);
        let written = argument(&other, self.random);
        (format!("{name} {} {written}", self.random.pick(&["==", "!="])), Some(other))
    }

    fn attribute_test(&mut self) -> String {
        let not = *self.random.pick(&["", "not "]);
        let compare = *self.random.pick(&["<", "<=", ">", ">="]);
        let age = *self.random.pick(&["5 minutes", "1 hour", "90 seconds", "1 day"]);
        let usual = *self.random.pick(&["<", "<=", "<", "<=", ">"]);
        match self.random.below(if self.local { 9 } else { 16 }) {
            0 => format!("user.subject == {}", quoted(self.random.pick(&SUBJECTS))),
            1 => format!("user.subject {not}in [\"alice\", \"bob\", \"al#ice\"]"),
            2 => format!("user.issuer != {}", quoted(self.random.pick(&[FIRST, SECOND]))),
            3 => format!("client.id {not}like \"https://*\""),
            4 => format!("client.registration {not}in [\"metadata_document\", \"dynamic\"]"),
            5 | 6 => {
                format!("call.address {not}under {}", quoted(self.random.pick(&NETWORKS)))
            }
            7 => format!("call.address == {}", quoted(self.random.pick(&ADDRESSES))),
            8 => format!(
                "now {compare} {}",
                self.random.pick(&["2026-12-31", "2026-09-21T12:53:20Z", "2020-01-01"])
            ),
            9 => format!("token.age {usual} {age}"),
            10 => format!("token.auth_age {usual} {age}"),
            11 => format!("token.lifetime {usual} {age}"),
            12 => format!("token.auth_age {compare} {age}"),
            13 => format!("token.acr == {}", self.random.pick(&["\"phr\"", "\"mfa\""])),
            14 => format!("token.acr {not}in [\"phr\", \"mfa\"]"),
            _ => format!("token.acr is {}", self.random.pick(&["present", "absent"])),
        }
    }
}

/// A capability while the text is being written.
struct Planned {
    name: String,
    server: &'static str,
    access: usize,
    families: BTreeSet<u8>,
    tools: BTreeSet<&'static str>,
}

const LEVELS: [&str; 3] = ["read", "write", "destructive"];

/// A policy with everything that it becomes.
pub struct World {
    /// The statements, in one order of many.
    pub statements: Vec<String>,
    /// The files, catalogues too.
    pub files: BTreeMap<String, String>,
    /// The checked policy.
    pub policy: Policy,
    /// What it compiles to.
    pub content: Content,
    /// The engine that loaded it.
    pub engine: Engine,
}

/// The catalogues that every world's servers have.
pub fn catalogues() -> BTreeMap<String, String> {
    BTreeMap::from([
        (String::from("alpha.json"), catalogue(&ALPHA)),
        (String::from("beta.json"), catalogue(&BETA)),
        (String::from("disk.json"), catalogue(&DISK)),
    ])
}

/// One policy file of these statements, beside the catalogues.
pub fn files_of(statements: &[String]) -> BTreeMap<String, String> {
    let mut files = catalogues();
    let text = format!("edition 2026\n\n{}\n", statements.join("\n\n"));
    files.insert(String::from("policy.placet"), text);
    files
}

impl World {
    /// Checks, compiles and loads statements.
    ///
    /// # Errors
    ///
    /// What is wrong with them, with the text.
    pub fn build(statements: Vec<String>) -> Result<Self, String> {
        let files = files_of(&statements);
        let text = files.get("policy.placet").cloned().unwrap_or_default();
        let checked = check(&files, &placet_language::Limits::default());
        let Some(policy) = checked.policy else {
            let errors: Vec<String> = checked
                .diagnostics
                .iter()
                .filter(|one| one.is_error())
                .map(|one| format!("{one}: {:?}", one.underlined()))
                .collect();
            return Err(format!("{}\n{text}", errors.join("\n")));
        };
        let bundle = compile(&policy).map_err(|error| format!("{error}\n{text}"))?;
        let engine = Engine::load(&bundle, &Limits::default())
            .map_err(|error| format!("{error}\n{text}"))?;
        let content = lower(&policy);
        Ok(Self { statements, files, policy, content, engine })
    }

    /// The world of a seed.
    ///
    /// # Errors
    ///
    /// As [`World::build`].
    pub fn generate(seed: u64) -> Result<Self, String> {
        Self::build(statements(&mut Random::new(seed)))
    }

    /// A world in which every policy can decide, and every reason can occur.
    ///
    /// # Errors
    ///
    /// As [`World::build`].
    pub fn fixed() -> Result<Self, String> {
        Self::build(FIXED.split("\n\n").map(|one| one.trim().to_owned()).collect())
    }

    /// The policy's text.
    pub fn text(&self) -> &str {
        self.files.get("policy.placet").map(String::as_str).unwrap_or_default()
    }
}

const FIXED: &str = r##"
server alpha {
    resource  "https://mcp.example.com/alpha"
    issuer    "https://login.example.com", "https://id.example.org/é#2"
    catalogue "alpha.json"
}

server beta {
    resource  "https://mcp.example.com/beta"
    issuer    "https://id.example.org/é#2"
    catalogue "beta.json"
}

server disk {
    local       "disk"
    credentials local for write because "the user's own disk"
    catalogue   "disk.json"
}

scope "all" on alpha implies "edit", "run"

scope "edit" on alpha implies "view"

scope "view" on alpha

scope "run" on alpha

scope "view" on beta

group staff from claim "groups" has "eng" issued by "https://login.example.com"

group eng in staff from claim "realm"."roles" has "eng" issued by "https://login.example.com"

group lead from claim "groups" has "boss \"x\"" issued by "https://login.example.com" and in eng

group guest from claim "say \"x\"" has "é" issued by "https://id.example.org/é#2"

clients editors {
    client cursor "https://cursor.example/c.json" owner "it@example.com"
    client zed    "https://zed.example/c%231.json"
}

client tool "tool%23" issued by "https://login.example.com"

client other "tool%23" issued by "https://id.example.org/é#2"

capability edit "Edit" on alpha {
    tools  "create_*", "capability:edit", "say \"hi\""
    access write
    needs  "edit" and "run" or "all"
}

capability browse "Look" on alpha {
    tools  "API-get-user"
    access read
    needs  nothing because "public"
    where  args.path under "/srv"
}

capability view "View" on alpha {
    tools  "API-get-user", list_files, "naïve ツール"
    access read
    needs  "view"
}

capability deep "Deep" on alpha {
    tools  create_issue, "a/b", "star\*name"
    access destructive
    needs  "run"
    where  all args.paths under "/srv" and args.count < 10
}

capability far "Far" on beta {
    tools  "*"
    access write
    needs  "view"
}

capability files "Files" on disk {
    tools  read_file, write_file
    access write
    where  args.owner != "acme"
}

capability danger "Danger" on disk {
    tools  "a/b"
    access destructive
}

consent editing "Let {client} edit" {
    grants  edit, view
    purpose "triage", "release"
    lasts   30 days
}

consent deeply "Let {client} do deep things" {
    grants  deep
    purpose "release"
    purpose required
    lasts   8 hours
}

consent abroad "Let {client} go far" {
    grants far
}

allow edit_it
    eng, user "bob" issued by "https://id.example.org/é#2" via editors, tool to edit, view under editing

allow edit_slow
    guest via any client to edit under editing
    when any args.labels like "acme*" and token.auth_age <= 15 minutes

allow deep_it
    lead via cursor to deep under deeply
    when call.address under "10.0.0.0/8" or token.acr in ["phr"]

allow browse_it
    anyone via any client to browse without consent because "public"

allow far_it
    guest via any client to far under abroad

allow files_it
    anyone via editors to files without consent because "own files"

deny no_labels
    staff to edit
    when any args.labels == "*" or args.title is present and args.title == args.owner
    because "no"

deny not_there
    anyone via zed to access write
    unless call.address not under "192.168.1.0/24"

deny far_count
    anyone to far
    when args.path under "/srv/data"
"##;

fn statements(random: &mut Random) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let (alpha_issuers, beta_issuers) = match random.below(3) {
        0 => (format!("{}, {}", quoted(FIRST), quoted(SECOND)), quoted(FIRST)),
        _ => (format!("{}, {}", quoted(FIRST), quoted(SECOND)), quoted(SECOND)),
    };
    let local_level = random.below(3);
    all.push(format!(
        "server alpha {{\n    resource  \"https://mcp.example.com/alpha\"\n    issuer    \
         {alpha_issuers}\n    catalogue \"alpha.json\"\n}}"
    ));
    all.push(format!(
        "server beta {{\n    resource  \"https://mcp.example.com/beta\"\n    issuer    \
         {beta_issuers}\n    catalogue \"beta.json\"\n}}"
    ));
    all.push(format!(
        "server disk {{\n    local       \"disk\"\n    credentials local for {} because \"own\"\n    \
         catalogue   \"disk.json\"\n}}",
        LEVELS[local_level]
    ));
    all.extend([
        String::from("scope \"all\" on alpha implies \"edit\", \"run:it/'x'\""),
        String::from("scope \"edit\" on alpha implies \"view\""),
        String::from("scope \"view\" on alpha"),
        String::from("scope \"run:it/'x'\" on alpha"),
        String::from("scope \"view\" on beta"),
        String::from("scope \"run:it/'x'\" on beta implies \"view\""),
    ]);
    let groups = groups(random, &mut all);
    let clients = clients(&mut all);
    let capabilities = capabilities(random, local_level, &mut all);
    let consents = consents(random, &capabilities, &mut all);
    rules(random, &groups, &clients, &capabilities, &consents, local_level, &mut all);
    random.shuffle(&mut all);
    all
}

fn groups(random: &mut Random, all: &mut Vec<String>) -> Vec<String> {
    let names = ["staff", "eng", "lead", "guest", "claim"];
    let mut earlier: Vec<(String, &str)> = Vec::new();
    for name in names {
        let issuer = *random.pick(&[FIRST, FIRST, SECOND]);
        let claim: Vec<String> = random.pick(&CLAIMS).iter().map(quoted).collect();
        let same: Vec<String> =
            earlier.iter().filter(|(_, of)| *of == issuer).map(|(name, _)| name.clone()).collect();
        let any: Vec<String> = earlier.iter().map(|(name, _)| name.clone()).collect();
        let mut text = format!("group {name}");
        if !any.is_empty() && random.chance(50) {
            text.push_str(&format!(" in {}", random.some(&any, 1, 2).join(", ")));
        }
        text.push_str(&format!(
            " from claim {} has {} issued by {}",
            claim.join("."),
            quoted(random.pick(&VALUES)),
            quoted(issuer)
        ));
        if !same.is_empty() && random.chance(40) {
            text.push_str(&format!(" and in {}", random.some(&same, 1, 2).join(", ")));
        }
        all.push(text);
        earlier.push((name.to_owned(), issuer));
    }
    names.map(str::to_owned).to_vec()
}

fn clients(all: &mut Vec<String>) -> Vec<String> {
    all.push(String::from(
        "clients editors {\n    client cursor \"https://cursor.example/c.json\" owner \
         \"it@example.com\"\n    client zed \"https://zed.example/c%231.json\"\n}",
    ));
    all.push(format!(
        "clients tools {{\n    client cli \"a\\\"b#%23\\\\\" issued by {}\n}}",
        quoted(FIRST)
    ));
    all.push(format!("client far \"a#b%23\" issued by {}", quoted(SECOND)));
    all.push(String::from("client page \"https://page.example/c.json\""));
    ["editors", "tools", "cli", "far", "page", "zed"].map(str::to_owned).to_vec()
}

fn capabilities(random: &mut Random, local_level: usize, all: &mut Vec<String>) -> Vec<Planned> {
    let mut planned = Vec::new();
    let servers: [(&'static str, &[Tool], usize); 3] = [
        ("alpha", &ALPHA, 4 + random.below(3)),
        ("beta", &BETA, 1 + random.below(2)),
        ("disk", &DISK, 1 + random.below(2)),
    ];
    for (server, tools, count) in servers {
        for index in 0..count {
            let family = *random.pick(&[Family::Rich, Family::Rich, Family::Slim]);
            let mut patterns: Vec<String> = random
                .some(tools, 1, 4)
                .into_iter()
                .filter(|(_, of)| *of == family || random.chance(25))
                .map(|(name, _)| literal_pattern(name))
                .collect();
            let globs = ["create_*", "\"*\"", "\"*e*\"", "\"a/*\"", "*_*"];
            let fitting = |pattern: &str| {
                let glob = pattern.trim_matches('"');
                tools.iter().any(|(name, _)| fits(glob, name))
            };
            if patterns.is_empty() || random.chance(30) {
                let usable: Vec<&str> =
                    globs.into_iter().filter(|pattern| fitting(pattern)).collect();
                patterns.push((*random.pick(&usable)).to_owned());
            }
            let held = |name: &str| {
                patterns.iter().any(|pattern| match globs.contains(&pattern.as_str()) {
                    true => fits(pattern.trim_matches('"'), name),
                    false => *pattern == literal_pattern(name),
                })
            };
            let families: BTreeSet<u8> = tools
                .iter()
                .filter(|(name, _)| held(name))
                .map(|(_, family)| family_number(*family))
                .collect();
            let access = match server {
                "disk" if random.chance(80) => random.below(local_level + 1),
                _ => random.below(3),
            };
            let name = format!("{}_{index}", ["edit", "view", "files"][random.below(3)]);
            let name = format!("{name}_{server}");
            let mut text = format!(
                "capability {name} {} on {server} {{\n    tools  {}\n    access {}\n",
                quoted(random.pick(&["Do \"it\"", "Look around", "Ändern"])),
                patterns.join(", "),
                LEVELS[access]
            );
            let needs = match server {
                "alpha" => *random.pick(&[
                    "nothing because \"public\"",
                    "\"view\"",
                    "\"edit\"",
                    "\"edit\" and \"run:it/'x'\" or \"all\"",
                    "\"view\" or \"run:it/'x'\"",
                    "\"view\" and \"run:it/'x'\"",
                ]),
                "beta" => *random.pick(&["\"view\"", "\"run:it/'x'\"", "nothing because \"x\""]),
                _ => "",
            };
            if !needs.is_empty() {
                text.push_str(&format!("    needs  {needs}\n"));
            }
            if random.chance(40) {
                let slots = common(&families);
                let local = server == "disk";
                let mut author = Author { random, slots, in_deny: false, local };
                text.push_str(&format!("    where  {}\n", author.condition(1)));
            }
            text.push('}');
            all.push(text);
            let tools = tools.iter().map(|(name, _)| *name).filter(|name| held(name)).collect();
            planned.push(Planned { name, server, access, families, tools });
        }
    }
    planned
}

fn consents(
    random: &mut Random,
    capabilities: &[Planned],
    all: &mut Vec<String>,
) -> Vec<(String, Vec<usize>)> {
    let mut consents = Vec::new();
    for index in 0..4 {
        let server = *random.pick(&["alpha", "alpha", "beta", "disk"]);
        let on: Vec<usize> = capabilities
            .iter()
            .enumerate()
            .filter(|(_, one)| one.server == server)
            .map(|(index, _)| index)
            .collect();
        let granted = random.some(&on, 1, 3);
        let names: Vec<&str> =
            granted.iter().map(|index| capabilities[*index].name.as_str()).collect();
        let name = ["triage", "release", "grants", "lasts"][index];
        let mut text = format!(
            "consent {name} \"Let {{client}} do \\\"{index}\\\"\" {{\n    grants  {}\n",
            names.join(", ")
        );
        match random.below(4) {
            0 => {}
            1 => text.push_str("    purpose \"triage\"\n"),
            2 => text.push_str("    purpose \"triage\", \"to \\\"release\\\"\"\n"),
            _ => text.push_str("    purpose \"triage\", \"é\"\n    purpose required\n"),
        }
        if random.chance(70) {
            let lasts = *random.pick(&["30 days", "8 hours", "90 seconds"]);
            text.push_str(&format!("    lasts   {lasts}\n"));
        }
        text.push('}');
        all.push(text);
        consents.push((name.to_owned(), granted));
    }
    consents
}

fn who(random: &mut Random, groups: &[String]) -> String {
    let count = 1 + random.below(2);
    let one = |random: &mut Random| match random.below(5) {
        0 | 1 => String::from("anyone"),
        2 | 3 => random.pick(groups).clone(),
        _ => format!(
            "user {} issued by {}",
            quoted(random.pick(&SUBJECTS)),
            quoted(random.pick(&[FIRST, SECOND]))
        ),
    };
    let list: Vec<String> = (0..count).map(|_| one(random)).collect();
    list.join(", ")
}

fn rules(
    random: &mut Random,
    groups: &[String],
    clients: &[String],
    capabilities: &[Planned],
    consents: &[(String, Vec<usize>)],
    local_level: usize,
    all: &mut Vec<String>,
) {
    let reachable = |index: &usize| {
        let one = &capabilities[*index];
        // A tool's access is the highest of its capabilities.
        let within = |tool: &&&'static str| {
            let holding = capabilities
                .iter()
                .filter(|other| other.server == one.server && other.tools.contains(**tool));
            holding.map(|other| other.access).max() <= Some(local_level)
        };
        one.server != "disk" || one.tools.iter().any(|tool| within(&tool))
    };
    let usable: Vec<usize> = (0..capabilities.len()).filter(reachable).collect();
    let mut texts = Vec::new();
    for index in 0..(5 + random.below(4)) {
        let via = match random.chance(50) {
            true => String::from("any client"),
            false => random.some(clients, 1, 2).join(", "),
        };
        let (chosen, basis) = match random.chance(65) {
            true => {
                let (name, granted) = random.pick(consents);
                let granted: Vec<usize> =
                    granted.iter().copied().filter(|one| usable.contains(one)).collect();
                if granted.is_empty() {
                    continue;
                }
                (random.some(&granted, 1, 2), format!("under {name}"))
            }
            false => {
                (random.some(&usable, 1, 2), String::from("without consent because \"no need\""))
            }
        };
        let names: Vec<&str> =
            chosen.iter().map(|index| capabilities[*index].name.as_str()).collect();
        let mut text = format!(
            "allow a{index} {} via {via} to {} {basis}",
            who(random, groups),
            names.join(", ")
        );
        let families = chosen.iter().flat_map(|one| capabilities[*one].families.clone()).collect();
        let local = chosen.iter().any(|one| capabilities[*one].server == "disk");
        let mut author = Author { random, slots: common(&families), in_deny: false, local };
        if author.random.chance(45) {
            text.push_str(&format!("\n    when {}", author.condition(2)));
        }
        if author.random.chance(15) {
            text.push_str(&format!("\n    unless {}", author.condition(1)));
        }
        texts.push(text);
    }
    for index in 0..(1 + random.below(3)) {
        let (target, families, local) = match random.chance(60) {
            true => {
                let one = random.pick(capabilities);
                (one.name.clone(), one.families.clone(), one.server == "disk")
            }
            false => {
                let level = random.below(3);
                let above = capabilities.iter().filter(|one| one.access >= level);
                let families = above.flat_map(|one| one.families.clone()).collect();
                (format!("access {}", LEVELS[level]), families, true)
            }
        };
        let mut text = format!("deny d{index} {}", who(random, groups));
        if random.chance(35) {
            text.push_str(&format!(" via {}", random.some(clients, 1, 2).join(", ")));
        }
        text.push_str(&format!(" to {target}"));
        let mut author = Author { random, slots: common(&families), in_deny: true, local };
        if author.random.chance(85) {
            text.push_str(&format!("\n    when {}", author.condition(1)));
        }
        if author.random.chance(40) {
            text.push_str(&format!("\n    unless {}", author.condition(1)));
        }
        if author.random.chance(50) {
            text.push_str("\n    because \"so \\\"it\\\" is\"");
        }
        texts.push(text);
    }
    all.extend(texts);
}

/// An `allow` with its capabilities and its consent.
type Allow<'w> = (&'w Rule, &'w BTreeSet<String>, Option<&'w String>);

/// Makes calls for a world.
pub struct Caller<'w> {
    world: &'w World,
    reference: &'w Reference<'w>,
    /// Where the calls come from.
    pub random: Random,
}

impl<'w> Caller<'w> {
    /// A caller of a seed.
    pub fn new(world: &'w World, reference: &'w Reference<'w>, seed: u64) -> Self {
        Self { world, reference, random: Random::new(seed) }
    }

    /// A call: most often one that some rule allows, or one like it that is broken in a few places.
    pub fn call(&mut self) -> Value {
        let mut call = self.hopeful();
        if self.random.chance(50) {
            for _ in 0..(1 + self.random.below(2)) {
                self.break_something(&mut call);
            }
        }
        call
    }

    /// A call that the reference allows, unless none was found in a few tries.
    pub fn hopeful(&mut self) -> Value {
        let mut call = Value::Null;
        for _ in 0..8 {
            call = self.directed();
            let reason = self.reference.judge(&call).reason;
            let enough = match reason.as_deref() {
                None => true,
                Some("rule.denied") => self.random.chance(50),
                Some(_) => false,
            };
            if enough {
                break;
            }
        }
        if self.random.chance(10) {
            self.deny(&mut call);
        }
        call
    }

    fn allows(&self) -> Vec<Allow<'w>> {
        let rules = self.world.policy.rules.values();
        rules
            .filter_map(|rule| match &rule.effect {
                Effect::Allow { capabilities, under } => Some((rule, capabilities, under.as_ref())),
                Effect::Deny { .. } => None,
            })
            .collect()
    }

    /// A call built from one rule.
    fn directed(&mut self) -> Value {
        let policy = &self.world.policy;
        let Some((rule, capabilities, under)) = self.random.of(self.allows()) else {
            return self.stray();
        };
        let name = self.random.of(capabilities).cloned().unwrap_or_default();
        let Some(capability) = policy.capabilities.get(&name) else { return self.stray() };
        let tool = self.random.of(&capability.tools).cloned().unwrap_or_default();
        let Some(server) = policy.servers.get(&capability.server) else { return self.stray() };
        let mut call = json!({
            "user": null, "client": null, "server": server.identity, "operation": "tools/call",
            "target": tool, "tool_digest": null, "arguments": {}, "credential": null,
            "receipts": [], "purpose": null, "confirmation": null, "now": NOW,
        });
        if self.random.chance(70) {
            call["address"] = json!(self.random.pick(&ADDRESSES));
        }
        let issuers = match &server.credentials {
            Credentials::Oauth { issuers } => issuers.clone(),
            Credentials::Local { .. } => BTreeSet::from([FIRST.to_owned(), SECOND.to_owned()]),
        };
        self.user(&mut call, rule, &issuers);
        self.client(&mut call, rule);
        if matches!(server.credentials, Credentials::Local { .. }) {
            call["credential"] = json!({"kind": "local"});
        } else {
            self.token(&mut call, capability);
        }
        if let Some(Ok(parameters)) = server.catalogue.tools.get(&tool).map(|one| &one.arguments) {
            call["arguments"] = self.object(parameters);
        }
        let conditions = [capability.condition.as_ref(), rule.when.as_ref()];
        for condition in conditions.into_iter().flatten() {
            self.satisfy(&mut call, condition, false);
        }
        for _ in 0..self.random.below(2) {
            self.receipt(&mut call, None);
        }
        if let Some(terms) = under {
            self.receipt(&mut call, Some(terms));
        }
        for _ in 0..self.random.below(2) {
            self.receipt(&mut call, None);
        }
        call
    }

    /// A call for a policy without rules.
    fn stray(&mut self) -> Value {
        json!({
            "user": {"issuer": FIRST, "subject": "alice", "claims": {"groups": ["eng"]}},
            "client": {"id": "https://cursor.example/c.json", "issuer": null,
                       "registration": "metadata_document", "status": "approved"},
            "server": "https://mcp.example.com/alpha", "operation": "tools/call",
            "target": ALPHA[self.random.below(ALPHA.len())].0,
            "arguments": {"owner": "acme", "path": "/srv"},
            "credential": {"kind": "oauth", "issuer": FIRST,
                           "audience": ["https://mcp.example.com/alpha"],
                           "subject": "alice", "client_id": "https://cursor.example/c.json",
                           "scopes": ["all"], "issued_at": NOW, "expires_at": NOW + 600},
            "receipts": [], "now": NOW,
        })
    }

    fn user(&mut self, call: &mut Value, rule: &Rule, issuers: &BTreeSet<String>) {
        let mut issuer = self.random.of(issuers).cloned().unwrap_or_default();
        let mut subject = (*self.random.pick(&SUBJECTS)).to_owned();
        let mut claims = json!({});
        if self.random.chance(30) {
            let path = self.random.pick(&CLAIMS);
            let value = json!([self.random.pick(&VALUES), 7]);
            set_claim(&mut claims, path, value);
        }
        match self.random.of(&rule.who) {
            Some(Who::User { issuer: of, subject: named }) => {
                issuer.clone_from(of);
                subject.clone_from(named);
            }
            Some(Who::Group(name)) => self.join(name, 6, &mut claims, &mut issuer),
            _ => {}
        }
        call["user"] = json!({"issuer": issuer, "subject": subject, "claims": claims});
    }

    /// Gives a user the claims that make a member, directly or through a group within.
    fn join(&mut self, name: &str, depth: usize, claims: &mut Value, issuer: &mut String) {
        let groups = &self.world.policy.groups;
        let within: Vec<&String> = groups
            .iter()
            .filter(|(_, group)| group.within.contains(name))
            .map(|(name, _)| name)
            .collect();
        let name = match within.is_empty() || depth < 4 || self.random.chance(60) {
            true => name.to_owned(),
            false => (*self.random.pick(&within)).clone(),
        };
        let Some(group) = groups.get(&name) else { return };
        issuer.clone_from(&group.issuer);
        let path: Vec<&str> = group.claim.iter().map(String::as_str).collect();
        let mut held = &*claims;
        for part in &path {
            held = held.get(part).unwrap_or(&Value::Null);
        }
        let value = match held {
            Value::Array(items) => {
                let mut items = items.clone();
                items.push(json!(group.has));
                json!(items)
            }
            Value::String(text) => json!([text, group.has]),
            _ if self.random.chance(30) => json!(group.has),
            _ => json!([group.has]),
        };
        set_claim(claims, &path, value);
        if let Some(depth) = depth.checked_sub(1) {
            for other in &group.and_in {
                self.join(other, depth, claims, issuer);
            }
        }
    }

    fn client(&mut self, call: &mut Value, rule: &Rule) {
        let policy = &self.world.policy;
        let issuer = call["user"]["issuer"].as_str().unwrap_or_default().to_owned();
        let named = rule.clients(policy);
        let fitting: Vec<_> = policy
            .clients
            .iter()
            .filter(|(name, _)| named.as_ref().is_none_or(|named| named.contains(*name)))
            .filter(|(_, client)| client.issuer.as_ref().is_none_or(|of| *of == issuer))
            .map(|(_, client)| client)
            .collect();
        let client = match self.random.of(fitting) {
            Some(client) => client,
            None => match self.random.of(policy.clients.values()) {
                Some(client) => client,
                None => return,
            },
        };
        let registration = match client.issuer {
            None => "metadata_document",
            Some(_) => "preregistered",
        };
        call["client"] = json!({
            "id": client.id, "issuer": client.issuer, "registration": registration,
            "status": "approved", "metadata_digest": null,
        });
    }

    fn token(&mut self, call: &mut Value, capability: &Capability) {
        let policy = &self.world.policy;
        let mut scopes = self.random.of(&capability.needs).cloned().unwrap_or_default();
        let declared = policy.servers.get(&capability.server).map(|server| &server.scopes);
        // One that implies it serves as well.
        for scope in scopes.clone() {
            let above = declared.into_iter().flatten().filter(|(_, one)| one.contains(&scope));
            if let Some((above, _)) = self.random.of(above)
                && self.random.chance(30)
            {
                scopes.remove(&scope);
                scopes.insert(above.clone());
            }
        }
        if self.random.chance(20) {
            scopes.insert(String::from("unknown-scope"));
        }
        let age = *self.random.pick(&[0, 10, 89, 90, 300, 3_000]);
        let mut token = json!({
            "kind": "oauth", "issuer": call["user"]["issuer"], "audience": [call["server"]],
            "subject": call["user"]["subject"], "client_id": call["client"]["id"],
            "scopes": scopes, "issued_at": NOW - age, "expires_at": NOW + 1 + age,
        });
        if self.random.chance(70) {
            token["auth_time"] = json!(NOW - self.random.pick(&[0, 90, 299, 300, 3_599, 90_000]));
        }
        if self.random.chance(60) {
            token["acr"] = json!(self.random.pick(&["phr", "mfa", "pwd"]));
        }
        call["credential"] = token;
    }

    fn object(&mut self, parameters: &BTreeMap<String, Parameter>) -> Value {
        let mut object = Map::new();
        for (name, parameter) in parameters {
            if parameter.required || self.random.chance(50) {
                object.insert(name.clone(), self.value_of(&parameter.kind));
            }
        }
        if self.random.chance(10) {
            object.insert(String::from("unread"), json!([{"any": ["thing", 1.5]}]));
        }
        Value::Object(object)
    }

    fn string(&mut self) -> Value {
        match self.random.chance(60) {
            true => json!(self.random.pick(&STRINGS)),
            false => json!(self.random.pick(&PATHS)),
        }
    }

    fn value_of(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::String => self.string(),
            Kind::Boolean => json!(self.random.chance(50)),
            Kind::Integer => self.integer(),
            Kind::Array(element) => {
                let count = self.random.below(4);
                (0..count).map(|_| self.value_of(element)).collect()
            }
            Kind::Object(members) => self.object(members),
            Kind::Other => json!({"some": "thing"}),
        }
    }

    fn integer(&mut self) -> Value {
        let number = *self.random.pick(&INTEGERS);
        match self.random.below(12) {
            0 => json!(number.saturating_add(1)),
            1 => json!(number.saturating_sub(1)),
            2 => json!(number.clamp(-100, 100) as f64),
            3 => json!(2.5),
            _ => json!(number),
        }
    }

    /// Tries to make a condition hold, by setting what it reads.
    fn satisfy(&mut self, call: &mut Value, condition: &Condition, in_deny: bool) {
        match condition {
            Condition::All(parts) => {
                for part in parts {
                    self.satisfy(call, part, in_deny);
                }
            }
            Condition::Any(parts) => {
                if let Some(part) = self.random.of(parts) {
                    self.satisfy(call, part, in_deny);
                }
            }
            Condition::Atom(atom) => self.satisfy_atom(call, atom, in_deny),
        }
    }

    fn satisfy_atom(&mut self, call: &mut Value, atom: &Atom, in_deny: bool) {
        if atom_holds(call, atom, in_deny) {
            return;
        }
        let mut values = self.candidates(call, atom);
        self.random.shuffle(&mut values);
        for value in values {
            let mut changed = call.clone();
            let value = match atom.quantifier {
                None => value,
                Some(Quantifier::All) => json!([value.clone(), value]),
                Some(Quantifier::Any) => json!([self.string(), value]),
            };
            set(&mut changed, &atom.operand, value);
            if atom_holds(&changed, atom, in_deny) {
                *call = changed;
                return;
            }
        }
    }

    /// Values that may or may not pass an atom's test: its constants and what is close to them.
    fn candidates(&mut self, call: &Value, atom: &Atom) -> Vec<Value> {
        let near = |number: i64| {
            [number.saturating_sub(1), number, number.saturating_add(1)].map(|one| json!(one))
        };
        let mut values: Vec<Value> = match &atom.test {
            Test::Equals(literal) => vec![constant(literal)],
            Test::OneOf(literals) => literals.iter().map(constant).collect(),
            Test::LessThan(bound)
            | Test::AtMost(bound)
            | Test::MoreThan(bound)
            | Test::AtLeast(bound) => near(*bound).to_vec(),
            Test::Like(glob) => {
                let plain = glob.to_string();
                ["", "x", "/"]
                    .map(|part| {
                        json!(
                            plain.replace("\\*", "\u{0}").replace('*', part).replace('\u{0}', "*")
                        )
                    })
                    .to_vec()
            }
            Test::UnderFolder(folder) => {
                let folder = folder.trim_end_matches('/');
                [format!("{folder}/x"), format!("{folder}//./y"), format!("{folder}/../x")]
                    .map(|one| json!(one))
                    .to_vec()
            }
            Test::UnderNetwork(network) => {
                let base = network.to_string();
                vec![json!(base.split('/').next())]
            }
            Test::Has(member) => vec![json!([member]), json!(["other", member])],
            Test::SameAs(other) => get(call, other).into_iter().collect(),
            Test::Present => vec![json!("x"), Value::Null],
        };
        values.extend(STRINGS.iter().chain(&PATHS).map(|text| json!(text)));
        values.extend([json!(0), json!(100), json!(true), json!(false), json!(["x"])]);
        values.extend(ADDRESSES.map(|address| json!(address)));
        if let Attribute::Argument(argument) = &atom.operand.attribute
            && argument.kind == ArgumentType::String
            && atom.operand.view.is_some()
        {
            values.extend(FOLDERS.map(|folder| json!(folder)));
        }
        values
    }

    /// Tries to make a `deny` hold.
    fn deny(&mut self, call: &mut Value) {
        let policy = &self.world.policy;
        let (server, tool) = (call["server"].clone(), call["target"].clone());
        let concerned: Vec<&Rule> = policy
            .rules
            .values()
            .filter(|rule| match &rule.effect {
                Effect::Deny { targets } => targets.iter().any(|target| match target {
                    Target::Access(_) => true,
                    Target::Capability(name) => policy.capabilities.get(name).is_some_and(|one| {
                        let identity = policy.servers.get(&one.server).map(|one| &one.identity);
                        identity.map(String::as_str) == server.as_str()
                            && tool.as_str().is_some_and(|tool| one.tools.contains(tool))
                    }),
                }),
                Effect::Allow { .. } => false,
            })
            .collect();
        if let Some(rule) = self.random.of(concerned)
            && let Some(condition) = &rule.when
        {
            self.satisfy(call, condition, true);
        }
    }

    /// Adds a receipt: a good one for some terms, or one that is wrong in some way.
    fn receipt(&mut self, call: &mut Value, terms: Option<&String>) {
        let good = terms.is_some();
        let names: Vec<&String> = self.world.content.terms.keys().collect();
        let Some(name) = terms.or_else(|| self.random.of(names)) else { return };
        let Some(known) = self.world.content.terms.get(name) else { return };
        let now = call["now"].as_i64().unwrap_or(NOW);
        let given = now - *self.random.pick(&[0, 1, 60, 80, 89]);
        let id = format!("r-{}", self.random.below(5));
        let purpose = self.random.of(&known.purposes).cloned();
        let mut receipt = json!({
            "id": id, "terms": name, "digest": known.digest,
            "user": {"issuer": call["user"]["issuer"], "subject": call["user"]["subject"]},
            "client": {"id": call["client"]["id"], "issuer": call["client"]["issuer"]},
            "server": call["server"], "purpose": purpose, "given_at": given,
            "expires_at": null, "withdrawn_at": null,
        });
        if good {
            if self.random.chance(50) {
                receipt["expires_at"] = json!(now + 1 + *self.random.pick(&[0, 100, 1_000_000]));
            }
            if purpose.is_some() && (known.purpose_required || self.random.chance(50)) {
                call["purpose"] = json!(purpose);
            }
        } else {
            for _ in 0..(1 + self.random.below(2)) {
                self.spoil(&mut receipt, now);
            }
        }
        if let Some(receipts) = call["receipts"].as_array_mut() {
            receipts.push(receipt);
        }
    }

    fn spoil(&mut self, receipt: &mut Value, now: i64) {
        match self.random.below(12) {
            0 => receipt["expires_at"] = json!(now),
            1 => receipt["expires_at"] = json!(now.saturating_sub(5)),
            2 => receipt["given_at"] = json!(now.saturating_sub(10_000_000)),
            3 => receipt["given_at"] = json!(now.saturating_add(1)),
            4 => receipt["withdrawn_at"] = json!(now),
            5 => {
                let given = receipt["given_at"].as_i64().unwrap_or_default();
                receipt["withdrawn_at"] =
                    json!(given.saturating_add(*self.random.pick(&[-1, 0, 1])));
            }
            6 => receipt["digest"] = json!(format!("sha256-{}", "0".repeat(64))),
            7 => receipt["user"]["subject"] = json!("mallory"),
            8 => receipt["client"]["issuer"] = json!("https://elsewhere.example"),
            9 => receipt["server"] = json!("https://mcp.example.com/gamma"),
            10 => receipt["given_at"] = json!(*self.random.pick(&[i64::MIN, i64::MAX])),
            _ => receipt["given_at"] = json!(now.saturating_sub(*self.random.pick(&[60, 89, 90]))),
        }
    }

    /// Breaks a link of the chain, or something else that matters.
    pub fn break_something(&mut self, call: &mut Value) {
        let random = &mut self.random;
        match random.below(50) {
            0 => call["server"] = json!(random.pick(&["https://x.example", "alpha", "local:disk"])),
            1 => call["operation"] = json!("resources/read"),
            2 => call["target"] = json!(random.pick(&["nothing", "", "create_issue "])),
            3 => call["target"] = json!(ALPHA[random.below(ALPHA.len())].0),
            4 => call["tool_digest"] = json!(format!("sha256-{}", "1".repeat(64))),
            5 => {
                let tool = self
                    .world
                    .policy
                    .servers
                    .values()
                    .find(|server| call["server"] == server.identity.as_str())
                    .and_then(|server| {
                        server.catalogue.tools.get(call["target"].as_str().unwrap_or_default())
                    });
                call["tool_digest"] = json!(tool.and_then(|tool| tool.digest.clone()));
            }
            6 => {
                let mut deep = json!({});
                for _ in 0..*random.pick(&[62, 63, 64, 65]) {
                    deep = json!({ "d": deep });
                }
                call["arguments"] = match random.below(4) {
                    0 => json!([]),
                    1 => json!("text"),
                    2 => Value::Null,
                    _ => deep,
                };
            }
            7 => call["client"]["id"] = json!("https://evil.example/c.json"),
            8 => call["client"]["status"] = json!("pending"),
            9 => call["client"]["status"] = json!("blocked"),
            10 => {
                call["client"]["registration"] =
                    json!(random.pick(&["preregistered", "metadata_document", "dynamic"]));
            }
            11 => {
                call["client"]["issuer"] = json!(*random.pick(&[Some(FIRST), Some(SECOND), None]))
            }
            12 => call["credential"] = Value::Null,
            13 => call["credential"] = json!({"kind": "local"}),
            14..=24 if call["credential"]["kind"] == "oauth" => {
                let token = &mut call["credential"];
                match random.below(14) {
                    0 => {
                        token["issuer"] =
                            json!(random.pick(&[FIRST, SECOND, "https://evil.example"]))
                    }
                    1 => token["audience"] = json!(["https://mcp.example.com/", "x"]),
                    2 => token["audience"] = json!([]),
                    3 => token["expires_at"] = json!(NOW),
                    4 => token["expires_at"] = json!(*random.pick(&[i64::MIN, 0, i64::MAX])),
                    5 => token["expires_at"] = Value::Null,
                    6 => token["issued_at"] = json!(*random.pick(&[NOW + 1, i64::MAX, i64::MIN])),
                    7 => token["issued_at"] = Value::Null,
                    8 => token["subject"] = json!("mallory"),
                    9 => token["client_id"] = json!("https://evil.example/c.json"),
                    10 => token["auth_time"] = json!(*random.pick(&[NOW + 50, i64::MIN, NOW])),
                    11 => token["auth_time"] = Value::Null,
                    12 => token["acr"] = Value::Null,
                    _ => token["scopes"] = json!(["view", "View", ""]),
                }
            }
            25 => call["user"] = Value::Null,
            26 if call["user"].is_object() => {
                call["user"]["issuer"] = json!(random.pick(&[FIRST, SECOND]))
            }
            27 if call["user"].is_object() => {
                call["user"]["subject"] = json!(random.pick(&SUBJECTS))
            }
            28 if call["user"].is_object() => {
                call["user"]["claims"] = json!({"groups": "eng", "realm": {"roles": ["ops"]}})
            }
            29 | 30 if call["credential"]["scopes"].is_array() => {
                let mut scopes =
                    call["credential"]["scopes"].as_array().cloned().unwrap_or_default();
                scopes.pop();
                call["credential"]["scopes"] = json!(scopes);
            }
            42 => call["receipts"] = json!([]),
            31..=37 => {
                let now = call["now"].as_i64().unwrap_or(NOW);
                let mut receipts = call["receipts"].as_array().cloned().unwrap_or_default();
                let copies = self.random.below(3);
                for _ in 0..copies {
                    receipts.extend(self.random.of(&receipts).cloned());
                }
                for receipt in &mut receipts {
                    for _ in 0..self.random.below(3) {
                        self.spoil(receipt, now);
                    }
                    receipt["id"] = json!(format!("r-{}", self.random.below(5)));
                }
                self.random.shuffle(&mut receipts);
                call["receipts"] = json!(receipts);
            }
            43 => call["purpose"] = json!(random.pick(&["triage", "theft", "", "release"])),
            44 => call["purpose"] = Value::Null,
            38 => call["address"] = json!(random.pick(&ADDRESSES)),
            39 => call["address"] = Value::Null,
            40 => {
                let now = [NOW - 100, NOW + 1, NOW + 60, NOW + 100_000, i64::MIN, i64::MAX - 1];
                call["now"] = json!(random.pick(&now));
            }
            _ => self.break_argument(call),
        }
    }

    fn break_argument(&mut self, call: &mut Value) {
        let names: Vec<String> = call["arguments"]
            .as_object()
            .map(|members| members.keys().cloned().collect())
            .unwrap_or_default();
        let Some(name) = self.random.of(names) else { return };
        let value = match self.random.below(9) {
            0 => Value::Null,
            1 => json!({"page_id": 7}),
            2 => json!([]),
            3 => json!([self.string(), 5, null]),
            4 => self.integer(),
            5 => json!(*self.random.pick(&[1e3, 9_007_199_254_740_994.0, 1e300, 5.0, -0.0])),
            6 => json!(*self.random.pick(&[u64::MAX, 9_223_372_036_854_775_808])),
            7 => json!(true),
            _ => self.string(),
        };
        if self.random.chance(20)
            && let Some(members) = call["arguments"].as_object_mut()
        {
            members.remove(&name);
        } else {
            call["arguments"][name] = value;
        }
    }
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::String(text) => json!(text),
        Literal::Boolean(truth) => json!(truth),
        Literal::Integer(number) => json!(number),
        Literal::Address(address) => json!(address.to_string()),
    }
}

fn set_claim(claims: &mut Value, path: &[&str], value: Value) {
    match path.split_first() {
        None => *claims = value,
        Some((first, rest)) => {
            if !claims.is_object() {
                *claims = json!({});
            }
            set_claim(&mut claims[*first], rest, value);
        }
    }
}

/// What an operand reads, where that is an argument or the user's subject.
fn get(call: &Value, operand: &Operand) -> Option<Value> {
    match &operand.attribute {
        Attribute::Argument(argument) => {
            let mut value = &call["arguments"];
            for name in &argument.path {
                value = value.get(name)?;
            }
            Some(value.clone())
        }
        Attribute::UserSubject => Some(call["user"]["subject"].clone()),
        _ => None,
    }
}

/// Sets what an operand reads, where that can be set without breaking the call's other links.
fn set(call: &mut Value, operand: &Operand, value: Value) {
    let now = call["now"].as_i64().unwrap_or(NOW);
    let number = value.as_i64();
    let oauth = call["credential"]["kind"] == "oauth";
    match (&operand.attribute, number) {
        (Attribute::Argument(argument), _) => {
            let path: Vec<&str> = argument.path.iter().map(String::as_str).collect();
            set_claim(&mut call["arguments"], &path, value);
        }
        (Attribute::UserSubject, _) if value.is_string() => {
            call["user"]["subject"] = value.clone();
            if oauth {
                call["credential"]["subject"] = value;
            }
        }
        (Attribute::CallAddress, _) if value.is_string() || value.is_null() => {
            let text = value.as_str().unwrap_or("0.0.0.0");
            if text.parse::<std::net::IpAddr>().is_ok() {
                call["address"] = value;
            }
        }
        (Attribute::TokenAcr, _) if oauth && (value.is_string() || value.is_null()) => {
            call["credential"]["acr"] = value;
        }
        (Attribute::TokenAge, Some(age)) if oauth => {
            call["credential"]["issued_at"] = json!(now.saturating_sub(age));
        }
        (Attribute::TokenAuthAge, Some(age)) if oauth => {
            call["credential"]["auth_time"] = json!(now.saturating_sub(age));
        }
        (Attribute::TokenLifetime, Some(length)) if oauth && length > 1 => {
            call["credential"]["issued_at"] = json!(now - length / 2);
            call["credential"]["expires_at"] = json!(now - length / 2 + length);
        }
        _ => {}
    }
}
