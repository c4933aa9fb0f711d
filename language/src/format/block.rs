//! Blocks: what stands between braces, a line each.

use crate::syntax::token::Token;

use super::condition::expression;
use super::doc::{Doc, INDENT, flat_width};
use super::items::Items;
use super::row::{Part, Row, align};
use super::rule;

/// The columns between the longest word of a block and the values: where both are words, one would
/// not show where the value starts.
const BETWEEN: usize = 2;

/// A clause, with the comments before it.
struct Clause<'s> {
    before: Vec<Doc<'s>>,
    word: Doc<'s>,
    value: Option<Doc<'s>>,
}

/// `{ … }` with a clause a line, the values in one column.
pub(super) fn clauses<'s>(items: &mut Items<'s>) -> Doc<'s> {
    braces(items, |items| {
        let mut clauses: Vec<Clause<'s>> = Vec::new();
        while !matches!(items.peek(), None | Some(Token::CloseBrace)) {
            let (before, _) = items.lines_before(clauses.is_empty());
            let (word, value) = clause(items);
            clauses.push(Clause { before, word, value });
        }
        let width = |clause: &Clause<'s>| flat_width(std::slice::from_ref(&clause.word));
        let with_value = clauses.iter().filter(|clause| clause.value.is_some());
        let column = with_value.filter_map(width).max().unwrap_or(0).saturating_add(BETWEEN);
        let mut docs = Vec::new();
        for clause in clauses {
            let pad = column.saturating_sub(width(&clause).unwrap_or(0));
            docs.extend(clause.before);
            docs.extend([Doc::Hard, clause.word]);
            if let Some(value) = clause.value {
                docs.push(Doc::Nest(column, vec![Doc::Space(pad), value]));
            }
        }
        docs
    })
}

/// `{ … }` with a row a line: the clients of a group, the arguments of a `use`.
pub(super) fn rows<'s>(items: &mut Items<'s>, row: fn(&mut Items<'s>) -> Row<'s>) -> Doc<'s> {
    braces(items, |items| {
        let mut rows: Vec<(Vec<Doc<'s>>, bool, Row<'s>)> = Vec::new();
        while !matches!(items.peek(), None | Some(Token::CloseBrace)) {
            let (before, blanks) = items.lines_before(rows.is_empty());
            let row = row(items);
            rows.push((before, blanks, row));
        }
        for run in rows.chunk_by_mut(|_, (_, blanks, _)| !blanks) {
            let mut run: Vec<&mut Row<'s>> = run.iter_mut().map(|(_, _, row)| row).collect();
            align(&mut run, INDENT);
        }
        let each = rows.into_iter().flat_map(|(mut before, _, row)| {
            before.extend([Doc::Hard, row.doc(INDENT)]);
            before
        });
        each.collect()
    })
}

fn braces<'s>(
    items: &mut Items<'s>,
    inside: impl FnOnce(&mut Items<'s>) -> Vec<Doc<'s>>,
) -> Doc<'s> {
    let open = items.take();
    let mut docs = inside(items);
    let (after_last, _) = items.lines_before(docs.is_empty());
    docs.extend(after_last);
    match docs.is_empty() {
        true => Doc::Concat(vec![open, items.take()]),
        false => Doc::Concat(vec![open, Doc::Nest(INDENT, docs), Doc::Hard, items.take()]),
    }
}

/// One argument of a `use`: `resource "https://…"`
pub(super) fn argument<'s>(items: &mut Items<'s>) -> Row<'s> {
    let mut row = Row::default();
    row.push(Part::Fixed, items.take());
    row.push(Part::Fixed, items.take());
    row
}

/// A clause's word and its value.
fn clause<'s>(items: &mut Items<'s>) -> (Doc<'s>, Option<Doc<'s>>) {
    let Some(token) = items.peek() else { return (items.take(), None) };
    let word = match token {
        Token::On | Token::Pin => items.words(2),
        _ => items.take(),
    };
    let value = match token {
        Token::Resource | Token::Local | Token::Catalogue | Token::Access => items.take(),
        Token::Issuer | Token::Resources | Token::Grants | Token::Purpose | Token::Was => {
            rule::list(items, Items::take)
        }
        Token::Credentials => credentials(items),
        Token::Trusted if items.is_next(Token::Because) => items.words(2),
        Token::Tools | Token::Prompts => selection(items),
        Token::Needs => needs(items),
        Token::Where => expression(items, 0),
        Token::Lasts => items.words(2),
        Token::Via => rule::through(items),
        Token::On => match items.peek() {
            Some(Token::Keep) => items.words(4),
            Some(Token::Ask) => items.words(2),
            _ => items.take(),
        },
        _ => return (word, None),
    };
    (word, Some(value))
}

/// `local for read from network "10.0.0.0/8" lasts 90 days because "…"`
fn credentials<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let mut docs = vec![items.words(3)];
    if items.is_next(Token::From) {
        let words = items.words(2);
        docs.extend([Doc::Line, rule::phrase(words, rule::list(items, Items::take))]);
    }
    if items.is_next(Token::Lasts) {
        docs.extend([Doc::Line, items.words(3)]);
    }
    let mut docs = vec![Doc::Group(docs)];
    if items.is_next(Token::Because) {
        docs.extend([Doc::Line, items.words(2)]);
    }
    Doc::Group(docs)
}

/// `a, b_* except c`, `where read_only and not open_world`
fn selection<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let mut docs = match items.is_next(Token::Where) {
        true => {
            let word = items.take();
            let mut hints = vec![hint(items)];
            while items.is_next(Token::And) {
                let and = items.take();
                hints.push(Doc::Concat(vec![and, Doc::Space(1), hint(items)]));
            }
            vec![rule::phrase(word, Doc::Fill(0, hints))]
        }
        false => vec![rule::list(items, Items::take)],
    };
    if items.is_next(Token::Except) {
        let word = items.take();
        docs.extend([Doc::Line, rule::phrase(word, rule::list(items, Items::take))]);
    }
    Doc::Group(docs)
}

fn hint<'s>(items: &mut Items<'s>) -> Doc<'s> {
    match items.is_next(Token::Not) {
        true => items.words(2),
        false => items.take(),
    }
}

/// `"a" and "b" or "c"`, `nothing because "…"`
fn needs<'s>(items: &mut Items<'s>) -> Doc<'s> {
    if !items.is_next(Token::Nothing) {
        return expression(items, 0);
    }
    let nothing = items.take();
    match items.is_next(Token::Because) {
        true => Doc::Group(vec![nothing, Doc::Line, items.words(2)]),
        false => nothing,
    }
}
