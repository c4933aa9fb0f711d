//! The static Cedar entities: groups, clients, servers.

use std::collections::BTreeMap;

use placet_engine::bundle::{Entity, EntityUid};
use placet_engine::ids;

use crate::model::Policy;

/// The entities in Cedar's JSON form.
pub(crate) fn entities(policy: &Policy) -> Vec<Entity> {
    let uid = |kind: &str, id: String| EntityUid { kind: kind.to_owned(), id };
    let entity =
        |uid: EntityUid, parents: Vec<EntityUid>| Entity { uid, attrs: BTreeMap::new(), parents };
    let mut entities = Vec::new();
    for (name, group) in &policy.groups {
        let parents = group.within.iter().map(|within| uid("Group", ids::group(within)));
        entities.push(entity(uid("Group", ids::group(name)), parents.collect()));
    }
    let admitted = || uid("ClientGroup", ids::ADMITTED_CLIENTS.to_owned());
    entities.push(entity(admitted(), Vec::new()));
    for name in policy.client_groups.keys() {
        entities.push(entity(uid("ClientGroup", ids::clients(name)), Vec::new()));
    }
    for (name, client) in &policy.clients {
        let holding = policy.client_groups.iter().filter(|(_, members)| members.contains(name));
        let parents = holding.map(|(group, _)| uid("ClientGroup", ids::clients(group)));
        let id = ids::client(client.issuer.as_deref(), &client.id);
        entities.push(entity(uid("Client", id), parents.chain([admitted()]).collect()));
    }
    for name in policy.servers.keys() {
        entities.push(entity(uid("Server", ids::server(name)), Vec::new()));
    }
    entities
}
