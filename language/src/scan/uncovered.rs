//! `scan.uncovered`: servers that no policy covers.

use url::Url;

use crate::diagnostic::{Code, did_you_mean};
use crate::model::Policy;
use crate::scan::finding::Finding;
use crate::scan::launch::{program, words};
use crate::scan::server::Server;

/// What a client calls the address of a server.
const ADDRESSES: &[&str] = &["url", "serverUrl", "httpUrl"];

pub(super) fn of_server(server: &Server<'_>, policy: &Policy) -> Option<Finding> {
    let identities = policy.servers.values().map(|one| one.identity.as_str());
    let (span, compared, known): (_, _, Vec<&str>) = match address(server) {
        Some((url, span)) => {
            let known: Vec<&str> =
                identities.filter(|identity| !identity.starts_with("local:")).collect();
            let resource = resource(&url);
            if known
                .iter()
                .any(|identity| resource.as_deref() == Some(identity.trim_end_matches('/')))
            {
                return None;
            }
            let resource = resource.unwrap_or_else(|| String::from("an address that is no URL"));
            (span, resource, known)
        }
        None => {
            let locals: Vec<(&str, &str)> = policy
                .servers
                .iter()
                .filter_map(|(name, one)| {
                    Some((name.as_str(), one.identity.strip_prefix("local:")?))
                })
                .collect();
            if locals.iter().any(|(name, local)| [*name, *local].contains(&server.name)) {
                return None;
            }
            let known = locals.into_iter().map(|(_, local)| local).collect();
            let start = server.entry.span.start;
            (start..start.saturating_add(1), server.name.to_owned(), known)
        }
    };
    let kind = if address(server).is_some() { "resource" } else { "local name" };
    let among = match known.len() {
        0 => format!("the policy has no {kind}"),
        1 => format!("compared with the policy's one {kind}"),
        count => format!("compared with the policy's {count} {kind}s"),
    };
    let near = did_you_mean(&compared, known.iter().copied());
    let near = near.map(|near| format!("; {near}")).unwrap_or_default();
    Some(Finding::new(
        Code::ScanUncovered,
        span,
        format!("no policy covers server `{}`", server.name),
        format!("`{compared}`, {among}"),
        format!("declare it in the policy, or take it out of the configuration{near}"),
    ))
}

/// The address of a server that is reached over the network, also through `mcp-remote`.
fn address(server: &Server<'_>) -> Option<(String, std::ops::Range<usize>)> {
    let leaves = server.leaves();
    let direct = leaves.iter().find(|leaf| ADDRESSES.contains(&leaf.key));
    if let Some(leaf) = direct {
        return Some((leaf.value.to_owned(), leaf.node.span.clone()));
    }
    let words = words(server);
    let mut after = words.iter().skip_while(|word| !program(&word.text).starts_with("mcp-remote"));
    let word = after.find(|word| word.text.starts_with("http"))?;
    Some((word.text.clone(), word.span.clone()))
}

/// The canonical resource URI of an address (RFC 8707): without user, query and fragment.
fn resource(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    url.set_fragment(None);
    url.set_query(None);
    // A URL that can have neither has neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url.as_str().trim_end_matches('/').to_owned())
}
