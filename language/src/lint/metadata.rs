//! Protected resource metadata: what a server says of its scopes and of who issues its tokens
//! (RFC 9728).

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

/// What lint reads of them. Members that it does not know are somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// The resource identifier (RFC 9728, section 2).
    pub resource: String,
    /// The issuers that the resource is said to trust.
    #[serde(default)]
    pub authorization_servers: Option<BTreeSet<String>>,
    /// The scopes that are used in requests for access; `None` where nothing is said.
    #[serde(default)]
    pub scopes_supported: Option<BTreeSet<String>>,
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataError(String);

impl fmt::Display for MetadataError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for MetadataError {}

impl Metadata {
    /// How large they may be, in bytes.
    pub const BYTES: usize = 1 << 20;

    /// Reads them.
    ///
    /// # Errors
    ///
    /// [`MetadataError`]: not a JSON object with a `resource`, or a member of a type that RFC 9728 does
    /// not give it.
    pub fn read(bytes: &[u8]) -> Result<Self, MetadataError> {
        serde_json::from_slice(bytes).map_err(|error| MetadataError(error.to_string()))
    }
}
