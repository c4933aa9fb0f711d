//! Probes: for each tool the arguments that are enough to tell whether a caller can use it at all.
//!
//! A call is allowed the sooner the more of what the rules ask of its arguments comes true: the
//! conditions of an `allow` and its capability, those of each `require`, and that those of each
//! `deny` do not hold. So for each `allow` one object of arguments for every maximal set of these is
//! enough, whatever else the call says.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Feature;
use placet_engine::condition::{Condition, Side};
use placet_engine::probe::{PROBES, Probe, ProbeFact, Sample};
use serde_json::Value as Json;

use crate::analysis::{Budget, Formula, Held, Space, Undecided, Variable, Witness};
use crate::lower::{is_typed, targeted};
use crate::model::{Effect, Held as HeldBy, Policy};

/// The probes of each tool that something is asked of; `None` where they could not be found.
pub(crate) type ByTool = BTreeMap<(String, Feature), Option<BTreeSet<Probe>>>;

/// What the rules that bear on a tool ask of its arguments.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked<'p> {
    /// Of each `allow` through each capability: the `where` and the `when`, if they read arguments.
    allows: BTreeSet<[Option<&'p Condition>; 2]>,
    denies: BTreeSet<&'p Condition>,
    requires: BTreeSet<&'p Condition>,
}

pub(crate) fn probes(policy: &Policy, held: &HeldBy<'_>) -> ByTool {
    let mut found: BTreeMap<Asked<'_>, Option<BTreeSet<Probe>>> = BTreeMap::new();
    asked(policy, held)
        .into_iter()
        .map(|(tool, asked)| {
            let probes = match found.get(&asked) {
                Some(probes) => probes.clone(),
                None => {
                    let probes = asked.probes().ok();
                    found.insert(asked, probes.clone());
                    probes
                }
            };
            (tool, probes)
        })
        .collect()
}

fn asked<'p>(policy: &'p Policy, held: &HeldBy<'_>) -> BTreeMap<(String, Feature), Asked<'p>> {
    let mut tools: BTreeMap<(String, Feature), Asked<'p>> = BTreeMap::new();
    let reading = |condition: Option<&'p Condition>| condition.filter(|one| one.reads_arguments());
    for rule in policy.rules.values() {
        let when = reading(rule.when.as_ref());
        if let Effect::Allow { capabilities, .. } = &rule.effect {
            let named = capabilities.iter().filter_map(|name| policy.capabilities.get(name));
            for capability in named {
                let conditions = [reading(capability.condition.as_ref()), when];
                for tool in &capability.features {
                    let server = &capability.server;
                    // Where the arguments cannot be judged, a condition on them never holds.
                    let never = conditions != [None, None] && !is_typed(policy, server, tool);
                    if matches!(tool, Feature::Tool(_)) && !never {
                        let asked = tools.entry((server.clone(), tool.clone())).or_default();
                        asked.allows.insert(conditions);
                    }
                }
            }
        }
    }
    for rule in policy.rules.values() {
        let Some(when) = reading(rule.when.as_ref()) else { continue };
        let (targets, deny) = match &rule.effect {
            Effect::Deny { targets } => (targets, true),
            Effect::Require { targets, .. } => (targets, false),
            Effect::Allow { .. } => continue,
        };
        for (server, tool) in targeted(policy, held, targets) {
            let typed = is_typed(policy, &server, &tool);
            // A tool that nothing allows needs no probes.
            let Some(asked) = tools.get_mut(&(server, tool)).filter(|_| typed) else { continue };
            match deny {
                true => asked.denies.insert(when),
                false => asked.requires.insert(when),
            };
        }
    }
    tools
}

