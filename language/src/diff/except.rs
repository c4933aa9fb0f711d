//! Exceptions: what the old side allowed of the same principals already.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::analysis::Undecided;
use crate::diff::compare::Comparison;
use crate::reach::allowed::{Joint, Judge, universe};
use crate::reach::expression::{Claim, Expr, Fact};
use crate::reach::problem::Problem;
use crate::reach::slice::Whom;

/// What the old side allows of the same principals: asked only where there is a difference.
#[derive(Default)]
pub(super) struct Later(Option<Before>);

struct Before {
    problem: Problem,
    base: Vec<Lit>,
    /// The old paths' literals, by place.
    paths: Vec<(usize, Lit)>,
    /// By whom a new rule concerns.
    whom: BTreeMap<Whom, Option<Lit>>,
}

impl Later {
    /// The old paths that allow some calls of users with just these claims.
    pub(super) fn except(
        &mut self,
        comparison: &Comparison<'_>,
        whom: &Whom,
        claims: &BTreeSet<Claim>,
    ) -> Result<Vec<usize>, Undecided> {
        let before = match &mut self.0 {
            Some(before) => before,
            empty => empty.insert(Before::new(comparison)?),
        };
        let Some(whom) = before.whom.get(whom).copied().flatten() else { return Ok(Vec::new()) };
        if before.paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut assumptions = before.base.clone();
        assumptions.push(whom);
        for (fact, literal) in before.problem.facts() {
            if let Fact::Claim(claim) = fact {
                assumptions.push(if claims.contains(claim) { literal } else { !literal });
            }
        }
        let mut listed = Vec::new();
        let mut left = before.paths.clone();
        loop {
            let asked = before.problem.literal();
            let any = left.iter().map(|(_, literal)| *literal);
            before.problem.clause(std::iter::once(!asked).chain(any).collect());
            let mut query = assumptions.clone();
            query.push(asked);
            if left.is_empty() || before.problem.solve(&query)?.is_none() {
                break;
            }
            let holding: BTreeSet<usize> = left
                .iter()
                .filter(|(_, literal)| before.problem.held(*literal))
                .map(|(place, _)| *place)
                .collect();
            if holding.is_empty() {
                break;
            }
            left.retain(|(place, _)| !holding.contains(place));
            listed.extend(holding);
        }
        listed.sort_unstable();
        Ok(listed)
    }
}

impl Before {
    fn new(comparison: &Comparison<'_>) -> Result<Self, Undecided> {
        let joint = Joint::of(&comparison.slices());
        // What was allowed of the tool as it was known then.
        let mut context = comparison.context.clone();
        let (mut expressions, mut base, mut places) = (Vec::new(), Expr::FALSE, Vec::new());
        if let (Some(slice), Some(admitted)) = (comparison.pair.old, &comparison.client.old) {
            context.tool_digest.clone_from(&slice.definition.digest);
            let judge = Judge {
                names: comparison.names,
                slice,
                context: &context,
                admitted,
                fixed: &comparison.context.fixed,
                joint: &joint,
                renewed: comparison.renewed(),
            };
            base = judge.base();
            for (place, (path, _)) in slice.paths.iter().enumerate() {
                let expression = Expr::all([judge.who(&path.who), judge.path(path)]);
                if !expression.is_false() && !base.is_false() {
                    places.push(place);
                    expressions.push(expression);
                }
            }
        }
        let whom: BTreeSet<&Whom> =
            comparison.pair.new.paths.iter().flat_map(|(path, _)| &path.who).collect();
        let new = comparison.judge(
            comparison.pair.new,
            &comparison.client.new,
            &comparison.context.fixed,
            &joint,
        );
        let is: Vec<Expr> = whom.iter().map(|one| new.whom(one)).collect();
        let mut read: Vec<&Expr> = expressions.iter().chain(&is).collect();
        read.push(&base);
        let universe = universe(comparison.context, &read);
        let mut roots = vec![(&universe, true), (&base, true)];
        roots.extend(expressions.iter().chain(&is).map(|one| (one, true)));
        let issuer = comparison.context.issuer();
        let (problem, literals) =
            Problem::new(&roots, comparison.names, issuer, comparison.budget)?;
        let mut literals = literals.into_iter();
        let base: Option<Vec<Lit>> =
            [literals.next(), literals.next()].into_iter().map(Option::flatten).collect();
        let mut paths: Vec<(usize, Lit)> = Vec::new();
        for place in places {
            if let Some(Some(literal)) = literals.next() {
                paths.push((place, literal));
            }
        }
        if base.is_none() {
            paths.clear();
        }
        let whom = whom.into_iter().cloned().zip(literals).collect();
        Ok(Self { problem, base: base.unwrap_or_default(), paths, whom })
    }
}
