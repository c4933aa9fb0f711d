//! Resource patterns: which resources of a server a capability speaks of.
//!
//! A pattern is judged by scheme and whole segments, like a path under its view, so a resource whose
//! name two readers could resolve differently fits none.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A pattern such as `repo://acme/*`. A `*` stands for one whole segment, as the last one for one
/// segment or more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    scheme: String,
    /// The authority and the segments of the path; `None` for a `*`.
    segments: Vec<Option<String>>,
    /// Whether more segments may follow.
    open: bool,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Why no resource could ever fit the text, or why it is unclear which do.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("it has no scheme, such as `repo://`");
        };
        if !is_scheme(scheme) || scheme != scheme.to_ascii_lowercase() {
            return Err("its scheme is not one in lower case");
        }
        let mut segments = Vec::new();
        for segment in rest.split('/') {
            segments.push(match segment {
                "*" => None,
                segment if segment.contains('*') => {
                    return Err("a `*` stands for a whole segment, not for a part of one");
                }
                segment => Some(segment.to_owned()),
            });
        }
        let open = segments.last() == Some(&None);
        let literal = segments.iter().map(|one| one.as_deref().unwrap_or("x"));
        let example = format!("{scheme}://{}", literal.collect::<Vec<_>>().join("/"));
        if normal(&example).is_none_or(|(_, normal)| normal.len() != segments.len()) {
            return Err("it is not in the one normal form that resources are judged in");
        }
        Ok(Self { scheme: scheme.to_owned(), segments, open })
    }

    /// Whether a resource fits.
    pub fn matches(&self, uri: &str) -> bool {
        let Some((scheme, segments)) = normal(uri) else { return false };
        let longer = segments.len() > self.segments.len();
        // A `*` stands for something: an empty authority is no host.
        let fits = |(wanted, segment): (&Option<String>, &&str)| match wanted {
            Some(wanted) => wanted == segment,
            None => !segment.is_empty(),
        };
        scheme == self.scheme
            && segments.len() >= self.segments.len()
            && (self.open || !longer)
            && self.segments.iter().zip(&segments).all(fits)
    }

    /// The pattern of the resources that fit both, if there are any.
    fn both(&self, other: &Self) -> Option<Self> {
        let (short, long) = match self.segments.len() <= other.segments.len() {
            true => (self, other),
            false => (other, self),
        };
        let same_length = short.segments.len() == long.segments.len();
        if self.scheme != other.scheme || !(short.open || same_length) {
            return None;
        }
        let mut segments = Vec::with_capacity(long.segments.len());
        let padded = short.segments.iter().map(Some).chain(std::iter::repeat(None));
        for (one, two) in padded.zip(&long.segments) {
            segments.push(match (one.and_then(Option::as_ref), two) {
                (Some(one), Some(two)) if one != two => return None,
                // The padding, and a `*`, stand for no empty segment.
                (Some(literal), None) | (None, Some(literal)) if literal.is_empty() => return None,
                (Some(literal), _) | (None, Some(literal)) => Some(literal.clone()),
                (None, None) => None,
            });
        }
        let open = long.open && (short.open || !same_length);
        Some(Self { scheme: self.scheme.clone(), segments, open })
    }

    /// A resource that fits these patterns and none of the rest of `all`, if there is one.
    pub fn example(fitting: &BTreeSet<Self>, all: &BTreeSet<Self>) -> Option<String> {
        let mut patterns = fitting.iter();
        let first = patterns.next()?.clone();
        let shared = patterns.try_fold(first, |shared, one| shared.both(one))?;
        let literals: BTreeSet<&String> =
            all.iter().flat_map(|one| one.segments.iter().flatten()).collect();
        // A name that no pattern has fits only where a `*` stands.
        let mut name = String::from("x");
        while literals.contains(&name) {
            name.push('x');
        }
        let segments: Vec<&str> =
            shared.segments.iter().map(|one| one.as_deref().unwrap_or(&name)).collect();
        let uri = format!("{}://{}", shared.scheme, segments.join("/"));
        let fits = |pattern: &&Self| pattern.matches(&uri);
        (all.iter().filter(fits).eq(fitting)).then_some(uri)
    }

    /// Whether every resource that fits this pattern fits the other.
    fn is_within(&self, other: &Self) -> bool {
        self.both(other).as_ref() == Some(self)
    }
}

