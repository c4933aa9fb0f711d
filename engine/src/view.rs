//! Views: the normalised thing behind a string argument.
//!
//! A glob over a raw path is walked round with `..`, `%2e` or a doubled slash. A view either yields
//! the one normal form of what the string names, or nothing at all, and nothing counts against the
//! call.

use serde::{Deserialize, Serialize};

use crate::condition::Value;
use crate::url;

/// A reading of a string argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// `path(…)`: an absolute POSIX path.
    Path,
    /// `url(…).scheme`: an absolute URL's scheme, in lower case.
    UrlScheme,
    /// `url(…).host`: an absolute URL's host, in lower case.
    UrlHost,
    /// `url(…).port`: an absolute URL's port, the scheme's own where none is written.
    UrlPort,
}

impl View {
    /// What the view sees of `raw`, or `None` where it cannot be taken.
    pub fn of(self, raw: &str) -> Option<Value> {
        match self {
            Self::Path => path(raw).map(Value::String),
            Self::UrlScheme => url::parse(raw).map(|url| Value::String(url.scheme)),
            Self::UrlHost => url::parse(raw).map(|url| Value::String(url.host)),
            Self::UrlPort => url::parse(raw)?.port.map(|port| Value::Integer(port.into())),
        }
    }

    /// Why the view cannot be taken of `raw`, as the end of a sentence about it.
    pub(crate) fn refusal(self, raw: &str) -> &'static str {
        match self {
            Self::Path if !raw.starts_with('/') => {
                "which does not start with `/`: what it names depends on where the server looks"
            }
            Self::Path if raw.split('/').any(|segment| segment == "..") => {
                "which has a `..`: where that leads depends on links"
            }
            Self::Path if raw.contains('%') => "which has a `%`: some readers decode it",
            Self::Path if raw.contains('\\') => "which has a `\\`: to some readers that is a `/`",
            Self::Path => "which has a control character",
            Self::UrlPort if url::parse(raw).is_some() => "which has no port",
            Self::UrlScheme | Self::UrlHost | Self::UrlPort => {
                "which is no absolute URL that every reader takes for the same"
            }
        }
    }

    /// How a policy calls the view.
    pub fn function(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::UrlScheme | Self::UrlHost | Self::UrlPort => "url",
        }
    }

    /// How a policy calls the part that is read, with its dot.
    pub fn part(self) -> &'static str {
        match self {
            Self::Path => "",
            Self::UrlScheme => ".scheme",
            Self::UrlHost => ".host",
            Self::UrlPort => ".port",
        }
    }
}

/// `//` and `.` are folded and a trailing slash is dropped. A relative path, a `..` segment, a
/// backslash, a control character (NUL among them) or a `%` gives nothing: whether such a path stays
/// inside a folder depends on who resolves it.
pub fn path(raw: &str) -> Option<String> {
    let refused = |c: char| c == '\\' || c == '%' || c.is_control();
    if !raw.starts_with('/') || raw.contains(refused) {
        return None;
    }
    let mut normal = String::with_capacity(raw.len());
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => return None,
            segment => {
                normal.push('/');
                normal.push_str(segment);
            }
        }
    }
    if normal.is_empty() {
        normal.push('/');
    }
    Some(normal)
}

/// Whether a normal path is `folder` or lies below it, by whole segments.
pub fn is_under(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => rest.is_empty() || folder == "/" || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_normal_form() {
        for raw in ["/srv/data", "//srv///data", "/./srv/./data/.", "/srv/data/"] {
            assert_eq!(path(raw).as_deref(), Some("/srv/data"), "{raw}");
        }
        for raw in ["/", "//", "/.", "/./"] {
            assert_eq!(path(raw).as_deref(), Some("/"), "{raw}");
        }
        assert_eq!(path("/srv/...").as_deref(), Some("/srv/..."));
        assert_eq!(path("/srv/.git").as_deref(), Some("/srv/.git"));
    }

    #[test]
    fn what_depends_on_the_reader_has_no_normal_form() {
        for raw in [
            "",
            "srv",
            "./srv",
            "~/srv",
            "/srv/..",
            "/../srv",
            "/srv/../etc",
            "/srv\\..\\etc",
            "/srv/%2e%2e/etc",
            "/srv/\0",
            "/srv/a\nb",
            "/srv/\u{7f}",
            "/srv/\u{85}",
            "C:/srv",
            "file:///srv",
        ] {
            assert_eq!(path(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn under_goes_by_whole_segments() {
        assert!(is_under("/srv/data", "/srv/data"));
        assert!(is_under("/srv/data/a", "/srv/data"));
        assert!(!is_under("/srv/database", "/srv/data"));
        assert!(!is_under("/srv", "/srv/data"));
        assert!(is_under("/srv", "/"));
        assert!(is_under("/", "/"));
    }
}
