//! Comparing two slices of one feature: what the one allows and the other does not.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use batsat::Lit;
use placet_engine::bundle::Feature;
use placet_engine::call::{self, Call, Credential};
use placet_engine::condition::{Attribute, Condition, Literal, Test};
use placet_engine::resource::Pattern;
use placet_engine::{Digest, Engine, Reason};

use crate::analysis::{Budget, Undecided};
use crate::diff::except::Later;
use crate::diff::finding::{Gate, Reach};
use crate::reach::alike::{Alike, alike};
use crate::reach::allowed::{Joint, Judge, Renewed, is_present, universe};
use crate::reach::client::{Admitted, ClientClass};
use crate::reach::context::{Context, contexts};
use crate::reach::expression::{Claim, Expr, Fact};
use crate::reach::names::Names;
use crate::reach::problem::Problem;
use crate::reach::slice::{Admission, Origin, ServerPart, Slice, Sliced, Whom};
use crate::reach::witness::{self, Operation};

/// One side of a comparison.
#[derive(Clone, Copy)]
pub(super) struct Side<'s> {
    pub(super) engine: &'s Engine,
    pub(super) sliced: &'s Sliced,
}

/// Something that is called, on both sides.
pub(super) struct Pair<'p> {
    pub(super) server: &'p str,
    pub(super) feature: &'p Feature,
    /// Of resources, one that fits these patterns.
    pub(super) resource: Option<String>,
    /// These patterns, of both sides, and all patterns of both.
    pub(super) patterns: Option<(BTreeSet<Pattern>, Rc<BTreeSet<Pattern>>)>,
    /// `None` where the old side allows nothing of it.
    pub(super) old: Option<&'p Slice>,
    pub(super) new: &'p Slice,
}

/// A difference that was found, with the names of neither side yet.
#[derive(Clone)]
pub(super) struct Difference {
    pub(super) whom: Whom,
    /// The issuer of the principal, and how it proves its right.
    pub(super) context: Context,
    /// The clients that are alike, the context's first.
    pub(super) clients: Vec<ClientClass>,
    pub(super) gates: BTreeSet<Gate>,
    pub(super) reach: Reach,
    pub(super) call: Call,
    /// The claims that make the difference.
    pub(super) claims: BTreeSet<Claim>,
    /// The places of the new paths that allow the call.
    pub(super) allowing: Vec<usize>,
    /// The places of old paths that allow some calls of the same principal through the client.
    pub(super) except: Vec<usize>,
}

/// How many principals of one cell are told apart.
const PRINCIPALS: usize = 1_000;

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What the new side allows and the old one does not, apart by whether somebody has to approve
    /// something first.
    Expansions,
    /// What the new side allows and the old one does not, and would not if users were asked again.
    Losses,
    /// What the new side allows and the old one does once users are asked again.
    Renewals,
}

