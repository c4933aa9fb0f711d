//! Names of the Cedar entities, the same in the compiler and in the engine.
//!
//! Every id starts with its kind and is injective in its parts, so no crafted tool, client or
//! subject can pass for another entity.

use crate::bundle::Feature;

/// Escapes `%` and `#`, so that `#` can part the pieces of an id.
fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23")
}

/// `User`: a subject of an issuer.
pub fn user(issuer: &str, subject: &str) -> String {
    format!("user:{}#{}", escape(issuer), escape(subject))
}

/// `Machine`: a client that acts for itself.
pub fn machine(issuer: Option<&str>, id: &str) -> String {
    client(issuer, id).replacen("client:", "machine:", 1)
}

/// `Group`: a group of users, by its name in the policy.
pub fn group(name: &str) -> String {
    format!("group:{name}")
}

/// `Client`: an OAuth client; `issuer` is `None` for a client ID metadata document.
pub fn client(issuer: Option<&str>, id: &str) -> String {
    match issuer {
        Some(issuer) => format!("client:{}#{}", escape(issuer), escape(id)),
        None => format!("client:{}", escape(id)),
    }
}

/// `ClientGroup`: a group of clients, by its name in the policy.
pub fn clients(name: &str) -> String {
    format!("clients:{name}")
}

/// `ClientGroup`: every client that a policy admits.
pub const ADMITTED_CLIENTS: &str = "admitted";

/// `Server`: an MCP server, by its name in the policy.
pub fn server(name: &str) -> String {
    format!("server:{name}")
}

/// `Action`: using a feature of a server. A server's name has no `/`, so the first one ends it, and
/// a resource pattern has no space.
pub fn feature(server: &str, feature: &Feature) -> String {
    match feature {
        Feature::Tool(name) => format!("tool:{server}/{name}"),
        Feature::Prompt(name) => format!("prompt:{server}/{name}"),
        Feature::Resources(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
            format!("resource:{server}/{}", patterns.join(" "))
        }
    }
}

/// `Action` group: the tools of a capability.
pub fn capability(name: &str) -> String {
    format!("capability:{name}")
}

/// `Action` group: the tools of an access level and above.
pub fn access(level: crate::bundle::Access) -> String {
    format!("access:{level}")
}

/// Element of `context.consents`: some live receipt for `terms` covers the tool as one of
/// `capability`.
pub fn consent(terms: &str, capability: &str) -> String {
    format!("{terms}/{capability}")
}

/// Element of `context.consents`: there is some live receipt for `terms`, whatever it covers.
pub fn agreed(terms: &str) -> String {
    terms.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crafted_parts_stay_apart() {
        assert_ne!(user("a#b", "c"), user("a", "b#c"));
        assert_ne!(user("a%23b", "c"), user("a#b", "c"));
        assert_ne!(client(Some("a"), "b"), client(None, "a#b"));
        assert_ne!(machine(None, "a"), client(None, "a"));
        let tool = |name: &str| feature("s", &Feature::Tool(name.to_owned()));
        assert_ne!(tool("capability:x"), capability("x"));
        assert_ne!(tool("x"), feature("s", &Feature::Prompt(String::from("x"))));
    }
}
