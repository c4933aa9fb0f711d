//! A bundle with a signature: a line that says who signed it, and the bundle as it is without one.
//!
//! ```text
//! {"signed":1,"key":"release-2026","serial":7,"signature":"…"}
//! {"format":1,"digest":"sha256-…","content":{…}}
//! ```
//!
//! The line is short and has one form, so that next to nothing is read before the signature holds.
//! The signature is Ed25519 (RFC 8032), 128 lower-case hexadecimal digits, over this text, in which
//! the digest is of all bytes after the line:
//!
//! ```text
//! placet signed bundle 1
//! key release-2026
//! serial 7
//! sha256-…
//! ```

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::bundle::{BundleError, Content, file};
use crate::digest::Digest;
use crate::limits::Limits;

/// The form of the first line, and of the text that is signed.
const FORMAT: u32 = 1;

/// How every first line starts, whatever its format.
const START: &[u8] = b"{\"signed\":";

/// How a bundle without a signature starts.
const UNSIGNED: &[u8] = b"{\"format\":";

/// Bytes that a first line may have: its members with the longest key id and the largest serial
/// stay below.
const LINE: usize = 320;

/// Bytes that a key id may have.
const KEY_ID: usize = 64;

/// An Ed25519 key that signs bundles, and the id by which hosts know its public half.
pub struct SigningKey {
    id: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Reads a private key in PKCS#8 PEM (RFC 8410), as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: the id has other characters than letters, digits, `.`, `_` and `-`, or none, or
    /// more than 64; or the text is no such key.
    pub fn from_pem(id: &str, pem: &str) -> Result<Self, KeyError> {
        let id = key_id(id)?;
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyError::Private)?;
        Ok(Self { id, key })
    }
}

/// The public keys whose signatures a host accepts, and how old a bundle may be.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys {
    keys: BTreeMap<String, VerifyingKey>,
    at_least: u64,
}

impl TrustedKeys {
    /// These keys and one more: a public key in PEM (RFC 8410), as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: as [`SigningKey::from_pem`], or the id is taken, or the key is one that anybody
    /// can sign for.
    pub fn with_pem(mut self, id: &str, pem: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError::Public)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        match self.keys.insert(key_id(id)?, key) {
            None => Ok(self),
            Some(_) => Err(KeyError::Twice(id.to_owned())),
        }
    }

    /// Bundles of a lower serial are refused: an old one, however well signed, may hold what was
    /// taken back since. A host keeps the serial of the bundle that it runs and asks for as much.
    pub fn at_least(self, serial: u64) -> Self {
        Self { at_least: serial, ..self }
    }
}

/// Who signed a bundle, and the how manieth it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedBy {
    /// The key's id.
    pub key: String,
    /// Which of its bundles it is; later ones have higher serials.
    pub serial: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    signed: u32,
    key: String,
    serial: u64,
    signature: String,
}

/// Signs a bundle that [`write`](crate::bundle::write) or the compiler wrote. The same key, serial and
/// bundle give the same bytes.
///
/// A host that trusts the key does not validate the bundle's Cedar again, so sign only what
/// [`Engine::load`](crate::Engine::load) takes.
///
/// # Errors
///
/// [`BundleError::Signed`] if it is signed already.
pub fn sign(bundle: &[u8], key: &SigningKey, serial: u64) -> Result<Vec<u8>, BundleError> {
    if starts_signed(bundle) {
        return Err(BundleError::Signed);
    }
    let by = SignedBy { key: key.id.clone(), serial };
    let signature = hexadecimal(&key.key.sign(text(&by, bundle).as_bytes()).to_bytes());
    let line = Line { signed: FORMAT, key: by.key, serial, signature };
    let line = serde_json::to_vec(&line).map_err(|error| unreadable(&error))?;
    Ok([&line, b"\n".as_slice(), bundle].concat())
}

