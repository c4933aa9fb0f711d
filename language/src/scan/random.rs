//! Whether a text looks drawn by chance.

use std::collections::BTreeMap;

/// The bits that a character of the text carries, as often as each occurs in it.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    for character in text.chars() {
        let count = counts.entry(character).or_default();
        *count = count.saturating_add(1);
    }
    let total = f64::from(counts.values().fold(0_u32, |sum, one| sum.saturating_add(*one)));
    counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}

/// Whether nobody would write it so: a key, rather than a name, a path or a version.
pub(super) fn is_random(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|one| is(&one));
    let letters = text.chars().all(|one| one.is_ascii_alphanumeric() || "+/=_-".contains(one));
    if !letters || is_uuid(text) {
        return false;
    }
    // Names have their digits in one place, mostly at the end.
    let numbers =
        text.split(|one: char| !one.is_ascii_digit()).filter(|one| !one.is_empty()).count();
    let bits = entropy(text);
    let is_hexadecimal = text.chars().all(|one| one.is_ascii_hexdigit());
    let upper = has(char::is_ascii_uppercase);
    let lower = has(char::is_ascii_lowercase);
    match text.len() {
        32.. if is_hexadecimal => numbers > 1 && (upper || lower) && bits > 3.0,
        20.. if upper && lower => numbers > 1 && bits > 3.7,
        24.. if upper || lower => {
            numbers > 2 && bits > 3.5 && text.chars().all(|one| one.is_ascii_alphanumeric())
        }
        _ => false,
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|one| one == '-' || one.is_ascii_hexdigit())
}