impl Wanted {
    /// Which receipts count on the old side although they are for other terms.
    fn renewed(self, old: Side<'_>) -> Renewed<'_> {
        match self {
            Self::Expansions => Renewed::Unknown(&old.sliced.receipts),
            Self::Losses | Self::Renewals => Renewed::All,
        }
    }

    /// The call with its receipts as the old side's users would have given them.
    fn renew(self, call: &Call, old: Side<'_>) -> Call {
        let mut renewed = call.clone();
        let terms = &old.engine.content().terms;
        for receipt in call.receipts.iter().filter(|one| one.withdrawn_at.is_none()) {
            let mut same = terms.iter().filter(|(name, terms)| {
                **name == receipt.terms || terms.was.contains(&receipt.terms)
            });
            let Some((name, terms)) = same.next() else { continue };
            if self.renewed(old).holds(&receipt.terms, &receipt.digest) {
                renewed.receipts.push(call::Receipt {
                    id: format!("{}-renewed", receipt.id),
                    terms: name.clone(),
                    digest: terms.digest.clone(),
                    ..receipt.clone()
                });
            }
        }
        renewed
    }

    /// Whether both engines judge a call as such a difference.
    pub(super) fn is_shown(self, call: &Call, old: Side<'_>, new: Side<'_>) -> bool {
        if !new.engine.decide(call).is_allow() {
            return false;
        }
        let asked = confirmed_by(call, new.engine, old.engine);
        let before = old.engine.decide(&asked);
        let renewed = old.engine.decide(&self.renew(&asked, old));
        let denied = match self {
            Self::Expansions | Self::Losses => !renewed.is_allow(),
            Self::Renewals => renewed.is_allow(),
        };
        let erred =
            [&before, &renewed].iter().any(|one| one.reason == Some(Reason::EvaluationError));
        !before.is_allow() && denied && !erred
    }
}

/// The call as its user confirms it on another side, where the tool may be defined otherwise. A confirmation is of an operation, which has the
/// tool's definition in its digest: whoever confirms today's would have confirmed the one before, and a
/// word in a definition is no difference of what is allowed.
pub(super) fn confirmed_by(call: &Call, here: &Engine, there: &Engine) -> Call {
    let mut call = call.clone();
    let operations = (here.operation_digest(&call), there.operation_digest(&call));
    if let (Some(confirmation), (Ok(this), Ok(that))) = (&mut call.confirmation, operations)
        && confirmation.operation == this
    {
        confirmation.operation = that;
    }
    call
}

/// The differences of a kind.
///
/// Receipts for changed terms are no difference by themselves: those for terms that the old side does
/// not know count there as if they were for its own. Else every change of a word that users are shown
/// would newly allow whatever they agree to.
pub(super) fn compare(
    pair: &Pair<'_>,
    (old, new): (Side<'_>, Side<'_>),
    wanted: Wanted,
    names: &Names,
    budget: &Budget,
) -> Result<Vec<Difference>, Undecided> {
    let slices: Vec<&Slice> = pair.old.into_iter().chain([pair.new]).collect();
    let admissions = [&old.sliced.admission, &new.sliced.admission];
    let mut found = Vec::new();
    let old_server = old.sliced.servers.get(pair.server).map(|one| one.part.as_ref());
    for client in classes(&slices, admissions, old_server, names, budget)? {
        let Some(first) = client.alike.first() else { continue };
        for tool_digest in digests(pair) {
            for context in contexts(&slices, first, tool_digest.as_ref(), names, budget)? {
                let (client, context) = (&client, &context);
                let comparison =
                    Comparison { pair, old, new, wanted, client, context, names, budget };
                comparison.differences(&mut found)?;
            }
        }
    }
    Ok(found)
}

/// Clients that both sides treat alike.
pub(super) struct Class {
    pub(super) alike: Vec<ClientClass>,
    pub(super) new: Admitted,
    /// `None` where the old side does not admit them.
    pub(super) old: Option<Admitted>,
}

fn classes(
    slices: &[&Slice],
    admissions: [&Admission; 2],
    old_server: Option<&ServerPart>,
    names: &Names,
    budget: &Budget,
) -> Result<Vec<Class>, Undecided> {
    let [old_admission, new_admission] = admissions;
    let Some(new_server) = slices.last().map(|slice| slice.server.as_ref()) else {
        return Ok(Vec::new());
    };
    // Whether the old side knows the client does not depend on whether it knows the server.
    let old = (old_admission, old_server.unwrap_or(new_server));
    let found = alike(slices, &[(new_admission, new_server), old], names, budget)?;
    let class = |one: Alike| {
        let Alike { clients, admitted } = one;
        let mut admitted = admitted.into_iter();
        let new = admitted.next().flatten()?;
        Some(Class { alike: clients, new, old: admitted.next().flatten() })
    };
    Ok(found.into_iter().filter_map(class).collect())
}

/// What the host may say of the tool's definition, as far as that makes a difference. Where the
/// definition is another, calls with either digest are refused by one side whatever its rules say: that
/// is told by itself, and here calls are looked at that carry none, if such are allowed.
fn digests(pair: &Pair<'_>) -> Vec<Option<Digest>> {
    let pins = |slice: &Slice| slice.server.pin_tools && slice.definition.is_defined;
    let digest = &pair.new.definition.digest;
    let pinned = pins(pair.new);
    match pair.old {
        _ if digest.is_none() => vec![None],
        Some(old) if old.definition.digest == *digest => {
            let less = (pins(old) && !pinned).then_some(None);
            std::iter::once(digest.clone()).chain(less).collect()
        }
        Some(_) if !pinned => vec![None],
        _ => vec![digest.clone()],
    }
}

/// A pair of slices in one context.
pub(super) struct Comparison<'c> {
    pub(super) pair: &'c Pair<'c>,
    pub(super) old: Side<'c>,
    pub(super) new: Side<'c>,
    pub(super) wanted: Wanted,
    pub(super) client: &'c Class,
    pub(super) context: &'c Context,
    pub(super) names: &'c Names,
    pub(super) budget: &'c Budget,
}

