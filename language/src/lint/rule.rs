//! Rules: what lint looks for, one a file in `rules`.

use crate::diagnostic::Code;
use crate::lint::finding::{Findings, Level};
use crate::lint::standard::Standard;
use crate::lint::subject::Subject;

/// A rule. What it means, why it matters, an example and the example mended are on the page of its
/// code.
#[derive(Debug)]
pub struct Rule {
    /// The code of its findings.
    pub code: Code,
    /// How much a finding weighs, unless the settings say otherwise.
    pub level: Level,
    /// What it serves: a standard, and the item of it.
    pub serves: &'static [(Standard, &'static str)],
    /// Who finds it.
    pub by: By,
    /// Finds it, where lint does so by itself.
    pub(crate) check: fn(&Subject<'_>, &mut Findings<'_>),
}

/// Who finds what a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Lint itself.
    Lint,
    /// The checker, so that `placet check` says it too.
    Check,
    /// The scan of clients' configuration, `placet scan`.
    Scan,
}

/// For what is found elsewhere.
pub(crate) fn nothing(_: &Subject<'_>, _: &mut Findings<'_>) {}
