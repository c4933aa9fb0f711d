//! `spec/grammar.md` is made of the grammars themselves. `PLACET_UPDATE=1` writes it.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "spec/grammar.md";

const INTRODUCTION: &str = "\
# Grammar

Made from the grammars that the parser and the reader of cases are generated from. What these accept
and the [language](language.md) has no meaning for is refused by the checks that follow, with a
message of its own.

`|` stands between alternatives, `?` after what may be left out, `*` after what may be repeated.
Comments start with `//` and end with the line.

## Words

";

const LEXICAL: &str = "
| token | what it is |
|---|---|
| NAME | a letter or `_`, then letters, digits and `_`; any of the words above after a dot, and those of the last row where no clause of theirs can stand |
| TEXT | characters between double quotes, on one line; `\\\"`, `\\\\`, `\\n`, `\\t`, `\\u{…}`, and `\\*` in a pattern |
| PATTERN | as NAME, with `*` for any characters |
| INTEGER | digits, with `-` before them if below zero |
| INSTANT | `2026-12-31` or `2026-12-31T12:00:00Z` |
| UNIT | `second`, `minute`, `hour`, `day`, `week`, and their plurals |

## A statement

A file is a row of these.

";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The words of a group in the table of tokens.
fn words(group: &str) -> Vec<String> {
    let text = read("language/src/syntax/token.rs");
    let (_, after) = text.split_once("tokens! {").unwrap();
    let (_, after) = after.split_once(&format!("{group} {{")).expect("a group of that name");
    let (inside, _) = after.split_once('}').unwrap();
    inside.split('"').skip(1).step_by(2).map(|word| format!("`{word}`")).collect()
}

/// The text up to the first of `ends` that is in no bracket and no string, and what follows it.
fn upto<'t>(text: &'t str, ends: &[&str]) -> (&'t str, &'t str) {
    let (mut depth, mut string) = (0_i32, false);
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        if !string && depth == 0 && ends.iter().any(|end| rest.starts_with(end)) {
            return (&text[..at], rest);
        }
        match character {
            '"' => string = !string,
            '(' | '{' | '[' if !string => depth += 1,
            ')' | '}' | ']' if !string => depth -= 1,
            _ => {}
        }
    }
    (text, "")
}

/// What an alternative matches: without its action, the names of its parts and the marks of places.
fn matched(alternative: &str) -> String {
    let (symbols, _) = upto(alternative, &["=>"]);
    let mut text = symbols.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["<start:@L>", "<end:@R>"] {
        text = text.replace(mark, "");
    }
    for (token, shown) in [
        // Angle brackets are marks of the grammar's own.
        ("\"`<`\"", "'≺'"),
        ("\"`<=`\"", "'≺='"),
        ("\"`>`\"", "'≻'"),
        ("\"`>=`\"", "'≻='"),
        ("Items<Value>", "(Value (',' Value)* ','?)?"),
        ("\"a name\"", "NAME"),
        ("\"a text in quotes\"", "TEXT"),
        ("\"a pattern\"", "PATTERN"),
        ("\"an integer\"", "INTEGER"),
        ("\"an instant\"", "INSTANT"),
        ("\"a unit of time\"", "UNIT"),
    ] {
        text = text.replace(token, shown);
    }
    // "`word`" is a token by its text.
    text = text.replace("\"`", "'").replace("`\"", "'");
    let mut plain = String::new();
    for word in text.split(' ') {
        let mut word = word.replace("Place<", "<");
        while let Some((before, list)) = word.split_once("List<") {
            let (item, after) = list.split_once('>').unwrap();
            // Of `<name:List<Item>?>` the question mark is about the whole.
            word = match after.strip_prefix('?') {
                Some(after) => format!("{before}({item} (',' {item})*)?{after}"),
                None => format!("{before}{item} (',' {item})*{after}"),
            };
        }
        let named = |part: &str| part.rsplit_once(':').map_or(part, |(_, part)| part).to_owned();
        let word: String = word.chars().filter(|c| !matches!(c, '<' | '>')).collect();
        let opened = word.trim_start_matches('(');
        let brackets = &word[..word.len() - opened.len()];
        let word = named(opened);
        let word = if word.is_empty() { word } else { format!("{brackets}{word}") };
        if !word.is_empty() && word != "mut" {
            let _ = write!(plain, "{word} ");
        }
    }
    let mut plain = plain.trim().replace('≺', "<").replace('≻', ">");
    for (rule, token) in [
        ("UnitName", "UNIT"),
        ("Instant", "INSTANT"),
        ("Integer", "INTEGER"),
        ("Text", "TEXT"),
        ("Name", "NAME"),
    ] {
        plain = plain.replace(rule, token);
    }
    plain
}

