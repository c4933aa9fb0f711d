//! Registered clients that nobody reviewed.

use crate::lint::list;
use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::RegistryUnknown,
    level: Level::Warning,
    serves: &[(Nhi, "NHI3"), (Mcp, "MCP09"), (Csf, "ID.AM-02"), (Rfc, "RFC 7591"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(registry) = &subject.registry else { return };
    let locked = subject.policy.lock.iter().flat_map(|lock| lock.clients.values());
    let locked: Vec<&str> = locked.map(|client| client.id.as_str()).collect();
    let is_known = |id: &str| {
        locked.contains(&id) || subject.clients.iter().any(|(_, client)| client.id == id)
    };
    let unknown: Vec<String> = registry
        .clients
        .iter()
        .filter(|client| !is_known(&client.client_id))
        .map(|client| match &client.client_name {
            Some(name) => format!("{} ({name})", client.client_id),
            None => client.client_id.clone(),
        })
        .collect();
    if unknown.is_empty() {
        return;
    }
    let count = unknown.len();
    found.say_of_nowhere(
        format!(
            "{count} registered {} neither the policy nor the lock: {}",
            if count == 1 { "client is in" } else { "clients are in" },
            list(&unknown)
        ),
        "their names are their own word: find out who runs each, then name it in the policy or retire it",
    );
}
