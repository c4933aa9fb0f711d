//! Drift: how each catalogue differs from what somebody reviewed.
//!
//! What was reviewed is in the lock: of each tool what bears on privilege, and the digest of the rest.
//! Without a lock, what a server says today is compared with the catalogue beside the policy. With
//! both, prose is compared with that catalogue too, since a lock holds none.

use std::collections::BTreeMap;

use placet_engine::bundle::Feature;

use crate::catalogue::drift::{Change, Event, compare};
use crate::catalogue::{self, Catalogue, Tool, Untranslatable};
use crate::diagnostic::Diagnostic;
use crate::files::{Files, Over};
use crate::limits::Limits;
use crate::lint::Unchecked;
use crate::lint::subject::Subject;
use crate::lock::{Lock, LockedTool};
use crate::model;

/// What moved on a server.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// The events of each tool and prompt that has any.
    pub(crate) events: BTreeMap<Feature, Vec<Event>>,
    /// What is wrong with the policy over what the server says today.
    pub(crate) broken: Vec<Diagnostic>,
}

impl Moved {
    /// The features with events that a rule is about, and these events.
    pub(crate) fn of(
        &self,
        is: impl Fn(&Event) -> bool,
    ) -> impl Iterator<Item = (&Feature, Vec<&Event>)> {
        self.events.iter().filter_map(move |(feature, events)| {
            let events: Vec<&Event> = events.iter().filter(|event| is(event)).collect();
            (!events.is_empty()).then_some((feature, events))
        })
    }
}

pub(crate) fn moved<'s>(
    subject: &Subject<'s>,
    files: &dyn Files,
    limits: &Limits,
    unchecked: &mut Vec<Unchecked>,
) -> BTreeMap<&'s str, Moved> {
    let mut all = BTreeMap::new();
    for server in &subject.servers {
        let name = server.name.text.as_str();
        let live = subject.world.live.get(name).and_then(|live| live.catalogue.as_ref());
        let served = live.map(|answer| {
            let bytes = answer.as_ref().map_err(Clone::clone)?;
            let catalogue = catalogue::read(bytes).map_err(|error| error.to_string())?;
            Ok((bytes, catalogue))
        });
        let served = match served.transpose() {
            Ok(served) => served,
            Err(why) => {
                let what = format!("what `{name}` serves today");
                unchecked.push(Unchecked { what, why });
                None
            }
        };
        let beside = &server.is.catalogue;
        let locked = subject.policy.lock.as_ref().and_then(|lock| reviewed(lock, name));
        let today = served.as_ref().map_or(beside, |(_, catalogue)| catalogue);
        let mut moved = Moved::default();
        if let Some(locked) = &locked {
            moved.events = compare(locked, today).events;
        }
        if let Some((bytes, today)) = served {
            moved.add(compare(beside, &today).events, locked.is_some());
            if let Some(file) = server.catalogue_file(subject.places) {
                let over = Over { files, instead: BTreeMap::from([(file, bytes.clone())]) };
                let checked = model::check(&over, limits).diagnostics.into_iter();
                moved.broken = checked.filter(Diagnostic::is_error).collect();
            }
        }
        all.insert(name, moved);
    }
    all
}

impl Moved {
    /// Adds what the definitions tell beside a lock, which says of prose only that it differs.
    fn add(&mut self, events: BTreeMap<Feature, Vec<Event>>, is_locked: bool) {
        for (feature, events) in events {
            let known = self.events.entry(feature).or_default();
            for event in events {
                let is_known = known
                    .iter()
                    .any(|one| (one.change, &one.place) == (event.change, &event.place));
                if is_known || (is_locked && !is_prose(&event)) {
                    continue;
                }
                known.retain(|one| one.change != Change::Other);
                known.push(event);
            }
        }
        self.events.retain(|_, events| !events.is_empty());
    }
}

/// Whether an event is of a text that only people and models read.
fn is_prose(event: &Event) -> bool {
    event.is_suspicious()
        || matches!(event.change, Change::Prose | Change::Cosmetic | Change::Renamed)
}

/// A catalogue as far as a lock knows it.
fn reviewed(lock: &Lock, server: &str) -> Option<Catalogue> {
    let locked = lock.servers.get(server)?;
    let tools = |tools: &BTreeMap<String, LockedTool>| -> BTreeMap<String, Tool> {
        let known = tools.iter().filter_map(|(name, tool)| {
            let shape = lock.shapes.get(tool.shape.as_ref()?)?.clone();
            let arguments = Err(Untranslatable(String::from("a lock holds its shape only")));
            let digest = tool.definition.clone();
            let says_destructive = false;
            Some((
                name.clone(),
                Tool { digest, arguments, shape, says_destructive, definition: None },
            ))
        });
        known.collect()
    };
    Some(Catalogue { tools: tools(&locked.tools), prompts: tools(&locked.prompts) })
}
