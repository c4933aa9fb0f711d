//! Slices: for each tool and whom they concern, the Cedar policies whose scope holds the call.
//!
//! Cedar evaluates every policy that it is handed. One whose scope does not hold the call can be
//! neither satisfied by it nor err on it, so leaving it out changes nothing but the time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Display;
use std::str::FromStr;

use cedar_policy::pst::{self, BinaryOp, Clause, Expr, Var};
use cedar_policy::{
    ActionConstraint, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, ResourceConstraint, Schema, SchemaFragment,
};

use crate::bundle::{BundleError, Content};
use crate::condition::quote;
use crate::evaluator::{self, Reader, Test};
use crate::ids;
use crate::index::{ByWho, Whom};
use crate::limits::Limits;
use crate::nesting::{is_too_deep, is_too_deep_for_a_tree};
use crate::parallel::each_part;
use crate::validate::Validation;

/// The policies of a bundle, sliced.
pub(crate) struct Slices {
    pub(crate) policies: Vec<Prepared>,
    /// By [`ids::feature`], until they are taken.
    by_tool: HashMap<String, Slice>,
    /// Each admitted client with the groups that hold it.
    clients: HashMap<EntityUid, Entity>,
    pub(crate) types: Types,
}

/// What one tool's calls are decided with.
pub(crate) struct Slice {
    pub(crate) action: EntityUid,
    /// The groups that hold the action.
    pub(crate) ancestors: HashSet<EntityUid>,
    pub(crate) server: EntityUid,
    /// Places in [`Slices::policies`] of the policies whose scope holds the tool.
    pub(crate) policies: ByWho,
    pub(crate) all: Vec<usize>,
}

/// A policy, and what is asked of a call that its scope holds.
pub(crate) struct Prepared {
    pub(crate) policy: Policy,
    /// `None` where the policy has to be put to Cedar.
    pub(crate) test: Option<Test>,
    whom: Vec<Whom>,
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
    pub(crate) fn new(
        content: &Content,
        vouched: bool,
        limits: &Limits,
    ) -> Result<Self, BundleError> {
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
        let entities = serde_json::to_value(&content.cedar.entities).map_err(unusable)?;
        let entities = Entities::from_json_value(entities, Some(&schema)).map_err(unusable)?;
        let is_client = |entity: &&Entity| *entity.uid().type_name() == types.client;
        let clients: HashMap<EntityUid, Entity> = entities
            .iter()
            .filter(is_client)
            .map(|entity| (entity.uid(), entity.clone()))
            .collect();
        let groups = |client: &EntityUid| -> Vec<&str> {
            let holding = entities.ancestors(client).into_iter().flatten();
            holding.map(|group| group.id().unescaped()).collect()
        };
        let held = clients.keys().map(|client| (client.id().unescaped(), groups(client)));
        let policies = parse(&content.cedar.policies, &Reader::new(content, held))?;
        let validation = Validation::new(declared, vouched)?;
        policies.iter().try_for_each(|one| validation.scope(&one.policy))?;
        let tools = assign(&policies, tools(content, &schema)?, limits.slice_entries)?;
        let slices = each_part(&tools, |tools| {
            let mut validation = validation.clone();
            tools.iter().map(|tool| slice(tool, &policies, &mut validation)).collect()
        })?;
        let by_tool = slices.into_iter().collect();
        Ok(Self { policies, by_tool, clients, types })
    }

    /// Takes the slice of a tool, by [`ids::feature`].
    pub(crate) fn take(&mut self, tool: &str) -> Option<Slice> {
        self.by_tool.remove(tool)
    }

    /// An admitted client with the groups that hold it.
    pub(crate) fn client(&self, client: &EntityUid) -> Option<&Entity> {
        self.clients.get(client)
    }
}

/// Parses the policies under the ids that they are filed under.
fn parse(
    policies: &BTreeMap<String, String>,
    reader: &Reader,
) -> Result<Vec<Prepared>, BundleError> {
    let parse = |(id, text): &(&String, &String)| {
        let policy = Policy::parse(Some(PolicyId::new(id)), text).map_err(unusable)?;
        match is_too_deep_for_a_tree(text) {
            true => Ok(Prepared { policy, test: None, whom: vec![Whom::Users, Whom::Machines] }),
            false => prepare(policy, reader),
        }
    };
    let texts: Vec<(&String, &String)> = policies.iter().collect();
    each_part(&texts, |texts| texts.iter().map(parse).collect())
}

/// Parts a policy into whom it concerns and what else it asks for. What it asks for the scope's action
/// and resource is answered by the slice that it is in.
fn prepare(policy: Policy, reader: &Reader) -> Result<Prepared, BundleError> {
    let tree = policy.to_pst().map_err(unusable)?;
    let body = tree.body();
    // Slices go by the action and by one resource; any other constraint is Cedar's to judge.
    let sliced =
        matches!(body.resource, pst::ResourceConstraint::Any | pst::ResourceConstraint::Eq(_));
    let (whom, clauses) = match concerned(&body.principal, body.clauses()) {
        Some((whom, clauses)) if sliced => (whom, Some(clauses)),
        _ => (vec![Whom::Users, Whom::Machines], None),
    };
    let test = clauses.and_then(|clauses| reader.clauses(clauses));
    Ok(Prepared { policy, test, whom })
}