/// The rules of the grammar of statements, each as its name and what it matches.
fn rules() -> Vec<(String, Vec<String>)> {
    let text = read("language/src/syntax/grammar.lalrpop");
    let (_, text) = text.split_once("enum Token<'s> {").unwrap();
    let (_, mut text) = text.split_once("\n}\n").unwrap();
    let mut rules = Vec::new();
    loop {
        let without_comments = text.trim_start();
        text = without_comments;
        if text.is_empty() {
            return rules;
        }
        if text.starts_with("//") {
            text = text.split_once('\n').unwrap().1;
            continue;
        }
        let (head, after) = text.split_once(" = ").unwrap();
        let name = head.trim_start_matches("pub(crate) ").split([':', '<']).next().unwrap();
        let (body, rest) = upto(after, &[";\n"]);
        text = rest.trim_start_matches(';');
        let body = body.trim();
        let mut alternatives = Vec::new();
        match body.strip_prefix('{').and_then(|body| body.strip_suffix('}')) {
            None => alternatives.push(matched(body)),
            Some(mut inside) => {
                while !inside.trim().is_empty() {
                    let (one, rest) = upto(inside.trim(), &[","]);
                    alternatives.push(matched(one));
                    inside = rest.trim_start_matches(',');
                }
            }
        }
        rules.push((name.to_owned(), alternatives));
    }
}

fn statements() -> String {
    // Those that only say how lists and names are read.
    let helpers =
        ["Place", "List", "Items", "Word", "Name", "Text", "Integer", "Instant", "UnitName"];
    let mut text = String::from("```text\n");
    for (name, alternatives) in rules() {
        if helpers.contains(&name.as_str()) {
            continue;
        }
        let start = format!("{name} = ");
        let separator = format!("\n{}| ", " ".repeat(start.len() - 2));
        let _ = writeln!(text, "{start}{}\n", alternatives.join(&separator));
    }
    text.trim_end().to_owned() + "\n```\n"
}

/// The grammar of cases, without its comments and the table of its words.
fn cases() -> String {
    let text = read("language/src/case/notation.pest");
    let rules = text
        .split("\n\n")
        .filter(|part| !part.starts_with("//!"))
        .map(|part| part.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>())
        .map(|lines| lines.join("\n"))
        .filter(|part| !part.trim().is_empty() && !part.starts_with("kw_"));
    format!("```text\n{}\n```\n", rules.collect::<Vec<_>>().join("\n\n").replace("kw_", "'").trim())
}

#[test]
fn the_grammar_on_the_page_is_the_parsers() {
    let mut page = String::from(INTRODUCTION);
    page.push_str("| words | |\n|---|---|\n");
    for (group, what) in [
        ("statements", "that start a statement, reserved ones among them"),
        ("reserved", "of the language, which cannot be names"),
        ("names", "of clauses, which may be names elsewhere"),
    ] {
        let _ = writeln!(page, "| {what} | {} |", words(group).join(" "));
    }
    page.push_str(LEXICAL);
    page.push_str(&statements());
    page.push_str("\n## A line of a file of cases\n\n[Cases](cases.md) explains them. `'word` stands for the word.\n\n");
    page.push_str(&cases());
    let path = root().join(PAGE);
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(path, page).unwrap();
    } else {
        assert!(read(PAGE) == page, "{PAGE} is stale: run the tests with PLACET_UPDATE=1");
    }
}
