//! The survey: which rules decide something, over every way to call everything.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use placet_engine::bundle::{Content, Effect, Otherwise};

use crate::analysis::{Budget, Undecided};
use crate::reach::alike::{Alike, alike};
use crate::reach::allowed::{Joint, Judge, Renewed, universe};
use crate::reach::context::{Context, contexts};
use crate::reach::expression::Expr;
use crate::reach::names::Names;
use crate::reach::problem::Problem;
use crate::reach::slice::{Admission, Origin, Slice, Sliced};

/// How many steps each tool may take.
const STEPS: usize = 200_000;
/// How many steps may be taken in all, so that a check of a large policy stays short.
const ALL_STEPS: usize = 20_000_000;

/// What was found out of an `allow` through one of its capabilities.
#[derive(Debug, Default)]
pub(super) struct Allow {
    /// Some call is allowed by it.
    pub(super) is_live: bool,
    /// Some call would be, but for denials and requirements.
    pub(super) is_reached: bool,
    /// The rules that stop these.
    pub(super) by: BTreeSet<String>,
    pub(super) is_unknown: bool,
}

/// What was found out of a `deny` or a `require`.
#[derive(Debug, Default)]
pub(super) struct Bound {
    /// Some call is denied that would be allowed without it.
    pub(super) is_live: bool,
    /// It stops some call that an `allow` fits.
    pub(super) is_reached: bool,
    /// The rules that stop these too.
    pub(super) by: BTreeSet<String>,
    pub(super) is_unknown: bool,
}

#[derive(Debug, Default)]
pub(super) struct Survey {
    /// By rule and capability.
    pub(super) allows: BTreeMap<(String, String), Allow>,
    pub(super) bounds: BTreeMap<String, Bound>,
    /// For each tool that some `allow` is to: the requirements for which its operations need a digest,
    /// as they may have to be confirmed.
    confirming: BTreeSet<BTreeSet<String>>,
}

/// Surveys a policy without some of its denials and requirements; `only` one of these, if so asked.
pub(super) fn survey(
    content: &Content,
    left_out: &BTreeSet<String>,
    only: Option<&str>,
) -> Result<Survey, Undecided> {
    let mut names = Names::default();
    let mut sliced = Sliced::new(content, &mut names)?;
    let mut survey = Survey::default();
    for slices in sliced.servers.values_mut() {
        for slice in slices.features.values_mut() {
            slice.denies.retain(|(_, origin)| !left_out.contains(&origin.rule));
            slice.requires.retain(|(_, origin)| !left_out.contains(&origin.rule));
            if only.is_none() {
                if !slice.paths.is_empty() {
                    let rules = slice.requires.iter().map(|(_, origin)| &origin.rule);
                    let confirming = rules.filter(|rule| asks_to_confirm(content, rule));
                    survey.confirming.insert(confirming.cloned().collect());
                }
                for (_, origin) in &slice.paths {
                    survey.allows.entry(key(origin)).or_default();
                }
            }
            for (_, origin) in slice.denies.iter().chain(&slice.requires) {
                if only.is_none_or(|only| only == origin.rule) {
                    survey.bounds.entry(origin.rule.clone()).or_default();
                }
            }
        }
    }
    let budget = Budget::new(STEPS);
    let mut left = ALL_STEPS;
    for slices in sliced.servers.values() {
        for slice in slices.features.values() {
            if !survey.is_open(slice) {
                continue;
            }
            budget.renew(STEPS.min(left));
            if survey.slice(slice, &sliced.admission, &names, &budget).is_err() {
                survey.give_up(slice);
            }
            left = left.saturating_sub(STEPS.min(left).saturating_sub(budget.left()));
        }
    }
    Ok(survey)
}

fn asks_to_confirm(content: &Content, rule: &str) -> bool {
    content.rules.get(rule).is_some_and(|rule| match &rule.effect {
        Effect::Require { targets: _, otherwise } => {
            matches!(otherwise, Some(Otherwise::Confirm { within: _ }))
        }
        Effect::Allow { .. } | Effect::Deny { .. } => false,
    })
}

fn key(origin: &Origin) -> (String, String) {
    (origin.rule.clone(), origin.capability.clone().unwrap_or_default())
}

fn bounds(slice: &Slice) -> impl Iterator<Item = &Origin> {
    slice.denies.iter().chain(&slice.requires).map(|(_, origin)| origin)
}

impl Survey {
    /// Whether some operations would need no digest any more, if the requirements that never apply
    /// or change no answer were left out, this one among them.
    pub(super) fn spares_digests(&self, rule: &str) -> bool {
        let is_live = |rule: &String| self.bounds.get(rule).is_some_and(|one| one.is_live);
        let mut tools = self.confirming.iter();
        tools.any(|rules| rules.contains(rule) && !rules.iter().any(is_live))
    }

    /// Whether something is still to be found out of the rules of a slice.
    fn is_open(&self, slice: &Slice) -> bool {
        let open = |allow: Option<&Allow>| allow.is_some_and(|one| !one.is_live);
        slice.paths.iter().any(|(_, origin)| open(self.allows.get(&key(origin))))
            || bounds(slice).any(|origin| self.is_open_bound(origin))
    }

    fn is_open_bound(&self, origin: &Origin) -> bool {
        self.bounds.get(&origin.rule).is_some_and(|one| !one.is_live)
    }

    fn give_up(&mut self, slice: &Slice) {
        for (_, origin) in &slice.paths {
            if let Some(allow) = self.allows.get_mut(&key(origin)) {
                allow.is_unknown = true;
            }
        }
        for origin in bounds(slice) {
            if let Some(bound) = self.bounds.get_mut(&origin.rule) {
                bound.is_unknown = true;
            }
        }
    }

