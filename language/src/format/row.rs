//! One-line things that stand below each other, with their parts in columns.

use super::doc::{Doc, INDENT, WIDTH, flat_width};

/// What a part of a row is: columns go on as long as these agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What the row starts with, or what stays on its line.
    Fixed,
    /// A part that has a line of its own where the row is too long, by its first word.
    Own(&'static str),
}

/// A row of parts.
#[derive(Debug, Default)]
pub(super) struct Row<'s> {
    docs: Vec<Doc<'s>>,
    parts: Vec<Part>,
    /// Columns after each part.
    pads: Vec<usize>,
}

impl<'s> Row<'s> {
    pub(super) fn push(&mut self, part: Part, doc: Doc<'s>) {
        self.docs.push(doc);
        self.parts.push(part);
        self.pads.push(1);
    }

    /// Its columns on one line, if it fits there.
    fn width(&self, indent: usize) -> Option<usize> {
        let spaces = self.docs.len().saturating_sub(1);
        let width = flat_width(&self.docs)?.saturating_add(spaces);
        (width.saturating_add(indent) <= WIDTH).then_some(width)
    }

    /// Whether it fits on one line.
    pub(super) fn is_one_line(&self) -> bool {
        self.width(0).is_some()
    }

    /// The row, `indent` columns in.
    pub(super) fn doc(self, indent: usize) -> Doc<'s> {
        let fits = self.width(indent).is_some();
        let mut docs = Vec::new();
        let mut pad = None;
        for ((doc, part), next_pad) in self.docs.into_iter().zip(self.parts).zip(self.pads) {
            match (pad, part) {
                (None, _) => {}
                (Some(pad), _) if fits => docs.push(Doc::Space(pad)),
                (Some(_), Part::Fixed) => docs.push(Doc::Space(1)),
                (Some(_), Part::Own(_)) => {
                    docs.push(Doc::Nest(INDENT, vec![Doc::Line, doc]));
                    pad = Some(next_pad);
                    continue;
                }
            }
            docs.push(doc);
            pad = Some(next_pad);
        }
        Doc::Group(docs)
    }
}

/// Puts the parts of rows into columns: of those that fit on a line, if they still do.
pub(super) fn align(rows: &mut [&mut Row<'_>], indent: usize) {
    let mut widths: Vec<(usize, Vec<usize>, &mut Row<'_>)> = rows
        .iter_mut()
        .filter_map(|row| {
            let width = row.width(indent)?;
            let each = row.docs.iter().map(|doc| flat_width(std::slice::from_ref(doc)));
            Some((width.saturating_add(indent), each.collect::<Option<_>>()?, &mut **row))
        })
        .collect();
    for column in 0_usize.. {
        let longer = |row: &Row<'_>| row.docs.len() > column.saturating_add(1);
        let going_on = || widths.iter().filter(|(_, _, row)| longer(row));
        let Some(widest) = going_on().filter_map(|(_, each, _)| each.get(column)).max().copied()
        else {
            break;
        };
        // What differs from row to row has no column below it.
        let next = column.saturating_add(1);
        let mut kinds = going_on().map(|(_, _, row)| (row.parts.get(column), row.parts.get(next)));
        let kind = kinds.next();
        let fixed = kind.is_some_and(|(part, _)| part == Some(&Part::Fixed));
        if kinds.any(|other| !fixed && Some(other) != kind) {
            break;
        }
        for (width, each, row) in widths.iter_mut().filter(|(_, _, row)| longer(row)) {
            let more = widest.saturating_sub(each.get(column).copied().unwrap_or(widest));
            *width = width.saturating_add(more);
            if let Some(pad) = row.pads.get_mut(column) {
                *pad = more.saturating_add(1);
            }
        }
    }
    if widths.iter().any(|(width, _, _)| *width > WIDTH) {
        for (_, _, row) in &mut widths {
            row.pads.fill(1);
        }
    }
}
