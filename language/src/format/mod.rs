//! Formatting: one style, for every policy, without options.
//!
//! - A level is four spaces, a line at most 100 columns, if its texts let it. Comments count for
//!   nothing in that, and stay with what they are about: above it, or at the end of its line.
//! - A block has a clause a line, the values in one column, two spaces behind the longest word.
//! - A rule stands on one line if it fits there and has no condition. Else the name has the first
//!   line, whom it concerns, through what, to what and under what the next, each of these one of its
//!   own if that is too long, and `when`, `unless` and `because` one each. A requirement likewise:
//!   its condition and `else` share a line if they fit.
//! - A condition that is too long breaks before every `or`, then before every `and` of an
//!   alternative that is still too long; parentheses stay as the author put them.
//! - A list in brackets that is too long has an element a line and a comma after each; other lists
//!   are wrapped.
//! - Between statements there is one empty line. One-line statements of a kind (`scope`, `client`,
//!   `group`, `let`, `parameter`, `use`, `register`) may stand together, and then in columns.
//!   Elsewhere an author's empty lines stay, one for several.
//!
//! A statement with a mistake is left as it is, with what is indented below it. Everything else is
//! laid out from its tokens, so what is written in texts, and in which order, never changes.
//!
//! INVARIANT: the text that is handed out has the tokens of the one that came in, but for commas
//! before a closing bracket, in the same statements, and the same comments. It is read again to be
//! sure.

mod block;
mod condition;
mod doc;
mod items;
mod pieces;
mod row;
mod rule;
mod statement;

use std::fmt;

use placet_engine::bundle::EDITION;

use crate::diagnostic::Diagnostic;
use crate::hidden::{self, reveal};
use crate::limits::Limits;
use crate::load::unknown_edition;
use crate::source::Sources;
use crate::syntax::ast::Number;
use crate::syntax::token::Token;

use doc::Doc;
use items::{Comment, Gap, Items};
use pieces::{Piece, Pieces, pieces};
use row::{Row, align};
use statement::{Layout, statement};

/// A formatted text.
#[derive(Debug, Clone)]
pub struct Formatted {
    /// The text in the one style; as it was, where `untouched` says why.
    pub text: String,
    /// What is wrong with the statements that were left as they are.
    pub diagnostics: Vec<Diagnostic>,
    /// Why nothing was formatted.
    pub untouched: Option<Untouched>,
}

/// Why a text was left alone altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untouched {
    /// It has characters that hide what it says.
    Hidden,
    /// It is written in an edition that is not known.
    Edition,
    /// A text in it is not closed, so where it ends is anybody's guess.
    Unclosed,
    /// Formatted, it would mean something else: a defect of this formatter.
    Defect,
}

impl fmt::Display for Untouched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hidden => "it has characters that hide what it says",
            Self::Edition => "its edition is not known",
            Self::Unclosed => {
                "a text in it has no closing quote, so where the text ends is unclear"
            }
            Self::Defect => "formatted, it would mean something else",
        })
    }
}

/// Formats a policy file, `path` being what diagnostics call it. `limits` bounds its nesting; how
/// long it may be is for whoever reads it.
///
/// ```
/// use placet_language::{Limits, format::format};
///
/// let text = "edition 2026 allow notes anyone // for now\nvia any client to remember under noting";
/// let formatted = format("notes.placet", text, &Limits::default());
/// assert_eq!(formatted.text, "\
/// edition 2026
///
/// allow notes
///     anyone  // for now
///     via any client
///     to remember
///     under noting
/// ");
/// assert!(formatted.diagnostics.is_empty());
/// ```
pub fn format(path: &str, text: &str, limits: &Limits) -> Formatted {
    let untouched =
        |diagnostics, why| Formatted { text: text.to_owned(), diagnostics, untouched: Some(why) };
    let code = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (revealed, hidden) = reveal(code);
    let mut sources = Sources::default();
    let file = sources.add(path, revealed);
    if let Some(diagnostic) = hidden::diagnostic(&sources, file, &hidden) {
        return untouched(vec![diagnostic], Untouched::Hidden);
    }
    let cut = pieces(&sources, file, code, limits);
    if let Some((digits, span)) = cut.edition
        && digits != EDITION.to_string()
    {
        let edition = Number { digits: digits.to_owned(), span };
        let diagnostics = unknown_edition(&sources, &edition).into_iter().collect();
        return untouched(diagnostics, Untouched::Edition);
    }
    if cut.unclosed {
        return untouched(cut.diagnostics, Untouched::Unclosed);
    }
    let formatted = doc::print(&lay_out(code, &cut));
    let mut diagnostics = cut.diagnostics.clone();
    diagnostics.sort_by_key(Diagnostic::sort_key);
    let again = sources.add(path, formatted.clone());
    if meaning(code, &cut) != meaning(&formatted, &pieces(&sources, again, &formatted, limits)) {
        return untouched(diagnostics, Untouched::Defect);
    }
    Formatted { text: formatted, diagnostics, untouched: None }
}

