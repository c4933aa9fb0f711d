//! Hints: what was most likely meant where a word or a mark was not expected.

use crate::syntax::parse::Spanned;
use crate::syntax::token::Token;

/// What people write for a unit of time.
const UNITS: [(&str, &[&str]); 4] = [
    ("seconds", &["s", "sec", "secs"]),
    ("minutes", &["m", "min", "mins"]),
    ("hours", &["h", "hr", "hrs"]),
    ("days", &["d"]),
];

/// The unit that somebody means who writes it short.
pub(crate) fn unit(short: &str) -> Option<&'static str> {
    UNITS.iter().find(|(_, written)| written.contains(&short)).map(|(unit, _)| *unit)
}

/// What to do about a token that stands after `before` in a statement, if something is likely. `text`
/// gives what is written between two places.
pub(super) fn hint<'t>(
    before: &[Spanned<'_>],
    (start, found, end): Spanned<'_>,
    text: impl Fn(usize, usize) -> &'t str,
) -> Option<String> {
    let (first_start, first, first_end) = before.first()?;
    let (last_start, last, last_end) = before.last()?;
    let (word, last_text) = (text(start, end), text(*last_start, *last_end));
    let rule = match first {
        Token::Allow => Some("an `allow` starts with a name of its own: `allow"),
        Token::Deny => Some("a `deny` starts with a name of its own: `deny"),
        Token::Require => Some("a `require` starts with a name of its own: `require"),
        _ => None,
    };
    let is_listed = |token: &Token<'_>| {
        matches!(token, Token::Word(_) | Token::Text(_) | Token::Glob(_) | Token::Comma)
    };
    let list = before.iter().rev().map(|(_, token, _)| token).find(|token| !is_listed(token));
    let before_last = before.iter().rev().nth(1).map(|(_, token, _)| token);
    let same_line = !text(*last_end, start).contains('\n');
    Some(match (before.len(), last, found) {
        // Whom the rule concerns stands where its name should.
        (1, _, Token::Anyone | Token::Machine | Token::User | Token::For) => {
            format!("{} NAME {word} …`", rule?)
        }
        (_, _, Token::To) if matches!(first, Token::Require) => {
            String::from("what a requirement is about stands after `for`: `for access write`")
        }
        (2, Token::Word(who), Token::Via | Token::To) => {
            let _ = rule?;
            let statement = text(*first_start, *first_end);
            format!(
                "after its own name it says whom it concerns: `{statement} {who} anyone {word} …`; if \
                 `{who}` is a group, the name is missing: `{statement} NAME {who} {word} …`"
            )
        }
        (1, _, Token::OpenBrace | Token::OpenParenthesis) if rule.is_some() => String::from(
            "a rule is a sentence: `allow NAME anyone via CLIENTS to CAPABILITY under CONSENT`",
        ),
        (_, _, Token::Where) if rule.is_some() => {
            String::from("the condition of a rule stands after `when`")
        }
        (_, _, Token::Word("if")) => {
            let condition = if rule.is_some() { "when" } else { "where" };
            format!("a condition stands after `{condition}`")
        }
        (_, _, Token::When) if matches!(first, Token::Capability) => {
            String::from("the condition of a capability stands after `where`")
        }
        (_, _, Token::Scope | Token::Word("scopes")) if matches!(first, Token::Capability) => {
            String::from("the scopes that a token needs stand after `needs`: `needs \"repo\"`")
        }
        (_, Token::Text(_), Token::Comma) if matches!(list, Some(Token::Needs)) => {
            String::from("say `and` where both are needed, and `or` where one is enough")
        }
        (_, Token::Via, Token::Anyone) => {
            String::from("write `via any client`: any that the policy admits")
        }
        (_, Token::Any, _) if matches!(before_last, Some(Token::Via)) => {
            String::from("write `via any client`: any that the policy admits")
        }
        (_, Token::Is, Token::Not) => String::from("write `is absent`"),
        (_, Token::Is, Token::Text(_)) => format!("texts are compared with `==`: `== {word}`"),
        (_, Token::In, Token::OpenParenthesis) => {
            String::from("a list stands in brackets: `in [\"a\", \"b\"]`")
        }
        (_, Token::Less, Token::Greater) => String::from("write `!=`"),
        (_, _, Token::Word("contains")) => {
            String::from("a set `has \"a\"`, and a text is `like \"*a*\"`")
        }
        (_, Token::Lasts | Token::Within, Token::Text(_)) => {
            String::from("a length of time stands without quotes: `30 days`")
        }
        (_, Token::Access, Token::Assign) => String::from("leave `=` out: `access read`"),
        (_, Token::Comma, _) if !same_line => String::from("a name is missing after the comma"),
        (_, _, Token::When) if matches!(first, Token::Require) => {
            String::from("leave `when` out: what a requirement asks for stands by itself")
        }
        (_, Token::In, Token::Text(_)) => format!("`in` takes a list: `in [{word}]`"),
        (_, _, Token::Word("matches" | "regex" | "regexp")) => {
            String::from("there are no regular expressions; `like` takes a glob: `like \"a*\"`")
        }
        (_, Token::Integer(number), Token::Word(short)) => {
            format!("did you mean `{number} {}`?", unit(short)?)
        }
        (_, Token::Word(_) | Token::Text(_), Token::Word(_) | Token::Text(_))
            if same_line && matches!(list, Some(Token::Tools | Token::Grants)) =>
        {
            format!("a comma is missing: `{last_text}, {word}`")
        }
        _ => return None,
    })
}

/// What to do about a mark that the language does not have, by what stands around it.
pub(super) fn of_mark(mark: &str, before: &str, after: &str) -> Option<String> {
    if mark != ":" {
        return None;
    }
    let is_part = |c: &char| c.is_ascii_alphanumeric() || "_-:./".contains(*c);
    let ahead = before.trim_end_matches(|c: char| is_part(&c));
    let word = before.strip_prefix(ahead).unwrap_or_default();
    let rest: String = after.chars().take_while(is_part).collect();
    match (word.is_empty(), rest.is_empty()) {
        (false, true) => Some(format!("leave it out: no `:` stands after `{word}`")),
        (false, false) => {
            Some(format!("a text such as a scope stands in quotes: `\"{word}:{rest}\"`"))
        }
        _ => None,
    }
}
