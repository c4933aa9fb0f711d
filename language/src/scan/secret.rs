//! `scan.secret`: secrets written into the file.

use std::ops::Range;

use crate::diagnostic::Code;
use crate::scan::finding::Finding;
use crate::scan::mask::{Secrets, described};
use crate::scan::placeholder::{is_placeholder, without_references};
use crate::scan::random::{entropy, is_random};
use crate::scan::server::Server;
use crate::scan::token::tokens;

/// A part of a text that is a secret, and what it is.
type Hit = (Range<usize>, String);

/// What the name of a secret ends with.
const NAMES: &[&str] = &[
    "key",
    "token",
    "secret",
    "credential",
    "credentials",
    "auth",
    "authorization",
    "cookie",
    "pat",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "apitoken",
    "accesstoken",
    "authtoken",
    "bearer",
    "jwt",
    "sig",
    "signature",
];

/// The same where whatever stands there is secret, however short and plain.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "pass", "pwd", "secret"];

/// What the name of something ends with that looks random, and is known to everybody.
const PUBLIC: &[&str] = &[
    "id",
    "ids",
    "uuid",
    "guid",
    "hash",
    "sha",
    "sha1",
    "sha256",
    "digest",
    "checksum",
    "commit",
    "rev",
    "revision",
    "ref",
    "version",
    "fingerprint",
    "path",
    "dir",
    "image",
];

/// What stands before a credential in a header.
const SCHEMES: &[&str] = &["bearer", "basic", "token", "apikey", "api-key"];

/// The secrets of a server.
pub(super) fn of_server(
    server: &Server<'_>,
    text: &str,
    secrets: &mut Secrets,
    findings: &mut Vec<Finding>,
) {
    let mut before = String::new();
    for leaf in server.leaves() {
        let hits = match leaf.is_command() {
            true => in_argument(leaf.value, &mut before),
            false => in_value(leaf.key, leaf.value),
        };
        for (part, what) in hits {
            let value = leaf.value.get(part.clone()).unwrap_or_default();
            let place = leaf.place(text, part);
            if secrets.add(place.clone(), text, value) {
                findings.push(finding(&format!("server `{}`", server.name), &what, value, place));
            }
        }
        // No rule knows every secret, so the source around a finding shows none of these.
        if leaf.is_handed_over() && !leaf.value.contains("://") && is_written(leaf.value) {
            secrets.hide(leaf.node.span.clone());
        }
    }
}

/// The tokens of known forms anywhere else: in comments, names, or a file that cannot be read.
pub(super) fn elsewhere(text: &str, secrets: &mut Secrets, findings: &mut Vec<Finding>) {
    for (place, what) in tokens(text) {
        let value = text.get(place.clone()).unwrap_or_default();
        if secrets.add(place.clone(), text, value) {
            findings.push(finding("the file", what, value, place));
        }
    }
}

fn finding(who: &str, what: &str, value: &str, place: Range<usize>) -> Finding {
    Finding::new(
        Code::ScanSecret,
        place,
        format!("{who} has {what} written into it"),
        described(value),
        "whoever reads the file or its history has it: revoke it, and refer to the new one, as \
         `${NAME}` or by an input that the client asks for",
    )
}

/// The secrets in a value that has a name.
fn in_value(name: &str, value: &str) -> Vec<Hit> {
    let mut hits: Vec<Hit> =
        tokens(value).into_iter().map(|(part, what)| (part, what.to_owned())).collect();
    if !hits.is_empty() {
        return hits;
    }
    if value.contains("://") {
        return in_urls(value);
    }
    if let Some((scheme, rest)) = value.split_once(' ')
        && is_scheme(scheme)
    {
        let start = value.len().saturating_sub(rest.len());
        hits.extend(judged("authorization", rest).map(|what| (start..value.len(), what)));
        return hits;
    }
    if value.contains(char::is_whitespace) && !ends_with(name, PASSWORDS) {
        return in_argument(value, &mut String::new());
    }
    hits.extend(judged(name, value).map(|what| (0..value.len(), what)));
    hits
}

/// The secrets in an argument, of several words where it is a script. `before` is the word before it.
fn in_argument(argument: &str, before: &mut String) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut rest = argument;
    loop {
        rest = rest.trim_start_matches(is_gap);
        if rest.is_empty() {
            return hits;
        }
        let start = argument.len().saturating_sub(rest.len());
        let end = rest.find(is_gap).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after;
        let within = |(part, what): Hit| {
            (part.start.saturating_add(start)..part.end.saturating_add(start), what)
        };
        hits.extend(in_word(word, before).into_iter().map(within));
        let is_scheme = is_scheme(word);
        if !is_scheme || before.is_empty() {
            *before = if word.starts_with('-') || word.ends_with(':') || is_scheme {
                word.trim_end_matches(':').to_owned()
            } else {
                String::new()
            };
        }
    }
}

fn is_gap(one: char) -> bool {
    one.is_whitespace() || matches!(one, '"' | '\'')
}

