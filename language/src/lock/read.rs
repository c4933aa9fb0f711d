//! Reading a lock: in any order of lines, so that branches merge, and only as it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use placet_engine::Digest;
use placet_engine::condition::quote;
use placet_engine::resource::Pattern;
use serde_json::Value;

use crate::catalogue::Shape;
use crate::lock::line::Words;
use crate::lock::write::{FORMAT, lines, read_level};
use crate::lock::{Grant, Lock, Pinned, Version};

/// What is wrong with a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockError {
    /// The line, from 1; `None` where a line is missing.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for LockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for LockError {}

/// A lock whose lines are being gathered.
#[derive(Default)]
struct Gathered {
    lock: Lock,
    /// The names and places of each shape.
    shapes: BTreeMap<Digest, BTreeMap<String, Value>>,
}

/// Reads a lock.
///
/// # Errors
///
/// Everything that is wrong with it: a newer format, a merge that was not finished, a line that is
/// none, contradicts another or is not as [`write`](crate::lock::write) writes it, and a digest that
/// is not that of its lines.
pub fn read(text: &str) -> Result<Lock, Vec<LockError>> {
    let numbered: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let at =
        |line: usize, message: &str| LockError { line: Some(line), message: message.to_owned() };
    if numbered.first().is_none_or(|(_, first)| *first != FORMAT) {
        return Err(vec![at(1, &format!("a lock starts with the line `{FORMAT}`"))]);
    }
    let is_fact =
        |(number, line): &(usize, &str)| *number > 1 && !line.is_empty() && !line.starts_with('#');
    let facts: Vec<(usize, &str)> = numbered.into_iter().filter(is_fact).collect();
    let is_mark = |line: &str| {
        ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark))
    };
    if let Some((number, _)) = facts.iter().find(|(_, line)| is_mark(line)) {
        let message =
            "a merge was not finished here: keep the lines of both sides, without the marks";
        return Err(vec![at(*number, message)]);
    }
    let mut gathered = Gathered::default();
    let mut wrong = Vec::new();
    for (number, line) in &facts {
        if gathered.fact(line).is_none() {
            wrong.push(at(*number, "no line of a lock reads like this"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let lock = gathered.finish()?;
    let written = lines(&lock);
    for (number, line) in &facts {
        if !written.contains(*line) {
            let message = "another line says otherwise, or this is not how the line is written";
            wrong.push(at(*number, message));
        }
    }
    let read: BTreeSet<&str> = facts.iter().map(|(_, line)| *line).collect();
    let missing = written.iter().filter(|line| !read.contains(line.as_str()));
    wrong.extend(missing.map(|line| LockError {
        line: None,
        message: format!("a line is missing: perhaps {}", quote(line)),
    }));
    if wrong.is_empty() { Ok(lock) } else { Err(wrong) }
}

impl Gathered {
    /// Takes in a line; `None` where it is no fact.
    fn fact(&mut self, line: &str) -> Option<()> {
        let mut words = Words::new(line);
        match words.word()? {
            "server" => self.server(&mut words)?,
            "capability" => self.capability(&mut words)?,
            "client" => self.client(&mut words)?,
            "component" => {
                let (file, component) = (words.text()?, digest(&mut words)?);
                self.lock.components.insert(file, component);
            }
            "terms" => self.terms(&mut words)?,
            "grant" => self.grant(&mut words)?,
            "shape" => {
                let facts = self.shapes.entry(digest(&mut words)?).or_default();
                facts.insert(words.text()?, words.json()?);
            }
            _ => return None,
        }
        words.is_done().then_some(())
    }

    fn server(&mut self, words: &mut Words<'_>) -> Option<()> {
        let server = self.lock.servers.entry(words.word()?.to_owned()).or_default();
        let defined = match words.word()? {
            "resource" => {
                server.identity = words.text()?;
                return Some(());
            }
            "issuer" => {
                server.issuers.insert(words.text()?);
                return Some(());
            }
            "scope" => {
                let implied = server.scopes.entry(words.text()?).or_default();
                if !words.is_done() {
                    implied
                        .insert(words.word().filter(|word| *word == "implies").and(words.text())?);
                }
                return Some(());
            }
            "tool" => &mut server.tools,
            "prompt" => &mut server.prompts,
            _ => return None,
        };
        let tool = defined.entry(words.text()?).or_default();
        match (words.word()?, words.word()?) {
            ("definition", "none") => tool.definition = None,
            ("definition", digest) => tool.definition = Some(Digest::parse(digest)?),
            ("shape", digest) => tool.shape = Some(Digest::parse(digest)?),
            _ => return None,
        }
        Some(())
    }

    fn capability(&mut self, words: &mut Words<'_>) -> Option<()> {
        let capability = self.lock.capabilities.entry(words.word()?.to_owned()).or_default();
        match words.word()? {
            "server" => words.word()?.clone_into(&mut capability.server),
            "access" => capability.access = read_level(words.word()?)?,
            "needs" => {
                let mut scopes = BTreeSet::new();
                while !words.is_done() {
                    scopes.insert(words.text()?);
                }
                capability.needs.insert(scopes);
            }
            "tool" => {
                capability.tools.insert(words.text()?);
            }
            "prompt" => {
                capability.prompts.insert(words.text()?);
            }
            "resources" => {
                capability.resources.insert(Pattern::parse(&words.text()?).ok()?);
            }
            _ => return None,
        }
        Some(())
    }

    fn client(&mut self, words: &mut Words<'_>) -> Option<()> {
        let client = self.lock.clients.entry(words.word()?.to_owned()).or_default();
        match words.word()? {
            "id" => client.id = words.text()?,
            "issuer" => client.issuer = Some(words.text()?),
            "owner" => client.owner = Some(words.text()?),
            "metadata" => client.metadata = Some(digest(words)?),
            _ => return None,
        }
        Some(())
    }

    fn terms(&mut self, words: &mut Words<'_>) -> Option<()> {
        let name = words.word()?;
        let digest_of_terms = digest(words)?;
        let version = self.lock.terms.entry(digest_of_terms.clone()).or_default();
        name.clone_into(&mut version.name);
        match words.word()? {
            "text" => version.text = words.text()?,
            "purpose" => {
                version.purposes.insert(words.text()?);
            }
            "replaced" => {
                let days = self.lock.replaced.entry(digest_of_terms).or_default();
                days.insert(words.word()?.parse().ok()?);
            }
            "lasts" => version.lasts = Some(words.word()?.parse().ok()?),
            "grants" => {
                version.grants.insert(digest(words)?);
            }
            _ => return None,
        }
        Some(())
    }

    fn grant(&mut self, words: &mut Words<'_>) -> Option<()> {
        let grant = self.lock.grants.entry(digest(words)?).or_default();
        match words.word()? {
            "description" => grant.description = words.text()?,
            "access" => grant.access = read_level(words.word()?)?,
            // For people: the next line says the same, with types.
            "where" => {
                words.text()?;
            }
            "condition" => grant.condition = Some(serde_json::from_value(words.json()?).ok()?),
            "tool" => {
                grant.tools.insert(words.text()?, pinned(words)?);
            }
            "prompt" => {
                grant.prompts.insert(words.text()?, pinned(words)?);
            }
            "resources" => {
                grant.resources.insert(words.text()?, read_level(words.word()?)?);
            }
            _ => return None,
        }
        Some(())
    }

    /// Checks that every digest is that of its lines, and that what is referred to is there.
    fn finish(mut self) -> Result<Lock, Vec<LockError>> {
        let mut wrong = Vec::new();
        let mut say = |message: String| wrong.push(LockError { line: None, message });
        let altered = |what: &str, digest: &Digest| {
            format!(
                "the lines of {what} {digest} are not those that the digest was taken of: one was \
                 lost, changed or added"
            )
        };
        for (digest, facts) in std::mem::take(&mut self.shapes) {
            match Shape::from_facts(&facts).filter(|shape| shape.digest() == digest) {
                Some(shape) => {
                    self.lock.shapes.insert(digest, shape);
                }
                None => say(altered("shape", &digest)),
            }
        }
        let lock = &self.lock;
        for (digest, _) in lock.grants.iter().filter(|(digest, grant)| grant.digest() != **digest) {
            say(altered("grant", digest));
        }
        let is_altered =
            |(digest, version): &(&Digest, &Version)| version.digest(&lock.grants) != **digest;
        for (digest, version) in lock.terms.iter().filter(is_altered) {
            say(altered(&format!("terms {}", version.name), digest));
        }
        let grants = lock.grants.values().flat_map(shapes);
        let servers = lock.servers.values();
        let tools = servers.flat_map(|server| server.tools.values().chain(server.prompts.values()));
        let shapes = grants.map(Some).chain(tools.map(|tool| tool.shape.as_ref()));
        let is_there = |shape: &Digest| lock.shapes.contains_key(shape);
        let lost = shapes.filter(|shape| !shape.is_some_and(is_there)).count();
        if lost > 0 && wrong.is_empty() {
            wrong.push(LockError {
                line: None,
                message: format!("the shapes of {lost} tools or prompts are missing"),
            });
        }
        if wrong.is_empty() { Ok(self.lock) } else { Err(wrong) }
    }
}

fn shapes(grant: &Grant) -> impl Iterator<Item = &Digest> {
    grant.tools.values().chain(grant.prompts.values()).map(|pinned| &pinned.shape)
}

fn digest(words: &mut Words<'_>) -> Option<Digest> {
    Digest::parse(words.word()?)
}

fn pinned(words: &mut Words<'_>) -> Option<Pinned> {
    Some(Pinned { access: read_level(words.word()?)?, shape: digest(words)? })
}
