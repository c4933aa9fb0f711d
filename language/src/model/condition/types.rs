//! Types: what an operand holds, as far as tests go.

/// What an operand holds, as far as tests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Path,
    Boolean,
    Integer,
    Duration,
    Instant,
    Address,
    Registration,
    Strings,
    /// Something whose presence alone can be asked for.
    Opaque,
}

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Registration => "a kind of registration",
            Self::Path => "a path",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Duration => "a length of time",
            Self::Instant => "an instant",
            Self::Address => "an IP address",
            Self::Strings => "a set of strings",
            Self::Opaque => "of a type that conditions cannot read",
        }
    }

    /// How a constant of the type is written.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Path => "an absolute path in quotes, such as \"/srv/data\"",
            Self::Boolean => "`true` or `false`",
            Self::Integer => "an integer, such as 5",
            Self::Duration => "a length of time, such as `15 minutes`",
            Self::Instant => "an instant, such as `2026-12-31` or `2026-12-31T12:00:00Z`",
            Self::Address => "an IP address in quotes, such as \"10.1.2.3\"",
            Self::Registration => "\"preregistered\", \"metadata_document\" or \"dynamic\"",
            Self::Strings | Self::Opaque => "nothing",
        }
    }
}
