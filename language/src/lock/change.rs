//! Changes of a lock: what somebody accepts who locks a policy again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use placet_engine::bundle::Feature;
use placet_engine::condition::quote;
use serde::Serialize;

use crate::catalogue::drift::{Direction, Event, compare_shapes};
use crate::lock::{Lock, LockedCapability, LockedClient, LockedServer, LockedTool};

/// What a change is about, by its name in the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A server.
    Server(String),
    /// A server's tool or prompt.
    Feature(String, Feature),
    /// A server's scope.
    Scope(String, String),
    /// A capability.
    Capability(String),
    /// A consent.
    Consent(String),
    /// A client.
    Client(String),
    /// A component, by its file.
    Component(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(name) => write!(formatter, "server {name}"),
            Self::Feature(server, Feature::Tool(name)) => {
                write!(formatter, "tool {server}/{name}")
            }
            Self::Feature(server, other) => write!(formatter, "prompt {server}/{}", other.name()),
            Self::Scope(server, scope) => write!(formatter, "scope {} on {server}", quote(scope)),
            Self::Capability(name) => write!(formatter, "capability {name}"),
            Self::Consent(name) => write!(formatter, "consent {name}"),
            Self::Client(name) => write!(formatter, "client {name}"),
            Self::Component(file) => write!(formatter, "component {}", quote(file)),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is otherwise than it was when it was reviewed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What changed, in a few words: `added`, `tool "delete_file" added`, `access from read to write`.
    pub what: String,
    /// Whether more is possible now.
    pub direction: Direction,
    /// Of a tool or a prompt, how its definition changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// What changed between two locks, in the order in which a lock is thought of: servers with their tools
/// and scopes, capabilities, consents, clients.
pub fn changes(before: &Lock, after: &Lock) -> Vec<Change> {
    let mut found = Found(Vec::new());
    let servers = |name: &str| Subject::Server(name.to_owned());
    found.each(&before.servers, &after.servers, servers, |found, name, was, is| {
        found.server(name, was, is, before, after);
    });
    let capabilities = |name: &str| Subject::Capability(name.to_owned());
    found.each(&before.capabilities, &after.capabilities, capabilities, Found::capability);
    found.consents(before, after);
    let clients = |name: &str| Subject::Client(name.to_owned());
    found.each(&before.clients, &after.clients, clients, Found::client);
    let components = |file: &str| Subject::Component(file.to_owned());
    found.each(&before.components, &after.components, components, |found, file, was, is| {
        if was != is {
            found.say(components(file), "another component", Direction::Incomparable);
        }
    });
    found.0
}

struct Found(Vec<Change>);

impl Found {
    fn say(&mut self, subject: Subject, what: impl Into<String>, direction: Direction) {
        self.0.push(Change { subject, what: what.into(), direction, events: Vec::new() });
    }

    /// Compares what is in both, and says what is in one only.
    fn each<T>(
        &mut self,
        before: &BTreeMap<String, T>,
        after: &BTreeMap<String, T>,
        subject: impl Fn(&str) -> Subject,
        compare: impl Fn(&mut Self, &str, &T, &T),
    ) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            match (before.get(name), after.get(name)) {
                (Some(was), Some(is)) => compare(self, name, was, is),
                (None, _) => self.say(subject(name), "added", Direction::Widens),
                (_, None) => self.say(subject(name), "removed", Direction::Narrows),
            }
        }
    }

    /// Says what came to a set, which widens, and what went.
    fn set(
        &mut self,
        subject: &Subject,
        what: &str,
        before: &BTreeSet<String>,
        after: &BTreeSet<String>,
    ) {
        for one in after.difference(before) {
            self.say(subject.clone(), format!("{what} {one} added"), Direction::Widens);
        }
        for one in before.difference(after) {
            self.say(subject.clone(), format!("{what} {one} removed"), Direction::Narrows);
        }
    }

    /// Says that a value is another.
    fn value(
        &mut self,
        subject: &Subject,
        what: &str,
        before: Option<String>,
        after: Option<String>,
        direction: Direction,
    ) {
        let none = || String::from("none");
        if before != after {
            let (before, after) = (before.unwrap_or_else(none), after.unwrap_or_else(none));
            self.say(subject.clone(), format!("{what} from {before} to {after}"), direction);
        }
    }

    fn server(
        &mut self,
        name: &str,
        was: &LockedServer,
        is: &LockedServer,
        before: &Lock,
        after: &Lock,
    ) {
        let subject = Subject::Server(name.to_owned());
        let identity = |server: &LockedServer| Some(quote(&server.identity));
        let other = Direction::Incomparable;
        self.value(&subject, "resource", identity(was), identity(is), other);
        self.set(&subject, "issuer", &quoted(&was.issuers), &quoted(&is.issuers));
        let scope = |scope: &str| Subject::Scope(name.to_owned(), scope.to_owned());
        self.each(&was.scopes, &is.scopes, scope, |found, name, was, is| {
            found.set(&scope(name), "implied scope", &quoted(was), &quoted(is));
        });
        self.defined(name, Feature::Tool, (before, &was.tools), (after, &is.tools));
        self.defined(name, Feature::Prompt, (before, &was.prompts), (after, &is.prompts));
    }

    /// Tools or prompts, each side with the lock that has their shapes.
    fn defined(
        &mut self,
        server: &str,
        feature: fn(String) -> Feature,
        (before, was): (&Lock, &BTreeMap<String, LockedTool>),
        (after, is): (&Lock, &BTreeMap<String, LockedTool>),
    ) {
        let shape = |lock: &Lock, tool: &LockedTool| {
            tool.shape.as_ref().and_then(|digest| lock.shapes.get(digest)).cloned()
        };
        let subject = |name: &str| Subject::Feature(server.to_owned(), feature(name.to_owned()));
        self.each(was, is, subject, |found, name, was, is| {
            if was == is {
                return;
            }
            let events = match (shape(before, was), shape(after, is)) {
                (Some(was), Some(is)) => compare_shapes(&was, &is),
                _ => Vec::new(),
            };
            let direction = Direction::of_all(&events);
            let what = match events.is_empty() {
                true => "another wording",
                false => "another definition",
            };
            let (subject, what) = (subject(name), what.to_owned());
            found.0.push(Change { subject, what, direction, events });
        });
    }

    fn capability(&mut self, name: &str, was: &LockedCapability, is: &LockedCapability) {
        let subject = Subject::Capability(name.to_owned());
        let other = Direction::Incomparable;
        self.value(&subject, "server", Some(was.server.clone()), Some(is.server.clone()), other);
        let access = |one: &LockedCapability| one.access.map(|access| access.to_string());
        let raised = if is.access > was.access { Direction::Widens } else { Direction::Narrows };
        self.value(&subject, "access", access(was), access(is), raised);
        // Whatever is needed by every set of scopes was needed before: less suffices, or other scopes.
        let fewer = |one: &LockedCapability, other: &LockedCapability| {
            one.needs.iter().any(|set| !other.needs.iter().any(|known| known.is_subset(set)))
        };
        let needs = |one: &LockedCapability| Some(needs(&one.needs));
        let direction = Direction::of(fewer(is, was), fewer(was, is));
        self.value(&subject, "needs", needs(was), needs(is), direction);
        self.set(&subject, "tool", &quoted(&was.tools), &quoted(&is.tools));
        self.set(&subject, "prompt", &quoted(&was.prompts), &quoted(&is.prompts));
        let patterns = |one: &LockedCapability| {
            one.resources.iter().map(|pattern| quote(&pattern.to_string())).collect()
        };
        self.set(&subject, "resources", &patterns(was), &patterns(is));
    }

    /// Consents are told by the terms that are not replaced.
    fn consents(&mut self, before: &Lock, after: &Lock) {
        let current = |lock: &Lock| {
            let mut current: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            let terms = lock.terms.iter().filter(|(digest, _)| !lock.replaced.contains_key(digest));
            for (digest, version) in terms {
                current.entry(version.name.clone()).or_default().insert(digest.to_string());
            }
            current
        };
        let subject = |name: &str| Subject::Consent(name.to_owned());
        self.each(&current(before), &current(after), subject, |found, name, was, is| {
            if was != is {
                let what = "other terms: users with receipts for the former ones keep what these \
                            cover, as `on change` says";
                found.say(subject(name), what, Direction::Neutral);
            }
        });
    }

    fn client(&mut self, name: &str, was: &LockedClient, is: &LockedClient) {
        let subject = Subject::Client(name.to_owned());
        let of = |client: &LockedClient| {
            [
                Some(quote(&client.id)),
                client.issuer.as_deref().map(quote),
                client.owner.as_deref().map(quote),
                client.metadata.as_ref().map(ToString::to_string),
            ]
        };
        let parts = [
            ("id", Direction::Incomparable),
            ("issuer", Direction::Incomparable),
            ("owner", Direction::Neutral),
            ("metadata", Direction::Incomparable),
        ];
        for (((what, direction), was), is) in parts.into_iter().zip(of(was)).zip(of(is)) {
            self.value(&subject, what, was, is, direction);
        }
    }
}

fn quoted(all: &BTreeSet<String>) -> BTreeSet<String> {
    all.iter().map(|one| quote(one)).collect()
}

/// Scope sets as a policy writes them.
fn needs(sets: &BTreeSet<BTreeSet<String>>) -> String {
    let set = |set: &BTreeSet<String>| match set.is_empty() {
        true => String::from("nothing"),
        false => set.iter().map(|scope| quote(scope)).collect::<Vec<_>>().join(" and "),
    };
    sets.iter().map(set).collect::<Vec<_>>().join(" or ")
}
