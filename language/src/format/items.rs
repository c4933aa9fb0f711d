//! A statement's tokens with the comments about them.

use std::collections::VecDeque;

use crate::syntax::parse::Spanned;
use crate::syntax::token::Token;

use super::doc::Doc;

/// A comment on a line of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comment<'s> {
    pub(super) text: &'s str,
    /// Whether an empty line is before it.
    pub(super) blank: bool,
}

/// What stands between two tokens.
#[derive(Debug, Default)]
pub(super) struct Gap<'s> {
    /// The comment at the end of the first token's line.
    pub(super) trailing: Option<&'s str>,
    /// The comments before the second.
    pub(super) own: Vec<Comment<'s>>,
    /// Whether an empty line is right before the second.
    pub(super) blank: bool,
}

impl<'s> Gap<'s> {
    /// Reads spaces and comments, after a token or at the start of the text.
    pub(super) fn read(text: &'s str, at_start: bool) -> Self {
        let mut gap = Self::default();
        let mut lines = text.split('\n').enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            let line = line.trim();
            if !line.is_empty() && number == 0 && !at_start {
                gap.trailing = Some(line);
            } else if !line.is_empty() {
                gap.own.push(Comment { text: line, blank: std::mem::take(&mut gap.blank) });
            } else if number > 0 && lines.peek().is_some() {
                gap.blank = true;
            }
        }
        gap
    }

    /// Whether the author left an empty line anywhere in it.
    pub(super) fn has_blank(&self) -> bool {
        self.blank || self.own.iter().any(|comment| comment.blank)
    }
}

/// A token with the comments about it.
#[derive(Debug)]
struct Item<'s> {
    token: Token<'s>,
    text: &'s str,
    before: Vec<Comment<'s>>,
    after: Option<&'s str>,
    /// Before a bracket that closes: the comment at the end of the last element's line.
    of_last: Option<&'s str>,
    /// Whether an empty line is right before it.
    blank: bool,
}

/// The tokens of a statement, read one after the other.
#[derive(Debug)]
pub(super) struct Items<'s>(VecDeque<Item<'s>>);

impl<'s> Items<'s> {
    /// Comments before a comma move behind it, and a comma before a bracket that closes is left out:
    /// the layout says whether one stands there.
    pub(super) fn new(text: &'s str, tokens: &[Spanned<'s>]) -> Self {
        let mut items: VecDeque<Item<'s>> = VecDeque::with_capacity(tokens.len());
        let mut moved: Vec<Comment<'s>> = Vec::new();
        for mut item in with_comments(text, tokens) {
            item.before.splice(0..0, moved.drain(..));
            match (item.token, items.back_mut()) {
                (Token::Comma, Some(last)) => {
                    let trailing = last.after.take();
                    moved = std::mem::take(&mut item.before);
                    if trailing.is_some() || !moved.is_empty() {
                        let after = item.after.take();
                        moved.extend(after.map(|text| Comment { text, blank: false }));
                    }
                    item.after = trailing.or(item.after);
                }
                (Token::CloseBracket, Some(last)) if last.token != Token::OpenBracket => {
                    item.of_last = last.after.take();
                    if last.token == Token::Comma {
                        items.pop_back();
                    }
                }
                _ => {}
            }
            items.push_back(item);
        }
        Self(items)
    }

    pub(super) fn peek(&self) -> Option<Token<'s>> {
        self.0.front().map(|item| item.token)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_next(&self, token: Token<'_>) -> bool {
        self.peek() == Some(token)
    }

    /// The next token with its comments.
    pub(super) fn take(&mut self) -> Doc<'s> {
        let Some(item) = self.0.pop_front() else { return Doc::Concat(Vec::new()) };
        if item.before.is_empty() && item.after.is_none() {
            return Doc::Text(item.text);
        }
        let mut docs: Vec<Doc<'s>> = item.before.iter().map(|one| Doc::Own(one.text)).collect();
        docs.push(Doc::Text(item.text));
        docs.extend(item.after.map(Doc::Comment));
        Doc::Concat(docs)
    }

    /// The next tokens with a space between them.
    pub(super) fn words(&mut self, count: usize) -> Doc<'s> {
        let mut docs = vec![self.take()];
        for _ in 1..count {
            docs.extend([Doc::Space(1), self.take()]);
        }
        Doc::Concat(docs)
    }

    /// What is left.
    pub(super) fn rest(&mut self) -> Doc<'s> {
        let count = self.0.len();
        self.words(count)
    }

    /// The comment at the end of the last element's line, where a bracket that closes is next.
    pub(super) fn of_last(&mut self) -> Option<Doc<'s>> {
        self.0.front_mut().and_then(|item| item.of_last.take()).map(Doc::Comment)
    }

    /// The comments before the next token.
    pub(super) fn comments(&mut self) -> Vec<Doc<'s>> {
        let comments = self.0.front_mut().map(|item| std::mem::take(&mut item.before));
        comments.unwrap_or_default().iter().map(|one| Doc::Own(one.text)).collect()
    }

    /// The same with their empty lines; the first thing in a block has none before it. Says too
    /// whether there is any.
    pub(super) fn lines_before(&mut self, first: bool) -> (Vec<Doc<'s>>, bool) {
        let Some(item) = self.0.front_mut() else { return (Vec::new(), false) };
        let mut docs = Vec::new();
        let mut blanks = false;
        for comment in std::mem::take(&mut item.before) {
            if comment.blank && !(first && docs.is_empty()) {
                docs.push(Doc::Blank);
                blanks = true;
            }
            docs.extend([Doc::Hard, Doc::Own(comment.text)]);
        }
        let closes = item.token == Token::CloseBrace;
        if item.blank && !closes && !(first && docs.is_empty()) {
            docs.push(Doc::Blank);
            blanks = true;
        }
        (docs, blanks)
    }
}

/// The tokens with what stands between them.
fn with_comments<'s>(text: &'s str, tokens: &[Spanned<'s>]) -> Vec<Item<'s>> {
    let mut items: Vec<Item<'s>> = Vec::with_capacity(tokens.len());
    let mut end = None;
    for (start, token, next_end) in tokens {
        let between = end.and_then(|end| text.get(end..*start)).unwrap_or_default();
        end = Some(*next_end);
        let gap = Gap::read(between, false);
        if let Some(last) = items.last_mut() {
            last.after = gap.trailing;
        }
        items.push(Item {
            token: *token,
            text: text.get(*start..*next_end).unwrap_or_default(),
            before: gap.own,
            after: None,
            of_last: None,
            blank: gap.blank,
        });
    }
    items
}
