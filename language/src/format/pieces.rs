//! A file in pieces: statements that parse, and text that is left as it is.

use crate::diagnostic::Diagnostic;
use crate::limits::Limits;
use crate::source::{Sources, Span};
use crate::syntax::parse::{Spanned, lex, segments, statement};
use crate::syntax::token::Token;

use super::items::Gap;

/// A piece of a file, without the comments around it.
#[derive(Debug)]
pub(super) enum Piece<'s> {
    /// A statement that parses.
    Statement(Vec<Spanned<'s>>),
    /// Text with a mistake in it.
    Verbatim(&'s str),
}

/// A file, cut.
#[derive(Debug, Default)]
pub(super) struct Pieces<'s> {
    /// The pieces, each with what stands before it.
    pub(super) pieces: Vec<(Gap<'s>, Piece<'s>)>,
    /// What stands after the last.
    pub(super) end: Gap<'s>,
    /// Everything that is wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether a text is open, so that nobody knows what was meant to be in it.
    pub(super) unclosed: bool,
    /// The edition, where the file starts with one.
    pub(super) edition: Option<(&'s str, Span)>,
}

/// Where a piece is.
struct Place<'t, 's> {
    start: usize,
    end: usize,
    /// Its tokens, if it is a statement that parses.
    tokens: Option<&'t [Spanned<'s>]>,
}

/// Cuts a file as [`parse`](crate::syntax::parse()) does.
pub(super) fn pieces<'s>(
    sources: &Sources,
    file: usize,
    text: &'s str,
    limits: &Limits,
) -> Pieces<'s> {
    let mut pieces = Pieces::default();
    let (tokens, gaps) = lex(sources, file, text, &mut pieces.diagnostics);
    if let [(_, Token::Edition, _), (start, Token::Integer(digits), end), ..] = tokens.as_slice() {
        pieces.edition = Some((digits, Span { file, start: *start, end: *end }));
    }
    pieces.unclosed = gaps
        .iter()
        .any(|gap| text.get(gap.start..gap.end).is_some_and(|found| found.starts_with('"')));
    let places = places(sources, file, text, limits, (&tokens, &gaps), &mut pieces.diagnostics);
    let mut end = 0;
    for place in places {
        let before = text.get(end..place.start).unwrap_or_default();
        let piece = match place.tokens {
            Some(tokens) => Piece::Statement(tokens.to_vec()),
            None => Piece::Verbatim(text.get(place.start..place.end).unwrap_or_default()),
        };
        pieces.pieces.push((Gap::read(before, end == 0), piece));
        end = place.end;
    }
    pieces.end = Gap::read(text.get(end..).unwrap_or_default(), end == 0);
    pieces
}

fn places<'t, 's>(
    sources: &Sources,
    file: usize,
    text: &str,
    limits: &Limits,
    (tokens, gaps): (&'t [Spanned<'s>], &[Span]),
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Place<'t, 's>> {
    let segments = segments(text, tokens);
    let start_of = |segment: &&[Spanned<'_>]| segment.first().map(|(start, _, _)| *start);
    let starts: Vec<usize> = segments.iter().filter_map(start_of).collect();
    let bounds = starts.iter().copied().zip(starts.iter().copied().skip(1).chain([text.len()]));
    let mut gaps = gaps.iter().peekable();
    let mut places: Vec<Place<'t, 's>> = Vec::new();
    // What cannot be read before the first statement.
    let first = starts.first().copied().unwrap_or(text.len());
    while let Some(gap) = gaps.next_if(|gap| gap.start < first) {
        places.push(Place { start: gap.start, end: gap.end, tokens: None });
    }
    for (segment, (start, next)) in segments.iter().zip(bounds) {
        let mut end = segment.last().map_or(start, |(_, _, end)| *end);
        let mut readable = true;
        while let Some(gap) = gaps.next_if(|gap| gap.start < next) {
            end = end.max(gap.end);
            readable = false;
        }
        let parsed = match readable {
            true => statement(sources, file, segment, limits)
                .map_err(|diagnostic| diagnostics.push(diagnostic))
                .is_ok(),
            false => false,
        };
        let tokens = parsed.then_some(*segment);
        places.push(Place { start, end, tokens });
    }
    merged(text, places)
}

/// Text with a mistake takes in what is beside it and what is indented below it: nobody knows where
/// it was meant to end.
fn merged<'t, 's>(text: &str, places: Vec<Place<'t, 's>>) -> Vec<Place<'t, 's>> {
    let mut merged: Vec<Place<'t, 's>> = Vec::new();
    for mut place in places {
        let line = text.get(..place.start).unwrap_or_default().rsplit('\n').next();
        let column = line.map_or(0, str::len);
        match merged.last_mut() {
            Some(last) if last.tokens.is_none() && (place.tokens.is_none() || column > 0) => {
                last.end = place.end;
            }
            _ => {
                if place.tokens.is_none() && line.is_some_and(|line| line.trim().is_empty()) {
                    place.start = place.start.saturating_sub(column);
                }
                merged.push(place);
            }
        }
    }
    for place in merged.iter_mut().filter(|place| place.tokens.is_none()) {
        // A comment at the end of its last line belongs to it.
        let after = text.get(place.end..).unwrap_or_default();
        let line = after.split('\n').next().unwrap_or_default().trim_end();
        if line.trim_start().starts_with("//") {
            place.end = place.end.saturating_add(line.len());
        }
    }
    merged
}
