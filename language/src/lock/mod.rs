//! The lock: the state of the world that somebody reviewed, and all terms that users may still hold
//! receipts for. `spec/lock.md` describes the file.
//!
//! What users agreed to is stored under its digest, and read only if the digest is right: a line that
//! was lost or changed shows.

mod change;
mod line;
mod read;
mod take;
mod update;
mod version;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use placet_engine::Digest;
use placet_engine::bundle::{Access, Feature};
use placet_engine::resource::Pattern;

use crate::catalogue::Shape;

pub use change::{Change, Subject, changes};
pub use read::{LockError, read};
pub(crate) use take::version;
pub(crate) use update::without_lock;
pub use update::{Update, update};
pub use version::{Grant, Pinned, Version};
pub use write::write;

/// The lock's file, in the policy's folder.
pub const FILE: &str = "placet.lock";

/// What was reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    /// Servers by their name in the policy.
    pub servers: BTreeMap<String, LockedServer>,
    /// What each capability was, globs and selectors resolved.
    pub capabilities: BTreeMap<String, LockedCapability>,
    /// Clients by their name in the policy.
    pub clients: BTreeMap<String, LockedClient>,
    /// The components that facts are computed by: the digest of each, by its file.
    pub components: BTreeMap<String, Digest>,
    /// Every version of every consent that receipts may have been given for.
    pub terms: BTreeMap<Digest, Version>,
    /// The days on which a version was first seen to be replaced by another: of one branch each. After
    /// the last of them nobody agrees to it any more.
    pub replaced: BTreeMap<Digest, BTreeSet<Date>>,
    /// What those versions grant.
    pub grants: BTreeMap<Digest, Grant>,
    /// The shapes of all tools and prompts that are spoken of.
    pub shapes: BTreeMap<Digest, Shape>,
}

/// A server as it was reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockedServer {
    /// Its canonical resource URI (RFC 8707), or `local:` and a name.
    pub identity: String,
    /// The issuers that it accepted.
    pub issuers: BTreeSet<String>,
    /// Its scopes, each with what it directly implied.
    pub scopes: BTreeMap<String, BTreeSet<String>>,
    /// Its tools by name.
    pub tools: BTreeMap<String, LockedTool>,
    /// Its prompts by name.
    pub prompts: BTreeMap<String, LockedTool>,
}

/// A tool or a prompt as it was reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockedTool {
    /// The digest of the whole definition; `None` where it has none (an integer beyond ±2⁵³).
    pub definition: Option<Digest>,
    /// The digest of its shape, which is among the lock's.
    pub shape: Option<Digest>,
}

/// A capability as it was reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockedCapability {
    /// The server's name.
    pub server: String,
    /// How much harm it could do.
    pub access: Option<Access>,
    /// The scope sets any of which sufficed; one empty set where nothing was needed.
    pub needs: BTreeSet<BTreeSet<String>>,
    /// Tools by name.
    pub tools: BTreeSet<String>,
    /// Prompts by name.
    pub prompts: BTreeSet<String>,
    /// The patterns of its resources.
    pub resources: BTreeSet<Pattern>,
}

/// A client as it was reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockedClient {
    /// The https URL of the client ID metadata document; with an `issuer`, the `client_id` there.
    pub id: String,
    /// The issuer at which the client is registered; `None` for a metadata document.
    pub issuer: Option<String>,
    /// Who answers for the client.
    pub owner: Option<String>,
    /// The digest of its metadata.
    pub metadata: Option<Digest>,
}

impl Lock {
    /// The shape that a tool or a prompt had when it was reviewed.
    pub fn shape(&self, server: &str, feature: &Feature) -> Option<&Shape> {
        let server = self.servers.get(server)?;
        let tool = match feature {
            Feature::Tool(name) => server.tools.get(name)?,
            Feature::Prompt(name) => server.prompts.get(name)?,
            Feature::Resources(_) => return None,
        };
        self.shapes.get(tool.shape.as_ref()?)
    }

    /// The versions of the consents of these names.
    pub fn history<'l>(
        &'l self,
        names: &'l BTreeSet<&str>,
    ) -> impl Iterator<Item = (&'l Digest, &'l Version)> {
        self.terms.iter().filter(|(_, version)| names.contains(version.name.as_str()))
    }
}
