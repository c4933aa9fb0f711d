//! The diff: which calls a new version allows that the old one did not, to whom, and who is asked
//! first.
//!
//! Versions are compared tool by tool (in `compare`): each difference is proved by a
//! call that both engines judged. Where that cannot be told, it is said: [`Diff::undecided`].

mod alike;
mod approvals;
mod cause;
mod compare;
mod concerned;
mod except;
mod finding;
mod name;
mod review;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use placet_engine::Engine;
use placet_engine::bundle::{Content, Feature};
use placet_engine::resource::{Pattern, overlaps};

use crate::analysis::{Budget, Undecided};
use crate::reach::names::Names;
use crate::reach::slice::{Slice, Sliced};

pub use crate::reach::told::{CredentialKind, FeatureName, RuleName, ServerName, Unsettled};
pub use approvals::{APPROVALS_FILE, Approval, Approvals, ApprovalsError, Approved};
pub use cause::{Switched, switched};
pub use concerned::{ClientKind, Concerned, Principal, Proven};
pub use finding::{Before, Cause, Diff, Finding, Gate, Reach, Redefined};

pub use review::{FailOn, Group, Outcome, fails, groups, outcome};

use alike::retold;
use compare::{Difference, Pair, Side, Wanted, compare};
use name::Naming;

/// How many steps the analysis of one tool may take, and how many ways patterns may overlap in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLimits {
    /// Steps of the analysis for each tool; beyond, the tool is undecided.
    pub steps: usize,
    /// Sets of resource patterns that some resource fits all of, for each server.
    pub resource_sets: usize,
}

impl Default for DiffLimits {
    fn default() -> Self {
        Self { steps: Budget::STEPS, resource_sets: 1_000 }
    }
}

/// What changes from an old version to a new one.
///
/// `switched` makes versions that tell what a difference comes from ([`switched()`](self::switched)),
/// and is asked only if there is one.
pub fn diff(
    old: &Engine,
    new: &Engine,
    switched: &dyn Fn() -> Vec<Switched>,
    limits: &DiffLimits,
) -> Diff {
    let mut names = Names::default();
    let before = Sliced::new(old.content(), &mut names);
    let after = Sliced::new(new.content(), &mut names);
    let (Ok(before), Ok(after)) = (before, after) else {
        return Diff {
            undecided: everything(new.content(), Undecided::Unknown),
            ..Diff::default()
        };
    };
    let old = Side { engine: old, sliced: &before };
    let new = Side { engine: new, sliced: &after };
    let mut diff = Diff {
        redefined: redefined(old.engine.content(), new.engine.content()),
        ..Diff::default()
    };
    let names = Rc::new(names);
    let mixed = OnceCell::new();
    let switched = || mixed.get_or_init(switched).as_slice();
    let work =
        Work { names: &names, switched: &switched, limits, budget: Budget::new(limits.steps) };
    let undecided = &mut diff.undecided;
    diff.expansions = work.differences((old, new), Wanted::Expansions, undecided);
    diff.contractions = work.differences((new, old), Wanted::Losses, undecided);
    diff.renewals = work.differences((new, old), Wanted::Renewals, undecided);
    diff.undecided
        .sort_by(|one, other| (&one.server, &one.feature).cmp(&(&other.server, &other.feature)));
    diff.undecided.dedup();
    diff
}

struct Work<'w> {
    names: &'w Rc<Names>,
    switched: &'w dyn Fn() -> &'w [Switched],
    limits: &'w DiffLimits,
    budget: Budget,
}

