//! Easy variables: where one value that the tests name makes every wish come true, there is nothing
//! to explore.

use placet_engine::condition::{Atom, Literal, Test};
use serde_json::Value as Json;

use crate::analysis::component::Solution;
use crate::analysis::variable::{Held, Variable, Witness};
use crate::analysis::wish::Wish;

/// Values that make all wishes about some variables come true, if these are one argument, or one fact,
/// for which such a value is easily found. It is then all that there is to find: no set of wishes is larger.
pub(super) fn easy<'v>(
    variables: impl IntoIterator<Item = &'v Variable>,
    wishes: &[Wish],
) -> Option<Solution> {
    let mut variables = variables.into_iter();
    let (Some(variable), None) = (variables.next(), variables.next()) else { return None };
    if !variable.is_of_arguments() {
        return None;
    }
    let holding = |value: &Json| {
        let mut witness = Witness::default();
        witness.say(variable.clone(), Held::Json(value.clone()));
        witness
    };
    let own: Vec<(usize, &Wish)> = wishes
        .iter()
        .enumerate()
        .filter(|(_, wish)| Variable::of_wish(wish).contains(variable))
        .collect();
    let named = own.iter().flat_map(|(_, wish)| named(&wish.atom));
    let ordinary = [Json::from("a"), Json::from(0), Json::from(false)];
    let witness = named.chain(ordinary).map(|value| holding(&value)).find(|witness| {
        let assignment = witness.assignment();
        own.iter().all(|(_, wish)| wish.is_met(&assignment))
    })?;
    Some((own.into_iter().map(|(number, _)| number).collect(), witness))
}

/// Values at or beside which a test changes.
fn named(atom: &Atom) -> Vec<Json> {
    let json = |literal: &Literal| match literal {
        Literal::String(text) => Some(Json::from(text.as_str())),
        Literal::Boolean(value) => Some(Json::from(*value)),
        Literal::Integer(value) => Some(Json::from(*value)),
        Literal::Address(_) => None,
    };
    let values: Vec<Json> = match &atom.test {
        Test::Equals(literal) => json(literal).into_iter().collect(),
        Test::OneOf(literals) => literals.iter().filter_map(json).collect(),
        Test::LessThan(bound) => vec![Json::from(bound.saturating_sub(1))],
        Test::MoreThan(bound) => vec![Json::from(bound.saturating_add(1))],
        Test::AtMost(bound) | Test::AtLeast(bound) => vec![Json::from(*bound)],
        Test::Like(glob) => vec![Json::from(glob.pieces().concat())],
        Test::UnderFolder(folder) => vec![Json::from(folder.as_str())],
        Test::UnderNetwork(_) | Test::Has(_) | Test::SameAs(_) | Test::Present => Vec::new(),
    };
    match atom.quantifier {
        None => values,
        Some(_) => values.into_iter().map(|value| Json::Array(vec![value])).collect(),
    }
}
