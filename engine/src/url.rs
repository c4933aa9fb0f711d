//! URLs in strict RFC 3986 absolute form: what two readers could take for different places is none.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The parts of a URL that say where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// In lower case.
    pub scheme: String,
    /// In lower case; an IPv6 address in brackets, in its one canonical spelling.
    pub host: String,
    /// As written, or the scheme's own.
    pub port: Option<u16>,
}

/// Reads `scheme://host[:port][/…]`. `None` for a relative or opaque URL, user info, an empty host, a
/// `%`, a character beyond letters, digits, `.`, `-` and `_` or a trailing dot in the host, a host
/// that some readers take for a number, a port that is empty, padded or out of range, and anywhere a
/// character that RFC 3986 does not have, a backslash among them.
pub fn parse(raw: &str) -> Option<Url> {
    let (scheme, rest) = raw.split_once("://")?;
    let mut letters = scheme.chars();
    let is_scheme = letters.next()?.is_ascii_alphabetic()
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !is_scheme || !rest.bytes().all(is_allowed) || !percent_is_whole(rest) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let after = rest.get(authority.len()..)?;
    if after.contains(['[', ']']) || after.matches('#').count() > 1 {
        return None;
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            (format!("[{address}]"), port.strip_prefix(':').or(port.is_empty().then_some("")))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (name(host)?, Some(port).filter(|port| !port.is_empty())),
            None => (name(authority)?, Some("")),
        },
    };
    let scheme = scheme.to_ascii_lowercase();
    let port = match port? {
        "" if authority.ends_with(':') => return None,
        "" => default_port(&scheme),
        written => Some(number(written)?),
    };
    Some(Url { scheme, host, port })
}

/// The characters of RFC 3986, section 2. Square brackets are in the host only.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Whether every `%` starts two hexadecimal digits.
fn percent_is_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after.get(..2).is_some_and(|digits| digits.bytes().all(|one| one.is_ascii_hexdigit()))
    })
}

/// A host that is a name or a dotted IPv4 address.
fn name(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(plain) || host.split('.').any(str::is_empty) {
        return None;
    }
    // Readers take a name whose last label is a number for an IPv4 address in some base.
    let last = host.rsplit('.').next()?;
    let hexadecimal =
        last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|one| one.is_ascii_hexdigit()));
    let is_number = hexadecimal || last.bytes().all(|one| one.is_ascii_digit());
    match is_number {
        true => host.parse::<Ipv4Addr>().ok().map(|address| address.to_string()),
        false => Some(host),
    }
}

fn number(port: &str) -> Option<u16> {
    let canonical = port.bytes().all(|one| one.is_ascii_digit()) && !port.starts_with('0');
    canonical.then(|| port.parse().ok()).flatten()
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(raw: &str) -> Option<(String, String, Option<u16>)> {
        parse(raw).map(|url| (url.scheme, url.host, url.port))
    }

    #[test]
    fn a_url_leads_to_one_place() {
        let at = |scheme: &str, host: &str, port| Some((scheme.into(), host.into(), port));
        assert_eq!(place("https://api.example.com"), at("https", "api.example.com", Some(443)));
        assert_eq!(
            place("HTTPS://API.Example.com:8443/x?y#z"),
            at("https", "api.example.com", Some(8443))
        );
        assert_eq!(place("http://10.0.0.1/"), at("http", "10.0.0.1", Some(80)));
        assert_eq!(place("http://[2001:DB8:0::1]:8080/"), at("http", "[2001:db8::1]", Some(8080)));
        assert_eq!(place("ssh://git_host/x"), at("ssh", "git_host", None));
        assert_eq!(place("https://a/%2e%2e/x"), at("https", "a", Some(443)));
    }

    #[test]
    fn what_leads_to_different_places_leads_nowhere() {
        for raw in [
            "",
            "https:",
            "https://",
            "https:///x",
            "//a/x",
            "a.example",
            "mailto:a@b.example",
            "https://user@a.example",
            "https://user:secret@a.example",
            "https://good.example\\@evil.example",
            "https://a.example.",
            "https://a..example",
            "https://.a",
            "https://a%2eexample",
            "https://2130706433",
            "https://0x7f.0.0.1",
            "https://127.1",
            "https://0177.0.0.1",
            "https://1.2.3.256",
            "https://a/[x]",
            "https://a/?x=[1]",
            "https://a/#x#y",
            "https://a:",
            "https://a:0",
            "https://a:080",
            "https://a:65536",
            "https://a:80:81",
            "https://a:x",
            "https://[::1",
            "https://[::1]x",
            "https://[::1]:",
            "https://[::1%25eth0]",
            "https://[1.2.3.4]",
            "https://bücher.example",
            "https://a b",
            "https://a/ b",
            "https://a/\n",
            "https://a/%",
            "https://a/%zz",
            "1https://a",
            "https://a,b",
            " https://a",
        ] {
            assert_eq!(place(raw), None, "{raw:?}");
        }
    }
}