impl Work<'_> {
    /// What the second side allows and the first does not.
    fn differences(
        &self,
        (old, new): (Side<'_>, Side<'_>),
        wanted: Wanted,
        undecided: &mut Vec<Unsettled>,
    ) -> Vec<Finding> {
        let naming = Naming { names: self.names, old, new };
        let same_clients = old.sliced.admission == new.sliced.admission;
        let mut found = Vec::new();
        for (server, slices) in &new.sliced.servers {
            let features = &slices.features;
            let before = old.sliced.servers.get(server).map(|one| &one.features);
            let pairs = pairs(server, before, features, self.limits);
            let Some(pairs) = pairs else {
                let why = Undecided::OverBudget;
                let resources = features.keys().filter(|one| matches!(one, Feature::Resources(_)));
                undecided.extend(resources.map(|feature| naming.unsettled(server, feature, why)));
                continue;
            };
            let mut known: Vec<(&Pair<'_>, Vec<Difference>)> = Vec::new();
            for pair in &pairs {
                let same = pair.old.is_some_and(|old| old.says_the_same(pair.new));
                if same && same_clients {
                    continue;
                }
                let like = known.iter().find(|(other, _)| pair.is_like(other));
                let like = like.and_then(|(_, all)| retold(all, pair, (old, new), wanted));
                let differences = match like {
                    Some(differences) => Ok(differences),
                    None => {
                        self.budget.renew(self.limits.steps);
                        let found = compare(pair, (old, new), wanted, self.names, &self.budget);
                        found.inspect(|found| known.push((pair, found.clone())))
                    }
                };
                match differences {
                    Ok(differences) => found.extend(differences.into_iter().map(|one| {
                        // What was lost is a cause of the other direction only.
                        let switched = match wanted {
                            Wanted::Expansions => (self.switched)(),
                            Wanted::Losses | Wanted::Renewals => &[],
                        };
                        let causes = cause::causes(pair, (old, new), &one, switched, self.names);
                        naming.finding(pair, one, causes)
                    })),
                    Err(why) => undecided.push(naming.unsettled(server, pair.feature, why)),
                }
            }
        }
        name::merged(found)
    }
}

/// Everything that both sides may be called for, resources by the patterns of both; `None` where these
/// overlap in too many ways.
fn pairs<'p>(
    server: &'p str,
    old: Option<&'p BTreeMap<Feature, Slice>>,
    new: &'p BTreeMap<Feature, Slice>,
    limits: &DiffLimits,
) -> Option<Vec<Pair<'p>>> {
    let mut pairs = Vec::new();
    for (feature, slice) in new {
        if !matches!(feature, Feature::Resources(_)) {
            let old = old.and_then(|old| old.get(feature));
            pairs.push(Pair { server, feature, resource: None, patterns: None, old, new: slice });
        }
    }
    let sets = |features: &'p BTreeMap<Feature, Slice>| {
        features.iter().filter_map(|(feature, slice)| match feature {
            Feature::Resources(patterns) => Some((patterns, feature, slice)),
            _ => None,
        })
    };
    let patterns = |features: &'p BTreeMap<Feature, Slice>| -> BTreeSet<Pattern> {
        sets(features).flat_map(|(patterns, _, _)| patterns.iter().cloned()).collect()
    };
    let of_new = patterns(new);
    let of_old = old.map(patterns).unwrap_or_default();
    let all: BTreeSet<Pattern> = of_new.union(&of_old).cloned().collect();
    let all = Rc::new(all);
    for joint in overlaps(&all, limits.resource_sets)? {
        let part = |of: &BTreeSet<Pattern>| -> BTreeSet<Pattern> {
            joint.intersection(of).cloned().collect()
        };
        let (in_new, in_old) = (part(&of_new), part(&of_old));
        let Some((_, feature, slice)) = sets(new).find(|(one, _, _)| **one == in_new) else {
            continue;
        };
        let old = old.and_then(|old| sets(old).find(|(one, _, _)| **one == in_old));
        let resource = Some(Pattern::example(&joint, &all)?);
        let old = old.map(|(_, _, slice)| slice);
        let patterns = Some((joint, Rc::clone(&all)));
        pairs.push(Pair { server, feature, resource, patterns, old, new: slice });
    }
    Some(pairs)
}

fn everything(content: &Content, why: Undecided) -> Vec<Unsettled> {
    let mut all = Vec::new();
    for (name, server) in &content.servers {
        for (feature, _) in server.features() {
            let server = ServerName { name: name.clone(), identity: server.identity.clone() };
            all.push(Unsettled { server, feature: FeatureName::of(&feature), why });
        }
    }
    all
}

/// The tools and prompts of both versions whose definition is another.
fn redefined(old: &Content, new: &Content) -> Vec<Redefined> {
    let mut found = Vec::new();
    for (name, server) in &new.servers {
        let before = old.servers.values().find(|one| one.identity == server.identity);
        let Some(before) = before else { continue };
        let known: BTreeMap<Feature, _> = before.features().collect();
        for (feature, tool) in server.features() {
            let Some(then) = known.get(&feature) else { continue };
            if then.digest != tool.digest && !matches!(feature, Feature::Resources(_)) {
                found.push(Redefined {
                    server: ServerName { name: name.clone(), identity: server.identity.clone() },
                    feature: FeatureName::of(&feature),
                    before: then.digest.clone(),
                    after: tool.digest.clone(),
                });
            }
        }
    }
    found
}