/// What could exist under the old version.
struct Possible {
    receipts: BTreeSet<(String, Digest)>,
    scopes: BTreeSet<String>,
    /// The authentication context classes that only the new version names.
    new_classes: BTreeSet<String>,
}

impl Possible {
    fn new(pair: &Pair<'_>, (old, new): (Side<'_>, Side<'_>)) -> Self {
        let server = old.sliced.servers.get(pair.server);
        Self {
            receipts: old.sliced.receipts.clone(),
            scopes: server.map(|one| one.part.scopes.keys().cloned().collect()).unwrap_or_default(),
            new_classes: new.sliced.classes.difference(&old.sliced.classes).cloned().collect(),
        }
    }

    fn has_receipt(&self, terms: &str, digest: &Digest) -> bool {
        self.receipts.contains(&(terms.to_owned(), digest.clone()))
    }

    /// A consent that was withdrawn allows nothing, whenever it was given.
    fn may_be_held(&self, receipt: &call::Receipt) -> bool {
        receipt.withdrawn_at.is_some() || self.has_receipt(&receipt.terms, &receipt.digest)
    }

    fn has(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Receipt(receipt) => self.has_receipt(&receipt.terms, &receipt.digest),
            Fact::Scope(scope) => self.scopes.contains(scope),
            Fact::Member(_)
            | Fact::Claim(_)
            | Fact::Purpose(_)
            | Fact::Withdrawn(_)
            | Fact::LargeInteger => true,
        }
    }

    /// The call without what could not exist under the old version.
    fn restrict(&self, call: &Call) -> Call {
        let mut call = call.clone();
        call.confirmation = None;
        call.receipts.retain(|receipt| self.may_be_held(receipt));
        match &mut call.credential {
            Some(Credential::Oauth(token)) => {
                token.scopes.retain(|scope| self.scopes.contains(scope));
                token.acr = token.acr.take().filter(|acr| !self.new_classes.contains(acr));
            }
            Some(Credential::ApiKey(key)) => key.scopes.retain(|scope| self.scopes.contains(scope)),
            Some(Credential::Local {}) | None => {}
        }
        call
    }

    /// What of a call could not exist under the old version.
    fn gates(&self, call: &Call) -> BTreeSet<Gate> {
        let receipts = call.receipts.iter().filter(|one| !self.may_be_held(one));
        let mut gates: BTreeSet<Gate> =
            receipts.map(|receipt| Gate::Consent { terms: receipt.terms.clone() }).collect();
        let scopes = call.credential.as_ref().and_then(Credential::scopes);
        let new_scopes = scopes.into_iter().flatten().filter(|one| !self.scopes.contains(*one));
        gates.extend(new_scopes.map(|scope| Gate::Scope { scope: scope.clone() }));
        if let Some(Credential::Oauth(token)) = &call.credential {
            let acr = token.acr.iter().filter(|acr| self.new_classes.contains(*acr));
            gates.extend(acr.map(|acr| Gate::Login { acr: acr.clone() }));
        }
        gates.extend(call.confirmation.is_some().then_some(Gate::Confirmation));
        gates
    }
}