/// The scheme in lower case and the segments of a resource's URI: authority first, `.` and empty
/// segments folded. `None` where two readers might take it for different resources: an authority with
/// a capital letter, user info, a port or a trailing dot, a `..` segment, a backslash, a `%`, a query, a fragment, white space, a control character, or no `scheme://`.
fn normal(uri: &str) -> Option<(String, Vec<&str>)> {
    let (scheme, rest) = uri.split_once("://")?;
    let refused =
        |c: char| matches!(c, '\\' | '%' | '?' | '#' | '*') || c.is_whitespace() || c.is_control();
    if !is_scheme(scheme) || rest.contains(refused) {
        return None;
    }
    let mut parts = rest.split('/');
    // The authority may be empty, as in `file:///etc`. Upper and lower case are the same host to some
    // readers, and `user@`, `:443` and a trailing dot are other ways to write one.
    let authority = parts.next()?;
    let twofold = |c: char| c.is_uppercase() || matches!(c, '@' | ':');
    if authority.contains(twofold) || authority.ends_with('.') {
        return None;
    }
    let mut segments = vec![authority];
    for part in parts {
        match part {
            "" | "." => {}
            ".." => return None,
            part => segments.push(part),
        }
    }
    Some((scheme.to_ascii_lowercase(), segments))
}

fn is_scheme(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The sets of patterns that some resource fits all of, and no other pattern: each resource belongs
/// to just one of them, so each can be an action of its own. `None` if there are more than `limit`.
pub fn overlaps(patterns: &BTreeSet<Pattern>, limit: usize) -> Option<BTreeSet<BTreeSet<Pattern>>> {
    // INVARIANT: what fits two patterns is a pattern again, and no finite number of narrower
    // patterns covers one, since segments have names without end.
    let mut found: BTreeSet<BTreeSet<Pattern>> = BTreeSet::new();
    let mut waiting: Vec<Pattern> = patterns.iter().cloned().collect();
    while let Some(shared) = waiting.pop() {
        let all: BTreeSet<Pattern> =
            patterns.iter().filter(|one| shared.is_within(one)).cloned().collect();
        if !found.insert(all) {
            continue;
        }
        if found.len() > limit {
            return None;
        }
        let narrower = patterns.iter().filter_map(|one| shared.both(one));
        waiting.extend(narrower.filter(|narrower| *narrower != shared));
    }
    Some(found)
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:/", self.scheme)?;
        for segment in &self.segments {
            write!(formatter, "/{}", segment.as_deref().unwrap_or("*"))?;
        }
        Ok(())
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn a_star_is_one_segment_and_at_the_end_one_or_more() {
        let all = pattern("repo://acme/*");
        assert!(all.matches("repo://acme/site"));
        assert!(all.matches("REPO://acme//site/./readme"));
        assert!(!all.matches("repo://acme"));
        assert!(!all.matches("repo://acme-labs/site"));
        assert!(!all.matches("repos://acme/site"));
        let one = pattern("repo://*/readme");
        assert!(one.matches("repo://acme/readme"));
        assert!(!one.matches("repo://acme/site/readme"));
        assert!(pattern("file:///etc/*").matches("file:///etc/hosts"));
    }

    #[test]
    fn what_two_readers_could_read_differently_fits_nothing() {
        let any = pattern("repo://*");
        for uri in [
            "repo://acme/../x",
            "repo://acme/%2e%2e/x",
            "repo://acme\\x",
            "repo://acme?x",
            "repo://acme#x",
            "repo://a b",
            "repo://../x",
            "repo://Acme/x",
            "repo://me@acme/x",
            "repo://acme:443/x",
            "repo://acme./x",
            "repo:///x",
            "repo:acme",
            "acme",
            "",
        ] {
            assert!(!any.matches(uri), "{uri}");
        }
    }

    #[test]
    fn a_pattern_has_one_form() {
        for text in ["repo:acme", "Repo://a", "repo://a*", "repo://a//b", "repo://a/../b", "r://a/"]
        {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
        for text in ["repo://*", "repo://a/*/b", "file:///etc/*", "memo://x"] {
            assert_eq!(pattern(text).to_string(), text);
        }
    }

    #[test]
    fn every_resource_belongs_to_one_set() {
        let texts = ["r://a/*", "r://*/b", "r://a/b/*", "r://a/b", "r://*/*/c", "r://x", "s://*"];
        let patterns: BTreeSet<Pattern> = texts.iter().map(|one| pattern(one)).collect();
        let sets = overlaps(&patterns, 100).unwrap();
        let mut met = BTreeSet::new();
        let names = ["a", "b", "c", "x"];
        let mut uris: Vec<String> = vec![String::from("r:/"), String::from("s:/")];
        for _ in 0..4 {
            uris = uris
                .iter()
                .flat_map(|uri| names.map(|name| format!("{uri}/{name}")))
                .chain(uris.clone())
                .collect();
        }
        for uri in uris {
            let all: BTreeSet<Pattern> =
                patterns.iter().filter(|one| one.matches(&uri)).cloned().collect();
            if !all.is_empty() {
                assert!(sets.contains(&all), "{uri}");
                met.insert(all);
            }
        }
        assert_eq!(met, sets);
        assert_eq!(overlaps(&patterns, 3), None);
    }
}