/// Whom a policy concerns, and the clauses that do not say so. `None` where that is said in a way that
/// only Cedar understands.
fn concerned<'p>(
    principal: &pst::PrincipalConstraint,
    clauses: &'p [Clause],
) -> Option<(Vec<Whom>, &'p [Clause])> {
    use pst::EntityOrSlot::Entity;
    use pst::PrincipalConstraint::{Any, Eq, In, Is, IsIn};
    let literal = |uid: &pst::EntityUID| Expr::Literal(pst::Literal::EntityUID(uid.clone()));
    Some(match principal {
        Any => {
            let mut whom = Vec::new();
            // Whoever is concerned by no part of it is concerned by nothing after it.
            match clauses.split_first() {
                Some((Clause::When(who), rest)) if names_principals(who, &mut whom) => (whom, rest),
                _ => (vec![Whom::Users, Whom::Machines], clauses),
            }
        }
        Eq(Entity(uid)) => {
            (vec![Whom::User(evaluator::entity(&literal(uid), "User")?.to_owned())], clauses)
        }
        In(Entity(uid)) => (group(&literal(uid))?.into_iter().collect(), clauses),
        Is(kind) => (vec![kind_of(kind)?], clauses),
        Eq(_) | In(_) | IsIn(..) => return None,
    })
}

/// Whether an expression is nothing but a choice of principals.
fn names_principals(expression: &Expr, whom: &mut Vec<Whom>) -> bool {
    let is_principal = |one: &Expr| matches!(one, Expr::Var(Var::Principal));
    let named = match expression {
        Expr::BinaryOp { op: BinaryOp::Or, left, right } => {
            return names_principals(left, whom) && names_principals(right, whom);
        }
        Expr::BinaryOp { op: BinaryOp::In, left, right } if is_principal(left) => {
            match group(right) {
                Some(named) => named,
                None => return false,
            }
        }
        Expr::BinaryOp { op: BinaryOp::Eq, left, right } if is_principal(left) => {
            match evaluator::entity(right, "User") {
                Some(id) => Some(Whom::User(id.to_owned())),
                None => return false,
            }
        }
        Expr::Is { expr, entity_type, in_expr: None } if is_principal(expr) => {
            match kind_of(entity_type) {
                Some(kind) => Some(kind),
                None => return false,
            }
        }
        _ => return false,
    };
    whom.extend(named);
    true
}

fn kind_of(kind: &pst::EntityType) -> Option<Whom> {
    match kind.0.to_string().as_str() {
        "User" => Some(Whom::Users),
        "Machine" => Some(Whom::Machines),
        _ => None,
    }
}

/// The members of a group; nobody where no user can be in it.
fn group(expression: &Expr) -> Option<Option<Whom>> {
    let id = evaluator::entity(expression, "Group")?;
    let name = id.strip_prefix(&ids::group(""));
    Some(name.map(|name| Whom::Group(name.to_owned())))
}

/// Cuts and validates the slice of a tool.
fn slice(
    tool: &Tool,
    policies: &[Prepared],
    validation: &mut Validation,
) -> Result<(String, Slice), BundleError> {
    let mut by_who = ByWho::default();
    let mut concerned: Vec<&Policy> = Vec::new();
    for place in &tool.policies {
        let Some(prepared) = policies.get(*place) else { continue };
        prepared.whom.iter().for_each(|whom| by_who.file(whom, *place));
        concerned.push(&prepared.policy);
    }
    let set = PolicySet::from_policies(concerned.iter().copied().cloned()).map_err(unusable)?;
    validation.slice(&tool.action, &tool.ancestors, &concerned, &set)?;
    let slice = Slice {
        action: tool.action.clone(),
        ancestors: tool.ancestors.clone(),
        server: tool.server.clone(),
        policies: by_who,
        all: tool.policies.iter().copied().collect(),
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
fn assign(
    policies: &[Prepared],
    mut tools: Vec<Tool>,
    limit: usize,
) -> Result<Vec<Tool>, BundleError> {
    let mut held: HashMap<EntityUid, Vec<usize>> = HashMap::new();
    for (place, tool) in tools.iter().enumerate() {
        for holder in tool.ancestors.iter().chain([&tool.action]) {
            held.entry(holder.clone()).or_default().push(place);
        }
    }
    let all: Vec<usize> = (0..tools.len()).collect();
    let mut count = 0_usize;
    for (policy_place, Prepared { policy, .. }) in policies.iter().enumerate() {
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
        count = count.saturating_add(places.len());
        if count > limit {
            let what = "policies, each counted once for each tool that it concerns";
            return Err(BundleError::TooMany { what, count, limit });
        }
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
    Ok(tools)
}
