//! Parsing: a file is cut into statements at the words that start one, and each is parsed by itself,
//! so a mistake costs one statement.

use std::collections::BTreeSet;

use lalrpop_util::ParseError;
use logos::Logos;
use placet_engine::bundle::EDITION;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::limits::Limits;
use crate::source::{Sources, Span};
use crate::syntax::ast::{Number, Statement};
use crate::syntax::grammar::StatementParser;
use crate::syntax::hint;
use crate::syntax::text::bad_escapes;
use crate::syntax::token::Token;

pub(crate) type Spanned<'s> = (usize, Token<'s>, usize);

/// The words that may start a statement, for "did you mean".
const STATEMENTS: [&str; 16] = [
    "edition",
    "use",
    "server",
    "scope",
    "capability",
    "group",
    "client",
    "clients",
    "consent",
    "fact",
    "allow",
    "deny",
    "let",
    "parameter",
    "register",
    "require",
];

/// A file, parsed as far as it goes.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The statements without mistakes.
    pub statements: Vec<Statement>,
    /// The names that the others would have declared: to say that nothing declares them would be a
    /// second message about one mistake.
    pub broken: BTreeSet<String>,
    /// Everything that is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses one file.
pub fn parse(sources: &Sources, file: usize, limits: &Limits) -> Parsed {
    let mut parsed = Parsed::default();
    let Some(source) = sources.get(file) else { return parsed };
    let text = source.inner().as_str();
    let (tokens, gaps) = lex(sources, file, text, &mut parsed.diagnostics);
    if let [(_, Token::Edition, _), (start, Token::Integer(digits), end), ..] = tokens.as_slice()
        && *digits != EDITION.to_string()
    {
        // In another edition the rest may mean anything, so nothing is said of it.
        let span = Span { file, start: *start, end: *end };
        let edition = Number { digits: (*digits).to_owned(), span };
        return Parsed { statements: vec![Statement::Edition(edition)], ..Parsed::default() };
    }
    let segments = segments(text, &tokens);
    let starts = segments.iter().skip(1).filter_map(|segment| segment.first());
    let ends = starts.map(|(start, _, _)| *start).chain([text.len()]);
    for (segment, end) in segments.iter().zip(ends) {
        let start = segment.first().map_or(0, |(start, _, _)| *start);
        // What could not be read there was reported; what follows from it would mislead.
        if gaps.iter().any(|gap| (start..end).contains(&gap.start)) {
            parsed.broken.extend(names(segment));
            continue;
        }
        let mut rest = *segment;
        while !rest.is_empty() {
            rest = match statement(sources, file, rest, limits) {
                Ok(statement) => {
                    parsed.statements.push(statement);
                    &[]
                }
                Err(diagnostic) => {
                    parsed.broken_statement((sources, file), rest, diagnostic, |tokens| {
                        statement(sources, file, tokens, limits).ok()
                    })
                }
            };
        }
    }
    parsed
}

impl Parsed {
    /// Takes a statement that does not parse, and gives back what may be judged by itself. A word
    /// that was meant to start a statement stands after a whole one most often, and before others.
    fn broken_statement<'t, 's>(
        &mut self,
        (sources, file): (&Sources, usize),
        tokens: &'t [Spanned<'s>],
        diagnostic: Diagnostic,
        parse: impl Fn(&[Spanned<'s>]) -> Option<Statement>,
    ) -> &'t [Spanned<'s>] {
        let (_, offset) = diagnostic.sort_key();
        let before = tokens.iter().take_while(|(start, _, _)| *start < offset).count();
        if diagnostic.code == Code::SyntaxStatement && before > 0 {
            let (first, rest) = tokens.split_at_checked(before).unwrap_or((tokens, &[]));
            match parse(first) {
                Some(statement) => self.statements.push(statement),
                None => self.broken.extend(names(first)),
            }
            // The word is told of when it is the first.
            return rest;
        }
        let next = match diagnostic.code {
            Code::SyntaxStatement => tokens.iter().skip(1).position(|(start, token, _)| {
                matches!(token, Token::Word(word) if meant(word).is_some())
                    && starts_line(sources, file, *start)
            }),
            _ => None,
        };
        let length = next.map_or(tokens.len(), |next| next.saturating_add(1));
        let (first, rest) = tokens.split_at_checked(length).unwrap_or((tokens, &[]));
        self.broken.extend(names(first));
        self.diagnostics.push(diagnostic);
        rest
    }
}

