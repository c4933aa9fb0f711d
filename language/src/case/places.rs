//! Where the parts of a case stand in its text.

use std::ops::Range;

/// What a part of a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    User,
    Subject,
    Group,
    Client,
    Alias,
    Server,
    Tool,
    Fact,
    Scope,
    Consent,
    Credential,
    Token,
    Confirmation,
    At,
    Expectation,
    Rule,
}

/// Where the parts of a case stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<(Part, String, Range<usize>)>);

impl Places {
    pub(crate) fn add(&mut self, part: Part, name: &str, place: Range<usize>) {
        self.0.push((part, name.to_owned(), place));
    }

    /// Where a part of a name stands; the name is empty where there is one such part only.
    pub(crate) fn of(&self, part: Part, name: &str) -> Option<Range<usize>> {
        let found = self.0.iter().find(|(one, named, _)| *one == part && named == name);
        found.map(|(_, _, place)| place.clone())
    }
}