/// Reads a signed bundle, its digest, and who signed it. Of the bundle nothing is read before the
/// signature holds and the serial is high enough.
///
/// # Errors
///
/// [`BundleError`]: not signed, by no trusted key, with another signature, with too low a serial, or
/// as [`read`](crate::bundle::read).
pub fn read_signed(
    bytes: &[u8],
    keys: &TrustedKeys,
    limits: &Limits,
) -> Result<(Content, Digest, SignedBy), BundleError> {
    file::within(bytes, limits)?;
    let (line, bundle) = first_line(bytes)?;
    let by = SignedBy { key: line.key, serial: line.serial };
    let Some(key) = keys.keys.get(&by.key) else {
        return Err(BundleError::UnknownKey { key: by.key });
    };
    let signature = parse(&line.signature).ok_or(BundleError::NotCanonical)?;
    if key.verify_strict(text(&by, bundle).as_bytes(), &signature).is_err() {
        // How the rest ends is no more than a hint at what happened to it: it is refused either way.
        return Err(match bundle.ends_with(b"}\n") {
            true => BundleError::BadSignature { key: by.key },
            false => BundleError::Truncated,
        });
    }
    if by.serial < keys.at_least {
        return Err(BundleError::OldSerial { serial: by.serial, at_least: keys.at_least });
    }
    let (content, digest) = file::read(bundle, limits)?;
    Ok((content, digest, by))
}

/// Whether a file says of itself that it is signed.
pub(super) fn starts_signed(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// The first line, in its one form, and all that follows it.
fn first_line(bytes: &[u8]) -> Result<(Line, &[u8]), BundleError> {
    if bytes.starts_with(UNSIGNED) {
        return Err(BundleError::Unsigned);
    }
    let Some(rest) = bytes.strip_prefix(START) else {
        return Err(match START.starts_with(bytes) {
            true => BundleError::Truncated,
            false => BundleError::Unreadable(String::from("it does not start as one does")),
        });
    };
    // The first lines of later formats may be longer, and look otherwise.
    let digits: String = rest
        .iter()
        .take(20)
        .take_while(|one| one.is_ascii_digit())
        .map(|one| char::from(*one))
        .collect();
    if let Ok(format) = digits.parse::<u64>()
        && format > u64::from(FORMAT)
    {
        return Err(BundleError::NewerFormat { format });
    }
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let line = parts.next().unwrap_or_default();
    if line.len() > LINE {
        return Err(BundleError::Unreadable(String::from("its first line is too long")));
    }
    let Some(rest) = parts.next() else { return Err(BundleError::Truncated) };
    let read: Line = serde_json::from_slice(line).map_err(|error| unreadable(&error))?;
    let written = serde_json::to_vec(&read).map_err(|error| unreadable(&error))?;
    if read.signed != FORMAT || written != line || key_id(&read.key).is_err() {
        return Err(BundleError::NotCanonical);
    }
    Ok((read, rest))
}

/// The text that is signed. Its first line is in no other text that such a key might sign, and no
/// part of it can hold a line break.
fn text(by: &SignedBy, bundle: &[u8]) -> String {
    let (SignedBy { key, serial }, digest) = (by, Digest::of_bytes(bundle));
    format!("placet signed bundle {FORMAT}\nkey {key}\nserial {serial}\n{digest}\n")
}

fn unreadable(error: &serde_json::Error) -> BundleError {
    BundleError::Unreadable(error.to_string())
}

fn key_id(id: &str) -> Result<String, KeyError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match !id.is_empty() && id.len() <= KEY_ID && id.bytes().all(fits) {
        true => Ok(id.to_owned()),
        false => Err(KeyError::Id),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn parse(text: &str) -> Option<Signature> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte.checked_sub(b'0'),
        b'a'..=b'f' => byte.checked_sub(b'a')?.checked_add(10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| digit(high)?.checked_mul(16)?.checked_add(digit(low)?))
        .collect();
    let bytes: [u8; 64] = bytes?.try_into().ok()?;
    rest.is_empty().then(|| Signature::from_bytes(&bytes))
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The id is not 1 to 64 letters, digits, `.`, `_` and `-`.
    Id,
    /// Not an Ed25519 private key in PKCS#8 PEM.
    Private,
    /// Not an Ed25519 public key in PEM.
    Public,
    /// A key for which anybody can sign anything.
    Weak,
    /// Two keys have this id.
    Twice(String),
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => write!(
                formatter,
                "a key id is 1 to {KEY_ID} letters, digits, `.`, `_` and `-`"
            ),
            Self::Private => formatter.write_str(
                "this is not an Ed25519 private key in PEM, as `openssl genpkey -algorithm ed25519` \
                 writes it",
            ),
            Self::Public => formatter.write_str(
                "this is not an Ed25519 public key in PEM, as `openssl pkey -pubout` writes it",
            ),
            Self::Weak => formatter.write_str("for this key anybody can sign anything"),
            Self::Twice(id) => write!(formatter, "two keys have the id `{id}`"),
        }
    }
}

impl std::error::Error for KeyError {}
