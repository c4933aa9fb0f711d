//! What every rule uses.

pub(crate) use crate::catalogue::drift::Event;
pub(crate) use crate::diagnostic::Code;
pub(crate) use crate::lint::finding::{Findings, Level};
pub(crate) use crate::lint::rule::{By, Rule, nothing};
pub(crate) use crate::lint::standard::Standard::{
    Agentic, Aisvs, Csf, Mcp, Nhi, Practices, Rfc, ZeroTrust,
};
pub(crate) use crate::lint::subject::{self, Subject};
pub(crate) use crate::model;

use crate::lock::{Lock, Version};
use crate::source::Span;
use crate::syntax::ast::CapabilityClause;

/// The reviewed terms of a consent, where they are not those of today.
pub(crate) fn stale<'l>(
    subject: &Subject<'_>,
    lock: &'l Lock,
    consent: &subject::Consent<'_>,
) -> Option<Vec<&'l Version>> {
    let name = consent.name.text.as_str();
    let mut grants = std::collections::BTreeMap::new();
    let today = crate::lock::version(subject.policy, &subject.held, name, consent.is, &mut grants);
    let today = today.digest(&grants);
    if lock.terms.contains_key(&today) && !lock.replaced.contains_key(&today) {
        return None;
    }
    let is_reviewed =
        |version: &&Version| version.name == name || consent.is.was.contains(&version.name);
    let terms = lock.terms.iter().filter(|(digest, _)| !lock.replaced.contains_key(digest));
    let reviewed: Vec<&Version> = terms.map(|(_, version)| version).filter(is_reviewed).collect();
    (!reviewed.is_empty()).then_some(reviewed)
}

/// Where a capability says which scopes it needs.
pub(crate) fn needs(capability: &subject::Capability<'_>) -> Option<Span> {
    capability.clauses.iter().find_map(|clause| match clause {
        CapabilityClause::Needs(_, span) => Some(*span),
        _ => None,
    })
}

/// Events in a sentence; of many only the first.
pub(crate) fn told(events: &[&Event]) -> String {
    const TOLD: usize = 2;
    let first: Vec<String> = events.iter().take(TOLD).map(|event| event.to_string()).collect();
    match events.len().checked_sub(first.len()) {
        None | Some(0) => first.join("; "),
        Some(more) => format!("{}; and {more} more", first.join("; ")),
    }
}

/// Whether a URI is of plain http and leads to another machine.
pub(crate) fn is_open_http(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| {
        let is_loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !is_loopback
    })
}
