//! Names of the Cedar entities, the same in the compiler and in the engine.
//!
//! Every id starts with its kind and is injective in its parts, so no crafted tool, client or
//! subject can pass for another entity.

/// Escapes `%` and `#`, so that `#` can part the pieces of an id.
fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23")
}

/// `User`: a subject of an issuer.
pub fn user(issuer: &str, subject: &str) -> String {
    format!("user:{}#{}", escape(issuer), escape(subject))
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

/// `Action`: calling a tool. A server's name has no `/`, so the first one ends it.
pub fn tool(server: &str, tool: &str) -> String {
    format!("tool:{server}/{tool}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crafted_parts_stay_apart() {
        assert_ne!(user("a#b", "c"), user("a", "b#c"));
        assert_ne!(user("a%23b", "c"), user("a#b", "c"));
        assert_ne!(client(Some("a"), "b"), client(None, "a#b"));
        assert_ne!(tool("a", "b/c"), tool("a/b", "c").replacen("a/b", "a-b", 1));
        assert_ne!(tool("s", "capability:x"), capability("x"));
    }
}
