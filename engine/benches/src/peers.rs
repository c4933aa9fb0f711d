//! The engines that one might use instead, each given the same facts and the same rules in the form
//! that suits it best. All of them are asked whether the call may be carried out, and nothing more.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use cedar_policy::{
    Authorizer, Context as CedarContext, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, Policy, PolicyId, PolicySet, Request, Schema,
};
use futures::executor::block_on;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use serde_json::{Value, json};

use crate::scenario::{ISSUER, OLDEST, SERVER, Scenario};

/// Plain Cedar: its authorizer over all emitted policies at once, with everything prebuilt.
pub struct Cedar {
    policies: PolicySet,
    entities: Entities,
    request: Request,
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind).unwrap(), EntityId::new(id))
}

impl Cedar {
    pub fn new(scenario: &Scenario, facts: &Value) -> Self {
        let cedar = &scenario.content.cedar;
        let policies = cedar
            .policies
            .iter()
            .map(|(id, text)| Policy::parse(Some(PolicyId::new(id)), text).unwrap());
        let policies = PolicySet::from_policies(policies).unwrap();
        let (schema, _) = Schema::from_cedarschema_str(&cedar.schema).unwrap();
        let user = uid("User", &format!("user:{ISSUER}#alice"));
        let known = &scenario.content.groups;
        let groups = facts["user"]["groups"].as_array().unwrap().iter().filter_map(Value::as_str);
        let groups = groups
            .filter(|name| known.contains_key(*name))
            .map(|name| uid("Group", &format!("group:{name}")));
        let entities = Entities::from_json_value(
            serde_json::to_value(&cedar.entities).unwrap(),
            Some(&schema),
        )
        .unwrap()
        .add_entities([Entity::new_no_attrs(user.clone(), groups.collect())], None)
        .unwrap()
        .add_entities(schema.action_entities().unwrap(), None)
        .unwrap();
        let client = facts["client"]["id"].as_str().unwrap();
        let tool = facts["tool"].as_str().unwrap();
        let context = json!({
            "call": {}, "client": {
                "entity": {"__entity": {"type": "Client", "id": format!("client:{client}")}},
                "id": client, "registration": facts["client"]["registration"],
                "status": facts["client"]["status"], "domain": "c0.example"},
            "consents": facts["consents"], "now": facts["now"], "scopes": facts["scopes"],
            "token": facts["token"], "user": {"issuer": ISSUER, "subject": "alice"},
            "args": facts["args"],
        });
        let context = CedarContext::from_json_value(context, None).unwrap();
        let request = Request::new(
            user,
            uid("Action", &format!("tool:hub/{tool}")),
            uid("Server", "server:hub"),
            context,
            None,
        )
        .unwrap();
        Self { policies, entities, request }
    }

    pub fn allows(&self) -> bool {
        let response =
            Authorizer::new().is_authorized(&self.request, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }
}

/// CEL: one program for the guards, one for each denial, and one for each rule, these behind a hash
/// index by tool and group.
pub struct Cel {
    guards: Vec<cel::Program>,
    denials: Vec<cel::Program>,
    rules: HashMap<String, HashMap<String, Vec<Arc<cel::Program>>>>,
}

/// What CEL programs are run on.
pub struct CelFacts {
    context: cel::Context<'static, 'static>,
    tool: String,
    groups: Vec<String>,
}

impl Cel {
    pub fn new(scenario: &Scenario) -> Self {
        let program = |text: &str| cel::Program::compile(text).unwrap();
        let clients: Vec<String> =
            scenario.clients.iter().map(|client| format!("\"{client}\"")).collect();
        let guards = vec![
            program(&format!(
                "client.status == \"approved\" && client.registration == \"metadata_document\" && \
                 client.id in [{}]",
                clients.join(", ")
            )),
            program(&format!(
                "token.kind == \"oauth\" && token.issuer in [\"{ISSUER}\"] && token.issuer == \
                 user.issuer && \"{SERVER}\" in token.audience && now < token.expires_at && \
                 token.issued_at <= now && token.subject == user.subject && token.client_id == \
                 client.id"
            )),
        ];
        let denials = vec![
            program("client.registration == \"dynamic\""),
            program(&format!("token.age > {OLDEST}")),
        ];
        let mut rules: HashMap<String, HashMap<String, Vec<Arc<cel::Program>>>> = HashMap::new();
        for grant in &scenario.grants {
            let rule = Arc::new(program(&format!(
                "client.id == \"{}\" && \"{}\" in scopes && \"{}\" in consents && args.owner in \
                 [\"acme\", \"acme-labs\"]",
                grant.client, grant.scope, grant.consent
            )));
            for tool in &grant.tools {
                let groups = rules.entry(tool.clone()).or_default();
                groups.entry(grant.group.clone()).or_default().push(rule.clone());
            }
        }
        Self { guards, denials, rules }
    }

    /// What a call becomes for CEL.
    pub fn facts(facts: &Value) -> CelFacts {
        let mut context = cel::Context::default();
        for name in ["user", "client", "token", "scopes", "consents", "now", "args"] {
            let value = cel::to_value(&facts[name]).unwrap();
            context.add_variable_from_value(name, value);
        }
        let groups = facts["user"]["groups"].as_array().unwrap();
        CelFacts {
            context,
            tool: facts["tool"].as_str().unwrap().to_owned(),
            groups: groups.iter().map(|group| group.as_str().unwrap().to_owned()).collect(),
        }
    }

