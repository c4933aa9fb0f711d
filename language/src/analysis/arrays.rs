//! Arrays: which kinds of elements an array has.
//!
//! `all` and `any` look at each element by itself, and `has` at whether one is there, so an array is
//! to conditions the set of the kinds of its elements. A wish asks that all be of some kinds, or that
//! one be.

use std::collections::BTreeSet;

use placet_engine::condition::{ArgumentType, Atom, Attribute, Literal, Quantifier, Test};
use serde_json::{Value as Json, json};

use crate::analysis::candidates::{Unary, string_tests};
use crate::analysis::maximal::{Set, maximal, undominated};
use crate::analysis::strings::{Viewed, classes};
use crate::analysis::variable::{Held, Variable, Witness};
use crate::analysis::wish::Wish;
use crate::analysis::{Budget, Undecided, integers};

/// An element, and what the machines say of it where it is a string.
struct Element {
    json: Json,
    /// For a string that may not be one.
    unsure: Option<Vec<Option<bool>>>,
}

/// What a wish asks of an array that is not empty.
enum Asked {
    /// Nothing that elements could change.
    Settled(bool),
    /// Any of these.
    Ways(Vec<Way>),
}

/// That all elements be among some, and one among others.
struct Way {
    all: BTreeSet<usize>,
    one: Option<BTreeSet<usize>>,
}

/// Arrays for every maximal set of wishes that arrays make come true; the wishes where these come
/// true only if there are such strings. None where no wish reads the argument as an array.
pub(super) fn arrays(
    wishes: &Unary<'_>,
    budget: &Budget,
) -> Result<Vec<(Json, Option<Set>)>, Undecided> {
    let reads = |atom: &&Atom| {
        let strings = matches!(&atom.operand.attribute,
            Attribute::Argument(one) if one.kind == ArgumentType::Strings);
        atom.quantifier.is_some() || strings && atom.test != Test::Present
    };
    let atoms: Vec<&Atom> = wishes.iter().map(|(_, wish)| &wish.atom).filter(reads).collect();
    if atoms.is_empty() {
        return Ok(Vec::new());
    }
    let (elements, tests) = elements(&atoms, budget)?;
    let asked: Vec<Asked> =
        wishes.iter().map(|(_, wish)| asked(wish, &elements, &tests)).collect::<Result<_, _>>()?;
    let sure: BTreeSet<usize> = (0..elements.len())
        .filter(|at| elements.get(*at).is_some_and(|one| one.unsure.is_none()))
        .collect();
    let every: BTreeSet<usize> = (0..elements.len()).collect();
    let mut found = Vec::new();
    let certain = maximal_arrays(&asked, &sure, budget)?;
    if sure != every {
        let possible = maximal_arrays(&asked, &every, budget)?;
        let known: Vec<&Set> = certain.iter().map(|(set, _)| set).collect();
        for (set, chosen) in &possible {
            if !known.iter().any(|one| set.is_subset(one)) {
                let number = |at: &usize| wishes.get(*at).map(|(number, _)| *number);
                let met = set.iter().filter_map(number).collect();
                found.push((array(chosen, &elements), Some(met)));
            }
        }
    }
    found.extend(certain.iter().map(|(_, chosen)| (array(chosen, &elements), None)));
    found.push((json!([]), None));
    Ok(found)
}

fn array(chosen: &BTreeSet<usize>, elements: &[Element]) -> Json {
    chosen.iter().filter_map(|at| elements.get(*at)).map(|element| element.json.clone()).collect()
}

/// One element of each kind.
fn elements(atoms: &[&Atom], budget: &Budget) -> Result<(Vec<Element>, Vec<Viewed>), Undecided> {
    let of = |kind: ArgumentType| {
        atoms.iter().copied().filter(move |atom| {
            atom.quantifier.is_some()
                && matches!(&atom.operand.attribute, Attribute::Argument(one) if one.kind == kind)
        })
    };
    let mut tests = string_tests(of(ArgumentType::String));
    for atom in atoms {
        match &atom.test {
            Test::Has(member) => {
                tests.push((None, Test::Equals(Literal::String(member.clone()))));
            }
            Test::SameAs(_) => return Err(Undecided::Unknown),
            _ => {}
        }
    }
    let mut elements = Vec::new();
    let sure = |json: Json| Element { json, unsure: None };
    if !tests.is_empty() {
        for class in classes(&tests, budget)?.iter() {
            let unsure = (!class.sure).then(|| class.outcomes.clone());
            elements.push(Element { json: json!(class.text), unsure });
        }
    }
    let mut numbers = BTreeSet::new();
    for atom in of(ArgumentType::Integer) {
        numbers.extend(integers::constants(&atom.test)?);
    }
    if of(ArgumentType::Integer).next().is_some() {
        let all = integers::representatives(&numbers, i64::MIN, i64::MAX, 1);
        elements.extend(all.into_iter().map(|number| sure(json!(number))));
    }
    if of(ArgumentType::Boolean).next().is_some() {
        elements.extend([sure(json!(true)), sure(json!(false))]);
    }
    elements.push(sure(Json::Null));
    Ok((elements, tests))
}

