//! Source text and places in it.

use std::sync::Arc;

use miette::NamedSource;

/// A range of bytes in one of a policy's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file's index in [`Sources`].
    pub file: usize,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// From the start of this one to the end of `other`.
    pub fn to(self, other: Self) -> Self {
        Self { end: other.end.max(self.end), ..self }
    }
}

/// The text of a policy's files.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<File>);

#[derive(Debug, Clone)]
struct File {
    source: Arc<NamedSource<String>>,
    /// The first byte of every line but the first.
    lines: Vec<usize>,
}

impl Sources {
    /// Adds a file and returns its index.
    ///
    /// The text is shown in terminals, so what does not print must be gone from it already.
    pub(crate) fn add(&mut self, path: &str, text: String) -> usize {
        let path: String = path.chars().flat_map(char::escape_debug).collect();
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = breaks.map(|(at, _)| at.saturating_add(1)).collect();
        self.0.push(File { source: Arc::new(NamedSource::new(path, text)), lines });
        self.0.len().saturating_sub(1)
    }

    /// A file by its index.
    pub fn get(&self, file: usize) -> Option<&Arc<NamedSource<String>>> {
        self.0.get(file).map(|file| &file.source)
    }

    /// The indices of all files.
    pub(crate) fn files(&self) -> std::ops::Range<usize> {
        0..self.0.len()
    }

    /// The path of a file, relative to the policy's folder; empty if there is no such file.
    pub fn path(&self, file: usize) -> &str {
        self.get(file).map_or("", |source| source.name())
    }

    /// The line of a place, from 1.
    pub fn line(&self, span: Span) -> usize {
        let lines = self.0.get(span.file).map_or(&[][..], |file| &file.lines);
        lines.partition_point(|start| *start <= span.start).saturating_add(1)
    }

    /// A line of a file, from 1, without its end; `None` if there is no such line.
    pub(crate) fn whole_line(&self, file: usize, line: usize) -> Option<Span> {
        let File { source, lines } = self.0.get(file)?;
        let start = match line.checked_sub(2) {
            None => 0,
            Some(index) => *lines.get(index)?,
        };
        let rest = source.inner().get(start..)?;
        let length = rest.lines().next()?.len();
        Some(Span { file, start, end: start.saturating_add(length) })
    }
}
