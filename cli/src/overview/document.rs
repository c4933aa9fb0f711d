//! A page as blocks, whatever it is written in.

use placet_engine::bundle::Access;

/// A page.
pub(super) struct Document {
    pub(super) title: Inline,
    /// What is known at a glance.
    pub(super) facts: Vec<Fact>,
    pub(super) sections: Vec<Section>,
}

/// A part of a page with a heading.
pub(super) struct Section {
    /// What it is found by within the page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// Something that stands by itself.
pub(super) enum Block {
    Paragraph(Inline),
    /// A heading below the section's, with what it is found by.
    Heading(String, Inline),
    List(Vec<Inline>),
    Facts(Vec<Fact>),
    /// What somebody is shown: a text, and lines below it.
    Shown(String, Vec<String>),
    Table(Table),
    /// The map, where one can be drawn.
    Map,
}

/// Something known, under what it is about.
pub(super) struct Fact {
    pub(super) about: &'static str,
    pub(super) what: Inline,
}

/// A table. Every row has a cell for each heading.
pub(super) struct Table {
    pub(super) caption: &'static str,
    pub(super) head: Vec<Inline>,
    pub(super) groups: Vec<Rows>,
}

/// Rows of a table that belong together.
pub(super) struct Rows {
    /// What they are found by within the page.
    pub(super) id: Option<String>,
    /// What they have in common.
    pub(super) title: Option<Inline>,
    pub(super) rows: Vec<Vec<Inline>>,
}

impl Table {
    /// A table whose rows do not come in groups.
    pub(super) fn plain(
        caption: &'static str,
        head: &[&'static str],
        rows: Vec<Vec<Inline>>,
    ) -> Self {
        let head = head.iter().map(|one| Inline::text(*one)).collect();
        Self { caption, head, groups: vec![Rows { id: None, title: None, rows }] }
    }
}

/// Text within a line.
#[derive(Default, Clone)]
pub(super) struct Inline(pub(super) Vec<Span>);

/// A piece of it.
#[derive(Clone)]
pub(super) enum Span {
    Text(String),
    /// A name or a notation.
    Code(String),
    Strong(String),
    Access(Access),
    Mark(Mark),
}

/// Whether a consent leads to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Somebody may call it.
    Leads,
    /// Rules use it, and all calls are denied.
    Denied,
    /// It is granted, and no rule uses it.
    Unused,
    /// A requirement asks for the consent.
    Asked,
    /// It could not be told.
    Undecided,
}

impl Mark {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Leads => "yes",
            Self::Denied => "denied",
            Self::Unused => "no rule",
            Self::Asked => "asked",
            Self::Undecided => "undecided",
        }
    }
}

impl Inline {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::default().and(text)
    }

    /// What is said with names between backticks.
    pub(super) fn said(text: &str) -> Self {
        let pieces = text.split('`').enumerate();
        let span = |(place, piece): (usize, &str)| match place.is_multiple_of(2) {
            true => Span::Text(piece.to_owned()),
            false => Span::Code(piece.to_owned()),
        };
        Self(pieces.filter(|(_, piece)| !piece.is_empty()).map(span).collect())
    }

    pub(super) fn code(text: impl Into<String>) -> Self {
        Self::default().and_code(text)
    }

    pub(super) fn and(self, text: impl Into<String>) -> Self {
        self.with(Span::Text(text.into()))
    }

    pub(super) fn and_code(self, text: impl Into<String>) -> Self {
        self.with(Span::Code(text.into()))
    }

    pub(super) fn and_strong(self, text: impl Into<String>) -> Self {
        self.with(Span::Strong(text.into()))
    }

    pub(super) fn and_access(self, access: Access) -> Self {
        self.with(Span::Access(access))
    }

    pub(super) fn with(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Names in a row; `none` where there are none.
    pub(super) fn codes<'n>(
        names: impl IntoIterator<Item = &'n String>,
        separator: &str,
        none: &str,
    ) -> Self {
        let mut row = Self::default();
        for name in names {
            if !row.0.is_empty() {
                row = row.and(separator);
            }
            row = row.and_code(name.clone());
        }
        if row.0.is_empty() { Self::text(none) } else { row }
    }
}

impl From<&str> for Inline {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
