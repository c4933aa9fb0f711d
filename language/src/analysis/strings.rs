//! Strings: which tests a string can pass together, each way with a shortest string that does.
//!
//! All tests of one string, raw or through views, run side by side as one deterministic machine,
//! whose states are explored breadth first.

use std::collections::{HashMap, HashSet};

use placet_engine::condition::Test;
use placet_engine::view::View;

use crate::analysis::path::PathMachine;
use crate::analysis::url::UrlMachine;
use crate::analysis::words::Words;
use crate::analysis::{Budget, Undecided};

/// A test of a string, or of what a view sees of it.
pub(super) type Viewed = (Option<View>, Test);

/// What the tests say of some strings, one of which is the text. `None`: the view has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) text: String,
    pub(super) outcomes: Vec<Option<bool>>,
    /// Whether there is such a string for sure.
    pub(super) sure: bool,
}

/// All tests of one string.
struct Machine {
    views: Vec<Option<View>>,
    raw: Words,
    path: Option<PathMachine>,
    url: Option<UrlMachine>,
}

impl Machine {
    fn new(tests: &[Viewed]) -> Result<Self, Undecided> {
        let of = |view: Option<View>| -> Vec<&Test> {
            tests.iter().filter(|(one, _)| *one == view).map(|(_, test)| test).collect()
        };
        let (scheme, host, port) =
            (of(Some(View::UrlScheme)), of(Some(View::UrlHost)), of(Some(View::UrlPort)));
        let raw = of(None);
        let path = of(Some(View::Path));
        let url = !(scheme.is_empty() && host.is_empty() && port.is_empty());
        Ok(Self {
            views: tests.iter().map(|(view, _)| *view).collect(),
            path: match path.is_empty() {
                true => None,
                false => Some(PathMachine::new(Words::new(path)?)),
            },
            url: match url {
                true => Some(UrlMachine::new(&scheme, &host, &port, !raw.is_empty())?),
                false => None,
            },
            raw: Words::new(raw)?,
        })
    }

    fn start(&self) -> Vec<u32> {
        let path = self.path.iter().flat_map(PathMachine::start);
        let url = self.url.iter().flat_map(UrlMachine::start);
        self.raw.start().into_iter().chain(path).chain(url).collect()
    }

    fn step(&mut self, state: &mut [u32], character: char) {
        let (raw, rest) = state.split_at_mut(self.raw.width().min(state.len()));
        self.raw.step(raw, character);
        let width = self.path.as_ref().map_or(0, PathMachine::width).min(rest.len());
        let (path, url) = rest.split_at_mut(width);
        if let Some(machine) = &self.path {
            machine.step(path, character);
        }
        if let Some(machine) = &mut self.url {
            machine.step(url, character);
        }
    }

    /// Whether nothing that follows makes a difference.
    fn is_over(&self, state: &[u32]) -> bool {
        let width = self.path.as_ref().map_or(0, PathMachine::width);
        let url = state.get(self.raw.width().saturating_add(width)..).unwrap_or_default();
        let path = state.get(self.raw.width()).copied();
        self.raw.is_empty()
            && self.url.as_ref().is_none_or(|machine| machine.is_over(url))
            && (self.path.is_none() || path == Some(crate::analysis::path::REFUSED))
    }

    /// What each test says, in their order, and whether that is sure.
    fn outcomes(&self, state: &[u32]) -> (Vec<Option<bool>>, bool) {
        let (raw, rest) = state.split_at(self.raw.width().min(state.len()));
        let width = self.path.as_ref().map_or(0, PathMachine::width).min(rest.len());
        let (path, url) = rest.split_at(width);
        let mut raw = self.raw.outcomes(raw).into_iter();
        let path = self.path.as_ref().and_then(|machine| machine.outcomes(path));
        let mut path = path.unwrap_or_default().into_iter();
        let parts = self.url.as_ref().and_then(|machine| machine.outcomes(url));
        let sure = parts.as_ref().is_none_or(|parts| parts.sure);
        let (mut scheme, mut host, mut port) = match parts {
            None => Default::default(),
            Some(parts) => (
                parts.scheme.into_iter(),
                parts.host.into_iter(),
                parts.port.unwrap_or_default().into_iter(),
            ),
        };
        let outcomes = self.views.iter().map(|view| match view {
            None => raw.next(),
            Some(View::Path) => path.next(),
            Some(View::UrlScheme) => scheme.next(),
            Some(View::UrlHost) => host.next(),
            Some(View::UrlPort) => port.next(),
        });
        (outcomes.collect(), sure)
    }

