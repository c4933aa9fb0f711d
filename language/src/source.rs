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
pub struct Sources(Vec<Arc<NamedSource<String>>>);

impl Sources {
    /// Adds a file and returns its index.
    ///
    /// The text is shown in terminals, so what does not print must be gone from it already.
    pub(crate) fn add(&mut self, path: &str, text: String) -> usize {
        let path: String = path.chars().flat_map(char::escape_debug).collect();
        self.0.push(Arc::new(NamedSource::new(path, text)));
        self.0.len().saturating_sub(1)
    }

    /// A file by its index.
    pub fn get(&self, file: usize) -> Option<&Arc<NamedSource<String>>> {
        self.0.get(file)
    }

    /// The path of a file, relative to the policy's folder; empty if there is no such file.
    pub fn path(&self, file: usize) -> &str {
        self.get(file).map_or("", |source| source.name())
    }

    /// The line of a place, from 1.
    pub fn line(&self, span: Span) -> usize {
        let before = self.get(span.file).and_then(|source| source.inner().get(..span.start));
        before.map_or(0, |text| text.matches('\n').count()).saturating_add(1)
    }
}
