//! Problems: whether some call makes expressions hold, settled by a SAT solver over the facts and, for
//! every group of attributes that have to do with one another, the values that are enough.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use batsat::callbacks::Basic;
use batsat::{Lit, Solver, SolverInterface, SolverOpts, lbool};

use crate::analysis::{Budget, Formula, Space, Undecided, Witness};
use crate::reach::expression::{Claim, Expr, Fact};
use crate::reach::names::{GroupId, Names};

/// How often the solver may look whether it should stop before it has to.
const PATIENCE: usize = 200_000;

/// Expressions as clauses.
pub(crate) struct Problem {
    solver: Solver<Basic>,
    patience: Rc<Cell<usize>>,
    facts: BTreeMap<Fact, Lit>,
    space: Space,
    /// For each part of the space a literal for each of its solutions.
    chosen: Vec<Vec<Lit>>,
    /// The literals of the wishes, by number.
    wishes: BTreeMap<usize, Lit>,
}

/// What makes the expressions hold.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The facts that hold.
    pub(crate) facts: BTreeSet<Fact>,
    /// What is said of the attributes that conditions read.
    pub(crate) witness: Witness,
}

/// What an expression comes to.
#[derive(Clone, Copy)]
enum Encoded {
    Constant(bool),
    Literal(Lit),
}

impl Problem {
    /// The problem of some expressions, each of which is to hold or not to hold, and for each the
    /// literal under which that is asked: `None` where it can never be.
    ///
    /// `issuer` is the user's, by which groups are told.
    ///
    /// # Errors
    ///
    /// [`Undecided`] where it cannot be told which values of attributes are enough.
    pub(crate) fn new(
        roots: &[(&Expr, bool)],
        names: &Names,
        issuer: Option<&str>,
        budget: &Budget,
    ) -> Result<(Self, Vec<Option<Lit>>), Undecided> {
        let mut formulas = Vec::new();
        for (root, wanted) in roots {
            formulas_of(root, *wanted, &mut formulas);
        }
        let read: Vec<&Formula> = formulas.iter().collect();
        let space = Space::new(&read, budget)?;
        let patience = Rc::new(Cell::new(PATIENCE));
        let left = Rc::clone(&patience);
        let mut callbacks = Basic::new();
        callbacks.set_stop(move || match left.get().checked_sub(1) {
            Some(less) => {
                left.set(less);
                false
            }
            None => true,
        });
        let mut problem = Self {
            solver: Solver::new(SolverOpts::default(), callbacks),
            patience,
            facts: BTreeMap::new(),
            space,
            chosen: Vec::new(),
            wishes: BTreeMap::new(),
        };
        problem.values();
        let mut formulas = formulas.into_iter();
        let mut encoded = Vec::new();
        for (root, wanted) in roots {
            let root = problem.expression(root, *wanted, &mut formulas);
            encoded.push(match root {
                Encoded::Constant(false) => None,
                Encoded::Constant(true) => Some(problem.literal()),
                Encoded::Literal(literal) => Some(literal),
            });
        }
        problem.members(names, issuer);
        problem.claims();
        problem.purposes();
        Ok((problem, encoded))
    }

    /// A call that meets all of these, if there is one.
    ///
    /// # Errors
    ///
    /// [`Undecided::OverBudget`].
    pub(crate) fn solve(&mut self, assumptions: &[Lit]) -> Result<Option<Model>, Undecided> {
        self.patience.set(PATIENCE);
        let answer = self.solver.solve_limited(assumptions);
        if answer == lbool::FALSE {
            return Ok(None);
        }
        if answer != lbool::TRUE {
            return Err(Undecided::OverBudget);
        }
        let holds = |literal: &Lit| self.solver.value_lit(*literal) == lbool::TRUE;
        let facts = self.facts.iter().filter(|(_, literal)| holds(literal));
        let facts = facts.map(|(fact, _)| fact.clone()).collect();
        let met: BTreeSet<usize> = self
            .wishes
            .iter()
            .filter(|(_, literal)| holds(literal))
            .map(|(number, _)| *number)
            .collect();
        Ok(Some(Model { facts, witness: self.space.simplest(&met) }))
    }

    /// Of what was asked last and has no answer: literals that are enough for that.
    pub(crate) fn core(&self) -> BTreeSet<Lit> {
        // The solver's are negated, as a clause that it learnt.
        self.solver.unsat_core().iter().flat_map(|literal| [*literal, !*literal]).collect()
    }

