//! Findings: what a rule says, how much it weighs, and how it could be mended.

use std::fmt;

use jiff::civil::Date;
use miette::Severity;
use serde::Serialize;

use crate::diagnostic::{Code, Diagnostic};
use crate::lint::rule::{By, Rule};
use crate::lint::rules;
use crate::model::Places;
use crate::source::Span;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is shown.
    Note,
    /// It should stop a change.
    Warning,
    /// So should this, and nobody should have to argue about it.
    Error,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    fn severity(self) -> Severity {
        match self {
            Self::Note => Severity::Advice,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something that lint found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What is to be said.
    pub diagnostic: Diagnostic,
    /// How much it weighs.
    pub level: Level,
    /// The one safe way to mend it, if there is one.
    pub fix: Option<Fix>,
    /// The main place.
    pub(crate) place: Option<Span>,
}

impl Finding {
    /// What the checker said.
    pub(crate) fn of_check(diagnostic: Diagnostic) -> Self {
        let level = if diagnostic.is_error() { Level::Error } else { Level::Warning };
        let place = diagnostic.place();
        Self { diagnostic, level, fix: None, place }
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.diagnostic.code
    }

    /// Whether the policy is unusable for it, so that nobody can allow it.
    pub fn makes_unusable(&self) -> bool {
        let rule = rules::rule(self.code());
        self.diagnostic.is_about_input()
            || rule.is_none()
            || (self.level == Level::Error && rule.is_some_and(|rule| rule.by == By::Check))
    }

    /// Points at a further place.
    pub(crate) fn also(&mut self, places: &Places, span: Span, label: impl Into<String>) {
        self.diagnostic = self.diagnostic.clone().at(&places.sources, span, label);
    }

    pub(crate) fn weigh(&mut self, level: Level) {
        self.level = level;
        self.diagnostic.severity = level.severity();
    }
}

/// A change of a file that mends a finding and changes no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// The file, relative to the policy's folder.
    pub file: String,
    /// The first byte of what is replaced.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What stands there instead.
    pub replacement: String,
}

/// A finding that a comment in the policy allows.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// The finding.
    pub finding: Finding,
    /// Why it is allowed.
    pub reason: String,
    /// The last day on which it is.
    pub until: Date,
}

/// Where a rule puts what it finds.
pub(crate) struct Findings<'p> {
    rule: &'static Rule,
    pub(crate) places: &'p Places,
    found: Vec<Finding>,
}

impl<'p> Findings<'p> {
    pub(crate) fn new(rule: &'static Rule, places: &'p Places) -> Self {
        Self { rule, places, found: Vec::new() }
    }

    /// Says something of a statement, unless it stands in a pack, whose author is somebody else.
    pub(crate) fn say(
        &mut self,
        place: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<&mut Finding> {
        if self.places.packs.contains(&place.file) {
            return None;
        }
        self.say_anywhere(place, message, label, help)
    }

    /// Says something that concerns whoever uses the policy, wherever it stands.
    pub(crate) fn say_anywhere(
        &mut self,
        place: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<&mut Finding> {
        let diagnostic = Diagnostic::error(self.rule.code, message)
            .at(&self.places.sources, place, label)
            .help(help);
        self.push(diagnostic, Some(place))
    }

    /// Says something that has no place in the policy.
    pub(crate) fn say_of_nowhere(
        &mut self,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<&mut Finding> {
        self.push(Diagnostic::error(self.rule.code, message).help(help), None)
    }

    fn push(&mut self, diagnostic: Diagnostic, place: Option<Span>) -> Option<&mut Finding> {
        let mut finding = Finding { diagnostic, level: self.rule.level, fix: None, place };
        finding.weigh(self.rule.level);
        self.found.push(finding);
        self.found.last_mut()
    }

    /// A fix of what stands at a place.
    pub(crate) fn fix(&self, place: Span, replacement: &str) -> Fix {
        Fix {
            file: self.places.sources.path(place.file).to_owned(),
            start: place.start,
            end: place.end,
            replacement: replacement.to_owned(),
        }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.found
    }
}
