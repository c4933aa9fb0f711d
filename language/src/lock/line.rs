//! The lines of a lock: words with one space between them.

use std::fmt::Write as _;

use placet_engine::condition::quote;
use serde_json::Value;

use crate::syntax::text::unescape;

/// A line that is being written.
pub(crate) struct Line(String);

impl Line {
    pub(crate) fn of(word: &str) -> Self {
        Self(word.to_owned())
    }

    /// A word that has no space, such as a name or a digest.
    pub(crate) fn word(mut self, word: impl AsRef<str>) -> Self {
        self.0.push(' ');
        self.0.push_str(word.as_ref());
        self
    }

    /// Any text, quoted.
    pub(crate) fn text(self, text: &str) -> Self {
        self.word(quote(text))
    }

    /// A JSON value, which ends the line.
    pub(crate) fn json(self, value: &Value) -> String {
        let mut line = self.word("").0;
        for character in placet_engine::sorted_json(value).to_string().chars() {
            // Whatever does not print is spelled out, as a reviewer would not see it.
            if character.is_ascii() || character.escape_debug().len() == 1 {
                line.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a string cannot fail.
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
        line
    }

    pub(crate) fn end(self) -> String {
        self.0
    }
}

/// The words of a line that is being read.
pub(crate) struct Words<'l>(&'l str);

impl<'l> Words<'l> {
    pub(crate) fn new(line: &'l str) -> Self {
        Self(line)
    }

    pub(crate) fn word(&mut self) -> Option<&'l str> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest;
        Some(word).filter(|word| !word.is_empty())
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let quoted = self.0.strip_prefix('"')?;
        let mut escaped = false;
        let end = quoted.find(|character| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        })?;
        let (text, rest) = quoted.split_at_checked(end)?;
        let rest = rest.strip_prefix('"')?;
        self.0 = rest.strip_prefix(' ').unwrap_or(rest);
        Some(unescape(text))
    }

    /// The JSON value that the line ends with.
    pub(crate) fn json(&mut self) -> Option<Value> {
        placet_engine::parse_json(std::mem::take(&mut self.0).as_bytes()).ok()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read() {
        let line = Line::of("a")
            .text("say \"x\\\" and\nmore\u{202e}")
            .word("b")
            .json(&json!(["\u{202e}é😀"]));
        assert!(line.is_ascii() || !line.contains('\u{202e}'), "{line}");
        let mut words = Words::new(&line);
        assert_eq!(words.word(), Some("a"));
        assert_eq!(words.text().as_deref(), Some("say \"x\\\" and\nmore\u{202e}"));
        assert_eq!(words.word(), Some("b"));
        assert_eq!(words.json(), Some(json!(["\u{202e}é😀"])));
        assert!(words.is_done());
    }
}
