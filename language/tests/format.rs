//! The formatter: what it makes of policies, and what holds whatever it is given. `PLACET_UPDATE=1`
//! formats the policies of the repository.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use placet_language::format::{Untouched, format};
use placet_language::{Code, Limits};
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    let formatted = format("a.placet", text, &Limits::default());
    assert_eq!(formatted.untouched, None, "{:?}", formatted.diagnostics);
    let again = format("a.placet", &formatted.text, &Limits::default());
    assert_eq!(again.text, formatted.text, "formatted twice");
    formatted.text
}

fn shown(before: &str) -> String {
    format!("{before}\n{}\n{}", "-".repeat(100), formatted(before))
}

#[test]
fn blocks_and_rules() {
    insta::assert_snapshot!(shown(include_str!("format/unformatted.placet")));
}

#[test]
fn what_is_too_long_is_broken() {
    insta::assert_snapshot!(shown(include_str!("format/long.placet")));
}

#[test]
fn comments_in_every_position() {
    insta::assert_snapshot!(shown(include_str!("format/comments.placet")));
}

#[test]
fn a_comment_between_any_two_tokens_is_kept() {
    for source in [
        include_str!("format/unformatted.placet"),
        include_str!("format/long.placet"),
        include_str!("cases/clean-everything.placet"),
    ] {
        let inside_text = |at: usize| {
            source.split_at(at).0.rsplit('\n').next().unwrap().matches('"').count() % 2 == 1
        };
        let spaces = source.char_indices().filter(|(_, one)| one.is_whitespace());
        for (at, _) in spaces.filter(|(at, _)| !inside_text(*at)) {
            for comment in [" // here\n", "\n// here\n", " // here\n\n// there\n"] {
                let (before, after) = source.split_at(at);
                let text = format!("{before}{comment}{after}");
                let result = formatted(&text);
                assert_eq!(result.matches("// here").count(), 1, "{text}");
                assert_eq!(result.matches("//").count(), text.matches("//").count());
            }
        }
    }
}

#[test]
fn statements_with_mistakes_are_left_as_they_are() {
    let text = "edition 2026\r\nlet  a=1\nscope  \"x\"  on on hub // what?\r\n  // below\n    \
                scope \"y\"   on hub\nlet  b = 2 ;\nlet c=3";
    let result = format("a.placet", text, &Limits::default());
    insta::assert_snapshot!(result.text);
    let codes: Vec<Code> = result.diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::Syntax, Code::SyntaxCharacter]);
}

#[test]
fn some_files_are_left_alone() {
    for (text, why) in [
        ("edition 2026\nlet  a = \"b\n", Untouched::Unclosed),
        ("edition 2027\nlet  a = 1\n", Untouched::Edition),
        ("edition 2026\nlet  a = 1 // \u{202e}\n", Untouched::Hidden),
        ("edition 2026\rlet  a = 1\n", Untouched::Hidden),
    ] {
        let result = format("a.placet", text, &Limits::default());
        assert_eq!((result.untouched, result.text.as_str()), (Some(why), text));
        assert_eq!(result.diagnostics.len(), 1);
    }
}

#[test]
fn line_ends_and_the_byte_order_mark() {
    assert_eq!(formatted("\u{feff}// a\r\n\r\n\r\nedition 2026\r\n"), "// a\n\nedition 2026\n");
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n// only this  "), "// only this\n");
}

