//! A registry's export: the clients that an authorization server knows.

use std::fmt;

use serde::Deserialize;

/// The clients that are registered at an authorization server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    /// In the order of the export.
    pub clients: Vec<Registered>,
}

/// A client as the registration endpoint answers (RFC 7591, section 3.2.1). Members that lint does not
/// know are somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Registered {
    /// The client's id.
    pub client_id: String,
    /// When it was registered: seconds since the epoch.
    #[serde(default)]
    pub client_id_issued_at: Option<i64>,
    /// What it calls itself. Nobody checked that.
    #[serde(default)]
    pub client_name: Option<String>,
    /// Where answers go.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// What the authorization server made of it, such as `blocked`; no part of RFC 7591.
    #[serde(default)]
    pub status: Option<String>,
}

/// Why an export cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryError(String);

impl fmt::Display for RegistryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for RegistryError {}

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Bare(Vec<Registered>),
    Wrapped { clients: Vec<Registered> },
}

impl Registry {
    /// How large an export may be, in bytes.
    pub const BYTES: usize = 64 << 20;

    /// Reads an export: an array of clients, or an object whose `clients` is one.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]: not of this form, or a client without a `client_id`.
    pub fn read(bytes: &[u8]) -> Result<Self, RegistryError> {
        let document = serde_json::from_slice(bytes).map_err(|error| {
            RegistryError(match error.classify() {
                serde_json::error::Category::Data => String::from(
                    "it is neither an array of clients nor an object with `clients`, or a client has \
                     no `client_id`",
                ),
                _ => error.to_string(),
            })
        })?;
        let clients = match document {
            Document::Bare(clients) | Document::Wrapped { clients } => clients,
        };
        Ok(Self { clients })
    }
}
