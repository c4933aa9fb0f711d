//! Rules and requirements, and what they are made of: whom, through what, to what.

use crate::syntax::token::Token;

use super::condition::expression;
use super::doc::{Doc, INDENT};
use super::items::Items;

/// `a, b, c`, wrapped where it is too long.
pub(super) fn list<'s>(
    items: &mut Items<'s>,
    element: impl Fn(&mut Items<'s>) -> Doc<'s>,
) -> Doc<'s> {
    hanging(items, 0, element)
}

/// The same, with what wraps indented further.
fn hanging<'s>(
    items: &mut Items<'s>,
    more: usize,
    element: impl Fn(&mut Items<'s>) -> Doc<'s>,
) -> Doc<'s> {
    let mut docs = Vec::new();
    loop {
        let element = element(items);
        if !items.is_next(Token::Comma) {
            docs.push(element);
            return Doc::Fill(more, docs);
        }
        docs.push(Doc::Concat(vec![element, items.take()]));
    }
}

/// A word and what it is about, which is indented where it wraps.
pub(super) fn phrase<'s>(word: Doc<'s>, rest: Doc<'s>) -> Doc<'s> {
    Doc::Concat(vec![word, Doc::Nest(INDENT, vec![Doc::Space(1), rest])])
}

/// `issued by "…"`, if that is next.
pub(super) fn issued_by<'s>(items: &mut Items<'s>) -> Option<Doc<'s>> {
    items.is_next(Token::Issued).then(|| items.words(3))
}

/// What follows `via`.
pub(super) fn through<'s>(items: &mut Items<'s>) -> Doc<'s> {
    match items.is_next(Token::Any) {
        true => items.words(2),
        false => list(items, |items| match items.is_next(Token::Clients) {
            true => items.words(5),
            false => items.take(),
        }),
    }
}

/// `engineers, user "x" issued by "…"`
fn who<'s>(items: &mut Items<'s>) -> Doc<'s> {
    hanging(items, INDENT, |items| match items.is_next(Token::User) {
        true => {
            let user = items.words(2);
            match issued_by(items) {
                Some(issuer) => Doc::Concat(vec![user, Doc::Space(1), issuer]),
                None => user,
            }
        }
        false => items.take(),
    })
}

fn targets<'s>(items: &mut Items<'s>) -> Doc<'s> {
    list(items, |items| match items.is_next(Token::Access) {
        true => items.words(2),
        false => items.take(),
    })
}

/// `engineers via editors`, on one line if that fits.
fn who_via<'s>(items: &mut Items<'s>) -> Option<Doc<'s>> {
    let mut docs = Vec::new();
    if !matches!(items.peek(), None | Some(Token::Via | Token::To | Token::For)) {
        docs.push(who(items));
    }
    if items.is_next(Token::Via) {
        if !docs.is_empty() {
            docs.push(Doc::Line);
        }
        let via = items.take();
        docs.push(phrase(via, through(items)));
    }
    (!docs.is_empty()).then_some(Doc::Group(docs))
}

/// `allow NAME …`, `deny NAME …`: on one line if it fits there and has no condition; else the name,
/// then whom it concerns, and a line for each of the rest.
pub(super) fn rule<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let head = items.words(2);
    let mut subject = Vec::new();
    if let Some(who_via) = who_via(items) {
        subject.extend([who_via, Doc::Line]);
    }
    let to = items.take();
    subject.push(phrase(to, targets(items)));
    if matches!(items.peek(), Some(Token::Under | Token::Without)) {
        subject.extend([Doc::Line, items.words(2)]);
    }
    let mut parts = vec![Doc::Group(subject)];
    let mut conditions = false;
    while let Some(token) = items.peek() {
        match token {
            Token::When | Token::Unless => {
                conditions = true;
                let word = items.take();
                parts.push(Doc::Concat(vec![word, Doc::Space(1), expression(items, INDENT)]));
            }
            Token::Because => parts.push(items.words(2)),
            _ => parts.push(items.rest()),
        }
    }
    broken(head, parts, conditions)
}

/// `require NAME …`: as a rule, with `for` in the place of `to`, then what must hold and `else`.
pub(super) fn requirement<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let head = items.words(2);
    let mut subject = Vec::new();
    if let Some(who_via) = who_via(items) {
        subject.extend([who_via, Doc::Line]);
    }
    let on = items.take();
    subject.push(phrase(on, targets(items)));
    let mut parts = vec![Doc::Group(subject)];
    let condition = !matches!(items.peek(), None | Some(Token::Else | Token::Because));
    let mut holds = Vec::new();
    if condition {
        holds.push(expression(items, INDENT));
    }
    if items.is_next(Token::Else) {
        if !holds.is_empty() {
            holds.push(Doc::Line);
        }
        let word = items.take();
        holds.push(phrase(word, remedy(items)));
    }
    if !holds.is_empty() {
        parts.push(Doc::Group(holds));
    }
    if items.peek().is_some() {
        parts.push(items.rest());
    }
    broken(head, parts, condition)
}

/// `reauthenticate acr "phr" within 15 minutes`, `confirm within 10 minutes`, `ask CONSENT`
fn remedy<'s>(items: &mut Items<'s>) -> Doc<'s> {
    let mut docs = vec![match items.is_next(Token::Ask) {
        true => items.words(2),
        false => items.take(),
    }];
    if items.is_next(Token::Acr) {
        let word = items.take();
        docs.push(phrase(word, list(items, Items::take)));
    }
    if items.is_next(Token::Within) {
        docs.push(items.words(3));
    }
    Doc::Fill(0, docs)
}

/// The head on a line, and each part on one below; all on one line where that is wanted and fits.
pub(super) fn broken<'s>(head: Doc<'s>, parts: Vec<Doc<'s>>, always: bool) -> Doc<'s> {
    let line = if always { Doc::Hard } else { Doc::Line };
    let parts = parts.into_iter().flat_map(|part| [line.clone(), part]).collect();
    Doc::Group(vec![head, Doc::Nest(INDENT, parts)])
}