#[test]
fn long_and_deep_texts_are_formatted_too() {
    let list = |length: usize, separator: &str| vec!["\"element\""; length].join(separator);
    let rows = |row: &str| row.repeat(20_000);
    let wide = format!("let a{} = 1 // x\n", "b".repeat(1_000_000));
    // With a quadratic step this test would take minutes.
    for text in [
        format!("let a = [{}]", list(100_000, ",")),
        format!("let a = [{}]", list(20_000, ", // why\n")),
        format!("scope \"a\" on b implies {}", list(20_000, ",")),
        format!("capability a \"b\" on c {{ needs {} }}", list(20_000, " or ")),
        format!("deny a anyone to b when {}", vec!["args.a"; 20_000].join(" and ")),
        format!("{wide}{}", rows("let a = 1 // x\n")),
        format!("server a {{ {} }}", rows("pin tools // x\n\n")),
        format!("clients a {{ {} }}", rows("client a \"b\" owner \"c\"\n")),
        rows("// a\n\n"),
        rows("{ ( [ "),
    ] {
        formatted(&text);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
}

/// A page with what `edit` makes of its policies.
fn with_blocks(page: &str, edit: impl Fn(&str) -> String) -> String {
    let mut result = String::new();
    let mut block: Option<String> = None;
    for line in page.split_inclusive('\n') {
        match &mut block {
            Some(text) if line.starts_with("```") => {
                result.push_str(&edit(text));
                result.push_str(line);
                block = None;
            }
            Some(text) => text.push_str(line),
            None => {
                result.push_str(line);
                if line.starts_with("```placet") {
                    block = Some(String::new());
                }
            }
        }
    }
    result
}

/// A text formatted, if it has no mistake: those that show one stay as they are.
fn unless_mistaken(text: &str) -> String {
    let result = format("a.placet", text, &Limits::default());
    assert_ne!(result.untouched, Some(Untouched::Defect), "{text}");
    if result.diagnostics.is_empty() { result.text } else { text.to_owned() }
}

#[test]
fn the_policies_of_the_repository_are_formatted() {
    let mut policies = Vec::new();
    for folder in ["language/tests/cases", "policies"] {
        files(&root().join(folder), ".placet", &mut policies);
    }
    let mut pages = vec![root().join("README.md")];
    for folder in ["spec", "policies"] {
        files(&root().join(folder), ".md", &mut pages);
    }
    let is_policy = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "placet");
    for path in policies.into_iter().chain(pages) {
        let text = fs::read_to_string(&path).unwrap();
        let expected = match is_policy(&path) {
            true => unless_mistaken(&text),
            false => with_blocks(&text, unless_mistaken),
        };
        if std::env::var_os("PLACET_UPDATE").is_some() && text != expected {
            fs::write(&path, &expected).unwrap();
            continue;
        }
        assert!(text == expected, "{} is not formatted: `placet fmt` does it", path.display());
    }
}

/// Policies to be mutated, as pieces that can be told apart without a lexer.
fn pieces() -> Vec<String> {
    let sources = [
        include_str!("format/unformatted.placet"),
        include_str!("format/long.placet"),
        include_str!("format/comments.placet"),
        include_str!("cases/clean-everything.placet"),
    ];
    let each = sources.iter().flat_map(|source| source.split_inclusive([' ', '\n', ',', '[', '(']));
    each.map(str::to_owned).collect()
}

/// What of a text is neither space nor comma, in order: comments trimmed, and all the rest.
fn essence(text: &str) -> (Vec<String>, String) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut comments = Vec::new();
    let mut code = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut escaped = false;
        let start = line.char_indices().find_map(|(at, character)| {
            match character {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '/' if !quoted && line.split_at(at).1.starts_with("//") => return Some(at),
                _ => {}
            }
            None
        });
        let (before, comment) = line.split_at(start.unwrap_or(line.len()));
        comments.extend((!comment.is_empty()).then(|| comment.trim_end().to_owned()));
        code.extend(before.chars().filter(|one| !one.is_whitespace() && *one != ','));
    }
    (comments, code)
}

fn laws(text: &str) {
    let once = format("a.placet", text, &Limits::default());
    assert_ne!(once.untouched, Some(Untouched::Defect), "{text}");
    if once.untouched.is_some() {
        assert_eq!(once.text, text);
        assert!(!once.diagnostics.is_empty());
        return;
    }
    assert_eq!(essence(&once.text), essence(text), "{text}");
    let twice = format("a.placet", &once.text, &Limits::default());
    assert_eq!(twice.text, once.text, "{text}");
    assert_eq!(twice.diagnostics.len(), once.diagnostics.len(), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_of_any_text(text in "\\PC*") {
        laws(&text);
        laws(&format!("edition 2026\n{text}"));
    }

    #[test]
    fn the_laws_hold_of_any_pieces(
        pieces in prop::collection::vec(prop::sample::select(pieces()), 0..80),
    ) {
        laws(&pieces.concat());
    }

    #[test]
    fn the_laws_hold_of_mutated_policies(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![
                "", "\n", "\n\n", " // c\n", "\n// c\n", "\n\n// c\n\n", "  ", "\t", "\r\n", ",", "{", "}", "(", ")",
            ])),
            0..12,
        ),
        whole in any::<bool>(),
        which in any::<prop::sample::Index>(),
    ) {
        let mut pieces = pieces();
        if !whole {
            // A window, so that mistakes are not everywhere at once.
            let start = which.index(pieces.len());
            pieces = pieces.split_off(start);
            pieces.truncate(200);
        }
        for (at, with) in edits {
            if !pieces.is_empty() {
                let at = at.index(pieces.len());
                match with {
                    "" => { pieces.remove(at); }
                    with => pieces.insert(at, with.to_owned()),
                }
            }
        }
        laws(&pieces.concat());
    }
}