/// Whether a place is the very start of a line.
fn starts_line(sources: &Sources, file: usize, start: usize) -> bool {
    let text = sources.get(file).map(|source| source.inner().as_str());
    let before = text.and_then(|text| text.get(..start)).unwrap_or_default();
    before.is_empty() || before.ends_with('\n')
}

/// The names and texts in a statement that does not parse, with quotes and without: which it takes
/// may be the mistake.
fn names<'t>(segment: &'t [Spanned<'_>]) -> impl Iterator<Item = String> + 't {
    let written = segment.iter().filter_map(|(_, token, _)| match token {
        Token::Word(name) => Some(*name),
        Token::Text(text) => Some(*text),
        _ => None,
    });
    written.flat_map(|name| [name.to_owned(), format!("\"{name}\"")])
}

/// The tokens, and the places of what is none.
pub(crate) fn lex<'s>(
    sources: &Sources,
    file: usize,
    text: &'s str,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<Spanned<'s>>, Vec<Span>) {
    let mut tokens: Vec<Spanned<'s>> = Vec::new();
    let mut gaps = Vec::new();
    let mut told = 0;
    for (token, range) in Token::lexer(text).spanned() {
        let span = Span { file, start: range.start, end: range.end };
        let Ok(token) = token else {
            gaps.push(span);
            // Else it was told of with what stands before it.
            if range.start >= told {
                told = range.end.max(end_of_mark(text, range.start));
                diagnostics.push(unknown_character(sources, text, Span { end: told, ..span }));
            }
            continue;
        };
        if let Token::Text(raw) = token {
            for bad in bad_escapes(raw) {
                let base = range.start.saturating_add(1);
                let (start, end) = (base.saturating_add(bad.start), base.saturating_add(bad.end));
                diagnostics.push(
                    Diagnostic::error(Code::SyntaxEscape, "this escape means nothing")
                        .at(sources, Span { file, start, end }, "not an escape")
                        .help("write `\\\\` for a backslash, `\\\"` for a quote, `\\n`, `\\t`, or `\\u{1F600}`"),
                );
            }
        }
        // After a dot every word is a member's name: `args.to`, `args.in`.
        let after_dot = matches!(tokens.last(), Some((_, Token::Dot, _)));
        let token = match text.get(range.clone()) {
            Some(word) if after_dot && token.is_reserved() => Token::Word(word),
            _ => token,
        };
        tokens.push((range.start, token, range.end));
    }
    (tokens, gaps)
}

/// Where a mark that means nothing ends: a text in single quotes is one, and so is `&&`.
fn end_of_mark(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let mut marks = line.chars();
    let length = match marks.next() {
        Some('\'') => marks.as_str().find('\'').map_or(1, |closing| closing.saturating_add(2)),
        Some(mark @ ('&' | '|')) => line.len().saturating_sub(line.trim_start_matches(mark).len()),
        _ => 0,
    };
    start.saturating_add(length)
}

fn unknown_character(sources: &Sources, text: &str, span: Span) -> Diagnostic {
    let found = text.get(span.start..span.end).unwrap_or_default();
    if found.starts_with('"') {
        return Diagnostic::error(Code::SyntaxUnclosed, "this text has no closing quote")
            .at(sources, span, "opened here")
            .help("end it with `\"` on the same line; write a quote inside it as `\\\"`");
    }
    let around = (text.get(..span.start), text.get(span.end..));
    let hint = match around {
        (Some(before), Some(after)) => hint::of_mark(found, before, after),
        _ => None,
    };
    let quoted = found.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let hint = hint.or(quoted.map(|inner| format!("texts stand in double quotes: `\"{inner}\"`")));
    let help = match found {
        "!" => "write `not`, or `!=`",
        "&" | "&&" => "write `and`",
        "|" | "||" => "write `or`",
        "#" => "a comment starts with `//`",
        "'" => "texts stand in double quotes: `\"…\"`",
        "-" => "a name with a `-` stands in quotes, such as `tools \"list-all\"`",
        ";" | ":" => "statements and clauses need no mark between them",
        "+" | "*" | "%" => "there is no arithmetic in conditions",
        "~" => "there are no regular expressions; `like` takes a glob: `like \"a*\"`",
        "/" => "a comment starts with `//`",
        mark if mark.is_ascii() => "leave it out, or write it in a text in quotes",
        _ => "outside texts and comments the language uses plain ASCII",
    };
    Diagnostic::error(Code::SyntaxCharacter, format!("`{found}` has no meaning here"))
        .at(sources, span, "not part of the language")
        .help(hint.unwrap_or_else(|| help.to_owned()))
}

