//! The analysis against many calls, each evaluated by itself.

use placet_engine::Digest;
use placet_engine::condition::{
    Argument, ArgumentType, Atom, Attribute, Condition, Function, Literal, Operand, Quantifier,
    Side, Test, Value,
};
use placet_engine::glob::Glob;
use placet_engine::network::Network;
use placet_engine::view::View;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::*;

fn argument(path: &[&str], kind: ArgumentType) -> Attribute {
    let path = path.iter().map(|name| (*name).to_owned()).collect();
    Attribute::Argument(Argument::given(path, kind))
}

/// A fact that is computed from the argument of this name.
fn computed(name: &str, kind: ArgumentType) -> Attribute {
    let function = Function { component: Digest::of_bytes(b""), name: String::from("f") };
    let path = vec![name.to_owned()];
    Attribute::Argument(Argument { computed: Some(function), path, kind })
}

fn text(attribute: Attribute, view: Option<View>) -> Operand {
    Operand { view, attribute }
}

/// Operands that hold strings: arguments as they are or through a view, and what the caller is.
fn strings() -> Vec<Operand> {
    let views = [None, None, Some(View::Path), Some(View::UrlHost), Some(View::UrlScheme)];
    let paths: [&[&str]; 3] = [&["a"], &["b"], &["o", "p"]];
    let of = |path: &[&str]| {
        let attribute = argument(path, ArgumentType::String);
        views.map(|view| text(attribute.clone(), view)).to_vec()
    };
    let mut all: Vec<Operand> = paths.iter().flat_map(|path| of(path)).collect();
    let fact = computed("a", ArgumentType::String);
    all.extend([None, Some(View::Path)].map(|view| text(fact.clone(), view)));
    all.extend([Attribute::UserSubject, Attribute::TokenAcr].map(|one| text(one, None)));
    all
}

fn string_test() -> impl Strategy<Value = Test> {
    let constants = vec!["", "x", "/x", "/x/y", "a", "https", "http"];
    let literal = select(constants).prop_map(|one: &str| Literal::String(one.to_owned()));
    prop_oneof![
        literal.clone().prop_map(Test::Equals),
        prop::collection::vec(literal, 1..3).prop_map(Test::OneOf),
        select(vec!["*", "/*", "*x", "https:*", "*/y", "a*", "//*"])
            .prop_map(|one| Test::Like(Glob::parse(one))),
        select(vec!["/", "/x"]).prop_map(|one| Test::UnderFolder(one.to_owned())),
    ]
}

fn integer_test() -> impl Strategy<Value = Test> {
    let number = select(vec![-1_i64, 0, 3, 80, 443]);
    prop_oneof![
        number.clone().prop_map(Test::LessThan),
        number.clone().prop_map(Test::AtMost),
        number.clone().prop_map(Test::MoreThan),
        number.clone().prop_map(|one| Test::Equals(Literal::Integer(one))),
        number.prop_map(|one| Test::OneOf(vec![Literal::Integer(one), Literal::Integer(5)])),
    ]
}

