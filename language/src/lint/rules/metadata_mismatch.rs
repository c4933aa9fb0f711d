//! Protected resource metadata that are not this server's.

use std::collections::BTreeSet;

use placet_engine::bundle::Credentials;

use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::MetadataMismatch,
    level: Level::Warning,
    serves: &[(Rfc, "RFC 9728"), (Rfc, "RFC 8707"), (Mcp, "MCP07"), (Practices, "Token Passthrough")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for server in &subject.servers {
        let name = server.name.text.as_str();
        let Some(metadata) = subject.metadata.get(name) else { continue };
        let Credentials::Oauth { issuers, .. } = &server.is.credentials else { continue };
        if metadata.resource != server.is.identity {
            found.say(
                server.name.span,
                format!("`{name}` calls itself `{}`", metadata.resource),
                format!("the policy calls it `{}`", server.is.identity),
                "clients ask for tokens for the name in the metadata: the policy must have the same, letter \
                 by letter",
            );
        }
        let Some(said) = &metadata.authorization_servers else { continue };
        let strangers: BTreeSet<&String> = issuers.difference(said).collect();
        if !strangers.is_empty() {
            found.say(
                server.name.span,
                format!("`{name}` does not say that it trusts {}", list(strangers)),
                "not among the `authorization_servers` of its metadata",
                "accept tokens of the issuers only that the server itself names",
            );
        }
    }
}
