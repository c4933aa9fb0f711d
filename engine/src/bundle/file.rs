//! A bundle as a file.
//!
//! ```text
//! {"format":1,"digest":"sha256-…","content":{…}}
//! ```
//!
//! The digest covers the bytes of `content`, and a bundle is read only in the one form in which it
//! is written: white space, another order of members or a repeated member is refused.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bundle::{BundleError, Content, EDITION, bounds, signature};
use crate::digest::Digest;
use crate::limits::Limits;

/// The bundle format that this engine writes and reads.
pub const FORMAT: u32 = 1;

#[derive(Serialize)]
struct WrittenFile<'a> {
    format: u32,
    digest: &'a Digest,
    content: &'a RawValue,
}

#[derive(Deserialize)]
struct Version {
    format: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadFile<'a> {
    format: u32,
    digest: Digest,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// Writes a bundle. The same content gives the same bytes.
///
/// # Errors
///
/// [`serde_json::Error`] if the content has no JSON form, which no content that the compiler makes
/// lacks.
pub fn write(content: &Content) -> Result<Vec<u8>, serde_json::Error> {
    let content = serde_json::value::to_raw_value(content)?;
    let digest = Digest::of_bytes(content.get().as_bytes());
    let mut bytes =
        serde_json::to_vec(&WrittenFile { format: FORMAT, digest: &digest, content: &content })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a bundle without a signature, and its digest.
///
/// # Errors
///
/// [`BundleError`]: signed, over a limit, cut off, of a newer format or edition, altered, or not as a
/// compiler writes it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<(Content, Digest), BundleError> {
    within(bytes, limits)?;
    if signature::starts_signed(bytes) {
        return Err(BundleError::Signed);
    }
    // What ends as a bundle does was not cut off, whatever a quote that is lost leads a reader to.
    let whole = bytes.ends_with(b"}\n");
    let unreadable = |error: serde_json::Error| match error.is_eof() && !whole {
        true => BundleError::Truncated,
        false => BundleError::Unreadable(error.to_string()),
    };
    let version: Version = serde_json::from_slice(bytes).map_err(unreadable)?;
    if version.format > u64::from(FORMAT) {
        return Err(BundleError::NewerFormat { format: version.format });
    }
    let file: ReadFile<'_> = serde_json::from_slice(bytes).map_err(unreadable)?;
    if file.format != FORMAT {
        return Err(BundleError::Unreadable(format!("there is no bundle format {}", file.format)));
    }
    let actual = Digest::of_bytes(file.content.get().as_bytes());
    if actual != file.digest {
        return Err(BundleError::Altered { stated: file.digest, actual });
    }
    let content: Content = serde_json::from_str(file.content.get()).map_err(unreadable)?;
    if content.edition > EDITION {
        return Err(BundleError::NewerEdition { edition: content.edition });
    }
    if write(&content).map_err(unreadable)? != bytes {
        return Err(BundleError::NotCanonical);
    }
    bounds::check(&content, limits)?;
    Ok((content, file.digest))
}

/// Whether a file has no more bytes than it may have.
pub(super) fn within(bytes: &[u8], limits: &Limits) -> Result<(), BundleError> {
    match bytes.len() > limits.bundle_bytes {
        true => Err(BundleError::TooLarge { bytes: bytes.len(), limit: limits.bundle_bytes }),
        false => Ok(()),
    }
}