    pub fn allows(&self, facts: &CelFacts) -> bool {
        let holds = |program: &cel::Program| {
            matches!(program.execute(&facts.context), Ok(cel::Value::Bool(true)))
        };
        let Some(rules) = self.rules.get(&facts.tool) else { return false };
        self.guards.iter().all(holds)
            && !self.denials.iter().any(holds)
            && facts
                .groups
                .iter()
                .filter_map(|group| rules.get(group))
                .flatten()
                .any(|rule| holds(rule))
    }
}

/// Rego in regorus' register machine: the rules are data, keyed by tool and group.
pub struct Rego(RegoVM);

const REGO: &str = r#"
package placet

import rego.v1

default allow := false

admitted if {
    input.client.status == "approved"
    input.client.registration == "metadata_document"
    data.clients[input.client.id]
}

live if {
    input.token.kind == "oauth"
    data.issuers[input.token.issuer]
    input.token.issuer == input.user.issuer
    data.server in input.token.audience
    input.now < input.token.expires_at
    input.token.issued_at <= input.now
    input.token.subject == input.user.subject
    input.token.client_id == input.client.id
}

denied if input.client.registration == "dynamic"

denied if input.token.age > data.oldest

granted if {
    some group in input.user.groups
    some grant in data.grants[input.tool][group]
    grant.client == input.client.id
    grant.scope in input.scopes
    grant.consent in input.consents
    grant.owners[input.args.owner]
}

allow if {
    admitted
    live
    not denied
    granted
}
"#;

impl Rego {
    pub fn new(scenario: &Scenario) -> Self {
        let mut grants: BTreeMap<String, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
        for grant in &scenario.grants {
            let rule = json!({"client": grant.client, "scope": grant.scope, "consent": grant.consent,
                "owners": {"acme": true, "acme-labs": true}});
            for tool in &grant.tools {
                let groups = grants.entry(tool.clone()).or_default();
                groups.entry(grant.group.clone()).or_default().push(rule.clone());
            }
        }
        let clients: BTreeMap<&String, bool> =
            scenario.clients.iter().map(|client| (client, true)).collect();
        let data = json!({"grants": grants, "clients": clients, "issuers": {ISSUER: true},
            "server": SERVER, "oldest": OLDEST});
        let entry = "data.placet.allow";
        let mut engine = regorus::Engine::new();
        engine.add_policy(String::from("policy.rego"), REGO.to_owned()).unwrap();
        let policy = engine.compile_with_entrypoint(&entry.into()).unwrap();
        let program = Compiler::compile_from_policy(&policy, &[entry]).unwrap();
        let mut machine = RegoVM::new();
        machine.load_program(program);
        machine.set_data(Self::facts(&data)).unwrap();
        machine.set_max_instructions(usize::MAX);
        Self(machine)
    }

    /// What a call becomes for Rego.
    pub fn facts(facts: &Value) -> regorus::Value {
        regorus::Value::from_json_str(&facts.to_string()).unwrap()
    }

    pub fn allows(&mut self, facts: &regorus::Value) -> bool {
        self.0.set_input(facts.clone());
        self.0.execute().unwrap() == regorus::Value::Bool(true)
    }
}

/// Casbin: a role for each group. It judges the rules alone; the guards and denials before it are
/// not timed.
pub struct Casbin(Enforcer);

const CASBIN: &str = "
[request_definition]
r = sub, client, tool, scope, consent, owner

[policy_definition]
p = sub, client, tool, scope, consent

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.tool == p.tool && g(r.sub, p.sub) && r.client == p.client && r.scope == p.scope && \
r.consent == p.consent && (r.owner == \"acme\" || r.owner == \"acme-labs\")
";

/// What casbin is asked with.
pub type CasbinFacts = (String, String, String, String, String, String);

impl Casbin {
    pub fn new(scenario: &Scenario, facts: &Value) -> Self {
        block_on(async {
            let model = DefaultModel::from_str(CASBIN).await.unwrap();
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
            let tool = facts["tool"].as_str().unwrap();
            // Casbin has no capabilities: one line for each tool. Those of the tool that is called
            // and one tool of every other rule keep the number of lines at that of the rules.
            let rules = scenario.grants.iter().map(|grant| {
                let tool = grant.tools.iter().find(|name| *name == tool).unwrap_or(&grant.tools[0]);
                let parts: [&str; 5] =
                    [&grant.group, &grant.client, tool, grant.scope, &grant.consent];
                parts.map(str::to_owned).to_vec()
            });
            // It goes through the rules in order and stops at the first that allows: here in the middle.
            let mut rules: Vec<Vec<String>> = rules.collect();
            let middle = rules.len() / 2;
            rules.rotate_right(middle);
            enforcer.add_policies(rules).await.unwrap();
            let groups = facts["user"]["groups"].as_array().unwrap().iter();
            let groups =
                groups.map(|group| vec!["alice".to_owned(), group.as_str().unwrap().into()]);
            enforcer.add_grouping_policies(groups.collect()).await.unwrap();
            Self(enforcer)
        })
    }

    /// What a call becomes for casbin.
    pub fn facts(facts: &Value) -> CasbinFacts {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let has_write = facts["scopes"].as_array().unwrap().contains(&json!("write"));
        (
            String::from("alice"),
            text(&facts["client"]["id"]),
            text(&facts["tool"]),
            String::from(if has_write { "write" } else { "read" }),
            text(&facts["consents"][0]),
            text(&facts["args"]["owner"]),
        )
    }

    pub fn allows(&self, facts: &CasbinFacts) -> bool {
        self.0.enforce(facts.clone()).unwrap()
    }
}
