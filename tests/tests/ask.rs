//! Answers against calls: whatever the engine allows is in an answer, and whatever is in one is allowed.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use placet_engine::bundle::Access;
use placet_engine::{Call, Limits};
use placet_language::ask::{Answer, AskLimits, Question, Row, answer};
use placet_language::case::Case;
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};

fn ask(world: &World, question: &str) -> Answer {
    let question = Question::parse(question).unwrap();
    let answer = answer(&question, &world.engine, &AskLimits::default()).unwrap();
    for row in &answer.rows {
        let decision = world.engine.decide(&row.call);
        assert!(decision.is_allow(), "{row:#?}");
        assert!(decision.rules.iter().any(|one| one.id == row.rule.rule), "{row:#?}");
        assert!(row.is_about(&row.call), "{row:#?}");
    }
    answer
}

fn is_undecided(answer: &Answer, call: &Call) -> bool {
    answer.undecided.iter().any(|one| one.server.identity == call.server)
}

#[test]
fn whatever_is_allowed_is_answered() {
    let number = std::env::var("PLACET_WORLDS").ok().and_then(|text| text.parse().ok());
    let (mut allowed, mut rows, mut confirmed, mut undecided) = (0, 0, 0, 0);
    for seed in 0..number.unwrap_or(20_u64) {
        let Ok(world) = World::generate(seed) else { panic!("seed {seed}") };
        let all = ask(&world, "who can use anything");
        let silent = ask(&world, "who can use anything without being asked again");
        rows += all.rows.len();
        undecided += all.undecided.len();
        assert!(silent.rows.iter().all(|row| row.call.confirmation.is_none()), "seed {seed}");
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed);
        for _ in 0..80 {
            let bytes = serde_json::to_vec(&caller.call()).unwrap();
            let call = Call::from_json(&bytes, &Limits::default()).unwrap();
            let decision = world.engine.decide(&call);
            if !decision.is_allow() {
                continue;
            }
            allowed += 1;
            confirmed += usize::from(call.confirmation.is_some());
            let why = || {
                let case = Case::of_call(&call, &world.content);
                format!("seed {seed}\n{}\n{case}\n{:#?}", world.text(), decision.rules)
            };
            let is_answered = |answer: &Answer, rule: &str| {
                is_undecided(answer, &call)
                    || answer.rows.iter().any(|row| row.rule.rule == rule && row.is_about(&call))
            };
            // By every rule that allows it.
            for rule in &decision.rules {
                assert!(is_answered(&all, &rule.id), "{}", why());
            }
            let mut without = call.clone();
            without.confirmation = None;
            let unconfirmed = world.engine.decide(&without);
            for rule in unconfirmed.rules.iter().filter(|_| unconfirmed.is_allow()) {
                assert!(is_answered(&silent, &rule.id), "silently: {}", why());
            }
        }
    }
    println!("{allowed} calls allowed, {confirmed} confirmed; {rows} rows, {undecided} undecided");
    assert!(allowed > 500 && rows > 500, "{allowed} calls, {rows} rows");
}

const NARROWER: [&str; 4] = [
    "who can call anything",
    "who can read anything",
    "who can get anything",
    "who can use access write",
];

#[test]
fn a_narrower_question_is_answered_by_part_of_the_rows() {
    let mut found = [0; 5];
    for seed in 0..8 {
        let world = World::generate(seed).unwrap();
        let all = ask(&world, "who can use anything").rows;
        let is_part = |question: &str, row: &Row| match question {
            "who can call anything" => row.feature.kind == "tool",
            "who can read anything" => row.feature.kind == "resource",
            "who can get anything" => row.feature.kind == "prompt",
            _ => row.access >= Some(Access::Write),
        };
        for (question, found) in NARROWER.into_iter().zip(&mut found) {
            let witnesses: Vec<String> =
                ask(&world, question).rows.into_iter().map(|row| row.witness).collect();
            let expected: Vec<&String> =
                all.iter().filter(|row| is_part(question, row)).map(|row| &row.witness).collect();
            assert!(witnesses.iter().eq(expected), "seed {seed}: {question}");
            *found += witnesses.len();
        }
        // Of whom nothing is known no claims are either.
        for row in ask(&world, "what can anyone use").rows {
            let user = row.call.user.as_ref().unwrap();
            assert!(user.claims.is_empty(), "seed {seed}: {row:#?}");
            found[4] += 1;
        }
    }
    assert!(found.iter().all(|count| *count > 0), "{found:?}");
}