fn atom() -> impl Strategy<Value = Atom> {
    let plain = |operand: Operand, test: Test| (None, operand, test);
    let integers = vec![
        text(argument(&["n"], ArgumentType::Integer), None),
        text(argument(&["m"], ArgumentType::Integer), None),
        text(argument(&["a"], ArgumentType::String), Some(View::UrlPort)),
        text(computed("n", ArgumentType::Integer), None),
        text(Attribute::TokenAge, None),
    ];
    let comparable = integers[..4].to_vec();
    let truth = vec![
        text(argument(&["t"], ArgumentType::Boolean), None),
        text(argument(&["u"], ArgumentType::Boolean), None),
    ];
    let quantifier = select(vec![Quantifier::All, Quantifier::Any]);
    let element_views = vec![None, Some(View::Path)];
    let lists = vec![argument(&["l"], ArgumentType::String), computed("l", ArgumentType::String)];
    let element = (select(lists), select(element_views)).prop_map(|(list, view)| text(list, view));
    let present = vec![
        text(argument(&["a"], ArgumentType::String), None),
        text(argument(&["o"], ArgumentType::String), None),
        text(argument(&["o", "p"], ArgumentType::String), None),
        text(argument(&["l"], ArgumentType::String), None),
        text(computed("a", ArgumentType::String), None),
        text(Attribute::TokenAcr, None),
    ];
    let sets = vec![argument(&["l"], ArgumentType::Strings), computed("l", ArgumentType::Strings)];
    let network = select(vec!["10.0.0.0/8", "10.1.0.0/16", "::/0"])
        .prop_map(|one| Test::UnderNetwork(Network::parse(one).unwrap()));
    let asked = prop_oneof![
        4 => (select(strings()), string_test()).prop_map(move |(one, test)| plain(one, test)),
        2 => (select(strings()), select(strings()))
            .prop_map(move |(one, other)| plain(one, Test::SameAs(other))),
        2 => (select(integers), integer_test()).prop_map(move |(one, test)| plain(one, test)),
        1 => (select(comparable.clone()), select(comparable))
            .prop_map(move |(one, other)| plain(one, Test::SameAs(other))),
        1 => select(truth.clone())
            .prop_map(move |one| plain(one, Test::Equals(Literal::Boolean(true)))),
        1 => (select(truth.clone()), select(truth))
            .prop_map(move |(one, other)| plain(one, Test::SameAs(other))),
        2 => (quantifier, element, string_test())
            .prop_map(|(quantifier, one, test)| (Some(quantifier), one, test)),
        1 => (select(sets), select(vec!["x", "/x"])).prop_map(move |(set, one)| {
            plain(text(set, None), Test::Has(one.to_owned()))
        }),
        2 => select(present).prop_map(move |one| plain(one, Test::Present)),
        1 => network.prop_map(move |test| plain(text(Attribute::CallAddress, None), test)),
    ];
    (asked, any::<bool>()).prop_map(|((quantifier, operand, test), negated)| Atom {
        quantifier,
        operand,
        test,
        negated,
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    atom().prop_map(Condition::Atom).prop_recursive(2, 5, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            prop::collection::vec(inner, 1..4).prop_map(Condition::Any),
        ]
    })
}

fn some_text() -> impl Strategy<Value = String> {
    select(vec![
        "",
        "x",
        "/x",
        "/x/y",
        "a",
        "https",
        "http",
        "//x",
        "/x/.",
        "/",
        "/y",
        "ax",
        "z",
        "/../x",
        "https://a",
        "https://x:80/",
        "http://a/y",
        "x://https",
        "a://a",
        "https://https/x",
        "HTTPS://a:3",
        "http://x:5",
        "https://[::1]/x",
        "b://a",
        "b",
        "/x//y",
        "//x/y",
    ])
    .prop_map(str::to_owned)
}

fn maybe<T: Strategy<Value = Json> + 'static>(value: T) -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => value,
        1 => Just(Json::Null),
        1 => Just(json!({})),
        1 => Just(json!([1.5])),
    ]
}

prop_compose! {
    fn assignment()(
        a in maybe(some_text().prop_map(Json::from)),
        b in maybe(some_text().prop_map(Json::from)),
        p in maybe(some_text().prop_map(Json::from)),
        o in select(vec![0, 0, 0, 1, 2]),
        numbers in prop::collection::vec(select(vec![-2_i64, -1, 0, 1, 3, 4, 5, 79, 80, 443, 444]), 3),
        truth in prop::collection::vec(any::<bool>(), 2),
        l in maybe(prop::collection::vec(maybe(some_text().prop_map(Json::from)), 0..4).prop_map(Json::from)),
        facts in (
            maybe(some_text().prop_map(Json::from)),
            maybe(select(vec![-2_i64, 0, 3, 5, 80]).prop_map(Json::from)),
            maybe(prop::collection::vec(maybe(some_text().prop_map(Json::from)), 0..4).prop_map(Json::from)),
        ),
        subject in some_text(),
        acr in prop::option::of(some_text()),
        address in prop::option::of(select(vec!["10.1.2.3", "10.9.9.9", "11.0.0.1", "2001:db8::1"])),
    ) -> Assignment {
        let inner = match o { 0 => json!({"p": p}), 1 => json!("scalar"), _ => Json::Null };
        let mut assignment = Assignment::of(json!({
            "a": a, "b": b, "o": inner, "l": l, "n": numbers[0], "m": numbers[1],
            "t": truth[0], "u": truth[1],
        }));
        let function = Function { component: Digest::of_bytes(b""), name: String::from("f") };
        for (name, value) in [("a", facts.0), ("n", facts.1), ("l", facts.2)] {
            assignment.compute(&function, &[name.to_owned()], value);
        }
        let attributes = &mut assignment.attributes;
        attributes.insert(Attribute::UserSubject, Value::String(subject));
        if let Some(acr) = acr {
            attributes.insert(Attribute::TokenAcr, Value::String(acr));
        }
        if numbers[2] >= 0 {
            attributes.insert(Attribute::TokenAge, Value::Integer(numbers[2]));
        }
        if let Some(address) = address {
            attributes.insert(Attribute::CallAddress, Value::Address(address.parse().unwrap()));
        }
        assignment
    }
}