    /// Whether a literal holds in the call that was found last.
    pub(crate) fn held(&self, literal: Lit) -> bool {
        self.solver.value_lit(literal) == lbool::TRUE
    }

    /// A new literal.
    pub(crate) fn literal(&mut self) -> Lit {
        // What need not be true is false.
        Lit::new(self.solver.new_var(lbool::FALSE, true), true)
    }

    /// The literal of a fact; `None` where no expression reads it.
    pub(crate) fn fact(&self, fact: &Fact) -> Option<Lit> {
        self.facts.get(fact).copied()
    }

    /// Every fact that expressions read, with its literal.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&Fact, Lit)> {
        self.facts.iter().map(|(fact, literal)| (fact, *literal))
    }

    /// That at least one of these holds.
    pub(crate) fn clause(&mut self, mut literals: Vec<Lit>) {
        self.solver.add_clause_reuse(&mut literals);
    }

    /// That a user does not have all of these claims.
    pub(crate) fn not_all(&mut self, claims: &BTreeSet<Claim>) -> Lit {
        let asked = self.literal();
        let facts = claims.iter().filter_map(|claim| self.fact(&Fact::Claim(claim.clone())));
        let clause = std::iter::once(!asked).chain(facts.map(|held| !held)).collect();
        self.clause(clause);
        asked
    }

    /// One solution of each part of the space.
    fn values(&mut self) {
        let parts: Vec<Vec<BTreeSet<usize>>> = self.space.outcomes();
        let mut meeting: BTreeMap<usize, Vec<Lit>> = BTreeMap::new();
        for part in parts {
            let literals: Vec<Lit> = part.iter().map(|_| self.literal()).collect();
            for (literal, met) in literals.iter().zip(&part) {
                for number in met {
                    meeting.entry(*number).or_default().push(*literal);
                }
            }
            self.one_of(&literals);
            self.chosen.push(literals);
        }
        for number in self.space.wish_numbers() {
            let wish = self.literal();
            let meeting = meeting.remove(&number).unwrap_or_default();
            self.clause(std::iter::once(!wish).chain(meeting).collect());
            self.wishes.insert(number, wish);
        }
    }

    /// That just one of these holds.
    fn one_of(&mut self, literals: &[Lit]) {
        self.clause(literals.to_vec());
        // Whether any up to here holds, one after the other.
        let mut before: Option<Lit> = None;
        for literal in literals {
            let any = self.literal();
            self.clause(vec![!*literal, any]);
            if let Some(before) = before {
                self.clause(vec![!before, any]);
                self.clause(vec![!before, !*literal]);
            }
            before = Some(any);
        }
    }

    fn fact_literal(&mut self, fact: &Fact) -> Lit {
        match self.facts.get(fact) {
            Some(known) => *known,
            None => {
                let literal = self.literal();
                self.facts.insert(fact.clone(), literal);
                literal
            }
        }
    }

    fn expression(
        &mut self,
        expression: &Expr,
        wanted: bool,
        formulas: &mut impl Iterator<Item = Formula>,
    ) -> Encoded {
        match (expression, wanted) {
            (Expr::All(parts), true) | (Expr::Any(parts), false) => {
                let parts: Vec<Encoded> =
                    parts.iter().map(|part| self.expression(part, wanted, formulas)).collect();
                self.all(&parts)
            }
            (Expr::Any(parts), true) | (Expr::All(parts), false) => {
                let parts: Vec<Encoded> =
                    parts.iter().map(|part| self.expression(part, wanted, formulas)).collect();
                self.any(&parts)
            }
            (Expr::Not(inner), wanted) => self.expression(inner, !wanted, formulas),
            (Expr::Fact(fact), wanted) => {
                let literal = self.fact_literal(fact);
                Encoded::Literal(if wanted { literal } else { !literal })
            }
            (Expr::Condition(..), _) => match formulas.next() {
                Some(formula) => self.formula(&formula),
                None => Encoded::Constant(false),
            },
        }
    }

    fn formula(&mut self, formula: &Formula) -> Encoded {
        match formula {
            Formula::All(parts) => {
                let parts: Vec<Encoded> = parts.iter().map(|part| self.formula(part)).collect();
                self.all(&parts)
            }
            Formula::Any(parts) => {
                let parts: Vec<Encoded> = parts.iter().map(|part| self.formula(part)).collect();
                self.any(&parts)
            }
            Formula::Wish(wish) => {
                let number = self.space.number_of(wish);
                match number.and_then(|number| self.wishes.get(&number)) {
                    Some(literal) => Encoded::Literal(*literal),
                    None => Encoded::Constant(false),
                }
            }
        }
    }

    /// What implies all of these.
    fn all(&mut self, parts: &[Encoded]) -> Encoded {
        let mut literals = Vec::new();
        for part in parts {
            match part {
                Encoded::Constant(true) => {}
                Encoded::Constant(false) => return Encoded::Constant(false),
                Encoded::Literal(literal) => literals.push(*literal),
            }
        }
        match literals.as_slice() {
            [] => Encoded::Constant(true),
            [only] => Encoded::Literal(*only),
            _ => {
                let gate = self.literal();
                for literal in literals {
                    self.clause(vec![!gate, literal]);
                }
                Encoded::Literal(gate)
            }
        }
    }

    /// What implies at least one of these.
    fn any(&mut self, parts: &[Encoded]) -> Encoded {
        let mut literals = Vec::new();
        for part in parts {
            match part {
                Encoded::Constant(true) => return Encoded::Constant(true),
                Encoded::Constant(false) => {}
                Encoded::Literal(literal) => literals.push(*literal),
            }
        }
        match literals.as_slice() {
            [] => Encoded::Constant(false),
            [only] => Encoded::Literal(*only),
            _ => {
                let gate = self.literal();
                self.clause(std::iter::once(!gate).chain(literals).collect());
                Encoded::Literal(gate)
            }
        }
    }

    /// Who is a member of which group.
    fn members(&mut self, names: &Names, issuer: Option<&str>) {
        let mut left: Vec<GroupId> = self
            .facts
            .keys()
            .filter_map(|fact| match fact {
                Fact::Member(id) => Some(*id),
                _ => None,
            })
            .collect();
        let mut defined: BTreeSet<GroupId> = left.iter().copied().collect();
        while let Some(id) = left.pop() {
            let member = self.fact_literal(&Fact::Member(id));
            let Some(group) = names.group(id) else {
                self.clause(vec![!member]);
                continue;
            };
            // INVARIANT: no group speaks of itself, so membership follows from the claims.
            let mut ways = Vec::new();
            if let Some(of_itself) = group.own.as_ref().filter(|own| issuer == Some(&own.issuer)) {
                let mut own = vec![self.fact_literal(&Fact::Claim(of_itself.claim.clone()))];
                for other in &of_itself.and_in {
                    own.push(self.fact_literal(&Fact::Member(*other)));
                }
                let gate = self.literal();
                for one in &own {
                    self.clause(vec![!gate, *one]);
                }
                self.clause(own.iter().map(|one| !*one).chain([gate]).collect());
                ways.push(gate);
            }
            for inner in &group.holds {
                ways.push(self.fact_literal(&Fact::Member(*inner)));
            }
            left.extend(group.others().filter(|one| defined.insert(*one)));
            for way in &ways {
                self.clause(vec![!*way, member]);
            }
            self.clause(ways.into_iter().chain([!member]).collect());
        }
    }

    /// What is a text or an array has no members of its own.
    fn claims(&mut self) {
        let claims: Vec<(Vec<String>, Lit)> = self
            .facts
            .iter()
            .filter_map(|(fact, literal)| match fact {
                Fact::Claim(claim) => Some((claim.path.clone(), *literal)),
                _ => None,
            })
            .collect();
        for (outer, one) in &claims {
            for (inner, other) in &claims {
                if inner.len() > outer.len() && inner.starts_with(outer) {
                    self.clause(vec![!*one, !*other]);
                }
            }
        }
    }

    /// A call states one purpose or none.
    fn purposes(&mut self) {
        let is_purpose = |fact: &Fact| matches!(fact, Fact::Purpose(_));
        if self.facts.keys().any(is_purpose) {
            self.fact_literal(&Fact::Purpose(None));
        }
        let purposes: Vec<Lit> = self
            .facts
            .iter()
            .filter(|(fact, _)| is_purpose(fact))
            .map(|(_, literal)| *literal)
            .collect();
        if !purposes.is_empty() {
            self.one_of(&purposes);
        }
    }
}

/// The formula of every condition, in the order in which expressions are encoded.
fn formulas_of(expression: &Expr, wanted: bool, into: &mut Vec<Formula>) {
    match expression {
        Expr::All(parts) | Expr::Any(parts) => {
            parts.iter().for_each(|part| formulas_of(part, wanted, into));
        }
        Expr::Not(inner) => formulas_of(inner, !wanted, into),
        Expr::Condition(condition, side) => into.push(Formula::of(condition, *side, wanted)),
        Expr::Fact(_) => {}
    }
}