    fn slice(
        &mut self,
        slice: &Slice,
        admission: &Admission,
        names: &Names,
        budget: &Budget,
    ) -> Result<(), Undecided> {
        let joint = Joint::of(&[slice]);
        for Alike { clients, admitted } in
            alike(&[slice], &[(admission, slice.server.as_ref())], names, budget)?
        {
            let (Some(first), Some(Some(admitted))) = (clients.first(), admitted.first()) else {
                continue;
            };
            let digest = slice.definition.digest.as_ref();
            for context in contexts(&[slice], first, digest, names, budget)? {
                if !self.is_open(slice) {
                    return Ok(());
                }
                let fixed = &context.fixed;
                let judge = Judge {
                    names,
                    slice,
                    context: &context,
                    admitted,
                    fixed,
                    joint: &joint,
                    renewed: Renewed::Nothing,
                };
                self.context(&judge, &context, budget)?;
            }
        }
        Ok(())
    }

    fn context(
        &mut self,
        judge: &Judge<'_>,
        context: &Context,
        budget: &Budget,
    ) -> Result<(), Undecided> {
        let slice = judge.slice;
        let ground = judge.ground();
        let mut paths = Vec::new();
        for (path, origin) in &slice.paths {
            let expression = Expr::all([judge.who(&path.who), judge.path(path)]);
            if !expression.is_false() {
                paths.push((expression, origin));
            }
        }
        if paths.is_empty() || ground.is_false() {
            return Ok(());
        }
        let bounds: Vec<(Expr, &Origin)> = judge.bounds();
        let any = Expr::any(paths.iter().map(|(path, _)| path.clone()));
        let read: Vec<&Expr> = paths
            .iter()
            .map(|(path, _)| path)
            .chain(bounds.iter().map(|(bound, _)| bound))
            .chain([&ground])
            .collect();
        let universe = universe(context, &read);
        let mut roots = vec![(&universe, true), (&ground, true), (&any, true)];
        roots.extend(paths.iter().map(|(path, _)| (path, true)));
        // That each lets a call through, and that it does not.
        roots.extend(bounds.iter().map(|(bound, _)| (bound, true)));
        roots.extend(bounds.iter().map(|(bound, _)| (bound, false)));
        let (mut problem, literals) = Problem::new(&roots, judge.names, context.issuer(), budget)?;
        let mut literals = literals.into_iter();
        let (Some(Some(universe)), Some(Some(ground)), any) =
            (literals.next(), literals.next(), literals.next().flatten())
        else {
            return Ok(());
        };
        let of_paths: Vec<Option<Lit>> = literals.by_ref().take(paths.len()).collect();
        let passes: Vec<Option<Lit>> = literals.by_ref().take(bounds.len()).collect();
        let stops: Vec<Option<Lit>> = literals.collect();
        for ((_, origin), path) in paths.iter().zip(of_paths) {
            let Some(allow) = self.allows.get_mut(&key(origin)).filter(|one| !one.is_live) else {
                continue;
            };
            let Some(path) = path else { continue };
            let others =
                passes.iter().zip(&bounds).map(|(literal, (_, origin))| (*literal, *origin));
            match among(&mut problem, &[universe, ground, path], others)? {
                Among::Possible => {
                    allow.is_live = true;
                    allow.is_reached = true;
                }
                Among::Never => {}
                Among::StoppedBy(rules) => {
                    allow.is_reached = true;
                    allow.by.extend(rules);
                }
            }
        }
        let Some(any) = any else { return Ok(()) };
        for (place, (_, origin)) in bounds.iter().enumerate() {
            let Some(bound) = self.bounds.get_mut(&origin.rule).filter(|one| !one.is_live) else {
                continue;
            };
            let Some(stops) = stops.get(place).copied().flatten() else { continue };
            let others = passes.iter().zip(&bounds).enumerate();
            let others = others
                .filter(|(other, _)| *other != place)
                .map(|(_, (literal, (_, origin)))| (*literal, *origin));
            match among(&mut problem, &[universe, ground, any, stops], others)? {
                Among::Possible => {
                    bound.is_live = true;
                    bound.is_reached = true;
                }
                Among::Never => {}
                Among::StoppedBy(rules) => {
                    bound.is_reached = true;
                    bound.by.extend(rules);
                }
            }
        }
        Ok(())
    }
}

/// Whether calls are possible among others' denials and requirements.
enum Among {
    Possible,
    /// Nor without these.
    Never,
    StoppedBy(BTreeSet<String>),
}

fn among<'o>(
    problem: &mut Problem,
    wanted: &[Lit],
    others: impl Iterator<Item = (Option<Lit>, &'o Origin)>,
) -> Result<Among, Undecided> {
    let mut assumptions = wanted.to_vec();
    let mut by_literal: Vec<(Lit, &Origin)> = Vec::new();
    let mut stopping: BTreeSet<String> = BTreeSet::new();
    for (literal, origin) in others {
        match literal {
            Some(literal) => by_literal.push((literal, origin)),
            // It lets nothing through.
            None => {
                stopping.insert(origin.rule.clone());
            }
        }
    }
    assumptions.extend(by_literal.iter().map(|(literal, _)| *literal));
    if stopping.is_empty() {
        if problem.solve(&assumptions)?.is_some() {
            return Ok(Among::Possible);
        }
        let core = problem.core();
        let in_core = by_literal.iter().filter(|(literal, _)| core.contains(literal));
        stopping.extend(in_core.map(|(_, origin)| origin.rule.clone()));
    }
    match problem.solve(wanted)? {
        Some(_) => Ok(Among::StoppedBy(stopping)),
        None => Ok(Among::Never),
    }
}