fn in_word(word: &str, before: &str) -> Vec<Hit> {
    let named =
        word.find(['=', ':']).and_then(|at| word.split_at_checked(at)).filter(|(name, rest)| {
            let letters = |one: char| one.is_ascii_alphanumeric() || "-_".contains(one);
            rest.len() > 1
                && !rest.starts_with("://")
                && !name.is_empty()
                && name.chars().all(letters)
        });
    match named {
        Some((name, rest)) if !rest.trim_start_matches(['=', ':']).is_empty() => {
            let value = rest.get(1..).unwrap_or_default();
            let start = word.len().saturating_sub(value.len());
            let hits = in_value(name, value).into_iter();
            hits.map(|(part, what)| {
                (part.start.saturating_add(start)..part.end.saturating_add(start), what)
            })
            .collect()
        }
        // A flag is no secret, whatever stands before it.
        _ if word.starts_with('-') => in_value("", word),
        _ => in_value(if is_scheme(before) { "authorization" } else { before }, word),
    }
}

fn is_scheme(word: &str) -> bool {
    SCHEMES.contains(&word.to_lowercase().as_str())
}

/// The secrets in the URLs of a text: user and password, query, fragment, and random parts of a path.
fn in_urls(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (at, mark) in text.match_indices("://") {
        let start = at.saturating_add(mark.len());
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(|one| is_gap(one) || one == ',').unwrap_or(rest.len());
        let url = rest.get(..end).unwrap_or_default();
        let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
        let mut add = |from: usize, part: &str, what: Option<String>| {
            let from = start.saturating_add(from);
            hits.extend(what.map(|what| (from..from.saturating_add(part.len()), what)));
        };
        let user = url.get(..authority).unwrap_or_default().rfind('@');
        if let Some(user) = user.and_then(|end| url.get(..end)) {
            match user.split_once(':') {
                Some((name, password)) => add(
                    name.len().saturating_add(1),
                    password,
                    is_written(password).then(|| String::from("a password in a URL")),
                ),
                None => add(0, user, is_random(user).then(|| String::from("a token in a URL"))),
            }
        }
        let mut from = authority;
        let tail = url.get(authority..).unwrap_or_default();
        for part in tail.split_inclusive(['/', '?', '#', '&']) {
            let bare = part.trim_end_matches(['/', '?', '#', '&']);
            match bare.split_once('=') {
                Some((name, value)) => {
                    let at = from.saturating_add(name.len()).saturating_add(1);
                    add(at, value, judged(name, value));
                }
                None => {
                    let random = is_random(bare).then(|| String::from("a random text in a URL"));
                    add(from, bare, random);
                }
            }
            from = from.saturating_add(part.len());
        }
    }
    hits
}

/// What a value of this name is, if it is a secret.
fn judged(name: &str, value: &str) -> Option<String> {
    let bare = without_references(value);
    let bare = bare.trim();
    if !is_written(value) || (is_path(bare) && !is_random(bare)) {
        return None;
    }
    let is_whole = bare == value.trim();
    let has = |is: fn(char) -> bool| bare.contains(is);
    let is_key = is_whole
        && bare.len() >= 8
        && !has(char::is_whitespace)
        && !is_variable(bare)
        && ((has(|one| one.is_ascii_digit()) && has(|one| one.is_ascii_alphabetic()))
            || entropy(bare) >= 3.5);
    let named = (is_whole && ends_with(name, PASSWORDS)) || (is_key && ends_with(name, NAMES));
    if named {
        return Some(format!("a secret (by its name, `{}`)", name.trim_start_matches('-')));
    }
    let random = bare.split(|one: char| one.is_whitespace()).any(is_random);
    (random && !ends_with(name, PUBLIC)).then(|| String::from("what looks like a key"))
}

/// Whether something stands there besides references and words that ask for a secret.
fn is_written(value: &str) -> bool {
    let bare = without_references(value);
    !bare.trim().is_empty() && !is_placeholder(&bare)
}

fn is_path(text: &str) -> bool {
    let drive = text.get(1..3).is_some_and(|one| one == ":\\" || one == ":/");
    drive || text == "." || ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start))
}

/// The name of an environment variable that holds the secret.
fn is_variable(text: &str) -> bool {
    let letters = |one: char| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_';
    text.contains('_') && text.chars().all(letters)
}

/// Whether the last word of a name is one of these: of `API_KEY`, `x-api-key`, `apiKey`.
fn ends_with(name: &str, words: &[&str]) -> bool {
    let mut last = String::new();
    let mut was_lower = false;
    let mut others = String::new();
    for one in name.chars() {
        let starts = !one.is_alphanumeric() || (one.is_uppercase() && was_lower);
        if starts && !last.is_empty() {
            others = std::mem::take(&mut last);
        }
        if one.is_alphanumeric() {
            last.extend(one.to_lowercase());
        }
        was_lower = one.is_lowercase();
    }
    others != "public" && words.contains(&last.as_str())
}

#[cfg(test)]
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    !in_value(name, value).is_empty()
}
