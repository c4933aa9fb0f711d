//! Strings: which tests a string can pass together, each way with a shortest string that does.
//!
//! All tests of one string, raw or through views, run side by side as one deterministic machine,
//! whose states are explored breadth first.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use placet_engine::condition::{Argument, ArgumentType, Atom, Attribute, Operand, Side, Test};
use placet_engine::glob::Glob;
use placet_engine::view::View;

use crate::analysis::assignment::Assignment;
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
                true => Some(UrlMachine::new(&scheme, &host, &port)?),
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
        self.raw.is_settled(state.get(..self.raw.width()).unwrap_or_default())
            && self.url.as_ref().is_none_or(|machine| machine.is_over(url, self.raw.is_empty()))
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
        let mut mentioned: BTreeSet<char> = self.raw.mentioned().collect();
        mentioned.extend(self.path.iter().flat_map(PathMachine::mentioned));
        mentioned.extend(self.url.iter().flat_map(UrlMachine::mentioned));
        // Of those beyond ASCII that nobody mentions one is like another.
        let foreign = ('\u{e9}'..=char::MAX).find(|one| !mentioned.contains(one));
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
pub(super) fn classes(tests: &[Viewed], budget: &Budget) -> Result<Rc<Vec<Class>>, Undecided> {
    budget.classes.recall(tests, || found(tests, budget))
}

fn found(tests: &[Viewed], budget: &Budget) -> Result<Vec<Class>, Undecided> {
    let mut found = explored(Machine::new(tests)?, "", budget)?;
    let mixed = tests.iter().any(|(view, _)| view.is_none())
        && tests.iter().any(|(view, _)| view.is_some_and(is_of_url));
    if mixed {
        found.extend(bracketed(tests, budget)?);
    }
    budget.spend(found.len().saturating_mul(tests.len()).div_ceil(16))?;
    for class in &mut found {
        class.sure = class.sure || judged(tests, &class.text) == class.outcomes;
    }
    let sure: HashSet<Vec<Option<bool>>> =
        found.iter().filter(|class| class.sure).map(|class| class.outcomes.clone()).collect();
    found.retain(|class| class.sure || !sure.contains(&class.outcomes));
    Ok(found)
}

fn is_of_url(view: View) -> bool {
    matches!(view, View::UrlScheme | View::UrlHost | View::UrlPort)
}

/// The ways of URLs whose host is in brackets, as far as is known: an address is not always spelt as
/// `host` gives it, so what is asked of the raw string and what is asked of the host are taken to be
/// independent, and it may be no address.
fn bracketed(tests: &[Viewed], budget: &Budget) -> Result<Vec<Class>, Undecided> {
    let is_host = |(view, _): &&Viewed| *view == Some(View::UrlHost);
    let hosts: Vec<Viewed> = tests.iter().filter(is_host).cloned().collect();
    let hosts = explored(Machine::new(&hosts)?, "https://[", budget)?;
    let bracket = Test::Like(Glob::parse("[*"));
    let others: Vec<Viewed> = tests
        .iter()
        .map(|(view, test)| match view {
            Some(View::UrlHost) => (*view, bracket.clone()),
            _ => (*view, test.clone()),
        })
        .chain([(Some(View::UrlHost), bracket.clone())])
        .collect();
    let others = explored(Machine::new(&others)?, "", budget)?;
    let mut found = Vec::new();
    for other in others {
        if other.outcomes.last() != Some(&Some(true)) {
            continue;
        }
        let read: Vec<(&Viewed, Option<bool>)> =
            tests.iter().zip(other.outcomes.iter().copied()).collect();
        let mut class = |outcomes: Vec<Option<bool>>| {
            found.push(Class { text: other.text.clone(), outcomes, sure: false });
        };
        for host in &hosts {
            let mut of_host = host.outcomes.iter().copied();
            let outcome = |(one, outcome): &(&Viewed, Option<bool>)| match is_host(one) {
                true => of_host.next().flatten(),
                false => *outcome,
            };
            class(read.iter().map(outcome).collect());
        }
        let no_url = read
            .iter()
            .map(|((view, _), outcome)| outcome.filter(|_| !view.is_some_and(is_of_url)));
        class(no_url.collect());
    }
    Ok(found)
}

