//! Causes: which inputs of a version make a difference, found by switching one at a time.

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
use crate::reach::allowed::{Judge, Renewed, receipts};
use crate::reach::names::Names;
use crate::reach::point;
use crate::reach::slice::{Admission, Bound, Consent, Origin, Path, Slice};

/// A version that is the old one but for one input, which is the new one's.
pub struct Switched {
    /// The input.
    pub cause: Cause,
    /// The version.
    pub engine: Engine,
}

/// The old version with one input at a time switched to the new one's: its catalogues, its lock. One
/// that does not check tells nothing, and is left out.
pub fn switched(old: &dyn Files, new: &dyn Files, limits: &Limits) -> Vec<Switched> {
    let mixed = [
        (Cause::Catalogue, Mixed { policy: old, catalogues: new, lock: old }),
        (Cause::Lock, Mixed { policy: old, catalogues: old, lock: new }),
    ];
    let engine = |mixed: &Mixed<'_>| {
        let bundle = compile(&check(mixed, limits).policy?).ok()?;
        Engine::load(&bundle, &placet_engine::Limits::default()).ok()
    };
    mixed
        .iter()
        .filter_map(|(cause, mixed)| Some(Switched { cause: *cause, engine: engine(mixed)? }))
        .collect()
}

/// A version whose files are of two.
struct Mixed<'f> {
    policy: &'f dyn Files,
    catalogues: &'f dyn Files,
    lock: &'f dyn Files,
}

impl Files for Mixed<'_> {
    fn list(&self) -> Result<Vec<String>, String> {
        self.policy.list()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        let from = match path {
            lock::FILE => self.lock,
            path if path.ends_with(".placet") => self.policy,
            _ => self.catalogues,
        };
        from.read(path, limit)
    }

    fn has_lock(&self) -> Result<bool, String> {
        self.lock.has_lock()
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

const ALL: [Cause; 6] =
    [Cause::Policy, Cause::Catalogue, Cause::Scopes, Cause::Clients, Cause::Server, Cause::Lock];

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
        let receipts = receipts(&[&self.slice]);
        let receipts = receipts
            .into_iter()
            .chain(call.receipts.iter().map(|one| crate::reach::expression::Receipt {
                terms: one.terms.clone(),
                digest: one.digest.clone(),
                age: call.now.saturating_sub(one.given_at),
                purpose: one.purpose.clone(),
            }))
            .collect();
        let judge = Judge {
            names,
            slice: &self.slice,
            context,
            admitted: &admitted,
            fixed: &context.fixed,
            receipts: &receipts,
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
            Cause::Lock => {
                let agreed = |consent: &mut Option<Rc<Consent>>| {
                    let Some(own) = consent else { return };
                    let same = theirs.consents().find(|one| one.names == own.names);
                    if let Some(same) = same {
                        let receipts = same.receipts.clone();
                        *own = Rc::new(Consent { receipts, ..own.as_ref().clone() });
                    }
                };
                let paths: &mut Vec<(Path, Origin)> = &mut with.slice.paths;
                paths.iter_mut().for_each(|(path, _)| agreed(&mut path.under));
                let requires: &mut Vec<(Bound, Origin)> = &mut with.slice.requires;
                requires.iter_mut().for_each(|(bound, _)| agreed(&mut bound.asks));
            }
        }
        with
    }
}
