//! A document: text with the places where lines may break, and its printing within a width.
//!
//! A group goes on one line if it fits, and else breaks at all of its lines; a fill breaks where the
//! next of its parts does not fit. A comment ends its line whatever surrounds it, and counts for
//! nothing in the width: a remark does not reflow what it is about.

use std::slice::Iter;

/// The columns of a line.
pub(super) const WIDTH: usize = 100;

/// What one level is indented by.
pub(super) const INDENT: usize = 4;

/// A piece of a document.
#[derive(Debug, Clone)]
pub(super) enum Doc<'s> {
    /// Text without a line break.
    Text(&'s str),
    /// Columns between two things on one line.
    Space(usize),
    /// A line break; a space where the group is on one line.
    Line,
    /// A line break; nothing where the group is on one line.
    Soft,
    /// A line break always.
    Hard,
    /// An empty line.
    Blank,
    /// Text where the group is broken.
    IfBroken(&'static str),
    /// A comment at the end of the line of what is before it.
    Comment(&'s str),
    /// A comment on a line of its own.
    Own(&'s str),
    /// Lines as they are, from the first column.
    Verbatim(String),
    /// Parts whose lines are indented further.
    Nest(usize, Vec<Doc<'s>>),
    /// Parts on one line, or broken at each line.
    Group(Vec<Doc<'s>>),
    /// Parts with a space or a line break before each but the first, these indented further.
    Fill(usize, Vec<Doc<'s>>),
    /// Parts.
    Concat(Vec<Doc<'s>>),
}

/// A text's columns, counted no further than a line may be long.
pub(super) fn columns(text: &str) -> usize {
    text.chars().take(WIDTH.saturating_add(1)).count()
}

/// The columns of a document on one line; `None` if it cannot stand on one, or is longer than a line
/// may be. Comments at its end count for nothing.
pub(super) fn flat_width(docs: &[Doc<'_>]) -> Option<usize> {
    let mut frames = vec![Frame::new(0, Mode::Flat, docs)];
    let mut column = 0;
    fits(&mut column, &mut frames, &mut std::iter::empty()).then_some(column)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

/// Where a fill stands: whether what comes next has something before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filling {
    No,
    First(usize),
    Later,
}

/// A part that is being printed.
#[derive(Debug, Clone)]
struct Frame<'d, 's> {
    indent: usize,
    mode: Mode,
    filling: Filling,
    docs: Iter<'d, Doc<'s>>,
}

impl<'d, 's> Frame<'d, 's> {
    fn new(indent: usize, mode: Mode, docs: &'d [Doc<'s>]) -> Self {
        Self { indent, mode, filling: Filling::No, docs: docs.iter() }
    }

    fn filling(self, more: usize) -> Self {
        Self { filling: Filling::First(more), ..self }
    }
}

/// Whether what is in `frames` fits on the line, and what follows it in `below`, up to the first
/// place where the line may break.
fn fits<'d, 's: 'd>(
    column: &mut usize,
    frames: &mut Vec<Frame<'d, 's>>,
    below: &mut dyn Iterator<Item = &Frame<'d, 's>>,
) -> bool {
    // A comment ended the line.
    let mut ended = false;
    loop {
        let Some(frame) = frames.last_mut() else {
            match below.next() {
                None => return true,
                Some(frame) => frames.push(frame.clone()),
            }
            continue;
        };
        let (indent, mode) = (frame.indent, frame.mode);
        let Some(doc) = frame.docs.next() else {
            frames.pop();
            continue;
        };
        let wide = match frame.filling {
            Filling::Later if mode == Mode::Broken => return true,
            Filling::Later => 1,
            Filling::First(_) => {
                frame.filling = Filling::Later;
                0
            }
            Filling::No => 0,
        };
        let own = match doc {
            Doc::Text(text) => columns(text),
            Doc::IfBroken(text) if mode == Mode::Broken => columns(text),
            Doc::IfBroken(_) => 0,
            Doc::Space(wide) => *wide,
            Doc::Line | Doc::Soft if mode == Mode::Broken => return true,
            Doc::Line => 1,
            Doc::Soft => 0,
            Doc::Hard | Doc::Blank | Doc::Own(_) | Doc::Verbatim(_) => {
                return mode == Mode::Broken;
            }
            Doc::Comment(_) => {
                ended = true;
                0
            }
            Doc::Nest(_, docs) | Doc::Group(docs) | Doc::Concat(docs) => {
                frames.push(Frame::new(indent, mode, docs));
                0
            }
            Doc::Fill(more, docs) => {
                frames.push(Frame::new(indent, mode, docs).filling(*more));
                0
            }
        };
        if ended && matches!(doc, Doc::Text(_)) {
            return mode == Mode::Broken;
        }
        *column = column.saturating_add(wide).saturating_add(own);
        if *column > WIDTH {
            return false;
        }
    }
}

/// A printed line.
#[derive(Debug, Default)]
struct Printed<'s> {
    code: String,
    comment: Option<&'s str>,
}

#[derive(Debug, Default)]
struct Printer<'s> {
    lines: Vec<Printed<'s>>,
    line: Printed<'s>,
    column: usize,
    /// Columns before what comes next on the line.
    space: usize,
    /// Whether nothing stands on the line.
    fresh: bool,
    /// Whether a comment ended the line.
    ended: bool,
}

/// Prints a document.
pub(super) fn print(docs: &[Doc<'_>]) -> String {
    let mut printer = Printer { fresh: true, ..Printer::default() };
    let mut frames = vec![Frame::new(0, Mode::Broken, docs)];
    while let Some(frame) = frames.last_mut() {
        let (indent, mode, filling) = (frame.indent, frame.mode, frame.filling);
        let Some(doc) = frame.docs.next() else {
            frames.pop();
            continue;
        };
        match filling {
            Filling::No => {}
            Filling::First(more) => {
                frame.filling = Filling::Later;
                frame.indent = indent.saturating_add(more);
            }
            Filling::Later => {
                let mut column = printer.column.saturating_add(1);
                let part = std::slice::from_ref(doc);
                let mut own = vec![Frame::new(indent, Mode::Flat, part)];
                if mode == Mode::Flat || fits(&mut column, &mut own, &mut frames.iter().rev()) {
                    printer.space(1, indent);
                } else {
                    printer.end_line(indent);
                }
            }
        }
        match doc {
            Doc::Text(text) => printer.text(text, indent),
            Doc::IfBroken(text) if mode == Mode::Broken => printer.text(text, indent),
            Doc::IfBroken(_) => {}
            Doc::Space(wide) => printer.space(*wide, indent),
            Doc::Line | Doc::Soft if mode == Mode::Broken => printer.end_line(indent),
            Doc::Line => printer.space(1, indent),
            Doc::Soft => {}
            Doc::Hard => printer.end_line(indent),
            Doc::Blank => printer.blank(indent),
            Doc::Comment(comment) => printer.comment(comment, indent),
            Doc::Own(comment) => printer.own(comment, indent),
            Doc::Verbatim(text) => printer.verbatim(text),
            Doc::Nest(more, docs) => {
                frames.push(Frame::new(indent.saturating_add(*more), mode, docs));
            }
            Doc::Concat(docs) => frames.push(Frame::new(indent, mode, docs)),
            Doc::Fill(more, docs) => {
                frames.push(Frame::new(indent, mode, docs).filling(*more));
            }
            Doc::Group(docs) => {
                let flat = Frame::new(indent, Mode::Flat, docs);
                let fitting = mode == Mode::Flat || {
                    let mut column = printer.next_column(indent);
                    fits(&mut column, &mut vec![flat.clone()], &mut frames.iter().rev())
                };
                frames.push(match fitting {
                    true => flat,
                    false => Frame::new(indent, Mode::Broken, docs),
                });
            }
        }
    }
    printer.end_line(0);
    joined(&printer.lines)
}

impl<'s> Printer<'s> {
    /// Where the next text would start.
    fn next_column(&self, indent: usize) -> usize {
        if self.ended { indent } else { self.column.saturating_add(self.space) }
    }

    fn end_line(&mut self, indent: usize) {
        if !self.fresh {
            self.lines.push(std::mem::take(&mut self.line));
        }
        self.column = indent;
        self.space = 0;
        self.fresh = true;
        self.ended = false;
    }

    fn blank(&mut self, indent: usize) {
        self.end_line(indent);
        if self.lines.last().is_some_and(|last| !last.code.is_empty()) {
            self.lines.push(Printed::default());
        }
    }

    fn space(&mut self, wide: usize, indent: usize) {
        if self.ended {
            self.end_line(indent);
        } else if !self.fresh {
            self.space = wide;
        }
    }

    fn text(&mut self, text: &str, indent: usize) {
        if self.ended {
            self.end_line(indent);
        }
        let before = if self.fresh { self.column } else { self.space };
        self.line.code.extend(std::iter::repeat_n(' ', before));
        self.line.code.push_str(text);
        self.column = self.column.saturating_add(self.space).saturating_add(columns(text));
        self.space = 0;
        self.fresh = false;
    }

    fn comment(&mut self, comment: &'s str, indent: usize) {
        if self.fresh || self.ended {
            return self.own(comment, indent);
        }
        self.line.comment = Some(comment);
        self.ended = true;
    }

    fn own(&mut self, comment: &str, indent: usize) {
        if !self.fresh {
            self.end_line(indent);
        }
        self.text(comment, indent);
        self.ended = true;
    }

    fn verbatim(&mut self, text: &str) {
        self.end_line(0);
        let lines = text.split('\n').map(|line| Printed { code: line.to_owned(), comment: None });
        self.lines.extend(lines);
    }
}

/// The lines as a text, with the comments of neighbouring lines in one column.
fn joined(lines: &[Printed<'_>]) -> String {
    let level = |line: &Printed<'_>| line.code.bytes().take_while(|byte| *byte == b' ').count();
    let together = |one: &Printed<'_>, other: &Printed<'_>| {
        let aligned = |line: &Printed<'_>| line.comment.is_some() && columns(&line.code) <= WIDTH;
        aligned(one) && aligned(other) && level(one) == level(other)
    };
    let mut text = String::new();
    for run in lines.chunk_by(together) {
        let column = run.iter().map(|line| columns(&line.code)).max().unwrap_or(0);
        for line in run {
            text.push_str(&line.code);
            if let Some(comment) = line.comment {
                let padding = column.saturating_sub(columns(&line.code)).saturating_add(2);
                text.extend(std::iter::repeat_n(' ', padding));
                text.push_str(comment);
            }
            text.push('\n');
        }
    }
    text
}
