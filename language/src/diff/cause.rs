//! Causes: which inputs of a version make a difference, found by switching one at a time.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use placet_engine::Engine;
use placet_engine::call::{Call, Receipt};

use crate::diff::compare::{Difference, Pair, Side, confirmed_by};
use crate::diff::finding::Cause;
use crate::files::Files;
use crate::limits::Limits;
use crate::lock;
use crate::lower::compile;
use crate::model::check;
use crate::model::fact::is_component;
use crate::reach::allowed::{Joint, Judge, Renewed};
use crate::reach::names::Names;
use crate::reach::point;
use crate::reach::slice::{Admission, Consent, Slice};

/// A version that is the old one but for one input, which is the new one's.
pub struct Switched {
    /// The input.
    pub cause: Cause,
    /// The version.
    pub engine: Engine,
}

/// The old version with one input at a time switched to the new one's: its catalogues, its components,
/// its lock. One that is no other, or does not check, tells nothing and is left out.
pub fn switched(old: &dyn Files, new: &dyn Files, limits: &Limits) -> Vec<Switched> {
    let version = |switched: Cause| {
        let mixed = Mixed { old, new, switched, differs: Cell::new(false) };
        let policy = check(&mixed, limits).policy.filter(|_| mixed.differs.get())?;
        let engine = Engine::load(&compile(&policy).ok()?, &placet_engine::Limits::default());
        Some(Switched { cause: switched, engine: engine.ok()? })
    };
    [Cause::Catalogue, Cause::Component, Cause::Lock].into_iter().filter_map(version).collect()
}

/// The old version's files, but for those of one input.
struct Mixed<'f> {
    old: &'f dyn Files,
    new: &'f dyn Files,
    switched: Cause,
    /// Whether anything of that input that was looked at is another.
    differs: Cell<bool>,
}

impl Mixed<'_> {
    fn choose<T: PartialEq>(&self, input: Cause, old: T, new: impl FnOnce() -> T) -> T {
        if input != self.switched {
            return old;
        }
        let new = new();
        self.differs.set(self.differs.get() || new != old);
        new
    }
}

impl Files for Mixed<'_> {
    fn list(&self) -> Result<Vec<String>, String> {
        self.old.list()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        let old = self.old.read(path, limit);
        let input = match (path, &old) {
            (lock::FILE, _) => Cause::Lock,
            (path, _) if path.ends_with(".placet") => Cause::Policy,
            (_, Ok(bytes)) if is_component(bytes) => Cause::Component,
            _ => Cause::Catalogue,
        };
        self.choose(input, old, || self.new.read(path, limit))
    }

    fn has_lock(&self) -> Result<bool, String> {
        self.choose(Cause::Lock, self.old.has_lock(), || self.new.has_lock())
    }
}

/// The inputs that are enough by themselves to allow a call; where none is, those without which it
/// would not be.
pub(super) fn causes(
    pair: &Pair<'_>,
    (old, new): (Side<'_>, Side<'_>),
    difference: &Difference,
    switched: &[Switched],
    names: &Names,
) -> BTreeSet<Cause> {
    let call = &difference.call;
    let allows =
        |engine: &Engine| engine.decide(&confirmed_by(call, new.engine, engine)).is_allow();
    let alone = switched.iter().filter(|one| allows(&one.engine));
    let alone: BTreeSet<Cause> = alone.map(|one| one.cause).collect();
    if !alone.is_empty() {
        return alone;
    }
    let Some(slice) = pair.old else {
        let servers = old.engine.content().servers.values();
        let server = servers.into_iter().find(|server| server.identity == pair.server);
        let known = server
            .is_some_and(|server| server.features().any(|(feature, _)| feature == *pair.feature));
        return BTreeSet::from([if known { Cause::Policy } else { Cause::Catalogue }]);
    };
    let before = Inputs { slice: slice.clone(), admission: &old.sliced.admission };
    let after = Inputs { slice: pair.new.clone(), admission: &new.sliced.admission };
    let allows = |inputs: &Inputs<'_>| inputs.allow(call, difference, names);
    // What users newly agree to is the policy's; the lock only remembers.
    let is_current = |receipt: &Receipt| {
        new.engine.content().terms.values().any(|terms| terms.digest == receipt.digest)
    };
    let remembers = !call.receipts.iter().all(is_current);
    let inputs = ALL.into_iter().filter(|cause| *cause != Cause::Lock || remembers);
    let alone: BTreeSet<Cause> =
        inputs.filter(|cause| allows(&before.with(*cause, &after))).collect();
    if !alone.is_empty() {
        return alone;
    }
    let needed = ALL.into_iter().filter(|cause| *cause != Cause::Lock);
    needed.filter(|cause| !allows(&after.with(*cause, &before))).collect()
}