/// Ends a case that cannot be decided, which too many may not do.
fn decided<T>(answer: Result<T, Undecided>) -> Result<T, TestCaseError> {
    answer.map_err(|undecided| match undecided {
        Undecided::Unknown | Undecided::OverBudget => TestCaseError::reject("not decided"),
        Undecided::Disagreement => TestCaseError::fail(undecided.to_string()),
    })
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let side = select(vec![Side::Allow, Side::Deny]);
    let wish =
        (atom(), side, any::<bool>()).prop_map(|(atom, side, wanted)| Wish { atom, side, wanted });
    prop::collection::vec(wish, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn an_implication_has_no_exception_and_what_is_none_has_one(
        new in condition(),
        old in condition(),
        calls in prop::collection::vec(assignment(), 100),
    ) {
        let both = Formula::All(vec![
            Formula::of(&new, Side::Allow, true),
            Formula::of(&old, Side::Allow, false),
        ]);
        let exception = decided(satisfiable(&both, &Budget::default()))?;
        let implied = decided(implies(Some(&new), Some(&old), &Budget::default()))?;
        prop_assert_eq!(implied, exception.is_none());
        let is_exception =
            |call: &Assignment| new.holds(call, Side::Allow) && !old.holds(call, Side::Allow);
        match exception {
            Some(call) => prop_assert!(is_exception(&call), "{call:?}"),
            None => for call in &calls {
                prop_assert!(!is_exception(call), "{call:?}");
            },
        }
    }

    #[test]
    fn whatever_a_call_makes_come_true_is_found(
        wishes in wishes(),
        calls in prop::collection::vec(assignment(), 100),
    ) {
        let formulas: Vec<Formula> = wishes.iter().cloned().map(Formula::Wish).collect();
        let all: Vec<&Formula> = formulas.iter().collect();
        let budget = Budget::default();
        let space = decided(Space::new(&all, &budget))?;
        let found = decided(space.maximal(&Formula::ALWAYS, &formulas, &budget))?;
        let met = |values: &Assignment| -> Vec<bool> {
            wishes.iter().map(|wish| wish.is_met(values)).collect()
        };
        let found: Vec<Vec<bool>> = found.iter().map(|one| met(&one.assignment())).collect();
        for call in &calls {
            let of_call = met(call);
            let outdone = |one: &Vec<bool>| of_call.iter().zip(one).all(|(is, may)| *may || !is);
            prop_assert!(found.iter().any(outdone), "{call:?}: {of_call:?} not in {found:?}");
        }
    }

    #[test]
    fn whatever_arguments_do_for_a_caller_is_found(
        wishes in wishes(),
        calls in prop::collection::vec(assignment(), 100),
    ) {
        let about_arguments = |wish: &Wish| {
            Variable::of_wish(wish).iter().any(Variable::is_of_arguments)
        };
        let wishes: Vec<Wish> = wishes.into_iter().filter(about_arguments).collect();
        let formulas: Vec<Formula> = wishes.iter().cloned().map(Formula::Wish).collect();
        let all: Vec<&Formula> = formulas.iter().collect();
        let budget = Budget::default();
        let mut found = Vec::new();
        for space in decided(Space::by_caller(&all, &budget))? {
            found.extend(decided(space.maximal(&Formula::ALWAYS, &formulas, &budget))?);
        }
        for call in &calls {
            let met = |values: &Assignment| -> Vec<bool> {
                wishes.iter().map(|wish| wish.is_met(values)).collect()
            };
            let of_call = met(call);
            let outdone = found.iter().any(|witness| {
                let mut witness = witness.clone();
                for (attribute, value) in &call.attributes {
                    let variable = Variable::Attribute(attribute.clone());
                    witness.say(variable, Held::Value(value.clone()));
                }
                let of_witness = met(&witness.assignment());
                of_call.iter().zip(of_witness).all(|(is, may)| may || !is)
            });
            prop_assert!(outdone, "{call:?}: {of_call:?} not in {found:?}");
        }
    }
}

#[test]
fn an_array_may_need_elements_of_several_kinds() {
    let is_x = |quantifier: Quantifier, wanted: bool| {
        let operand = text(argument(&["l"], ArgumentType::String), None);
        let test = Test::Equals(Literal::String(String::from("x")));
        let atom = Atom { quantifier: Some(quantifier), operand, test, negated: false };
        Formula::Wish(Wish { atom, side: Side::Allow, wanted })
    };
    let some = Formula::All(vec![is_x(Quantifier::Any, true), is_x(Quantifier::All, false)]);
    assert!(satisfiable(&some, &Budget::default()).unwrap().is_some());
    let none = Formula::All(vec![is_x(Quantifier::Any, false), is_x(Quantifier::All, true)]);
    assert!(satisfiable(&none, &Budget::default()).unwrap().is_none());
}

#[test]
fn a_token_is_younger_than_it_may_become() {
    let is = |attribute: Attribute, test: Test| {
        let atom = Atom { quantifier: None, operand: text(attribute, None), test, negated: false };
        Formula::Wish(Wish { atom, side: Side::Allow, wanted: true })
    };
    let both = |age: Test, lifetime: Test| {
        let all = vec![is(Attribute::TokenAge, age), is(Attribute::TokenLifetime, lifetime)];
        satisfiable(&Formula::All(all), &Budget::default()).unwrap()
    };
    assert!(both(Test::AtLeast(5), Test::AtMost(5)).is_none());
    assert!(both(Test::AtLeast(5), Test::AtMost(6)).is_some());
    // Both are beyond the same constant, and one is the greater.
    assert!(both(Test::MoreThan(5), Test::MoreThan(5)).is_some());
}

#[test]
fn as_many_values_differ_as_are_compared() {
    let all_differ = |operands: [Operand; 3], kind: &Test| {
        let wish = |operand: &Operand, test: Test, negated: bool| {
            let atom = Atom { quantifier: None, operand: operand.clone(), test, negated };
            Formula::Wish(Wish { atom, side: Side::Allow, wanted: true })
        };
        let [one, two, three] = &operands;
        let mut all: Vec<Formula> =
            operands.iter().map(|one| wish(one, kind.clone(), false)).collect();
        for (one, other) in [(one, two), (two, three), (three, one)] {
            all.push(wish(one, Test::SameAs(other.clone()), true));
        }
        satisfiable(&Formula::All(all), &Budget::default()).unwrap().is_some()
    };
    let of = |kind: ArgumentType| ["a", "b", "c"].map(|name| text(argument(&[name], kind), None));
    assert!(all_differ(of(ArgumentType::Integer), &Test::MoreThan(3)));
    assert!(!all_differ(of(ArgumentType::Integer), &Test::Equals(Literal::Integer(3))));
    assert!(all_differ(of(ArgumentType::String), &Test::Like(Glob::parse("x*"))));
}

#[test]
fn few_questions_are_left_undecided() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut undecided = 0;
    let total = 300;
    for _ in 0..total {
        let new = condition().new_tree(&mut runner).unwrap().current();
        let old = condition().new_tree(&mut runner).unwrap().current();
        undecided += i32::from(implies(Some(&new), Some(&old), &Budget::default()).is_err());
    }
    // Those that compare a view with what is asked of the raw string as well.
    assert!(undecided * 10 < total, "{undecided} of {total}");
}

/// What expired is refused before any condition is judged.
#[test]
fn what_is_accepted_lasts_at_least_a_second() {
    let lifetime = Operand { view: None, attribute: Attribute::TokenLifetime };
    let of = |test: Test| {
        let atom = Atom { quantifier: None, operand: lifetime.clone(), test, negated: false };
        let wish = Wish { atom, side: Side::Allow, wanted: true };
        satisfiable(&Formula::Wish(wish), &Budget::default()).unwrap()
    };
    assert_eq!(of(Test::AtMost(0)), None);
    assert_eq!(of(Test::Equals(Literal::Integer(0))), None);
    assert!(of(Test::AtMost(1)).is_some());
    assert!(of(Test::MoreThan(0)).is_some());
}
