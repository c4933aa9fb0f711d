//! Characters that hide what a policy says: a reviewer and the parser must read the same text.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span};

/// Whether a character is shown as something else than itself: as a line break that is none, in
/// another order, or not at all.
pub(crate) fn is_hidden(character: char, next: Option<char>) -> bool {
    match character {
        '\n' | '\t' => false,
        '\r' => next != Some('\n'),
        '\u{2028}' | '\u{2029}' => true,
        // Bidirectional marks, embeddings, overrides and isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        // Without width. The joiners U+200C and U+200D belong to words of some languages.
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => true,
        // Tags, variation selectors beyond the common ones.
        '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

/// The text with each hidden character replaced by as many bytes that are shown, and the places of
/// those, as first byte and byte after the last.
pub(crate) fn reveal(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut revealed = String::with_capacity(text.len());
    let mut places = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if is_hidden(character, characters.peek().copied()) {
            let start = revealed.len();
            revealed.push_str(&"?".repeat(character.len_utf8()));
            places.push((start, revealed.len()));
        } else {
            revealed.push(character);
        }
    }
    (revealed, places)
}

/// What is said of the hidden characters of a file, by their places.
pub(crate) fn diagnostic(
    sources: &Sources,
    file: usize,
    places: &[(usize, usize)],
) -> Option<Diagnostic> {
    let (start, end) = places.first().copied()?;
    let count = places.len();
    let more =
        if count > 1 { format!(", and {} more", count.saturating_sub(1)) } else { String::new() };
    Some(
        Diagnostic::error(
            Code::HiddenCharacter,
            "the file has a character that hides what it says",
        )
        .at(sources, Span { file, start, end }, format!("not shown as it is{more}"))
        .help("take it out; where a text needs it, write it as `\\u{…}`"),
    )
}

#[cfg(test)]
mod tests {
    use super::reveal;

    #[test]
    fn what_a_reader_cannot_see_is_found_in_place() {
        for hidden in
            ["\r", "\u{2028}", "\u{1b}", "\u{202e}", "\u{200b}", "\u{feff}", "\u{85}", "\u{e0041}"]
        {
            let (text, places) = reveal(&format!("// a{hidden}b"));
            let end = 4 + hidden.len();
            assert_eq!(places, [(4, end)], "{hidden:?}");
            assert_eq!(text.len(), end + 1);
        }
        assert_eq!(reveal("a\r\n\tb é 👩\u{200d}💻").1, []);
    }
}
