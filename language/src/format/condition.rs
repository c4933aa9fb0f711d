//! Conditions, and the lists and values in them.

use crate::syntax::token::Token;

use super::doc::{Doc, INDENT};
use super::items::Items;

/// `a and b or c`: on one line, or broken before each `or`, and within one before each `and`.
/// `nest` is how much further the operators stand than what the first operand belongs to.
pub(super) fn expression<'s>(items: &mut Items<'s>, nest: usize) -> Doc<'s> {
    let first = conjunction(items);
    if !items.is_next(Token::Or) {
        return joined(first, nest);
    }
    // An alternative's own operators stand further in than `or`.
    let first = joined(first, nest.saturating_add(INDENT));
    let mut others = Vec::new();
    while items.is_next(Token::Or) {
        let word = items.take();
        others.extend([Doc::Line, word, Doc::Space(1), joined(conjunction(items), INDENT)]);
    }
    joined((first, others), nest)
}

/// Operands joined by `and`: the first, and the others with the operator and a line before each.
fn conjunction<'s>(items: &mut Items<'s>) -> (Doc<'s>, Vec<Doc<'s>>) {
    let first = negation(items);
    let mut others = Vec::new();
    while items.is_next(Token::And) {
        others.extend([Doc::Line, items.take(), Doc::Space(1), negation(items)]);
    }
    (first, others)
}

fn joined<'s>((first, others): (Doc<'s>, Vec<Doc<'s>>), nest: usize) -> Doc<'s> {
    match others.is_empty() {
        true => first,
        false => Doc::Group(vec![first, Doc::Nest(nest, others)]),
    }
}

fn negation<'s>(items: &mut Items<'s>) -> Doc<'s> {
    match items.peek() {
        Some(Token::Not) => Doc::Concat(vec![items.take(), Doc::Space(1), negation(items)]),
        Some(Token::OpenParenthesis) => {
            let open = items.take();
            let mut inside = vec![Doc::Soft, expression(items, 0)];
            inside.extend(items.comments());
            Doc::Group(vec![open, Doc::Nest(INDENT, inside), Doc::Soft, items.take()])
        }
        _ => test(items),
    }
}

fn test<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let mut docs = Vec::new();
    if matches!(items.peek(), Some(Token::All | Token::Any)) {
        docs.extend([items.take(), Doc::Space(1)]);
    }
    docs.push(operand(items));
    if items.is_next(Token::Not) {
        docs.extend([Doc::Space(1), items.take()]);
    }
    if let Some(
        Token::In
        | Token::Is
        | Token::Equal
        | Token::NotEqual
        | Token::Less
        | Token::LessEqual
        | Token::Greater
        | Token::GreaterEqual
        | Token::Has
        | Token::Like
        | Token::Under,
    ) = items.peek()
    {
        docs.extend([Doc::Space(1), items.take(), Doc::Space(1), value(items)]);
    }
    Doc::Concat(docs)
}

/// `args.owner`, `path(args.path).part`
pub(super) fn operand<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let mut docs = vec![items.take()];
    members(items, &mut docs);
    if items.is_next(Token::OpenParenthesis) {
        docs.extend([items.take(), items.take()]);
        members(items, &mut docs);
        docs.push(items.take());
        members(items, &mut docs);
    }
    Doc::Concat(docs)
}

/// `.parent."page-id"`
pub(super) fn members<'s>(items: &mut Items<'s>, docs: &mut Vec<Doc<'s>>) {
    while items.is_next(Token::Dot) {
        docs.extend([items.take(), items.take()]);
    }
}

/// One value, or a list of them.
pub(super) fn value<'s>(items: &mut Items<'s>) -> Doc<'s> {
    match items.peek() {
        Some(Token::OpenBracket) => list(items),
        Some(Token::Integer(_)) => {
            let number = items.take();
            match items.peek() {
                Some(Token::Unit(_)) => Doc::Concat(vec![number, Doc::Space(1), items.take()]),
                _ => number,
            }
        }
        _ => operand(items),
    }
}

/// `[a, b]`: on one line, or one element a line with a comma after each.
fn list<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let open = items.take();
    let mut inside = Vec::new();
    while !matches!(items.peek(), None | Some(Token::CloseBracket)) {
        inside.push(if inside.is_empty() { Doc::Soft } else { Doc::Line });
        inside.push(value(items));
        if items.is_next(Token::Comma) {
            inside.push(items.take());
        }
    }
    if !inside.is_empty() {
        inside.push(Doc::IfBroken(","));
    }
    inside.extend(items.of_last());
    inside.extend(items.comments());
    Doc::Group(vec![open, Doc::Nest(INDENT, inside), Doc::Soft, items.take()])
}
