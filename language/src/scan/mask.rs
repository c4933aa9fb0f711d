//! Masks: a secret is shown by its first characters and its length at most.

use std::cmp::Reverse;
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
    /// What is not shown besides, whatever is there.
    hidden: Vec<Range<usize>>,
    /// What they are, the longest first, so that none is left over from a longer one.
    values: BTreeSet<(Reverse<usize>, String)>,
}

impl Secrets {
    /// Remembers a secret, unless one was found there already: what it is, and as it is written there,
    /// maybe with escapes.
    pub(super) fn add(&mut self, place: Range<usize>, text: &str, value: &str) -> bool {
        if self.places.iter().any(|one| one.start < place.end && place.start < one.end) {
            return false;
        }
        let written = text.get(place.clone()).unwrap_or_default();
        for form in [value, written.trim_matches(['"', '\''])] {
            if form.chars().count() >= DISTINCT {
                self.values.insert((Reverse(form.len()), form.to_owned()));
            }
        }
        self.places.push(place);
        true
    }

    /// Never shows the source of a place.
    pub(super) fn hide(&mut self, place: Range<usize>) {
        self.hidden.push(place);
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
        blank(&self.mask(&masked), &self.hidden)
    }
}

/// The text with stars for what is said in these places.
fn blank(text: &str, places: &[Range<usize>]) -> String {
    let mut blank = text.to_owned();
    for place in places {
        let Some(hidden) = text.get(place.clone()) else { continue };
        let stars: String = hidden.chars().map(blanked).collect();
        blank.replace_range(place.clone(), &stars);
    }
    blank
}

/// A character of what is not shown, as many bytes long: only the punctuation of JSON and TOML stays.
fn blanked(one: char) -> String {
    let stays = one.is_ascii_whitespace() || "{}[]:,=\"'".contains(one);
    if stays { one.to_string() } else { "*".repeat(one.len_utf8()) }
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