/// A piece with what stands before it, to be laid out.
struct Part<'s> {
    comments: Vec<Comment<'s>>,
    /// Whether an empty line is right before the piece.
    blank: bool,
    /// Whether an empty line is anywhere before it.
    apart: bool,
    layout: Layout<'s>,
    /// The word that it starts with.
    word: Option<Token<'s>>,
    trailing: Option<&'s str>,
}

impl Part<'_> {
    /// Whether it is of those that may stand together.
    fn is_one_line(&self) -> bool {
        matches!(&self.layout, Layout::Row(row) if row.is_one_line())
    }

    /// Whether the two may stand together.
    fn is_like(&self, other: &Self) -> bool {
        self.word == other.word && self.is_one_line() && other.is_one_line()
    }
}

fn lay_out<'s>(text: &'s str, cut: &Pieces<'s>) -> Vec<Doc<'s>> {
    let gaps = cut.pieces.iter().map(|(gap, _)| gap).skip(1).chain([&cut.end]);
    let parts = cut.pieces.iter().zip(gaps).map(|((before, piece), after)| {
        let (layout, word) = match piece {
            Piece::Statement(tokens) => {
                let mut items = Items::new(text, tokens);
                let word = items.peek();
                (statement(&mut items), word)
            }
            Piece::Verbatim(text) => {
                (Layout::Block(Doc::Verbatim(text.replace("\r\n", "\n"))), None)
            }
        };
        Part {
            comments: before.own.clone(),
            blank: before.blank,
            apart: before.has_blank(),
            layout,
            word,
            trailing: after.trailing,
        }
    });
    let mut parts: Vec<Part<'s>> = parts.collect();
    for run in parts.chunk_by_mut(|one, other| one.is_like(other) && !other.apart) {
        let row = |part| match part {
            &mut Part { layout: Layout::Row(ref mut row), .. } => Some(row),
            _ => None,
        };
        let mut rows: Vec<&mut Row<'s>> = run.iter_mut().filter_map(row).collect();
        align(&mut rows, 0);
    }
    let mut docs = Vec::new();
    let alike: Vec<bool> = parts
        .windows(2)
        .map(|pair| match pair {
            [one, other] => one.is_like(other),
            _ => false,
        })
        .collect();
    for (part, alike) in parts.into_iter().zip([true].into_iter().chain(alike)) {
        if !alike && !part.apart {
            docs.push(Doc::Blank);
        }
        comments(&mut docs, &part.comments);
        docs.push(if part.blank { Doc::Blank } else { Doc::Hard });
        docs.push(match part.layout {
            Layout::Row(row) => row.doc(0),
            Layout::Block(doc) => doc,
        });
        docs.extend(part.trailing.map(Doc::Comment));
        docs.push(Doc::Hard);
    }
    comments(&mut docs, &cut.end.own);
    docs
}

fn comments<'s>(docs: &mut Vec<Doc<'s>>, comments: &[Comment<'s>]) {
    for comment in comments {
        docs.extend([if comment.blank { Doc::Blank } else { Doc::Hard }, Doc::Own(comment.text)]);
    }
}

/// What must be as before.
#[derive(Debug, PartialEq, Eq)]
struct Meaning<'s> {
    /// The tokens of each statement that parses, and the text of what does not.
    pieces: Vec<Vec<String>>,
    comments: Vec<&'s str>,
}

fn meaning<'s>(text: &'s str, cut: &Pieces<'s>) -> Meaning<'s> {
    let mut comments = Vec::new();
    let mut keep = |gap: &Gap<'s>| {
        comments.extend(gap.trailing);
        comments.extend(gap.own.iter().map(|comment| comment.text));
    };
    let mut pieces = Vec::new();
    for (gap, piece) in &cut.pieces {
        keep(gap);
        match piece {
            Piece::Verbatim(text) => {
                pieces.push(vec![String::from("left"), text.replace("\r\n", "\n")])
            }
            Piece::Statement(tokens) => {
                let mut words: Vec<&str> = Vec::with_capacity(tokens.len());
                let mut end = None;
                for (start, token, next_end) in tokens {
                    let between = end.and_then(|end| text.get(end..*start)).unwrap_or_default();
                    keep(&Gap::read(between, false));
                    end = Some(*next_end);
                    if *token == Token::CloseBracket && words.last() == Some(&",") {
                        words.pop();
                    }
                    words.extend(text.get(*start..*next_end));
                }
                pieces.push(words.into_iter().map(str::to_owned).collect());
            }
        }
    }
    keep(&cut.end);
    Meaning { pieces, comments }
}
