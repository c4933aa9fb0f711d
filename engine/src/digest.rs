//! Digests of the things that a consent, a pin or a confirmation refers to.
//!
//! All are SHA-256 over RFC 8785 canonical JSON, written `sha256-` and 64 lower-case hexadecimal
//! digits.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, written `sha256-` followed by 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of some bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut text = String::from("sha256-");
        for byte in Sha256::digest(bytes) {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The digest of a value's RFC 8785 canonical form, in which key order, white space and the
    /// spelling of numbers make no difference.
    ///
    /// # Errors
    ///
    /// [`NotCanonical`] for an integer beyond ±2⁵³, which RFC 8785 would round.
    pub fn of_json(value: &Value) -> Result<Self, NotCanonical> {
        if has_unsafe_integer(value) {
            return Err(NotCanonical);
        }
        let canonical = serde_json_canonicalizer::to_vec(value).map_err(|_| NotCanonical)?;
        Ok(Self::of_bytes(&canonical))
    }

    /// The digest of an MCP tool's whole definition, as `tools/list` returns it: everything but
    /// `title` and `icons`, which change what a person sees and not what the tool does.
    ///
    /// # Errors
    ///
    /// As [`Digest::of_json`].
    pub fn of_tool(definition: &Value) -> Result<Self, NotCanonical> {
        let mut definition = definition.clone();
        if let Some(members) = definition.as_object_mut() {
            members.remove("title");
            members.remove("icons");
            if let Some(annotations) = members.get_mut("annotations").and_then(Value::as_object_mut)
            {
                annotations.remove("title");
            }
        }
        Self::of_json(&definition)
    }

    /// Reads a digest as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.strip_prefix("sha256-")?;
        let lower_hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (hexadecimal.len() == 64 && hexadecimal.bytes().all(lower_hexadecimal))
            .then(|| Self(text.to_owned()))
    }

    /// The digest as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "`{text}` is not a digest: `sha256-` and 64 lower-case hexadecimal digits"
            ))
        })
    }
}

/// The value has an integer beyond ±2⁵³, so it has no canonical form that keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCanonical;

impl fmt::Display for NotCanonical {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an integer beyond ±2^53 has no canonical form")
    }
}

impl std::error::Error for NotCanonical {}

/// Whether a number in it may be another than the one that was written: an integer beyond ±2⁵³.
pub(crate) fn has_unsafe_integer(value: &Value) -> bool {
    const LARGEST: u64 = 1 << 53;
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(positive), _) => positive > LARGEST,
            (None, Some(negative)) => negative.unsigned_abs() > LARGEST,
            // Beyond 64 bits, or written as a float: what was meant is lost already.
            (None, None) => number
                .as_f64()
                .is_none_or(|float| float.fract() == 0.0 && float.abs() >= LARGEST as f64),
        },
        Value::Array(items) => items.iter().any(has_unsafe_integer),
        Value::Object(entries) => entries.values().any(has_unsafe_integer),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spelling_makes_no_difference() {
        let one = crate::json::parse(br#"{"b": 1.0, "a": "\u0041"}"#).unwrap();
        let other = crate::json::parse(br#"{"a":"A","b":1}"#).unwrap();
        assert_eq!(Digest::of_json(&one), Digest::of_json(&other));
    }

    #[test]
    fn an_integer_that_would_be_rounded_is_refused() {
        assert!(Digest::of_json(&json!(9_007_199_254_740_992_i64)).is_ok());
        assert_eq!(Digest::of_json(&json!([{"n": 9_007_199_254_740_993_i64}])), Err(NotCanonical));
        assert_eq!(Digest::of_json(&json!(i64::MIN)), Err(NotCanonical));
        for beyond in ["18446744073709551616", "9007199254740993.0", "-1e300"] {
            let value = crate::json::parse(beyond.as_bytes()).unwrap();
            assert_eq!(Digest::of_json(&value), Err(NotCanonical), "{beyond}");
        }
    }

    #[test]
    fn a_tools_digest_ignores_its_title_and_icons_only() {
        let plain = json!({"name": "t", "description": "d", "annotations": {"readOnlyHint": true}});
        let titled = json!({"name": "t", "description": "d", "title": "T", "icons": [],
            "annotations": {"readOnlyHint": true, "title": "T"}});
        let reworded =
            json!({"name": "t", "description": "e", "annotations": {"readOnlyHint": true}});
        assert_eq!(Digest::of_tool(&plain), Digest::of_tool(&titled));
        assert_ne!(Digest::of_tool(&plain), Digest::of_tool(&reworded));
    }

    #[test]
    fn only_the_written_form_is_read() {
        let digest = Digest::of_bytes(b"");
        assert_eq!(Digest::parse(digest.as_str()), Some(digest.clone()));
        assert_eq!(Digest::parse(&digest.as_str().to_uppercase()), None);
        assert_eq!(Digest::parse("sha256-"), None);
    }
}