/// What the engine says of a string.
fn judged(tests: &[Viewed], text: &str) -> Vec<Option<bool>> {
    let path = vec![String::from("text")];
    let arguments = Assignment::of(serde_json::json!({"text": text}));
    let attribute = Attribute::Argument(Argument::given(path, ArgumentType::String));
    let judged = |(view, test): &Viewed| {
        let operand = Operand { view: *view, attribute: attribute.clone() };
        let atom = Atom { quantifier: None, operand, test: test.clone(), negated: false };
        match (atom.holds(&arguments, Side::Allow), atom.holds(&arguments, Side::Deny)) {
            (false, true) => None,
            (holds, _) => Some(holds),
        }
    };
    tests.iter().map(judged).collect()
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
    let (mut at, mut next) = (0, Vec::new());
    // Of many tests a step takes longer.
    let cost = states.first().map_or(1, |(state, _, _)| state.len().div_ceil(16));
    while let Some((state, _, _)) = states.get(at) {
        let state = state.clone();
        if at > 0 {
            note(machine.outcomes(&state), at, &mut classes, &mut order);
        }
        if !machine.is_over(&state) {
            for character in &alphabet {
                budget.spend(cost)?;
                next.clone_from(&state);
                machine.step(&mut next, *character);
                if !known.contains(&next) {
                    known.insert(next.clone());
                    states.push((next.clone(), at, *character));
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
    use placet_engine::condition::Literal;
    use proptest::prelude::*;

    fn test_of(view: Option<View>) -> BoxedStrategy<Test> {
        let text = match view {
            None => "[a/.:]{0,3}|https://(a/|\\[(::A|1|0::2)\\])".boxed(),
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
                "[a*/.\\[]{1,4}|\\*\\.b|https:\\*|\\*A\\*|\\*::a\\]"
                    .prop_map(|one| Test::Like(Glob::parse(&one))),
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

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a/.%\\\\]{0,6}",
            "(http|https|HTTPS|x)://(a|A\\.b|\\[::1\\]|\\[(::A|::a|1|0::2|A:)\\]|10\\.0\\.0\\.1|1\\.2|0x1|a\\.0x)(:[0-9]{1,5})?(/[%a]{0,3})?(#a?|\\[)?",
            ".{0,4}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn every_class_is_as_the_engine_judges_it_and_every_string_is_in_one(
            tests in prop::collection::vec(viewed(), 1..5),
            texts in prop::collection::vec(texts(), 1..60),
        ) {
            let classes = classes(&tests, &Budget::default()).unwrap();
            for class in classes.iter().filter(|class| class.sure) {
                prop_assert_eq!(&judged(&tests, &class.text), &class.outcomes, "{}", class.text);
            }
            let known: HashSet<_> = classes.iter().map(|class| class.outcomes.clone()).collect();
            for text in texts {
                prop_assert!(known.contains(&judged(&tests, &text)), "{}", text);
            }
        }
    }

    #[test]
    fn strings_that_chance_does_not_find_are_in_a_class() {
        let is = |text: &str| Test::Equals(Literal::String(text.to_owned()));
        let like = |pattern: &str| Test::Like(Glob::parse(pattern));
        for (raw, view, seen, text) in [
            // Spelt otherwise than `host` gives it.
            (like("*[0*"), View::UrlHost, is("[::a]"), "https://[0::a]/"),
            // No URL, though what it begins with is one.
            (like("https://a/*"), View::UrlHost, is("a"), "https://a/ "),
            // No URL, as there is no such address.
            (is("https://[1]"), View::UrlScheme, is("http"), "https://[1]"),
            (is("https://[1]"), View::UrlPort, Test::LessThan(80), "https://[1]"),
            // No path, though what it begins with is one.
            (is("/.."), View::Path, is("/"), "/.."),
        ] {
            let tests = [(None, raw), (Some(view), seen)];
            let classes = classes(&tests, &Budget::default()).unwrap();
            for class in classes.iter().filter(|class| class.sure) {
                assert_eq!(judged(&tests, &class.text), class.outcomes, "{}", class.text);
            }
            let judged = judged(&tests, text);
            assert!(classes.iter().any(|class| class.outcomes == judged), "{text}");
        }
    }
}
