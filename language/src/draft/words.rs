//! Words: how names are written, and what they are about.

use placet_engine::condition::quote;

use crate::lint::verbs;
use crate::syntax::token::Token;
use logos::Logos as _;

/// Whether a text is a name of the language by itself: a plain word that means nothing else.
pub(super) fn is_plain(text: &str) -> bool {
    let mut tokens = Token::lexer(text);
    let is_word = matches!(tokens.next(), Some(Ok(Token::Word(word))) if word == text);
    is_word && tokens.next().is_none()
}

/// A tool's name as a policy writes it; `None` if it cannot.
pub(super) fn written(name: &str) -> Option<String> {
    match name {
        name if is_plain(name) => Some(name.to_owned()),
        // In quotes a star is a pattern still.
        name if name.contains(['*', '\\']) => None,
        name => Some(quote(name)),
    }
}

/// Words that say nothing of what a tool is about.
const EMPTY: [&str; 24] = [
    "a", "all", "an", "and", "api", "as", "at", "batch", "by", "for", "from", "in", "into", "mcp",
    "multiple", "my", "new", "of", "on", "or", "the", "to", "tool", "with",
];

/// What a tool may be about: its nouns and pairs of them, in the singular, the pairs first.
pub(super) fn subjects(name: &str, server: &str) -> Vec<String> {
    let own: Vec<String> = verbs::words(server).iter().map(|word| singular(word)).collect();
    let words = verbs::words(name).into_iter().filter(|word| {
        verbs::access(word).is_none()
            && !EMPTY.contains(&word.as_str())
            && !own.contains(&singular(word))
            && !word.chars().all(|letter| letter.is_ascii_digit())
    });
    let words: Vec<String> = words.map(|word| singular(&word)).collect();
    let pairs = words.windows(2).map(|pair| pair.join(" "));
    pairs.chain(words.iter().cloned()).collect()
}

fn singular(word: &str) -> String {
    match word {
        word if word.len() < 4 || word.ends_with("ss") || word.ends_with("us") => word.to_owned(),
        word => match (word.strip_suffix("ies"), word.strip_suffix('s')) {
            (Some(stem), _) => format!("{stem}y"),
            (None, Some(stem)) if stem.ends_with("sse") || stem.ends_with("xe") => {
                stem.strip_suffix('e').unwrap_or(stem).to_owned()
            }
            (None, Some(stem)) => stem.to_owned(),
            (None, None) => word.to_owned(),
        },
    }
}

pub(super) fn plural(word: &str) -> String {
    let ends_in_vowel_y = ["ay", "ey", "oy", "uy"].iter().any(|end| word.ends_with(end));
    match word.strip_suffix('y') {
        Some(stem) if !ends_in_vowel_y => format!("{stem}ies"),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| word.ends_with(end)) => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

/// A text in a comment or between quotes that says no more than its letters.
pub(super) fn tame(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_is_about_is_in_its_name() {
        assert_eq!(subjects("list_pull_requests", "github"), ["pull request", "pull", "request"]);
        assert_eq!(subjects("API-delete-a-block", "notion"), ["block"]);
        assert_eq!(subjects("slack_get_users", "slack"), ["user"]);
        assert_eq!(plural("repository"), "repositories");
        assert_eq!(plural("branch"), "branches");
        assert_eq!(singular("entities"), "entity");
        assert_eq!(singular("boxes"), "box");
        assert_eq!(singular("status"), "status");
    }

    #[test]
    fn a_name_is_written_so_that_it_is_read() {
        assert_eq!(written("read_file").as_deref(), Some("read_file"));
        assert_eq!(written("allow").as_deref(), Some("\"allow\""));
        assert_eq!(written("API-get-user").as_deref(), Some("\"API-get-user\""));
        assert_eq!(written("a*"), None);
        assert!(!is_plain("two words") && !is_plain("") && !is_plain("day"));
    }
}
