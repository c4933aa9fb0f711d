//! Slices: for each tool, the Cedar policies whose scope holds it.
//!
//! Cedar evaluates every policy that it is handed. One whose scope does not hold the tool can be
//! neither satisfied by a call of it nor err on one, so leaving it out changes nothing but the time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Display;
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, ResourceConstraint, Schema, SchemaFragment,
};

use crate::bundle::{BundleError, Content};
use crate::condition::quote;
use crate::ids;
use crate::nesting::is_too_deep;
use crate::parallel::each_part;
use crate::validate::Validation;

/// The policies of a bundle, sliced by tool.
pub(crate) struct Slices {
    by_tool: HashMap<String, Slice>,
    /// Each admitted client with the groups that hold it.
    clients: HashMap<EntityUid, Entity>,
    pub(crate) types: Types,
}

/// What one tool's calls are decided with.
pub(crate) struct Slice {
    pub(crate) policies: PolicySet,
    pub(crate) action: EntityUid,
    pub(crate) action_entity: Entity,
    pub(crate) server: EntityUid,
}

/// The entity types of a request.
pub(crate) struct Types {
    pub(crate) user: EntityTypeName,
    pub(crate) machine: EntityTypeName,
    pub(crate) group: EntityTypeName,
    pub(crate) client: EntityTypeName,
}

/// A tool before its slice is cut.
struct Tool {
    id: String,
    action: EntityUid,
    server: EntityUid,
    ancestors: HashSet<EntityUid>,
    /// Places in the list of policies.
    policies: BTreeSet<usize>,
}

pub(crate) fn uid(kind: &EntityTypeName, id: String) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

pub(crate) fn unusable(error: impl Display) -> BundleError {
    BundleError::Cedar(error.to_string())
}

impl Slices {
    /// Parses and slices the policies, and validates them unless somebody `vouched` for that.
    pub(crate) fn new(content: &Content, vouched: bool) -> Result<Self, BundleError> {
        let texts = content.cedar.policies.values().chain([&content.cedar.schema]);
        if let Some(text) = texts.into_iter().find(|text| is_too_deep(text)) {
            let start: String = text.chars().take(60).collect();
            return Err(unusable(format_args!("it nests too deep: {}…", quote(&start))));
        }
        let kind = |name: &str| EntityTypeName::from_str(name).map_err(unusable);
        let types = Types {
            user: kind("User")?,
            machine: kind("Machine")?,
            group: kind("Group")?,
            client: kind("Client")?,
        };
        let (fragment, _) =
            SchemaFragment::from_cedarschema_str(&content.cedar.schema).map_err(unusable)?;
        let declared = fragment.clone().to_json_value().map_err(unusable)?;
        let schema = Schema::from_schema_fragments([fragment]).map_err(unusable)?;
        let policies = parse(&content.cedar.policies)?;
        let validation = Validation::new(declared, vouched)?;
        policies.iter().try_for_each(|policy| validation.scope(policy))?;
        let tools = assign(&policies, tools(content, &schema)?);
        let slices = each_part(&tools, |tools| {
            let mut validation = validation.clone();
            tools.iter().map(|tool| slice(tool, &policies, &mut validation)).collect()
        })?;
        let by_tool = slices.into_iter().collect();
        let entities = serde_json::to_value(&content.cedar.entities).map_err(unusable)?;
        let clients = Entities::from_json_value(entities, Some(&schema))
            .map_err(unusable)?
            .iter()
            .filter(|entity| *entity.uid().type_name() == types.client)
            .map(|entity| (entity.uid(), entity.clone()))
            .collect();
        Ok(Self { by_tool, clients, types })
    }

    /// The slice of a tool, by [`ids::feature`].
    pub(crate) fn of(&self, tool: &str) -> Option<&Slice> {
        self.by_tool.get(tool)
    }

    /// An admitted client with the groups that hold it.
    pub(crate) fn client(&self, client: &EntityUid) -> Option<&Entity> {
        self.clients.get(client)
    }
}

