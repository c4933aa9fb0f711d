//! Who comes: groups of users, and the clients that a policy names.

use placet_engine::bundle;
use serde::Serialize;

use crate::model::Policy;

/// A group of users.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Its name in the policy.
    pub name: String,
    /// Who is in it.
    #[serde(flatten)]
    pub group: bundle::Group,
}

/// A client that the policy names.
#[derive(Debug, Clone, Serialize)]
pub struct Client {
    /// Its name in the policy.
    pub name: String,
    /// Which it is, and who answers for it.
    #[serde(flatten)]
    pub client: bundle::Client,
    /// The groups of clients that it is in.
    pub groups: Vec<String>,
}

pub(super) fn groups(policy: &Policy) -> Vec<Group> {
    let groups = policy.groups.iter();
    groups.map(|(name, group)| Group { name: name.clone(), group: group.clone() }).collect()
}

pub(super) fn clients(policy: &Policy) -> Vec<Client> {
    let client = |(name, client): (&String, &bundle::Client)| {
        let holding = policy.client_groups.iter().filter(|(_, members)| members.contains(name));
        Client {
            name: name.clone(),
            client: client.clone(),
            groups: holding.map(|(group, _)| group.clone()).collect(),
        }
    };
    policy.clients.iter().map(client).collect()
}
