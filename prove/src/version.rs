//! A version of a policy: its Cedar policies by what they concern, and the tables behind the facts that
//! they read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PolicyId, ResourceConstraint, Schema,
    SchemaFragment,
};
use placet_engine::bundle::{
    Content, Effect as RuleEffect, Feature, Otherwise, Server, Target, Tool,
};
use placet_engine::ids;
use serde_json::{Map, Value};

use crate::ProveError;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Old,
    New,
}

impl Which {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// A policy as the bundle has it.
pub(crate) struct Written {
    pub(crate) policy: Policy,
    /// In Cedar's JSON form.
    pub(crate) json: Value,
}

impl Written {
    pub(crate) fn is_permit(&self) -> bool {
        self.policy.effect() == Effect::Permit
    }

    /// The actions that the scope names.
    pub(crate) fn scope(&self) -> Vec<EntityUid> {
        match self.policy.action_constraint() {
            ActionConstraint::Any => Vec::new(),
            ActionConstraint::Eq(only) => vec![only],
            ActionConstraint::In(groups) => groups,
        }
    }
}

pub(crate) struct Version<'c> {
    pub(crate) which: Which,
    pub(crate) content: &'c Content,
    pub(crate) policies: Vec<Written>,
    /// The schema in Cedar's JSON form, its actions apart.
    pub(crate) types: Value,
    pub(crate) actions: Map<String, Value>,
    /// The groups that hold each action.
    ancestors: HashMap<String, BTreeSet<String>>,
    /// The policies whose scope names an action, by place; those that name none.
    holding: HashMap<String, Vec<usize>>,
    everywhere: Vec<usize>,
    /// By id, each user whom a rule names, and each client.
    pub(crate) users: HashMap<String, (String, String)>,
    pub(crate) clients: HashMap<String, (Option<String>, String)>,
    /// The clients that each group of clients holds.
    pub(crate) client_groups: HashMap<String, BTreeSet<String>>,
    /// The groups that say to be within each.
    pub(crate) inner: HashMap<&'c str, Vec<&'c str>>,
}

/// Something of a server in one version.
pub(crate) struct Place<'v> {
    pub(crate) server_name: &'v str,
    pub(crate) server: &'v Server,
    pub(crate) feature: Feature,
    pub(crate) tool: &'v Tool,
    /// The action's id.
    pub(crate) id: String,
}

fn unusable(which: Which) -> impl Fn(String) -> ProveError {
    move |why| ProveError::Unusable(format!("the {} version's Cedar: {why}", which.word()))
}

impl<'c> Version<'c> {
    pub(crate) fn new(which: Which, content: &'c Content) -> Result<Self, ProveError> {
        let fail = unusable(which);
        let mut policies = Vec::new();
        for (id, text) in &content.cedar.policies {
            let policy = Policy::parse(Some(PolicyId::new(id)), text)
                .map_err(|error| fail(error.to_string()))?;
            let json = policy.to_json().map_err(|error| fail(error.to_string()))?;
            policies.push(Written { policy, json });
        }
        let (fragment, _) = SchemaFragment::from_cedarschema_str(&content.cedar.schema)
            .map_err(|error| fail(error.to_string()))?;
        let mut types =
            fragment.clone().to_json_value().map_err(|error| fail(error.to_string()))?;
        let actions =
            types.get_mut("").and_then(|namespace| namespace.get_mut("actions")).map(Value::take);
        let Some(Value::Object(actions)) = actions else {
            return Err(fail(String::from("the schema declares no actions")));
        };
        let schema =
            Schema::from_schema_fragments([fragment]).map_err(|error| fail(error.to_string()))?;
        let entities = schema.action_entities().map_err(|error| fail(error.to_string()))?;
        let mut ancestors = HashMap::new();
        for action in schema.actions() {
            let groups = entities.ancestors(action).into_iter().flatten();
            let groups = groups.map(|group| group.id().unescaped().to_owned()).collect();
            ancestors.insert(action.id().unescaped().to_owned(), groups);
        }
        let mut version = Self {
            which,
            content,
            policies,
            types,
            actions,
            ancestors,
            holding: HashMap::new(),
            everywhere: Vec::new(),
            users: HashMap::new(),
            clients: HashMap::new(),
            client_groups: HashMap::new(),
            inner: HashMap::new(),
        };
        version.tables();
        Ok(version)
    }

