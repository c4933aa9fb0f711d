//! What stands behind a text: paths, URLs, globs, networks and resources, by code of the reference's
//! own.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

/// The normal form of an absolute POSIX path, SEMANTICS 1.4.
pub(super) fn normal_path(raw: &str) -> Option<String> {
    let rest = raw.strip_prefix('/')?;
    if raw.contains(['\\', '%']) || raw.chars().any(char::is_control) {
        return None;
    }
    let mut normal = String::new();
    for segment in rest.split('/') {
        match segment {
            ".." => return None,
            "" | "." => {}
            segment => {
                normal.push('/');
                normal.push_str(segment);
            }
        }
    }
    Some(if normal.is_empty() { String::from("/") } else { normal })
}

/// Whether a glob as it is written fits a text: `*` any characters, `\` takes the next as it is.
pub fn fits(glob: &str, text: &str) -> bool {
    let mut pieces: Vec<Option<char>> = Vec::new();
    let mut characters = glob.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => pieces.push(None),
            '\\' => pieces.push(Some(characters.next().unwrap_or('\\'))),
            other => pieces.push(Some(other)),
        }
    }
    // The prefixes of the pattern that fit the text so far.
    let mut reached: BTreeSet<usize> = BTreeSet::from([0]);
    let close = |reached: &mut BTreeSet<usize>| {
        for (index, piece) in pieces.iter().enumerate() {
            if piece.is_none() && reached.contains(&index) {
                reached.insert(index.saturating_add(1));
            }
        }
    };
    close(&mut reached);
    for character in text.chars() {
        let mut next = BTreeSet::new();
        for (index, piece) in pieces.iter().enumerate() {
            if !reached.contains(&index) {
                continue;
            }
            match piece {
                None => {
                    next.insert(index);
                }
                Some(wanted) if *wanted == character => {
                    next.insert(index.saturating_add(1));
                }
                Some(_) => {}
            }
        }
        close(&mut next);
        reached = next;
    }
    reached.contains(&pieces.len())
}

/// Whether an address is in a network in CIDR form, compared bit by bit.
pub(super) fn in_network(address: IpAddr, network: &str) -> bool {
    pub(super) fn bits(address: IpAddr) -> Vec<bool> {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    }
    let Some((base, prefix)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(prefix)) = (base.parse::<IpAddr>(), prefix.parse::<usize>()) else {
        return false;
    };
    let (address, base) = (bits(address), bits(base));
    address.len() == base.len() && address.iter().zip(&base).take(prefix).all(|(a, b)| a == b)
}

/// Where a URL leads: SEMANTICS 1.4 read against the grammar of RFC 3986, appendix A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: Option<i64>,
}

/// `None` where the text is no URL in strict absolute form, or two readers could take its host for
/// different ones.
pub(super) fn url_place(raw: &str) -> Option<Place> {
    let (scheme, rest) = raw.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut letters = scheme.chars();
    let named = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|one| one.is_ascii_alphanumeric() || "+-.".contains(one));
    if !(named && spelled(path, "/") && spelled(query, "/?") && spelled(fragment, "/?")) {
        return None;
    }
    let (host, port) = if let Some(literal) = authority.strip_prefix('[') {
        let (address, after) = literal.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        (format!("[{address}]"), after)
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        (host_name(authority.get(..end)?)?, authority.get(end..)?)
    };
    let scheme = scheme.to_ascii_lowercase();
    let usual = [("http", 80), ("ws", 80), ("https", 443), ("wss", 443), ("ftp", 21)];
    let port = match port {
        "" => usual.into_iter().find(|(name, _)| *name == scheme).map(|(_, port)| port),
        written => {
            let number: u16 = written.strip_prefix(':')?.parse().ok()?;
            // Written as a number is written: no sign, no zeros before it.
            (written == format!(":{number}") && number > 0).then_some(())?;
            Some(i64::from(number))
        }
    };
    Some(Place { scheme, host, port })
}

/// Whether a text is of `pchar` (RFC 3986, section 3.3) and a few more characters.
fn spelled(text: &str, more: &str) -> bool {
    let mut left = text.chars();
    while let Some(one) = left.next() {
        if one == '%' {
            let mut digit = || left.next().is_some_and(|digit| digit.is_ascii_hexdigit());
            if !(digit() && digit()) {
                return false;
            }
        } else if !(one.is_ascii_alphanumeric()
            || "-._~!$&'()*+,;=:@".contains(one)
            || more.contains(one))
        {
            return false;
        }
    }
    true
}

/// A host in lower case, where it is a plain name or four numbers.
fn host_name(written: &str) -> Option<String> {
    let host = written.to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    if !labels.iter().all(plain) {
        return None;
    }
    let last = labels.last()?;
    let decimal = last.chars().all(|c| c.is_ascii_digit());
    let hexadecimal =
        last.strip_prefix("0x").is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
    if decimal || hexadecimal {
        let byte = |label: &&str| label.parse::<u8>().is_ok_and(|byte| byte.to_string() == **label);
        return (labels.len() == 4 && labels.iter().all(byte)).then_some(host);
    }
    Some(host)
}

/// Whether a resource fits a pattern, SEMANTICS 2.9: `*` is one whole segment, as the last one or
/// more.
pub fn resource_fits(pattern: &str, uri: &str) -> bool {
    let Some((scheme, wanted)) = pattern.split_once("://") else { return false };
    let Some((of, held)) = resource_segments(uri) else { return false };
    let wanted: Vec<&str> = wanted.split('/').collect();
    let mut held = held.into_iter();
    for (index, wanted_one) in wanted.iter().enumerate() {
        match held.next() {
            Some(segment) if *wanted_one == segment => {}
            Some(segment) if *wanted_one == "*" && !segment.is_empty() => {}
            _ => return false,
        }
        if *wanted_one == "*" && index.saturating_add(1) == wanted.len() {
            return scheme == of;
        }
    }
    scheme == of && held.next().is_none()
}

/// A resource's scheme and segments, the authority first; `None` where it has no one reading.
fn resource_segments(uri: &str) -> Option<(String, Vec<String>)> {
    let (scheme, rest) = uri.split_once("://")?;
    let mut letters = scheme.chars();
    let named = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|one| one.is_ascii_alphanumeric() || "+-.".contains(one));
    let odd = |c: char| "\\%?#*".contains(c) || c.is_whitespace() || c.is_control();
    let all: Vec<&str> = rest.split('/').collect();
    if !named || rest.chars().any(odd) || all.contains(&"..") {
        return None;
    }
    // Other spellings of one host.
    let authority = all.first()?;
    let same_host = |c: char| c == '@' || c == ':' || c.to_lowercase().to_string() != c.to_string();
    if authority.ends_with('.') || authority.chars().any(same_host) {
        return None;
    }
    let kept = all.into_iter().enumerate();
    let kept = kept.filter(|(index, one)| *index == 0 || !["", "."].contains(one));
    let kept = kept.map(|(_, one)| one.to_owned()).collect();
    Some((scheme.to_ascii_lowercase(), kept))
}