const ALL: [Cause; 7] = [
    Cause::Policy,
    Cause::Catalogue,
    Cause::Component,
    Cause::Scopes,
    Cause::Clients,
    Cause::Server,
    Cause::Lock,
];

#[derive(Clone)]
struct Inputs<'i> {
    slice: Slice,
    admission: &'i Admission,
}

impl Inputs<'_> {
    fn allow(&self, call: &Call, difference: &Difference, names: &Names) -> bool {
        let Some(client) = difference.clients.first() else { return false };
        let Some(admitted) = client.admitted(self.admission, &self.slice.server) else {
            return false;
        };
        let context = &difference.context;
        let mut joint = Joint::of(&[&self.slice]);
        joint.receipts.extend(call.receipts.iter().map(|one| crate::reach::expression::Receipt {
            terms: one.terms.clone(),
            digest: one.digest.clone(),
            age: call.now.saturating_sub(one.given_at),
            purpose: one.purpose.clone(),
        }));
        let judge = Judge {
            names,
            slice: &self.slice,
            context,
            admitted: &admitted,
            fixed: &context.fixed,
            joint: &joint,
            renewed: Renewed::Nothing,
        };
        point::holds(&judge.allowed(), call, names)
    }
}

impl<'i> Inputs<'i> {
    /// The same, with one input of another version.
    fn with(&self, cause: Cause, other: &Self) -> Self {
        let mut with = self.clone();
        let theirs = &other.slice;
        match cause {
            Cause::Policy => {
                with.slice.paths.clone_from(&theirs.paths);
                with.slice.denies.clone_from(&theirs.denies);
                with.slice.requires.clone_from(&theirs.requires);
                with.slice.access = theirs.access;
                with.slice.confirms = theirs.confirms;
                with.slice = with.slice.computed_as_in(&self.slice);
            }
            Cause::Component => {
                let recomputed = with.slice.clone().computed_as_in(theirs);
                if !recomputed.says_the_same(&with.slice) {
                    with.slice = recomputed;
                    // Terms pin the components.
                    with.slice.agree(theirs);
                }
            }
            Cause::Catalogue => with.slice.definition = theirs.definition.clone(),
            Cause::Scopes => {
                let mut server = with.slice.server.as_ref().clone();
                server.scopes.clone_from(&theirs.server.scopes);
                with.slice.server = Rc::new(server);
            }
            Cause::Server => {
                let mut server = theirs.server.as_ref().clone();
                server.scopes.clone_from(&with.slice.server.scopes);
                with.slice.server = Rc::new(server);
            }
            Cause::Clients => with.admission = other.admission,
            Cause::Lock => with.slice.agree(theirs),
        }
        with
    }
}

impl Slice {
    /// Lets the receipts count that count for the same consents in another slice.
    fn agree(&mut self, other: &Self) {
        let agreed = |consent: &mut Option<Rc<Consent>>| {
            let Some(own) = consent else { return };
            if let Some(same) = other.consents().find(|one| one.names == own.names) {
                let receipts = same.receipts.clone();
                *own = Rc::new(Consent { receipts, ..own.as_ref().clone() });
            }
        };
        self.paths.iter_mut().for_each(|(path, _)| agreed(&mut path.under));
        self.requires.iter_mut().for_each(|(bound, _)| agreed(&mut bound.asks));
    }
}
