//! How deep Cedar text nests.
//!
//! Cedar's parser, validator and destructors walk a text recursively. A bundle is read as untrusted
//! bytes, and a stack that ends takes the host's process with it, so a text is measured before
//! anything walks it.

/// How deep a text may nest.
struct Bound {
    /// Brackets within brackets.
    brackets: usize,
    /// Tokens on the way to the innermost place: an operator chain nests as deep as it is long.
    tokens: usize,
}

/// What Cedar's parser, validator and evaluator take. The compiler's own text stays below half of it.
const CEDAR: Bound = Bound { brackets: 64, tokens: 1_200 };

/// What may be turned into Cedar's public syntax tree, which needs more of the stack.
const TREE: Bound = Bound { brackets: 32, tokens: 300 };

/// Whether a text is over a bound. Strings and comments are no tokens; what is no Cedar is left to
/// Cedar to refuse.
pub(crate) fn is_too_deep(text: &str) -> bool {
    exceeds(text, &CEDAR)
}

/// Whether a policy's text is over the bound for its syntax tree.
pub(crate) fn is_too_deep_for_a_tree(text: &str) -> bool {
    exceeds(text, &TREE)
}

fn exceeds(text: &str, bound: &Bound) -> bool {
    // For each open bracket: the tokens since the last comma, the deepest place within, and the
    // deepest since the bracket opened.
    let mut open: Vec<Level> = vec![Level::default()];
    let mut characters = text.chars().peekable();
    let mut in_word = false;
    while let Some(character) = characters.next() {
        let is_word = character.is_alphanumeric() || character == '_';
        let starts = !is_word || !in_word;
        in_word = is_word;
        match character {
            '"' => {
                while let Some(inner) = characters.next() {
                    match inner {
                        '\\' => {
                            characters.next();
                        }
                        '"' => break,
                        _ => {}
                    }
                }
                count(&mut open);
            }
            '/' if characters.peek() == Some(&'/') => {
                characters.by_ref().find(|skipped| *skipped == '\n');
            }
            '(' | '[' | '{' => {
                if open.len() > bound.brackets {
                    return true;
                }
                open.push(Level::default());
            }
            ')' | ']' | '}' => {
                if open.len() > 1
                    && let Some(closed) = open.pop()
                    && let Some(around) = open.last_mut()
                {
                    around.within = around.within.max(closed.deepest());
                    around.tokens = around.tokens.saturating_add(1);
                }
            }
            ',' | ';' => {
                if let Some(level) = open.last_mut() {
                    *level = Level { before: level.deepest(), ..Level::default() };
                }
            }
            other if other.is_whitespace() => {}
            _ if starts => count(&mut open),
            _ => {}
        }
        if open.last().is_some_and(|level| level.tokens > bound.tokens) {
            return true;
        }
    }
    // What is left open is measured too: brackets that never close are no Cedar, but are parsed.
    let deepest = open.iter().map(Level::deepest).fold(0, usize::saturating_add);
    deepest > bound.tokens
}

/// An open bracket.
#[derive(Default)]
struct Level {
    /// Tokens since the last comma.
    tokens: usize,
    /// The deepest place in the brackets since the last comma.
    within: usize,
    /// The deepest place before the last comma.
    before: usize,
}

impl Level {
    fn deepest(&self) -> usize {
        self.before.max(self.tokens.saturating_add(self.within))
    }
}

fn count(open: &mut [Level]) {
    if let Some(level) = open.last_mut() {
        level.tokens = level.tokens.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::is_too_deep;

    #[test]
    fn what_would_end_a_stack_is_too_deep() {
        for (open, close) in
            [("(", ")"), ("[true,", "]"), ("{a:", "}"), ("!", ""), ("-", ""), ("if ", "")]
        {
            let text = format!("{}true{}", open.repeat(2_000), close.repeat(2_000));
            assert!(is_too_deep(&text), "{open}");
        }
        assert!(is_too_deep(&"true || ".repeat(2_000)));
        assert!(is_too_deep(&format!("context{}", ".a".repeat(2_000))));
        let mixed = format!("{}true{}", "(a || b || c || d || (".repeat(30), "))".repeat(30));
        assert!(!is_too_deep(&mixed));
    }

    #[test]
    fn what_is_long_and_flat_is_not() {
        assert!(!is_too_deep(&format!("[{}]", "\"a\", ".repeat(10_000))));
        assert!(!is_too_deep(&format!("\"{}\"", "(".repeat(10_000))));
        assert!(!is_too_deep(&format!("\"\\\"{}\"", "(".repeat(10_000))));
        assert!(!is_too_deep(&"entity A;\n".repeat(10_000)));
    }
}