impl Asked<'_> {
    fn probes(&self) -> Result<BTreeSet<Probe>, Undecided> {
        let budget = Budget::default();
        let mut found = BTreeSet::new();
        let mut by_others = Vec::new();
        for condition in &self.denies {
            parts(condition, Side::Deny, false, &mut by_others);
        }
        for condition in &self.requires {
            parts(condition, Side::Allow, true, &mut by_others);
        }
        for conditions in &self.allows {
            let mut wanted = by_others.clone();
            let mut required = Vec::new();
            for condition in conditions.iter().flatten() {
                required.push(hopeful(condition));
                parts(condition, Side::Allow, true, &mut wanted);
            }
            wanted.sort();
            wanted.dedup();
            let required = Formula::All(required);
            let read: Vec<&Formula> = wanted.iter().chain([&required]).collect();
            for space in Space::by_caller(&read, &budget)? {
                for witness in space.maximal(&required, &wanted, &budget)? {
                    found.insert(probe(&witness)?);
                    if found.len() > PROBES {
                        return Err(Undecided::OverBudget);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// The greatest parts of a condition that are about nothing but arguments. Where others stand beside
/// them, each is a wish of its own, since it is not known what becomes of those.
fn parts(condition: &Condition, side: Side, wanted: bool, into: &mut Vec<Formula>) {
    if condition.atoms().iter().all(|atom| reads_arguments(atom)) {
        into.push(Formula::of(condition, side, wanted));
        return;
    }
    let (Condition::All(inner) | Condition::Any(inner)) = condition else { return };
    let about_arguments = |one: &&Condition| one.atoms().iter().all(|atom| reads_arguments(atom));
    let (alone, mixed): (Vec<&Condition>, Vec<&Condition>) =
        inner.iter().partition(about_arguments);
    if !alone.is_empty() {
        let alone = alone.into_iter().cloned().collect();
        let together = match condition {
            Condition::Any(_) => Condition::Any(alone),
            _ => Condition::All(alone),
        };
        into.push(Formula::of(&together, side, wanted));
    }
    for one in mixed {
        parts(one, side, wanted, into);
    }
}

/// A condition of an `allow`, as if whatever is not about arguments held.
fn hopeful(condition: &Condition) -> Formula {
    match condition {
        Condition::Atom(atom) if !reads_arguments(atom) => Formula::ALWAYS,
        Condition::Atom(_) => Formula::of(condition, Side::Allow, true),
        Condition::All(parts) => Formula::All(parts.iter().map(hopeful).collect()),
        Condition::Any(parts) => Formula::Any(parts.iter().map(hopeful).collect()),
    }
}

fn reads_arguments(atom: &placet_engine::condition::Atom) -> bool {
    Condition::Atom(atom.clone()).reads_arguments()
}

fn probe(witness: &Witness) -> Result<Probe, Undecided> {
    let mut probe = Probe::default();
    // INVARIANT: a path comes after those that it begins with.
    for (variable, held) in &witness.0 {
        let sample = match held {
            _ if matches!(variable, Variable::Attribute(_)) => continue,
            Held::Absent => continue,
            Held::Json(json) => sample(json).ok_or(Undecided::Unknown)?,
            Held::Same(attribute) => Sample::Same(attribute.clone()),
            Held::Value(_) => return Err(Undecided::Unknown),
        };
        match variable {
            Variable::Argument(path) => insert(&mut probe.arguments, path, sample),
            Variable::Computed(function, argument) => {
                let (function, argument) = (function.clone(), argument.clone());
                probe.facts.insert(ProbeFact { function, argument, value: sample });
            }
            Variable::Attribute(_) => {}
        }
    }
    Ok(probe)
}

fn insert(object: &mut BTreeMap<String, Sample>, path: &[String], sample: Sample) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        object.insert(first.clone(), sample);
        return;
    }
    let inner = object.entry(first.clone()).or_insert(Sample::Null);
    if !matches!(inner, Sample::Object(_)) {
        *inner = Sample::Object(BTreeMap::new());
    }
    if let Sample::Object(inner) = inner {
        insert(inner, rest, sample);
    }
}

fn sample(json: &Json) -> Option<Sample> {
    Some(match json {
        Json::Null => Sample::Null,
        Json::Bool(value) => Sample::Boolean(*value),
        Json::Number(number) => Sample::Integer(number.as_i64()?),
        Json::String(text) => Sample::String(text.clone()),
        Json::Array(items) => Sample::Array(items.iter().map(sample).collect::<Option<_>>()?),
        Json::Object(inner) => Sample::Object(
            inner
                .iter()
                .map(|(name, value)| Some((name.clone(), sample(value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}