/// Parses the policies under the ids that they are filed under.
fn parse(policies: &BTreeMap<String, String>) -> Result<Vec<Policy>, BundleError> {
    let parse = |(id, text): &(&String, &String)| {
        Policy::parse(Some(PolicyId::new(id)), text).map_err(unusable)
    };
    let texts: Vec<(&String, &String)> = policies.iter().collect();
    each_part(&texts, |texts| texts.iter().map(parse).collect())
}

/// Cuts and validates the slice of a tool.
fn slice(
    tool: &Tool,
    policies: &[Policy],
    validation: &mut Validation,
) -> Result<(String, Slice), BundleError> {
    let concerned: Vec<&Policy> =
        tool.policies.iter().filter_map(|place| policies.get(*place)).collect();
    let set = PolicySet::from_policies(concerned.iter().copied().cloned()).map_err(unusable)?;
    validation.slice(&tool.action, &tool.ancestors, &concerned, &set)?;
    let slice = Slice {
        policies: set,
        action_entity: Entity::new_no_attrs(tool.action.clone(), tool.ancestors.clone()),
        action: tool.action.clone(),
        server: tool.server.clone(),
    };
    Ok((tool.id.clone(), slice))
}

fn tools(content: &Content, schema: &Schema) -> Result<Vec<Tool>, BundleError> {
    let (action_type, server_type) =
        (EntityTypeName::from_str("Action"), EntityTypeName::from_str("Server"));
    let (action_type, server_type) =
        (action_type.map_err(unusable)?, server_type.map_err(unusable)?);
    let actions = schema.action_entities().map_err(unusable)?;
    let mut tools = Vec::new();
    for (server_name, server) in &content.servers {
        for (feature, _) in server.features() {
            let id = ids::feature(server_name, &feature);
            let action = uid(&action_type, id.clone());
            let ancestors = actions
                .ancestors(&action)
                .ok_or_else(|| unusable(format_args!("the schema has no {action}")))?
                .cloned()
                .collect();
            let server = uid(&server_type, ids::server(server_name));
            tools.push(Tool { id, action, server, ancestors, policies: BTreeSet::new() });
        }
    }
    // A feature that only Cedar knows would be taken for another: for a resource that fits fewer
    // patterns than it does, and so escapes what is denied of the rest.
    let known: HashSet<&EntityUid> = tools.iter().map(|tool| &tool.action).collect();
    if known.len() != tools.len() {
        return Err(unusable("the tables have a feature twice"));
    }
    let judged = |action: &&EntityUid| {
        schema.principals_for_action(action).is_some_and(|mut kinds| kinds.next().is_some())
    };
    if let Some(unknown) = schema.actions().filter(judged).find(|action| !known.contains(action)) {
        return Err(unusable(format_args!("the tables do not have {unknown}")));
    }
    Ok(tools)
}

/// Gives each tool the policies whose scope holds it.
fn assign(policies: &[Policy], mut tools: Vec<Tool>) -> Vec<Tool> {
    let mut held: HashMap<EntityUid, Vec<usize>> = HashMap::new();
    for (place, tool) in tools.iter().enumerate() {
        for holder in tool.ancestors.iter().chain([&tool.action]) {
            held.entry(holder.clone()).or_default().push(place);
        }
    }
    let all: Vec<usize> = (0..tools.len()).collect();
    for (policy_place, policy) in policies.iter().enumerate() {
        let groups = match policy.action_constraint() {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(only) => Some(vec![only]),
            ActionConstraint::In(groups) => Some(groups),
        };
        let places: Vec<usize> = match groups {
            None => all.clone(),
            Some(groups) => {
                groups.iter().filter_map(|group| held.get(group)).flatten().copied().collect()
            }
        };
        let server = match policy.resource_constraint() {
            ResourceConstraint::Eq(server) => Some(server),
            _ => None,
        };
        for place in places {
            if let Some(tool) = tools.get_mut(place)
                && server.as_ref().is_none_or(|server| *server == tool.server)
            {
                tool.policies.insert(policy_place);
            }
        }
    }
    tools
}