    fn tables(&mut self) {
        for (place, written) in self.policies.iter().enumerate() {
            let scope = written.scope();
            if scope.is_empty() {
                self.everywhere.push(place);
            }
            for action in scope {
                let id = action.id().unescaped().to_owned();
                self.holding.entry(id).or_default().push(place);
            }
        }
        let who = self.content.rules.values().flat_map(|rule| &rule.who);
        for one in who {
            if let placet_engine::bundle::Who::User { issuer, subject } = one {
                let user = (issuer.clone(), subject.clone());
                self.users.insert(ids::user(issuer, subject), user);
            }
        }
        for client in self.content.clients.values() {
            let id = ids::client(client.issuer.as_deref(), &client.id);
            self.clients.insert(id, (client.issuer.clone(), client.id.clone()));
        }
        for entity in &self.content.cedar.entities {
            for parent in &entity.parents {
                if entity.uid.kind == "Client" && parent.kind == "ClientGroup" {
                    let held = self.client_groups.entry(parent.id.clone()).or_default();
                    held.insert(entity.uid.id.clone());
                }
            }
        }
        for (name, group) in &self.content.groups {
            for outer in &group.within {
                self.inner.entry(outer).or_default().push(name);
            }
        }
    }

    /// What is declared at a server of this identity.
    pub(crate) fn server(&self, identity: &str) -> Option<(&'c str, &'c Server)> {
        let mut servers = self.content.servers.iter();
        let found = servers.find(|(_, server)| server.identity == identity);
        found.map(|(name, server)| (name.as_str(), server))
    }

    /// Everything that may be called at a server.
    pub(crate) fn places(&self, identity: &str) -> Vec<Place<'c>> {
        let Some((server_name, server)) = self.server(identity) else { return Vec::new() };
        let place = |(feature, tool): (Feature, &'c Tool)| {
            let id = ids::feature(server_name, &feature);
            Place { server_name, server, feature, tool, id }
        };
        server.features().map(place).collect()
    }

    /// Whether an action is this one or is held by it.
    pub(crate) fn is_within(&self, action: &str, group: &str) -> bool {
        action == group || self.ancestors.get(action).is_some_and(|all| all.contains(group))
    }

    /// The policies whose scope holds an action at a server.
    pub(crate) fn concerning(&self, place: &Place<'_>) -> Vec<usize> {
        let own = std::iter::once(&place.id);
        let holders = own.chain(self.ancestors.get(&place.id).into_iter().flatten());
        let named = holders.filter_map(|one| self.holding.get(one)).flatten();
        let all: BTreeSet<usize> = named.chain(&self.everywhere).copied().collect();
        let server = ids::server(place.server_name);
        let is_here = |place: &usize| {
            self.policies.get(*place).is_some_and(|one| match one.policy.resource_constraint() {
                ResourceConstraint::Eq(only) => *only.id().unescaped() == *server,
                _ => true,
            })
        };
        all.into_iter().filter(is_here).collect()
    }

    /// The part of the schema that an action's policies speak of.
    pub(crate) fn part(&self, place: &Place<'_>, policies: &[usize]) -> Result<Schema, ProveError> {
        let fail = unusable(self.which);
        let scopes =
            policies.iter().filter_map(|place| self.policies.get(*place)).flat_map(Written::scope);
        let mut named: BTreeSet<String> =
            scopes.map(|action| action.id().unescaped().to_owned()).collect();
        named.extend(placet_engine::bundle::Access::ALL.into_iter().map(ids::access));
        let declared = |name: &String| Some((name.clone(), self.actions.get(name)?.clone()));
        let mut actions: BTreeMap<String, Value> = named
            .into_iter()
            .filter(|name| self.actions.contains_key(name))
            .map(|name| (name, Value::Object(Map::new())))
            .collect();
        let ancestors = self.ancestors.get(&place.id).into_iter().flatten();
        actions.extend(ancestors.chain([&place.id]).filter_map(declared));
        let mut part = self.types.clone();
        let actions = serde_json::to_value(actions).map_err(|error| fail(error.to_string()))?;
        if let Some(room) = part.get_mut("").and_then(|namespace| namespace.get_mut("actions")) {
            *room = actions;
        }
        Schema::from_json_value(part).map_err(|error| fail(error.to_string()))
    }

    /// Whether an operation needs a digest, since some requirement asks for a confirmation.
    pub(crate) fn confirms(&self, place: &Place<'_>) -> bool {
        self.content.rules.values().any(|rule| match &rule.effect {
            RuleEffect::Require { targets, otherwise: Some(Otherwise::Confirm { .. }) } => {
                targets.iter().any(|target| match target {
                    Target::Capability(name) => place.tool.capabilities.contains(name),
                    Target::Access(level) => place.tool.access.is_some_and(|one| one >= *level),
                })
            }
            _ => false,
        })
    }
}