/// The new side's paths by whom they concern, in a context.
struct Paths {
    base: Expr,
    by_whom: BTreeMap<Whom, Expr>,
}

impl Paths {
    fn new(judge: &Judge<'_>) -> Self {
        let mut by_whom: BTreeMap<Whom, Vec<Expr>> = BTreeMap::new();
        for (path, _) in &judge.slice.paths {
            let rest = judge.path(path);
            if rest.is_false() {
                continue;
            }
            for whom in &path.who {
                if !judge.whom(whom).is_false() {
                    by_whom.entry(whom.clone()).or_default().push(rest.clone());
                }
            }
        }
        let base = if by_whom.is_empty() { Expr::FALSE } else { judge.base() };
        let by_whom = by_whom
            .into_iter()
            .map(|(whom, paths)| {
                let is = judge.whom(&whom);
                (whom, Expr::all([is, Expr::any(paths)]))
            })
            .collect();
        Self { base, by_whom }
    }

    fn all(&self) -> Expr {
        Expr::all([self.base.clone(), Expr::any(self.by_whom.values().cloned())])
    }

    fn without(&self, possible: &Possible) -> Self {
        let is_gone = |fact: &Fact| !possible.has(fact);
        Self {
            base: self.base.without(&is_gone),
            by_whom: self
                .by_whom
                .iter()
                .map(|(whom, expression)| (whom.clone(), expression.without(&is_gone)))
                .collect(),
        }
    }
}

/// What is asked of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Any,
    Silent,
    Gated,
}

