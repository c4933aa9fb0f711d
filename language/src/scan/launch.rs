//! The command that starts a server, as words.

use std::ops::Range;

use crate::scan::server::Server;

/// A word of a command and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// The words of a server's command, the program first.
pub(super) fn words(server: &Server<'_>) -> Vec<Word> {
    let leaves: Vec<_> = server.leaves().into_iter().filter(|leaf| leaf.is_command()).collect();
    let word = |text: &str, span: &Range<usize>| Word { text: text.to_owned(), span: span.clone() };
    match leaves.as_slice() {
        // A whole line, as some clients take it.
        [line] => line.value.split_whitespace().map(|text| word(text, &line.node.span)).collect(),
        several => several.iter().map(|leaf| word(leaf.value, &leaf.node.span)).collect(),
    }
}

/// What a program is called without its folder and its ending.
pub(super) fn program(word: &str) -> String {
    let file = word.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let bare = [".exe", ".cmd", ".ps1", ".bat"].iter().find_map(|end| file.strip_suffix(end));
    bare.unwrap_or(&file).to_owned()
}

/// What options stand before the first argument.
pub(super) struct Options<'w> {
    /// The values of the options that were asked for.
    pub(super) values: Vec<Word>,
    /// What follows the options.
    pub(super) rest: &'w [Word],
}

/// Reads options up to the first word that is none. `valued` have the next word as value; of those,
/// `wanted` are kept.
pub(super) fn options<'w>(words: &'w [Word], valued: &[&str], wanted: &[&str]) -> Options<'w> {
    let mut rest = words;
    let mut values = Vec::new();
    while let [first, after @ ..] = rest {
        if first.text == "--" {
            rest = after;
            break;
        }
        if !first.text.starts_with('-') || first.text == "-" {
            break;
        }
        rest = after;
        if let Some((name, value)) = first.text.split_once('=') {
            if wanted.contains(&name) {
                values.push(Word { text: value.to_owned(), span: first.span.clone() });
            }
        } else if valued.contains(&first.text.as_str())
            && let [value, after @ ..] = rest
        {
            rest = after;
            if wanted.contains(&first.text.as_str()) {
                values.push(value.clone());
            }
        }
    }
    Options { values, rest }
}