/// Whether only blanks stand before a place in its line, and some do.
fn is_indented(text: &str, start: usize) -> bool {
    let line = text.get(..start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    !line.is_empty() && line.trim().is_empty()
}

/// Cuts at the words that start a statement: at the start of a line wherever they stand, so that a
/// brace left open costs one statement, and within a line where no brace is open.
pub(crate) fn segments<'t, 's>(text: &str, tokens: &'t [Spanned<'s>]) -> Vec<&'t [Spanned<'s>]> {
    let mut starts = vec![0];
    let mut depth = 0_usize;
    for (index, (start, token, _)) in tokens.iter().enumerate() {
        match token {
            Token::OpenBrace => depth = depth.saturating_add(1),
            Token::CloseBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        let before = index.checked_sub(1).and_then(|previous| tokens.get(previous));
        let end_of_last = before.map_or(0, |(_, _, end)| *end);
        let first_on_line =
            index == 0 || text.get(end_of_last..*start).is_some_and(|gap| gap.contains('\n'));
        let is_start = match (token, before) {
            // `via any client`, `without consent`, and `client.id` are parts of a statement.
            (Token::Client, Some((_, Token::Any, _)))
            | (Token::Consent, Some((_, Token::Without, _))) => false,
            (Token::Client, _) if follows(tokens, index, Token::Dot) => false,
            // `via clients where …`, `pin clients`
            (Token::Clients, _) if follows(tokens, index, Token::Where) => false,
            (Token::Clients, Some((_, Token::Pin, _))) => false,
            (Token::Client, _) => depth == 0,
            // A scope that a capability needs is written `needs`: this is one that strayed in.
            (Token::Scope, _) if depth > 0 => first_on_line && !is_indented(text, *start),
            (token, _) if token.starts_statement() => first_on_line || depth == 0,
            _ => false,
        };
        if is_start {
            depth = 0;
            starts.push(index);
        }
    }
    starts.push(tokens.len());
    starts
        .windows(2)
        .filter_map(|bounds| match bounds {
            [start, end] => tokens.get(*start..*end),
            _ => None,
        })
        .filter(|segment| !segment.is_empty())
        .collect()
}

/// Whether `token` stands right after the one at `index`.
fn follows(tokens: &[Spanned<'_>], index: usize, token: Token<'_>) -> bool {
    let next = index.checked_add(1).and_then(|next| tokens.get(next));
    next.is_some_and(|(_, next, _)| *next == token)
}

pub(crate) fn statement(
    sources: &Sources,
    file: usize,
    tokens: &[Spanned<'_>],
    limits: &Limits,
) -> Result<Statement, Diagnostic> {
    let span = |start, end| Span { file, start, end };
    let Some((first_start, first, first_end)) = tokens.first().copied() else {
        return Err(Diagnostic::error(Code::SyntaxStatement, "an empty statement"));
    };
    let at_first = span(first_start, first_end);
    let text = |at: Span| {
        let source = sources.get(at.file).map(|source| source.inner().as_str());
        source.and_then(|text| text.get(at.start..at.end)).unwrap_or_default()
    };
    if matches!(first, Token::Delegate | Token::Import | Token::Template) {
        return Err(Diagnostic::error(Code::Reserved, format!("`{}` is reserved", text(at_first)))
            .at(sources, at_first, "not available yet")
            .help("this edition has no such statement; leave it out"));
    }
    if !first.starts_statement() {
        return Err(no_statement(sources, at_first, text(at_first)));
    }
    if let Some((start, end)) = too_deep(tokens, limits.nesting) {
        return Err(Diagnostic::error(
            Code::Limit,
            format!("this nests deeper than the limit of {}", limits.nesting),
        )
        .at(sources, span(start, end), "one level too deep")
        .help("write the condition flatter; `and` and `or` need no parentheses among themselves"));
    }
    StatementParser::new()
        .parse(file, tokens.iter().copied())
        .map_err(|error| unexpected(sources, file, tokens, error))
}

/// Which statement a word that starts none was meant for, as help.
fn meant(word: &str) -> Option<String> {
    // What other languages call it.
    let known = match word.to_lowercase().as_str() {
        "permit" | "grant" => "allow",
        "forbid" | "block" | "reject" => "deny",
        "include" => "use",
        "const" | "set" | "define" => "let",
        "role" | "team" => "group",
        "tool" | "tools" => "capability",
        "terms" => "consent",
        "obligation" | "ensure" | "must" => "require",
        _ => return did_you_mean(word, STATEMENTS),
    };
    Some(format!("the statement is called `{known}`"))
}

/// What to say of a word that starts a line and no statement.
fn no_statement(sources: &Sources, span: Span, word: &str) -> Diagnostic {
    let help = meant(word).unwrap_or_else(|| {
        String::from(
            "a statement starts with `edition`, `use`, `server`, `scope`, `capability`, `group`, \
             `client`, `clients`, `register`, `consent`, `fact`, `let`, `parameter`, `allow`, `deny` \
             or `require`",
        )
    });
    Diagnostic::error(Code::SyntaxStatement, format!("`{word}` does not start a statement"))
        .at(sources, span, "no statement starts like this")
        .help(help)
}

/// Where nesting exceeds the limit, if it does. Parsing takes no stack, but what comes after walks
/// the tree.
fn too_deep(tokens: &[Spanned<'_>], limit: usize) -> Option<(usize, usize)> {
    let mut open = 0_usize;
    let mut negations = 0_usize;
    for (start, token, end) in tokens {
        match token {
            Token::OpenBrace | Token::OpenBracket | Token::OpenParenthesis => {
                open = open.saturating_add(1);
            }
            Token::CloseBrace | Token::CloseBracket | Token::CloseParenthesis => {
                open = open.saturating_sub(1);
            }
            Token::Not => negations = negations.saturating_add(1),
            Token::And | Token::Or => negations = 0,
            _ => {}
        }
        if open.saturating_add(negations) > limit {
            return Some((*start, *end));
        }
    }
    None
}

fn unexpected(
    sources: &Sources,
    file: usize,
    tokens: &[Spanned<'_>],
    error: ParseError<usize, Token<'_>, ()>,
) -> Diagnostic {
    let (found, expected) = match error {
        ParseError::UnrecognizedToken { token, expected } => (Some(token), expected),
        ParseError::ExtraToken { token } => (Some(token), Vec::new()),
        ParseError::UnrecognizedEof { expected, .. } => (None, expected),
        ParseError::InvalidToken { .. } | ParseError::User { .. } => (None, Vec::new()),
    };
    let words: Vec<String> =
        expected.iter().map(|one| one.trim_matches(['"', '`']).to_owned()).collect();
    let is_unit = |one: &String| one.contains("a unit of time");
    let after_number = found.as_ref().is_some_and(|(start, _, _)| {
        let before = tokens.iter().rev().find(|(at, _, _)| at < start);
        matches!(before, Some((_, Token::Integer(_), _)))
    });
    let expected = match after_number && expected.iter().any(is_unit) {
        true => String::from("a unit of time, such as `minutes` or `days`"),
        false => expectation(&expected),
    };
    let text = |start: usize, end: usize| {
        let source = sources.get(file).map(|source| source.inner().as_str());
        source.and_then(|text| text.get(start..end)).unwrap_or_default()
    };
    let Some((start, token, end)) = found else {
        let (first_start, _, first_end) = tokens.first().copied().unwrap_or((0, Token::Dot, 0));
        let (last_start, _, last_end) = tokens.last().copied().unwrap_or((0, Token::Dot, 0));
        let statement = text(first_start, first_end);
        let unclosed = unclosed_brace(tokens);
        let diagnostic = Diagnostic::error(
            if unclosed.is_some() { Code::SyntaxUnclosed } else { Code::SyntaxUnfinished },
            format!("this `{statement}` statement is not finished"),
        );
        let diagnostic = match unclosed {
            Some(brace) => diagnostic.at(
                sources,
                Span { file, start: brace, end: brace.saturating_add(1) },
                "never closed",
            ),
            None => diagnostic.at(
                sources,
                Span { file, start: last_start, end: last_end },
                format!("{expected} should follow"),
            ),
        };
        return match unclosed {
            Some(_) => diagnostic.help("close it with `}`"),
            None => diagnostic,
        };
    };
    // A word at the very start of a line, outside all braces, is meant to start something.
    let before: Vec<Spanned<'_>> =
        tokens.iter().copied().take_while(|(at, _, _)| *at < start).collect();
    if matches!(token, Token::Word(_))
        && starts_line(sources, file, start)
        && unclosed_brace(&before).is_none()
    {
        return no_statement(sources, Span { file, start, end }, text(start, end));
    }
    let diagnostic =
        Diagnostic::error(Code::Syntax, format!("`{}` was not expected here", text(start, end)))
            .at(sources, Span { file, start, end }, format!("expected {expected}"));
    if let Some(help) = hint::hint(&before, (start, token, end), text) {
        return diagnostic.help(help);
    }
    let wants_name = expected.contains("a name") || expected.contains("a tool");
    if token.is_reserved() && wants_name {
        let word = text(start, end);
        return diagnostic.help(format!(
            "`{word}` is a word of the language and cannot be a name; a tool of that name is \
             written in quotes: `\"{word}\"`"
        ));
    }
    if matches!(token, Token::Text(_)) && wants_name {
        return diagnostic.help("a name stands without quotes");
    }
    if matches!(token, Token::Assign) {
        return diagnostic.help("two things are compared with `==`; `=` stands in `let` only");
    }
    if matches!(token, Token::Under | Token::Without) {
        return diagnostic.help("`under` and `without consent` come before `when` and `unless`");
    }
    let word = text(start, end);
    let first_on_line =
        text(0, start).rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    let statements = STATEMENTS.iter().copied().filter(|_| first_on_line);
    let known = words.iter().map(String::as_str).filter(|known| !known.contains(' '));
    match did_you_mean(word, known.chain(statements)) {
        Some(help) if matches!(token, Token::Word(_)) => diagnostic.help(help),
        _ => diagnostic,
    }
}

fn unclosed_brace(tokens: &[Spanned<'_>]) -> Option<usize> {
    let mut open = Vec::new();
    for (start, token, _) in tokens {
        match token {
            Token::OpenBrace => open.push(*start),
            Token::CloseBrace => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The parser generator's list in words for people: where any name will do, the words that happen to
/// be names are left out.
fn expectation(expected: &[String]) -> String {
    // lalrpop hands the terminals over as they stand in the grammar, in quotes.
    let mut expected: Vec<&str> = expected.iter().map(|one| one.trim_matches('"')).collect();
    let also_name =
        |one: &str| one == "a unit of time" || Token::NAMES.contains(&one.trim_matches('`'));
    if expected.contains(&"a name") {
        expected.retain(|one| !also_name(one));
    }
    if expected.contains(&"a pattern") {
        expected.retain(|one| !["a name", "a text in quotes", "a pattern"].contains(one));
        expected.push("a tool's name or pattern");
    }
    if expected.contains(&"`true`") && expected.contains(&"an integer") {
        return String::from("a text, a number, `true`, `false` or another attribute");
    }
    if expected.contains(&"`not`") && expected.contains(&"`all`") {
        return String::from("a condition");
    }
    if expected.contains(&"`like`") && expected.contains(&"`has`") {
        return String::from("an operator, such as `==`, `in`, `like` or `under`");
    }
    match expected.as_slice() {
        [] => String::from("nothing more"),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
