//! Whatever is written, `check` answers.

use std::collections::BTreeMap;

use placet_language::{Limits, check};
use proptest::prelude::*;

fn check_text(text: String) {
    let files = BTreeMap::from([
        (String::from("a.placet"), text),
        (String::from("catalogue.json"), include_str!("cases/catalogue.json").to_owned()),
    ]);
    let checked = check(&files, &Limits::default());
    // Either it is usable or something says why not.
    assert_eq!(checked.policy.is_none(), checked.diagnostics.iter().any(|one| one.is_error()));
}

/// Pieces of the language, so that what is made of them gets past the lexer.
fn words() -> impl Strategy<Value = String> {
    let source = include_str!("cases/clean-everything.placet");
    let words: Vec<String> = source.split_inclusive([' ', '\n']).map(str::to_owned).collect();
    let marks = ["{", "}", "(", ")", "[", "]", "\"", ",", ".", "*", "-5 ", "\\", "é", "\u{202e}"];
    let pieces: Vec<String> = words.into_iter().chain(marks.map(str::to_owned)).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC*") {
        check_text(format!("edition 2026\n{text}"));
    }

    #[test]
    fn any_words(text in words()) {
        check_text(format!("edition 2026\n{text}"));
    }

    #[test]
    fn a_policy_with_a_piece_cut_out(start in 0_usize..3_000, length in 1_usize..40) {
        let source = include_str!("cases/clean-everything.placet");
        let cut: String = source
            .chars()
            .enumerate()
            .filter(|(index, _)| !(start..start.saturating_add(length)).contains(index))
            .map(|(_, character)| character)
            .collect();
        check_text(cut);
    }

    #[test]
    fn any_catalogue(text in "\\PC*") {
        let _ = placet_language::catalogue::read(text.as_bytes());
        let nested = format!("{{\"tools\": [{{\"name\": \"a\", \"inputSchema\": {text}}}]}}");
        let _ = placet_language::catalogue::read(nested.as_bytes());
    }
}
