//! `scan.http`: addresses whose traffic everybody on the way can read and change.

use url::{Host, Url};

use crate::diagnostic::Code;
use crate::scan::finding::Finding;
use crate::scan::server::Server;

pub(super) fn of_server(server: &Server<'_>, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for leaf in server.leaves() {
        let lower = leaf.value.to_ascii_lowercase();
        for scheme in ["http", "ws"] {
            for (at, mark) in lower.match_indices(&format!("{scheme}://")) {
                let is_word = |one: char| one.is_alphanumeric() || "+.-".contains(one);
                if lower.get(..at).is_some_and(|before| before.ends_with(is_word)) {
                    continue;
                }
                let url = leaf.value.get(at..).unwrap_or_default();
                let end = url.find(|one: char| one.is_whitespace() || "\"',".contains(one));
                let url = url.get(..end.unwrap_or(url.len())).unwrap_or_default();
                if let Some(host) = open_host(url) {
                    let end = at.saturating_add(mark.len());
                    findings.push(Finding::new(
                        Code::ScanHttp,
                        leaf.place(text, at..end),
                        format!("server `{}` speaks plain {scheme} with {host}", server.name),
                        "whoever is on the way reads and changes it",
                        format!("use `{scheme}s://`; only a server on this machine needs none"),
                    ));
                }
            }
        }
    }
    findings
}

/// The host, if it may be another machine.
fn open_host(url: &str) -> Option<String> {
    let Ok(parsed) = Url::parse(url) else { return Some(String::from("a host that is not known")) };
    let is_loopback = match parsed.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost") || name == "host.docker.internal"
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    (!is_loopback).then(|| format!("`{}`", parsed.host_str().unwrap_or_default()))
}
