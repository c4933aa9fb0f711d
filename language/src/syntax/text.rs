//! Escapes in texts: `\"`, `\\`, `\n`, `\t`, `\u{…}`, and in patterns `\*` for an asterisk.

/// An escape that means nothing: its place in the raw text, in bytes.
pub(crate) struct BadEscape {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

enum Piece {
    Plain(char),
    Escaped(char),
}

fn pieces(raw: &str) -> Vec<Result<Piece, BadEscape>> {
    let mut pieces = Vec::new();
    let mut rest = raw;
    while let Some(character) = rest.chars().next() {
        let start = raw.len().saturating_sub(rest.len());
        let (piece, length) = match character {
            '\\' => escape(rest),
            plain => (Some(Piece::Plain(plain)), plain.len_utf8()),
        };
        let end = start.saturating_add(length);
        pieces.push(piece.ok_or(BadEscape { start, end }));
        rest = rest.get(length..).unwrap_or_default();
    }
    pieces
}

/// Reads the escape at the start of `rest`, and how many bytes it takes.
fn escape(rest: &str) -> (Option<Piece>, usize) {
    let mut characters = rest.chars().skip(1);
    let plain = |character| (Some(Piece::Plain(character)), 2);
    match characters.next() {
        Some('n') => plain('\n'),
        Some('t') => plain('\t'),
        Some(escaped @ ('"' | '\\' | '*')) => (Some(Piece::Escaped(escaped)), 2),
        Some('u') => {
            let digits = rest
                .strip_prefix("\\u{")
                .and_then(|rest| rest.split_once('}'))
                .map(|(digits, _)| digits);
            let code = digits
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                .and_then(char::from_u32);
            match (code, digits) {
                (Some(code), Some(digits)) => {
                    (Some(Piece::Escaped(code)), digits.len().saturating_add(4))
                }
                _ => (None, 2),
            }
        }
        Some(other) => (None, other.len_utf8().saturating_add(1)),
        None => (None, 1),
    }
}

/// The escapes in a raw text that mean nothing.
pub(crate) fn bad_escapes(raw: &str) -> impl Iterator<Item = BadEscape> {
    pieces(raw).into_iter().filter_map(Result::err)
}

/// The text that a literal stands for. Escapes that mean nothing are left out; the lexer has
/// reported them.
pub(crate) fn unescape(raw: &str) -> String {
    let character = |piece| match piece {
        Piece::Plain(character) | Piece::Escaped(character) => character,
    };
    pieces(raw).into_iter().flatten().map(character).collect()
}

/// The pattern that a literal stands for, as [`Glob::parse`](placet_engine::glob::Glob::parse) reads
/// it: asterisks and backslashes that were escaped stay so.
pub(crate) fn unescape_pattern(raw: &str) -> String {
    let mut pattern = String::with_capacity(raw.len());
    for piece in pieces(raw).into_iter().flatten() {
        match piece {
            Piece::Escaped(special @ ('*' | '\\')) => pattern.extend(['\\', special]),
            Piece::Plain(character) | Piece::Escaped(character) => pattern.push(character),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(unescape(r#"a\"b\\c\n\u{41}\*"#), "a\"b\\c\nA*");
        assert_eq!(unescape_pattern(r"a\*b*\\\u{2a}"), r"a\*b*\\\*");
    }

    #[test]
    fn an_escape_without_meaning_is_found() {
        let bad: Vec<_> =
            bad_escapes(r"a\d \u{110000} \u{x} é\é").map(|e| (e.start, e.end)).collect();
        assert_eq!(bad, [(1, 3), (4, 6), (15, 17), (23, 26)]);
    }
}