    /// One character of each kind that the tests tell apart, the most ordinary first.
    fn alphabet(&self) -> Vec<char> {
        let ordinary = ('a'..='z').chain('0'..='9').chain("-_./".chars()).chain('A'..='Z');
        let others = (' '..='~').chain('\u{0}'..='\u{7f}');
        let mut mentioned: Vec<char> = self.raw.mentioned().collect();
        mentioned.extend(self.path.iter().flat_map(PathMachine::mentioned));
        mentioned.extend(self.url.iter().flat_map(UrlMachine::mentioned));
        // Two that nobody mentions, one of them a control character.
        let foreign = ['\u{e9}', '\u{85}'].into_iter().chain('\u{a1}'..='\u{2000}');
        let mut kinds = HashSet::new();
        ordinary
            .chain(others)
            .chain(mentioned)
            .chain(foreign)
            .filter(|one| kinds.insert(self.signature(*one)))
            .collect()
    }

    fn signature(&self, character: char) -> impl Eq + std::hash::Hash + use<> {
        let raw = Some(character).filter(|one| self.raw.mentions(*one));
        let path = self.path.as_ref().map(|machine| machine.signature(character));
        let url = self.url.as_ref().map(|machine| machine.signature(character));
        (raw, path, url)
    }
}

/// Every way in which strings can pass the tests, with a shortest one each.
///
/// The empty string is named only where no other does the same.
pub(super) fn classes(tests: &[Viewed], budget: &Budget) -> Result<Vec<Class>, Undecided> {
    let mut found = explored(Machine::new(tests)?, "", budget)?;
    // The spelling of an address in brackets is not the one that `host` gives, so what else is asked
    // of the raw string and what is asked of the host are independent there, as far as is known.
    let host = |(view, _): &&Viewed| *view == Some(View::UrlHost);
    let mixed = tests.iter().any(|(view, _)| view.is_none()) && tests.iter().any(|one| host(&one));
    if mixed {
        let hosts: Vec<Viewed> = tests.iter().filter(host).cloned().collect();
        let hosts = explored(Machine::new(&hosts)?, "https://[", budget)?;
        let others: Vec<Viewed> = tests
            .iter()
            .map(|(view, test)| match view {
                // Of such a URL only that it has a host is known.
                Some(View::UrlHost) => (*view, Test::OneOf(Vec::new())),
                _ => (*view, test.clone()),
            })
            .collect();
        let mut others = explored(Machine::new(&others)?, "", budget)?;
        others.retain(|class| {
            class.outcomes.iter().zip(tests).any(|(is, one)| host(&one) && is.is_some())
        });
        for other in &others {
            for host_class in &hosts {
                let mut of_host = host_class.outcomes.iter();
                let outcomes = tests
                    .iter()
                    .zip(&other.outcomes)
                    .map(|(one, outcome)| match host(&one) {
                        true => of_host.next().copied().flatten(),
                        false => *outcome,
                    })
                    .collect();
                let text = other.text.clone();
                found.push(Class { text, outcomes, sure: false });
            }
        }
    }
    Ok(found)
}

/// The ways that are reached from what a beginning leads to.
fn explored(
    mut machine: Machine,
    beginning: &str,
    budget: &Budget,
) -> Result<Vec<Class>, Undecided> {
    let alphabet = machine.alphabet();
    let mut start = machine.start();
    beginning.chars().for_each(|character| machine.step(&mut start, character));
    // Each state with the one before it and the character between.
    let mut states: Vec<(Vec<u32>, usize, char)> = vec![(start, 0, '\0')];
    // The start is not among them: a string that is not empty may lead there again.
    let mut known: HashSet<Vec<u32>> = HashSet::new();
    let mut classes: HashMap<(Vec<Option<bool>>, bool), usize> = HashMap::new();
    let mut order = Vec::new();
    let mut at = 0;
    while let Some((state, _, _)) = states.get(at) {
        let state = state.clone();
        if at > 0 {
            note(machine.outcomes(&state), at, &mut classes, &mut order);
        }
        if !machine.is_over(&state) {
            for character in &alphabet {
                budget.spend(1)?;
                let mut next = state.clone();
                machine.step(&mut next, *character);
                if known.insert(next.clone()) {
                    states.push((next, at, *character));
                }
            }
        }
        at = at.saturating_add(1);
    }
    let empty = states.first().map(|(state, _, _)| machine.outcomes(state));
    if let Some(empty) = empty {
        note(empty, 0, &mut classes, &mut order);
    }
    Ok(order
        .into_iter()
        .map(|((outcomes, sure), mut at)| {
            let mut text = Vec::new();
            while at > 0 {
                let Some((_, before, character)) = states.get(at) else { break };
                text.push(*character);
                at = *before;
            }
            let text = beginning.chars().chain(text.into_iter().rev()).collect();
            Class { text, outcomes, sure }
        })
        .collect())
}

