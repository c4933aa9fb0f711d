//! Texts that stand for all: one of every class of values of an attribute that conditions tell apart.

use std::collections::BTreeSet;

use placet_engine::condition::{Attribute, Condition, Operand, Test};
use placet_engine::view::View;

use crate::analysis::strings::{Class, Viewed, classes};
use crate::analysis::{Budget, Undecided};

/// One text of every class of values that the conditions tell apart in an attribute which is a
/// string, all constants that it is compared with among them. None where nothing reads it.
///
/// What the attribute is compared with is asked of too, so that whatever holds of one text of a class
/// together with the rest of a call holds of every other.
///
/// `apart` are tests besides those of the conditions, and `within` are tests that the texts pass.
///
/// # Errors
///
/// [`Undecided`] where it cannot be told which texts are enough.
pub(crate) fn texts(
    attribute: &Attribute,
    conditions: &[&Condition],
    apart: &[(Option<View>, Test)],
    within: &[(Option<View>, Test)],
    budget: &Budget,
) -> Result<Vec<String>, Undecided> {
    let atoms: Vec<_> = conditions.iter().flat_map(|condition| condition.atoms()).collect();
    let mut same = BTreeSet::from([Operand { view: None, attribute: attribute.clone() }]);
    for _ in 0..=atoms.len() {
        let before = same.len();
        for atom in &atoms {
            let Test::SameAs(other) = &atom.test else { continue };
            if same.contains(&atom.operand) || same.contains(other) {
                same.extend([atom.operand.clone(), other.clone()]);
            }
        }
        if same.len() == before {
            break;
        }
    }
    let mut tests: BTreeSet<Viewed> = apart.iter().chain(within).cloned().collect();
    let mut is_read = false;
    for atom in &atoms {
        let read = &atom.operand;
        if read.attribute == *attribute {
            is_read = true;
        }
        if matches!(atom.test, Test::Present | Test::SameAs(_)) {
            continue;
        }
        for one in same.iter().filter(|one| one.attribute == read.attribute) {
            match (one.view, read.view) {
                (None, view) => {
                    tests.insert((view, atom.test.clone()));
                }
                (one, view) if one == view => {
                    tests.insert((None, atom.test.clone()));
                }
                // What the raw text is says something of what the view sees, and is not asked here.
                (Some(_), _) => return Err(Undecided::Unknown),
            }
        }
    }
    let compared = atoms
        .iter()
        .any(|atom| matches!(&atom.test, Test::SameAs(other) if other.attribute == *attribute));
    if !is_read && !compared {
        return Ok(Vec::new());
    }
    let tests: Vec<Viewed> = tests.into_iter().collect();
    let required: Vec<usize> = tests
        .iter()
        .enumerate()
        .filter(|(_, test)| within.contains(test))
        .map(|(place, _)| place)
        .collect();
    let found = classes(&tests, budget)?;
    let passes = |class: &&Class| {
        required.iter().all(|place| class.outcomes.get(*place) == Some(&Some(true)))
    };
    let mut texts = Vec::new();
    for class in found.iter().filter(passes) {
        if !class.sure {
            return Err(Undecided::Unknown);
        }
        texts.push(class.text.clone());
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use placet_engine::condition::{Argument, ArgumentType, Atom};
    use placet_engine::glob::Glob;

    #[test]
    fn what_an_attribute_is_compared_with_is_asked_of_it() {
        let path = vec![String::from("client")];
        let argument = Attribute::Argument(Argument::given(path, ArgumentType::String));
        let operand = |attribute: &Attribute| Operand { view: None, attribute: attribute.clone() };
        let atom = |attribute: &Attribute, test: Test| {
            let operand = operand(attribute);
            Condition::Atom(Atom { quantifier: None, operand, test, negated: false })
        };
        let like = atom(&argument, Test::Like(Glob::parse("a*")));
        for same in [
            atom(&argument, Test::SameAs(operand(&Attribute::ClientId))),
            atom(&Attribute::ClientId, Test::SameAs(operand(&argument))),
        ] {
            let conditions = [&like, &same];
            let budget = Budget::default();
            let found = texts(&Attribute::ClientId, &conditions, &[], &[], &budget).unwrap();
            assert!(found.iter().any(|one| one.starts_with('a')), "{found:?}");
            assert!(found.iter().any(|one| !one.starts_with('a')), "{found:?}");
        }
    }
}
