//! Names and texts: when a name needs quotes, and what is escaped in them.

use std::fmt::{self, Write as _};

use crate::hidden::is_hidden;

/// Words that stand between the parts of a case, and so are names only in quotes. The grammar has the
/// same list.
pub(crate) const RESERVED: [&str; 25] = [
    "via",
    "calls",
    "reads",
    "gets",
    "sends",
    "with",
    "under",
    "for",
    "from",
    "at",
    "confirmed",
    "token",
    "tool",
    "in",
    "of",
    "and",
    "as",
    "by",
    "to",
    "on",
    "machine",
    "client",
    "consents",
    "withdraws",
    "scenario",
];

/// A name, in quotes where it needs them.
pub(crate) struct Name<'n>(pub(crate) &'n str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match is_word(self.0) && !RESERVED.contains(&self.0) {
            true => formatter.write_str(self.0),
            false => Text(self.0).fmt(formatter),
        }
    }
}

/// Letters, digits and `_`, and no digit first.
pub(crate) fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
}

/// A text in quotes. What would not be shown as it is is escaped, as in JSON.
pub(crate) struct Text<'t>(pub(crate) &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(formatter, "\\{character}")?,
                '\n' => formatter.write_str("\\n")?,
                '\t' => formatter.write_str("\\t")?,
                '\r' => formatter.write_str("\\r")?,
                hidden if is_hidden(hidden, None) => {
                    let mut units = [0; 2];
                    for unit in hidden.encode_utf16(&mut units) {
                        write!(formatter, "\\u{unit:04x}")?;
                    }
                }
                plain => formatter.write_char(plain)?,
            }
        }
        formatter.write_char('"')
    }
}

/// The text that stands between two quotes, or the place in it, in bytes, of an escape that means
/// nothing. The escapes are those of JSON, and the policy language's `\u{…}`.
pub(crate) fn unescape(raw: &str) -> Result<String, std::ops::Range<usize>> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let start = raw.len().saturating_sub(escape.len()).saturating_sub(1);
        let (character, length) = escaped(escape).ok_or_else(|| {
            let shown = escape.chars().next().map_or(0, char::len_utf8);
            start..start.saturating_add(shown).saturating_add(1)
        })?;
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    Ok(text)
}

/// What an escape stands for, and how many bytes of it follow the backslash.
fn escaped(escape: &str) -> Option<(char, usize)> {
    let character = match escape.chars().next()? {
        plain @ ('"' | '\\' | '/') => plain,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return code_point(escape),
        _ => return None,
    };
    Some((character, 1))
}

fn code_point(escape: &str) -> Option<(char, usize)> {
    let hexadecimal = |digits: &str| {
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && !digits.is_empty();
        all.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    if let Some(braced) = escape.strip_prefix("u{") {
        let (digits, _) = braced.split_once('}')?;
        return Some((char::from_u32(hexadecimal(digits)?)?, digits.len().checked_add(3)?));
    }
    let unit = |from: usize| {
        let digits = escape.get(from..from.checked_add(4)?)?;
        u16::try_from(hexadecimal(digits)?).ok()
    };
    let first = unit(1)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 5));
    }
    // A character beyond U+FFFF is written as a pair.
    let second = escape.get(5..7).filter(|mark| *mark == "\\u").and_then(|_| unit(7))?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, 11))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_told() {
        for text in ["", "a\"b\\c\n\t\r", "\u{202e}\u{0}é👩", "\u{e0041}", "//", "naïve ツール"]
        {
            let told = Text(text).to_string();
            let raw = told.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            assert_eq!(unescape(raw).as_deref(), Ok(text), "{told}");
            assert_eq!(crate::hidden::reveal(&told).1, [], "{told}");
        }
        assert_eq!(unescape(r"\u{1F600}\/").as_deref(), Ok("😀/"));
    }

    #[test]
    fn an_escape_without_meaning_is_found() {
        for (raw, at) in [
            (r"ab\x", 2..4),
            (r"\u12", 0..2),
            (r"\ud800", 0..2),
            (r"\u{}", 0..2),
            (r"é\é", 2..5),
            (r"\u+123", 0..2),
        ] {
            assert_eq!(unescape(raw), Err(at), "{raw}");
        }
    }

    #[test]
    fn words_of_the_notation_are_quoted_as_names() {
        let told = ["alice", "via", "a-b", ""].map(|name| Name(name).to_string());
        assert_eq!(told, ["alice", "\"via\"", "\"a-b\"", "\"\""]);
    }
}