impl Comparison<'_> {
    fn differences(&self, found: &mut Vec<Difference>) -> Result<(), Undecided> {
        let joint = Joint::of(&self.slices());
        let new_fixed = &self.context.fixed;
        let new = self.judge(self.pair.new, &self.client.new, new_fixed, &joint);
        let paths = Paths::new(&new);
        if paths.by_whom.is_empty() || paths.base.is_false() {
            return Ok(());
        }
        let old = match (self.pair.old, &self.client.old) {
            (Some(slice), Some(admitted)) => {
                let judge = self.judge(slice, admitted, new_fixed, &joint);
                let strictly = || judge.allowed();
                let renewed = || Judge { renewed: self.renewed(), ..judge }.allowed();
                match self.wanted {
                    Wanted::Expansions | Wanted::Losses => (renewed(), Expr::TRUE),
                    Wanted::Renewals => (strictly(), renewed()),
                }
            }
            _ => (Expr::FALSE, Expr::constant(self.wanted != Wanted::Renewals)),
        };
        let (old, once_asked) = old;
        let all = paths.all();
        if old == all {
            return Ok(());
        }
        let possible = Possible::new(self.pair, (self.old, self.new));
        let mut unconfirmed = self.context.fixed.clone();
        unconfirmed.set(Attribute::ConfirmationAge, None);
        let down = Paths::new(&self.judge(self.pair.new, &self.client.new, &unconfirmed, &joint))
            .without(&possible);
        let is_new_class = new_class(&possible, &self.context.fixed);
        // What the call would be allowed as without all that could not exist before.
        let mut without_class = unconfirmed.clone();
        without_class.set(Attribute::TokenAcr, None);
        let restricted = match is_new_class.is_false() {
            true => down.all(),
            false => {
                let judge = self.judge(self.pair.new, &self.client.new, &without_class, &joint);
                let classless = Paths::new(&judge).without(&possible).all();
                Expr::any([Expr::all([is_new_class.clone().not(), down.all()]), classless])
            }
        };
        let read = [&old, &all, &restricted, &once_asked];
        let universe = universe(self.context, &read);
        let confirmed = confirmed(&read);
        let mut roots: Vec<(&Expr, bool)> = vec![
            (&universe, true),
            (&old, false),
            (&restricted, false),
            (&is_new_class, false),
            (&paths.base, true),
            (&down.base, true),
            (&confirmed, false),
            (&once_asked, true),
        ];
        roots.extend(paths.by_whom.values().map(|one| (one, true)));
        let nothing = Expr::FALSE;
        roots.extend(
            paths.by_whom.keys().map(|whom| (down.by_whom.get(whom).unwrap_or(&nothing), true)),
        );
        let issuer = self.context.issuer();
        let (mut problem, literals) = Problem::new(&roots, self.names, issuer, self.budget)?;
        let at = |place: usize| literals.get(place).copied().flatten();
        let is_admitted = self.client.old.is_some();
        let cells = paths.by_whom.len();
        let impossible: Vec<Option<Lit>> = problem
            .facts()
            .filter(|(fact, _)| !possible.has(fact))
            .map(|(_, literal)| Some(!literal))
            .collect();
        let mut later = Later::default();
        for (number, whom) in paths.by_whom.keys().enumerate() {
            let here = number.saturating_add(8);
            let below = here.saturating_add(cells);
            let queries = match is_admitted {
                _ if self.wanted != Wanted::Expansions => {
                    vec![(Asked::Any, vec![at(0), at(1), at(4), at(7), at(here)])]
                }
                true => vec![
                    (
                        Asked::Silent,
                        [at(0), at(1), at(3), at(5), at(6), at(below)]
                            .into_iter()
                            .chain(impossible.iter().copied())
                            .collect(),
                    ),
                    (Asked::Gated, vec![at(0), at(1), at(2), at(4), at(here)]),
                ],
                false => vec![(Asked::Gated, vec![at(0), at(4), at(here)])],
            };
            for (asked, literals) in queries {
                let Some(literals) = literals.into_iter().collect::<Option<Vec<Lit>>>() else {
                    continue;
                };
                self.cell(whom, asked, &literals, &possible, &mut problem, &mut later, found)?;
            }
        }
        Ok(())
    }

    pub(super) fn slices(&self) -> Vec<&Slice> {
        self.pair.old.into_iter().chain([self.pair.new]).collect()
    }

    pub(super) fn judge<'j>(
        &'j self,
        slice: &'j Slice,
        admitted: &'j Admitted,
        fixed: &'j crate::reach::fixed::Fixed,
        joint: &'j Joint,
    ) -> Judge<'j> {
        let renewed = Renewed::Nothing;
        Judge { names: self.names, slice, context: self.context, admitted, fixed, joint, renewed }
    }

    /// Which receipts count on the old side although they are for other terms.
    pub(super) fn renewed(&self) -> Renewed<'_> {
        self.wanted.renewed(self.old)
    }

    /// Every principal of a cell that is newly allowed something, by the fewest claims.
    #[expect(clippy::too_many_arguments, reason = "of one cell, all of them differ")]
    fn cell(
        &self,
        whom: &Whom,
        asked: Asked,
        literals: &[Lit],
        possible: &Possible,
        problem: &mut Problem,
        later: &mut Later,
        found: &mut Vec<Difference>,
    ) -> Result<(), Undecided> {
        let mut assumptions = literals.to_vec();
        let mut found_here = 0_usize;
        // A member by the group's own claim is a plainer example than one by an inner group's.
        let plain = match whom {
            Whom::Group(id) => self.names.group(*id).and_then(|group| group.own.as_ref()),
            _ => None,
        };
        let plain = plain.and_then(|own| problem.fact(&Fact::Claim(own.claim.clone())));
        let find = |problem: &mut Problem, assumptions: &[Lit]| {
            if let Some(plain) = plain {
                let preferred: Vec<Lit> = assumptions.iter().copied().chain([plain]).collect();
                if let Some(model) = problem.solve(&preferred)? {
                    return Ok(Some(model));
                }
            }
            problem.solve(assumptions)
        };
        while let Some(model) = find(problem, &assumptions)? {
            found_here = found_here.saturating_add(1);
            if found_here > PRINCIPALS {
                return Err(Undecided::OverBudget);
            }
            let operation = Operation {
                server: self.pair.server,
                feature: self.pair.feature,
                resource: self.pair.resource.as_deref(),
            };
            let terms = &self.new.engine.content().terms;
            let lasts = |name: &str| terms.get(name).and_then(|terms| terms.lasts);
            let call = witness::call(&model, self.context, &operation, &lasts, self.new.engine)?;
            let is_witness = |call: &Call| self.is_witness(call, whom, asked, possible);
            if !is_witness(&call) {
                return Err(Undecided::Disagreement);
            }
            let call = witness::shrink(call, self.new.engine, &is_witness);
            let claims = witness::claims(&call, problem);
            let mut gates = BTreeSet::new();
            if self.wanted == Wanted::Expansions {
                gates.extend(possible.gates(&call));
                gates.extend(self.client.old.is_none().then_some(Gate::Client));
            }
            let difference = self.difference(whom, call, &claims, gates, later)?;
            found.push(difference);
            // Whoever has these claims and others is a principal of this cell too.
            if claims.is_empty() {
                break;
            }
            assumptions.push(problem.not_all(&claims));
        }
        Ok(())
    }

    /// Whether both engines say what the solver says.
    fn is_witness(&self, call: &Call, whom: &Whom, asked: Asked, possible: &Possible) -> bool {
        if !witness::concerns(whom, call, self.names)
            || !self.wanted.is_shown(call, self.old, self.new)
        {
            return false;
        }
        match asked {
            Asked::Any => true,
            Asked::Silent => possible.gates(call).is_empty(),
            Asked::Gated if self.client.old.is_none() => true,
            Asked::Gated => !self.new.engine.decide(&possible.restrict(call)).is_allow(),
        }
    }

    /// What else is to be said of a witness.
    fn difference(
        &self,
        whom: &Whom,
        call: Call,
        claims: &BTreeSet<Claim>,
        gates: BTreeSet<Gate>,
        later: &mut Later,
    ) -> Result<Difference, Undecided> {
        let decision = self.new.engine.decide(&call);
        let allowing = self
            .pair
            .new
            .paths
            .iter()
            .enumerate()
            .filter(|(_, (_, Origin { rule, .. }))| {
                decision.rules.iter().any(|one| one.id == *rule)
            })
            .map(|(place, _)| place)
            .collect();
        let except = later.except(self, whom, claims)?;
        Ok(Difference {
            whom: whom.clone(),
            context: self.context.clone(),
            clients: self.client.alike.clone(),
            gates,
            reach: if except.is_empty() { Reach::New } else { Reach::Loosened },
            call,
            claims: claims.clone(),
            allowing,
            except,
        })
    }
}

/// That the operation was confirmed, where some expression reads that.
fn confirmed(expressions: &[&Expr]) -> Expr {
    let mut conditions = Vec::new();
    expressions.iter().for_each(|one| one.conditions(&mut conditions));
    let is_read = conditions
        .iter()
        .flat_map(|one| one.atoms())
        .any(|atom| atom.operand.attribute == Attribute::ConfirmationAge);
    match is_read {
        true => is_present(Attribute::ConfirmationAge),
        false => Expr::FALSE,
    }
}

/// That the token's class is one that only the new version names.
fn new_class(possible: &Possible, fixed: &crate::reach::fixed::Fixed) -> Expr {
    use placet_engine::condition::{Atom, Operand, Side};
    if possible.new_classes.is_empty() || fixed.is_known(&Attribute::TokenAcr) {
        return Expr::FALSE;
    }
    let atom = Atom {
        quantifier: None,
        operand: Operand { view: None, attribute: Attribute::TokenAcr },
        test: Test::OneOf(possible.new_classes.iter().cloned().map(Literal::String).collect()),
        negated: false,
    };
    Expr::Condition(Rc::new(Condition::Atom(atom)), Side::Allow)
}
