//! Why a bundle is not loaded.

use std::fmt;

use crate::bundle::{EDITION, FORMAT};
use crate::condition::quote;
use crate::digest::Digest;

/// Why a bundle was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleError {
    /// More bytes than [`Limits::bundle_bytes`](crate::Limits::bundle_bytes).
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More entries in a table than [`Limits::bundle_entries`](crate::Limits::bundle_entries).
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A condition nests deeper than [`Limits::condition_depth`](crate::Limits::condition_depth).
    TooDeep {
        /// How deep it may be.
        limit: usize,
    },
    /// The file ends too early.
    Truncated,
    /// Not JSON, or a part is missing, unknown or of the wrong type.
    Unreadable(String),
    /// Signed, where no trusted keys are given: nothing in it was read.
    Signed,
    /// Not signed, where a signature is demanded.
    Unsigned,
    /// Signed with a key that is not one of those that are trusted.
    UnknownKey {
        /// The key's id.
        key: String,
    },
    /// The signature is not by the key that it names, or not of this bundle, key id and serial.
    BadSignature {
        /// The key's id.
        key: String,
    },
    /// Well signed, but older than the host accepts.
    OldSerial {
        /// The file's serial.
        serial: u64,
        /// What it must be at least.
        at_least: u64,
    },
    /// A format that a later engine writes.
    NewerFormat {
        /// The file's format.
        format: u64,
    },
    /// An edition that a later engine knows.
    NewerEdition {
        /// The file's edition.
        edition: u16,
    },
    /// The content is not what the digest was made of.
    Altered {
        /// The digest in the file.
        stated: Digest,
        /// The digest of the content.
        actual: Digest,
    },
    /// Written otherwise than a compiler writes it.
    NotCanonical,
    /// The Cedar policies, schema or entities do not parse or do not fit together.
    Cedar(String),
    /// A table names something that the bundle does not have.
    Inconsistent(String),
}

impl fmt::Display for BundleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(formatter, "the bundle has {bytes} bytes, more than the limit of {limit}")
            }
            Self::TooMany { what, count, limit } => {
                write!(formatter, "the bundle has {count} {what}, more than the limit of {limit}")
            }
            Self::TooDeep { limit } => write!(
                formatter,
                "a condition of the bundle nests deeper than the limit of {limit}"
            ),
            Self::Signed => formatter
                .write_str("the bundle is signed, and it was not said which keys are trusted"),
            Self::Unsigned => formatter.write_str("the bundle is not signed"),
            Self::UnknownKey { key } => {
                write!(
                    formatter,
                    "the bundle is signed with key {}, which is not trusted",
                    quote(key)
                )
            }
            Self::BadSignature { key } => write!(
                formatter,
                "the signature does not hold: the bundle was altered, or it was signed with another \
                 key than the trusted `{key}`"
            ),
            Self::OldSerial { serial, at_least } => write!(
                formatter,
                "the bundle has serial {serial}, older than the {at_least} that is asked for"
            ),
            Self::Truncated => formatter.write_str("the bundle ends too early: it was cut off"),
            Self::Unreadable(what) => write!(formatter, "this is not a bundle: {what}"),
            Self::NewerFormat { format } => write!(
                formatter,
                "the bundle has format {format}; this engine reads up to {FORMAT}, so a newer \
                 Placet is needed"
            ),
            Self::NewerEdition { edition } => write!(
                formatter,
                "the bundle has edition {edition}; this engine knows up to {EDITION}, so a newer \
                 Placet is needed"
            ),
            Self::Altered { stated, actual } => write!(
                formatter,
                "the bundle was altered: it states {stated}, but its content is {actual}"
            ),
            Self::NotCanonical => {
                formatter.write_str("the bundle is not in the form in which a compiler writes it")
            }
            Self::Cedar(what) => write!(formatter, "the bundle's Cedar is unusable: {what}"),
            Self::Inconsistent(what) => write!(formatter, "the bundle contradicts itself: {what}"),
        }
    }
}

impl std::error::Error for BundleError {}
