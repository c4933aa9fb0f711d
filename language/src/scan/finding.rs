//! A finding, before what is secret is masked in it.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::hidden;
use crate::scan::mask::Secrets;
use crate::source::{Sources, Span};

#[derive(Debug)]
pub(super) struct Finding {
    pub(super) code: Code,
    pub(super) span: Range<usize>,
    message: String,
    label: String,
    help: String,
    is_weak: bool,
}

impl Finding {
    pub(super) fn new(
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let (message, label, help) = (message.into(), label.into(), help.into());
        Self { code, span, message, label, help, is_weak: false }
    }

    /// Less than it could be, rather than wrong.
    pub(super) fn weak(mut self) -> Self {
        self.is_weak = true;
        self
    }
}

/// The findings of a file as people see them: nothing secret is in them any more.
pub(super) fn shown(
    name: &str,
    text: &str,
    secrets: &Secrets,
    findings: Vec<Finding>,
) -> Vec<Diagnostic> {
    let (text, _) = hidden::reveal(&secrets.mask_source(text));
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let diagnostic = |finding: Finding| {
        let Range { start, end } = finding.span;
        let diagnostic = Diagnostic::error(finding.code, secrets.mask(&finding.message))
            .at(&sources, Span { file, start, end }, secrets.mask(&finding.label))
            .help(secrets.mask(&finding.help));
        if finding.is_weak { diagnostic.warning() } else { diagnostic }
    };
    findings.into_iter().map(diagnostic).collect()
}
