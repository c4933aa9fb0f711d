//! What is wrong with a case, where, and what to do.

use std::fmt;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span};

/// Why a case cannot be read, or cannot be asked of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseError {
    /// What kind of mistake it is.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text.
    pub place: Range<usize>,
    /// What to say at the place.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

impl CaseError {
    pub(crate) fn new(
        code: Code,
        place: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self { code, message: message.into(), place, label: label.into(), help: None }
    }

    pub(crate) fn syntax(
        place: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self::new(Code::CaseSyntax, place, message, label)
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn help_if(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// The error as a diagnostic about `text`, which it was read from, called `name`.
    pub fn diagnostic(&self, name: &str, text: &str) -> Diagnostic {
        let (text, _) = crate::hidden::reveal(text);
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        self.diagnostic_at(&sources, file, 0)
    }

    /// The error as a diagnostic about a file whose byte `offset` the text starts at.
    pub(crate) fn diagnostic_at(
        &self,
        sources: &Sources,
        file: usize,
        offset: usize,
    ) -> Diagnostic {
        let start = self.place.start.saturating_add(offset);
        let end = self.place.end.saturating_add(offset);
        let diagnostic = Diagnostic::error(self.code, &self.message).at(
            sources,
            Span { file, start, end },
            &self.label,
        );
        match &self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for CaseError {}

/// What to say of a character that hides what a text says.
pub(crate) fn hidden(place: Range<usize>) -> CaseError {
    let message = "the text has a character that hides what it says";
    CaseError::new(Code::HiddenCharacter, place, message, "not shown as it is")
        .help("take it out; where a text needs it, write it as `\\u{…}`")
}
