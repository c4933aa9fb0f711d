//! Statements.

use crate::syntax::token::Token;

use super::block::{argument, clauses, rows};
use super::condition::{members, operand, value};
use super::doc::{Doc, INDENT};
use super::items::Items;
use super::row::{Part, Row};
use super::rule::{broken, issued_by, list, phrase, requirement, rule};

/// How a statement is laid out.
pub(super) enum Layout<'s> {
    /// On one line where it fits; such statements of one kind may stand together.
    Row(Row<'s>),
    /// By itself.
    Block(Doc<'s>),
}

/// Lays out a statement that parses.
pub(super) fn statement<'s>(items: &mut Items<'s>) -> Layout<'s> {
    let layout = match items.peek() {
        Some(Token::Scope) => Layout::Row(scope(items)),
        Some(Token::Client) => Layout::Row(client(items)),
        Some(Token::Group) => Layout::Row(group(items)),
        Some(Token::Fact) => Layout::Row(fact(items)),
        Some(Token::Let | Token::Parameter) => Layout::Row(named_value(items)),
        Some(Token::Register) => Layout::Row(whole(register(items))),
        Some(Token::Use) => Layout::Row(whole(used(items))),
        Some(Token::Server) => block(items, 2),
        Some(Token::Capability) => block(items, 5),
        Some(Token::Consent) => block(items, 3),
        Some(Token::Clients) => {
            let head = items.words(2);
            Layout::Block(Doc::Concat(vec![head, Doc::Space(1), rows(items, client)]))
        }
        Some(Token::Allow | Token::Deny) => Layout::Block(rule(items)),
        Some(Token::Require) => Layout::Block(requirement(items)),
        _ => Layout::Block(items.rest()),
    };
    match (items.peek(), layout) {
        (None, layout) => layout,
        // What this does not know of still stands where it stood.
        (Some(_), Layout::Row(row)) => {
            Layout::Block(Doc::Concat(vec![row.doc(0), Doc::Space(1), items.rest()]))
        }
        (Some(_), Layout::Block(doc)) => {
            Layout::Block(Doc::Concat(vec![doc, Doc::Space(1), items.rest()]))
        }
    }
}

/// A head of so many words, and clauses.
fn block<'s>(items: &mut Items<'s>, words: usize) -> Layout<'s> {
    let head = items.words(words);
    Layout::Block(Doc::Concat(vec![head, Doc::Space(1), clauses(items)]))
}

fn whole(doc: Doc<'_>) -> Row<'_> {
    let mut row = Row::default();
    row.push(Part::Fixed, doc);
    row
}

/// `scope "x" on SERVER implies "y", …`
fn scope<'s>(items: &mut Items<'s>) -> Row<'s> {
    let mut row = Row::default();
    row.push(Part::Fixed, items.words(2));
    row.push(Part::Fixed, items.words(2));
    if items.is_next(Token::Implies) {
        let word = items.take();
        row.push(Part::Own("implies"), phrase(word, list(items, Items::take)));
    }
    row
}

/// `client NAME "id" …`
fn client<'s>(items: &mut Items<'s>) -> Row<'s> {
    let mut row = Row::default();
    row.push(Part::Fixed, items.words(2));
    row.push(Part::Fixed, items.take());
    if let Some(issuer) = issued_by(items) {
        row.push(Part::Own("issued"), issuer);
    }
    for (token, word) in [(Token::Owner, "owner"), (Token::Metadata, "metadata")] {
        if items.is_next(token) {
            row.push(Part::Own(word), items.words(2));
        }
    }
    row
}

/// `group NAME in GROUP from claim "x"."y" has "z" …`
fn group<'s>(items: &mut Items<'s>) -> Row<'s> {
    let mut row = Row::default();
    let mut head = vec![items.words(2)];
    if items.is_next(Token::In) {
        let word = items.take();
        head.extend([Doc::Space(1), phrase(word, list(items, Items::take))]);
    }
    row.push(Part::Fixed, Doc::Concat(head));
    let mut claim = vec![items.words(3)];
    members(items, &mut claim);
    claim.extend([Doc::Space(1), items.words(2)]);
    row.push(Part::Own("from"), Doc::Concat(claim));
    if let Some(issuer) = issued_by(items) {
        row.push(Part::Own("issued"), issuer);
    }
    if items.is_next(Token::And) {
        let words = items.words(2);
        row.push(Part::Own("and"), phrase(words, list(items, Items::take)));
    }
    row
}

/// `fact SPACE.FUNCTION from "component.wasm" on args.… is TYPE`
fn fact<'s>(items: &mut Items<'s>) -> Row<'s> {
    let mut row = Row::default();
    let mut head = vec![items.words(2)];
    members(items, &mut head);
    row.push(Part::Fixed, Doc::Concat(head));
    row.push(Part::Own("from"), items.words(2));
    let on = items.take();
    row.push(Part::Own("on"), Doc::Concat(vec![on, Doc::Space(1), operand(items)]));
    row.push(Part::Own("is"), items.words(2));
    row
}

/// `let NAME = VALUE`, `parameter NAME = "default"`
fn named_value<'s>(items: &mut Items<'s>) -> Row<'s> {
    let mut row = Row::default();
    row.push(Part::Fixed, items.words(2));
    if items.is_next(Token::Assign) {
        let assign = items.take();
        row.push(Part::Fixed, Doc::Concat(vec![assign, Doc::Space(1), value(items)]));
    }
    row
}

/// `register KIND …`
fn register<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let head = items.words(2);
    let mut parts = Vec::new();
    while let Some(token) = items.peek() {
        parts.push(match token {
            Token::From | Token::Redirect => {
                let word = items.take();
                phrase(word, list(items, Items::take))
            }
            Token::Issued => items.words(3),
            Token::May => {
                let words = items.words(2);
                phrase(words, list(items, Items::take))
            }
            Token::Pending => {
                let mut docs = vec![items.words(4)];
                if items.is_next(Token::Within) {
                    docs.extend([Doc::Space(1), items.words(3)]);
                }
                Doc::Concat(docs)
            }
            _ => items.rest(),
        });
    }
    broken(head, parts, false)
}

/// `use "path" with { … }`: a single argument stands on the line where it fits.
fn used<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let head = items.words(2);
    if !items.is_next(Token::With) {
        return head;
    }
    let with = items.take();
    let arguments = match items.len() {
        4 => {
            let open = items.take();
            let mut inside = vec![Doc::Line, argument(items).doc(INDENT)];
            inside.extend(items.comments());
            Doc::Group(vec![open, Doc::Nest(INDENT, inside), Doc::Line, items.take()])
        }
        _ => rows(items, argument),
    };
    Doc::Concat(vec![head, Doc::Space(1), with, Doc::Space(1), arguments])
}
