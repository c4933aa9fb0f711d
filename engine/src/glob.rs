//! Globs: `*` stands for any characters, none among them; everything else for itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A pattern in which `*` stands for any run of characters, `/` included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob {
    /// The literal text before, between and after the stars: one more piece than there are stars.
    pieces: Vec<String>,
}

impl Glob {
    /// Reads a pattern in which `*` is a star, `\*` an asterisk and `\\` a backslash. Stars that
    /// stand side by side are one.
    pub fn parse(pattern: &str) -> Self {
        let mut pieces = vec![String::new()];
        let mut characters = pattern.chars().peekable();
        let mut after_star = false;
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' => {
                    if !after_star {
                        pieces.push(String::new());
                    }
                    after_star = true;
                    continue;
                }
                '\\' => characters.next_if(|next| matches!(next, '*' | '\\')).unwrap_or('\\'),
                other => other,
            };
            after_star = false;
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        Self { pieces }
    }

    /// The literal text before, between and after the stars.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Whether the pattern has no star, and so stands for one string only.
    pub fn is_literal(&self) -> bool {
        self.pieces.len() <= 1
    }

    /// Whether the whole of `text` fits the pattern.
    ///
    /// Each piece is looked for at its first place after the one before, so the time is linear in
    /// the text for each piece, whatever the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let (Some((first, later)), Some(last)) = (self.pieces.split_first(), self.pieces.last())
        else {
            return false;
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        let Some((_, between)) = later.split_last() else {
            return rest.is_empty();
        };
        for piece in between {
            match rest.split_once(piece.as_str()) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > 0 {
                formatter.write_str("*")?;
            }
            formatter.write_str(&piece.replace('\\', "\\\\").replace('*', "\\*"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_run() {
        let glob = Glob::parse("issue_*_v*");
        assert!(glob.matches("issue__v"));
        assert!(glob.matches("issue_write_v2"));
        assert!(!glob.matches("issue_write"));
        assert!(!glob.matches("an issue_write_v2"));
        assert!(Glob::parse("*").matches(""));
        assert!(Glob::parse("a*a").matches("aa"));
        assert!(!Glob::parse("a*a").matches("a"));
        assert!(Glob::parse("*aab*").matches("aaab"));
    }

    #[test]
    fn an_escaped_star_is_an_asterisk() {
        let glob = Glob::parse(r"a\*b");
        assert!(glob.is_literal());
        assert!(glob.matches("a*b"));
        assert!(!glob.matches("axb"));
    }

    #[test]
    fn the_written_form_reads_back() {
        for pattern in ["", "*", "a*b", r"a\*b*", r"\\*", "***"] {
            let glob = Glob::parse(pattern);
            assert_eq!(Glob::parse(&glob.to_string()), glob, "{pattern}");
        }
    }
}
