//! Masks: a secret is shown by its first characters and its length at most.

use std::collections::BTreeSet;
use std::ops::Range;

/// A shorter one occurs by chance, and is masked only where it was found.
const DISTINCT: usize = 6;

/// How long a secret is before its first characters are shown.
const LONG: usize = 20;

/// How many characters are shown.
const SHOWN: usize = 4;

/// The secrets of a file.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Where each is written.
    places: Vec<Range<usize>>,
    /// What they are, the longest first, so that none is left over from a longer one.
    values: BTreeSet<(std::cmp::Reverse<usize>, String)>,
}

impl Secrets {
    /// Remembers a secret, unless one was found there already.
    pub(super) fn add(&mut self, place: Range<usize>, value: &str) -> bool {
        if self.places.iter().any(|one| one.start < place.end && place.start < one.end) {
            return false;
        }
        self.places.push(place);
        if value.chars().count() >= DISTINCT {
            self.values.insert((std::cmp::Reverse(value.len()), value.to_owned()));
        }
        true
    }

    /// A text without any of them.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (_, value) in &self.values {
            masked = masked.replace(value.as_str(), &stars(value));
        }
        masked
    }

    /// The file without any of them, byte for byte as long.
    pub(super) fn mask_source(&self, text: &str) -> String {
        let mut places = self.places.clone();
        places.sort_by_key(|place| place.start);
        let mut masked = String::with_capacity(text.len());
        let mut done = 0;
        for place in places {
            masked.push_str(text.get(done..place.start).unwrap_or_default());
            masked.push_str(&stars(text.get(place.clone()).unwrap_or_default()));
            done = place.end;
        }
        masked.push_str(text.get(done..).unwrap_or_default());
        self.mask(&masked)
    }
}

/// As many bytes, of which the first characters are shown if the secret is long.
fn stars(secret: &str) -> String {
    let shown: String = start(secret).filter(|one| !one.is_control()).collect();
    let lines = secret.get(shown.len()..).unwrap_or_default().split('\n');
    let starred: Vec<String> = lines.map(|line| "*".repeat(line.len())).collect();
    shown + &starred.join("\n")
}

fn start(secret: &str) -> impl Iterator<Item = char> {
    let count = if secret.chars().count() >= LONG { SHOWN } else { 0 };
    secret.chars().take(count)
}

/// What may be said of a secret.
pub(super) fn described(secret: &str) -> String {
    let shown: String = start(secret).collect();
    let count = secret.chars().count();
    if shown.is_empty() {
        format!("{count} characters")
    } else {
        format!("`{shown}…`, {count} characters")
    }
}
