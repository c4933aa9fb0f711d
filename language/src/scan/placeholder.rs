//! What stands where a secret will be: references to one, and words that ask for one.

/// Words that stand in documentation where a secret will be.
const WORDS: &[&str] = &[
    "placeholder",
    "changeme",
    "change",
    "replace",
    "replaceme",
    "dummy",
    "todo",
    "redacted",
    "example",
    "insert",
    "here",
    "fake",
    "sample",
    "hidden",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "required",
    "optional",
    "prompt",
];

/// Where secrets are kept that a client fetches by such an address.
const KEEPERS: &[&str] =
    &["op://", "vault:", "keyring:", "keychain:", "env:", "file:", "secret://", "secretref:"];

/// What begins and ends a reference.
const REFERENCES: &[(&str, &str)] =
    &[("${", "}"), ("$(", ")"), ("{{", "}}"), ("<", ">"), ("`", "`")];

/// Whether it asks for a secret, and is none.
pub(super) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|one: char| !one.is_alphanumeric()).filter(|one| !one.is_empty());
    let asks = words
        .any(|word| word.starts_with("your") || word.ends_with("example") || WORDS.contains(&word));
    let mut letters: Vec<char> = lower.chars().filter(|one| one.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters.dedup();
    // `xxxx`, `***`, `...`, `0000-0000`
    asks || letters.len() < 2 || lower.contains("xxxx")
}

/// The text without its references. What a reference falls back to is written in the file, and stays.
pub(super) fn without_references(text: &str) -> String {
    let trimmed = text.trim();
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    let is_kept = KEEPERS.iter().any(|keeper| trimmed.to_lowercase().starts_with(keeper));
    if is_kept || trimmed.strip_prefix('$').is_some_and(is_name) {
        return String::new();
    }
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, inner, after)) = first_reference(rest) {
        left.push_str(before);
        left.push(' ');
        if let Some((_, fallback)) = inner.split_once(":-") {
            left.push_str(fallback);
        }
        rest = after;
    }
    left.push_str(rest);
    // `%NAME%`
    let parts: Vec<&str> = left.split('%').collect();
    match parts.as_slice() {
        [before, name, after] if is_name(name) => format!("{before} {after}"),
        _ => left,
    }
}

fn first_reference(text: &str) -> Option<(&str, &str, &str)> {
    let found = REFERENCES.iter().filter_map(|(open, close)| {
        let (before, rest) = text.split_once(open)?;
        let (inner, after) = rest.split_once(close)?;
        Some((before, inner, after))
    });
    found.min_by_key(|(before, _, _)| before.len())
}