fn asked(wish: &Wish, elements: &[Element], tests: &[Viewed]) -> Result<Asked, Undecided> {
    let atom = &wish.atom;
    let those = |is: &dyn Fn(&Element) -> bool| -> BTreeSet<usize> {
        elements.iter().enumerate().filter(|(_, one)| is(one)).map(|(at, _)| at).collect()
    };
    let every = || those(&|_| true);
    if atom.test == Test::Present {
        return Ok(Asked::Settled(atom.negated != wish.wanted));
    }
    if let Some(quantifier) = atom.quantifier {
        let wanted = those(&|element| element_meets(wish, element, tests));
        // All are as wanted if `all` shall hold, or `any` shall not.
        let all = (quantifier == Quantifier::All) == wish.wanted;
        let way = match all {
            true => Way { all: wanted, one: None },
            false => Way { all: every(), one: Some(wanted) },
        };
        return Ok(Asked::Ways(vec![way]));
    }
    let strings = matches!(&atom.operand.attribute,
        Attribute::Argument(one) if one.kind == ArgumentType::Strings);
    if !strings {
        return Ok(Asked::Settled(wish.is_met_by_nothing()));
    }
    let Test::Has(member) = &atom.test else { return Err(Undecided::Unknown) };
    let is_string = |element: &Element| element.json.is_string();
    let test = (None, Test::Equals(Literal::String(member.clone())));
    let is_member = |element: &Element| match &element.unsure {
        None => element.json == json!(member),
        Some(outcomes) => {
            let at = tests.iter().position(|one| *one == test);
            at.and_then(|at| outcomes.get(at).copied().flatten()) == Some(true)
        }
    };
    let mut ways = Vec::new();
    if wish.is_met_by(Some(true)) {
        ways.push(Way { all: those(&is_string), one: Some(those(&is_member)) });
    }
    if wish.is_met_by(Some(false)) {
        let others = those(&|element| is_string(element) && !is_member(element));
        ways.push(Way { all: others, one: None });
    }
    if wish.is_met_by(None) {
        ways.push(Way { all: every(), one: Some(those(&|element| !is_string(element))) });
    }
    Ok(Asked::Ways(ways))
}

/// Whether a wish for each of an array's elements comes true for this one.
fn element_meets(wish: &Wish, element: &Element, tests: &[Viewed]) -> bool {
    let kind = match &wish.atom.operand.attribute {
        Attribute::Argument(argument) => argument.kind,
        _ => return false,
    };
    match &element.unsure {
        Some(outcomes) => {
            let test = (wish.atom.operand.view, wish.atom.test.clone());
            let at = tests.iter().position(|one| *one == test);
            let at = at.filter(|_| kind == ArgumentType::String);
            wish.is_met_by(at.and_then(|at| outcomes.get(at).copied().flatten()))
        }
        None => {
            let mut alone = Witness::default();
            let variable = Variable::of(&wish.atom.operand.attribute);
            alone.say(variable, Held::Json(json!([element.json])));
            wish.is_met(&alone.assignment())
        }
    }
}

/// The maximal sets of wishes that arrays of these elements make come true, with the elements.
fn maximal_arrays(
    asked: &[Asked],
    allowed: &BTreeSet<usize>,
    budget: &Budget,
) -> Result<Vec<(Set, BTreeSet<usize>)>, Undecided> {
    let found = maximal(asked.len(), budget, |wanted| {
        let wishes: Vec<&Asked> = wanted.iter().filter_map(|at| asked.get(*at)).collect();
        let chosen = choose(&wishes, allowed.clone(), Vec::new(), budget)?;
        Ok(chosen.map(|chosen| (wanted.clone(), chosen)))
    })?;
    Ok(undominated(found))
}

/// Elements that do what the wishes ask, as few as are needed.
fn choose(
    wishes: &[&Asked],
    allowed: BTreeSet<usize>,
    wanted: Vec<&BTreeSet<usize>>,
    budget: &Budget,
) -> Result<Option<BTreeSet<usize>>, Undecided> {
    budget.spend(1)?;
    if allowed.is_empty() || wanted.iter().any(|one| one.is_disjoint(&allowed)) {
        return Ok(None);
    }
    let Some((first, rest)) = wishes.split_first() else {
        let mut chosen = BTreeSet::new();
        for one in wanted {
            if one.is_disjoint(&chosen) {
                chosen.extend(one.intersection(&allowed).next());
            }
        }
        if chosen.is_empty() {
            chosen.extend(allowed.first());
        }
        return Ok(Some(chosen));
    };
    match first {
        Asked::Settled(true) => choose(rest, allowed, wanted, budget),
        Asked::Settled(false) => Ok(None),
        Asked::Ways(ways) => {
            for way in ways {
                let allowed = allowed.intersection(&way.all).copied().collect();
                let wanted = wanted.iter().copied().chain(&way.one).collect();
                if let Some(chosen) = choose(rest, allowed, wanted, budget)? {
                    return Ok(Some(chosen));
                }
            }
            Ok(None)
        }
    }
}