type Found = (Vec<Option<bool>>, bool);

fn note(
    found: Found,
    at: usize,
    classes: &mut HashMap<Found, usize>,
    order: &mut Vec<(Found, usize)>,
) {
    if !classes.contains_key(&found) {
        classes.insert(found.clone(), at);
        order.push((found, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use placet_engine::condition::{
        Argument, ArgumentType, Atom, Attribute, Literal, Operand, Side,
    };
    use placet_engine::glob::Glob;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn test_of(view: Option<View>) -> BoxedStrategy<Test> {
        let text = match view {
            None => "[a/.:]{0,3}|https://a/|HTTPS://.*".boxed(),
            Some(View::Path) => "(/[a.]){0,2}|/".boxed(),
            _ => "https?|a|a\\.b|\\[::1\\]|10\\.0\\.0\\.1".boxed(),
        };
        let literal = text.clone().prop_map(Literal::String);
        let port = prop::sample::select(vec![0_i64, 80, 443, 8443, 65_535, 99_999]);
        match view {
            Some(View::UrlPort) => prop_oneof![
                port.clone().prop_map(Test::LessThan),
                port.clone().prop_map(Test::AtLeast),
                port.prop_map(|one| Test::Equals(Literal::Integer(one))),
            ]
            .boxed(),
            _ => prop_oneof![
                literal.clone().prop_map(Test::Equals),
                prop::collection::vec(literal, 1..3).prop_map(Test::OneOf),
                "[a*/.\\[]{1,4}|\\*\\.b|https:\\*".prop_map(|one| Test::Like(Glob::parse(&one))),
                "/|/a|/a/a".prop_map(Test::UnderFolder),
            ]
            .boxed(),
        }
    }

    fn viewed() -> impl Strategy<Value = Viewed> {
        let view = prop::sample::select(vec![
            None,
            Some(View::Path),
            Some(View::UrlScheme),
            Some(View::UrlHost),
            Some(View::UrlPort),
        ]);
        view.prop_flat_map(|view| test_of(view).prop_map(move |test| (view, test)))
    }

    fn by_the_engine(tests: &[Viewed], text: &str) -> Vec<Option<bool>> {
        let arguments = serde_json::json!({"a": text});
        let arguments = crate::analysis::assignment::Assignment::of(arguments);
        let argument = Argument { path: vec![String::from("a")], kind: ArgumentType::String };
        let holds = |(view, test): &Viewed, side| {
            let operand = Operand { view: *view, attribute: Attribute::Argument(argument.clone()) };
            let atom = Atom { quantifier: None, operand, test: test.clone(), negated: false };
            atom.holds(&arguments, side)
        };
        tests
            .iter()
            .map(|one| match (holds(one, Side::Allow), holds(one, Side::Deny)) {
                (false, true) => None,
                (both, _) => Some(both),
            })
            .collect()
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a/.%\\\\]{0,6}",
            "(http|HTTPS|x)://(a|A\\.b|\\[::1\\]|\\[::2\\]|10\\.0\\.0\\.1|1\\.2|0x1|a\\.0x)(:[0-9]{1,5})?(/[%a]{0,3})?(#a?)?",
            ".{0,4}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_class_is_as_the_engine_judges_it_and_every_string_is_in_one(
            tests in prop::collection::vec(viewed(), 1..5),
            texts in prop::collection::vec(texts(), 1..60),
        ) {
            let classes = classes(&tests, &Budget::default()).unwrap();
            for class in classes.iter().filter(|class| class.sure) {
                prop_assert_eq!(&by_the_engine(&tests, &class.text), &class.outcomes, "{}", class.text);
            }
            let known: HashSet<_> = classes.into_iter().map(|class| class.outcomes).collect();
            for text in texts {
                prop_assert!(known.contains(&by_the_engine(&tests, &text)), "{}", text);
            }
        }
    }
}
