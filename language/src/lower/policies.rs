//! Cedar policies: one `permit` for each rule and capability, one `forbid` for each `deny`, and one
//! for each guard of the chain.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Credentials, Target, Who};
use placet_engine::condition::{Condition, Side};
use placet_engine::ids;

use crate::lower::condition::{expression, join, text};
use crate::lower::{denied_tools, is_typed};
use crate::model::{Capability, Effect, Held, Policy, Rule, Server, Via};

/// The policies by id.
pub(crate) fn policies(policy: &Policy, held: &Held<'_>) -> BTreeMap<String, String> {
    let mut policies = BTreeMap::new();
    let mut add = |written: Written| {
        policies.insert(written.id.clone(), written.to_string());
    };
    add(registration_guard());
    for (name, server) in &policy.servers {
        add(credential_guard(name, server));
    }
    for (name, rule) in &policy.rules {
        match &rule.effect {
            Effect::Allow { capabilities, under } => {
                for capability_name in capabilities {
                    let Some(capability) = policy.capabilities.get(capability_name) else {
                        continue;
                    };
                    let named = (capability_name.as_str(), capability);
                    permit(policy, (name, rule), named, under.as_deref()).map(&mut add);
                }
            }
            Effect::Deny { targets } => {
                forbids((policy, held), name, rule, targets).into_iter().for_each(&mut add)
            }
        }
    }
    policies
}

/// A policy in parts.
struct Written {
    id: String,
    /// Annotations besides `@id`.
    annotations: Vec<(&'static str, String)>,
    effect: &'static str,
    principal: String,
    action: String,
    resource: String,
    /// `when` or `unless`, and the expression.
    clauses: Vec<(&'static str, String)>,
}

impl std::fmt::Display for Written {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "@id({})", text(&self.id))?;
        for (name, value) in &self.annotations {
            writeln!(formatter, "@{name}({})", text(value))?;
        }
        let Self { effect, principal, action, resource, .. } = self;
        write!(formatter, "{effect} (\n  {principal},\n  {action},\n  {resource}\n)")?;
        for (word, expression) in &self.clauses {
            write!(formatter, "\n{word} {{ {expression} }}")?;
        }
        write!(formatter, ";")
    }
}

/// Only a client that the policy names, registered as its line says, and approved.
fn registration_guard() -> Written {
    let admitted = format!(
        "context.client.entity in ClientGroup::{} && context.client.status == \"approved\" && \
         (if context.client has issuer then context.client.registration == \"preregistered\" \
         else context.client.registration == \"metadata_document\")",
        text(ids::ADMITTED_CLIENTS)
    );
    Written {
        id: String::from("guard:registration"),
        // No statement says this; it holds in every policy.
        annotations: vec![
            ("link", String::from("registration")),
            ("source", String::from("built in")),
        ],
        effect: "forbid",
        principal: String::from("principal"),
        action: String::from("action"),
        resource: String::from("resource"),
        clauses: vec![("unless", admitted)],
    }
}

/// Only a live credential for this server, this user and this client.
fn credential_guard(name: &str, server: &Server) -> Written {
    let Server { identity, credentials, source, .. } = server;
    let accepted = match credentials {
        Credentials::Oauth { issuers } => {
            let issuers: Vec<String> = issuers.iter().map(|issuer| text(issuer)).collect();
            [
                String::from("context.token.kind == \"oauth\""),
                format!(
                    "context.token has issuer && [{}].contains(context.token.issuer)",
                    issuers.join(", ")
                ),
                String::from("context.token.issuer == context.user.issuer"),
                format!(
                    "context.token has audience && context.token.audience.contains({})",
                    text(identity)
                ),
                String::from(
                    "context.token has expires_at && context.now < context.token.expires_at",
                ),
                String::from(
                    "(if context.token has issued_at then context.token.issued_at <= context.now \
                     else true)",
                ),
                String::from(
                    "context.token has subject && context.token.subject == context.user.subject",
                ),
                String::from(
                    "context.token has client_id && context.token.client_id == context.client.id",
                ),
                String::from(
                    "(if context.client has issuer then context.client.issuer == \
                     context.token.issuer else true)",
                ),
            ]
            .join(" && ")
        }
        Credentials::Local { up_to, .. } => match up_to.above() {
            None => String::from("context.token.kind == \"local\""),
            Some(above) => format!(
                "context.token.kind == \"local\" && !(action in Action::{})",
                text(&ids::access(above))
            ),
        },
    };
    let mut annotations =
        vec![("link", String::from("credential")), ("source", source.to_string())];
    if let Credentials::Local { because, .. } = credentials {
        annotations.push(("because", because.clone()));
    }
    Written {
        id: format!("guard:credential/{name}"),
        annotations,
        effect: "forbid",
        principal: String::from("principal"),
        action: String::from("action"),
        resource: format!("resource == Server::{}", text(&ids::server(name))),
        clauses: vec![("unless", accepted)],
    }
}

fn permit(
    policy: &Policy,
    (name, rule): (&str, &Rule),
    (capability_name, capability): (&str, &Capability),
    under: Option<&str>,
) -> Option<Written> {
    let reads =
        |condition: &Option<Condition>| condition.as_ref().is_some_and(Condition::reads_arguments);
    let reads_arguments = reads(&capability.condition) || reads(&rule.when);
    let server = &capability.server;
    let judged: BTreeSet<(String, String)> = capability
        .tools
        .iter()
        .filter(|tool| !reads_arguments || is_typed(policy, server, tool))
        .map(|tool| (server.clone(), tool.clone()))
        .collect();
    let action = match judged.len() == capability.tools.len() && !judged.is_empty() {
        true => action_in(vec![ids::capability(capability_name)])?,
        false => action_in(tool_ids(&judged))?,
    };
    let (principal, who) = principal(&rule.who);
    let mut clauses = Vec::new();
    clauses.extend(who.map(|who| ("when", who)));
    clauses.extend(via(policy, rule.via.as_ref()).map(|via| ("when", via)));
    clauses.extend(needs(&capability.needs).map(|needs| ("when", needs)));
    if let Some(terms) = under {
        let consent = text(&ids::consent(terms, capability_name));
        clauses.push(("when", format!("context.consents.contains({consent})")));
    }
    for condition in [&capability.condition, &rule.when].into_iter().flatten() {
        clauses.push(("when", expression(condition, Side::Allow)));
    }
    Some(Written {
        id: format!("{name}/{capability_name}"),
        annotations: annotations(name, rule),
        effect: "permit",
        principal,
        action,
        resource: format!("resource == Server::{}", text(&ids::server(server))),
        clauses,
    })
}

/// One `forbid`, or two where some of the tools have arguments that cannot be judged: for those the
/// `deny` holds whatever they are called with.
fn forbids(
    (policy, held): (&Policy, &Held<'_>),
    name: &str,
    rule: &Rule,
    targets: &BTreeSet<Target>,
) -> Vec<Written> {
    let reads_arguments = rule.when.as_ref().is_some_and(Condition::reads_arguments);
    let (judged, unjudged): (BTreeSet<_>, BTreeSet<_>) = denied_tools(policy, held, targets)
        .into_iter()
        .partition(|(server, tool)| !reads_arguments || is_typed(policy, server, tool));
    let groups = targets.iter().map(|target| match target {
        Target::Capability(name) => ids::capability(name),
        Target::Access(level) => ids::access(*level),
    });
    let whole = match (judged.is_empty(), unjudged.is_empty()) {
        (true, _) => None,
        (false, true) => action_in(groups.collect()),
        (false, false) => action_in(tool_ids(&judged)),
    };
    let (principal, who) = principal(&rule.who);
    let written = |id: String, action: String, when: Option<&Condition>| {
        let mut clauses = Vec::new();
        clauses.extend(who.clone().map(|who| ("when", who)));
        clauses.extend(via(policy, rule.via.as_ref()).map(|via| ("when", via)));
        clauses.extend(when.map(|when| ("when", expression(when, Side::Deny))));
        Written {
            id,
            annotations: annotations(name, rule),
            effect: "forbid",
            principal: principal.clone(),
            action,
            resource: String::from("resource"),
            clauses,
        }
    };
    let mut forbids = Vec::new();
    forbids.extend(whole.map(|action| written(name.to_owned(), action, rule.when.as_ref())));
    forbids.extend(
        action_in(tool_ids(&unjudged))
            .map(|action| written(format!("{name}/unjudged"), action, None)),
    );
    forbids
}

fn annotations(name: &str, rule: &Rule) -> Vec<(&'static str, String)> {
    let mut annotations = vec![("rule", name.to_owned()), ("source", rule.source.to_string())];
    annotations.extend(rule.because.clone().map(|because| ("because", because)));
    annotations
}

/// The scope's principal, and a condition where the scope cannot say it.
fn principal(who: &BTreeSet<Who>) -> (String, Option<String>) {
    let test = |who: &Who| match who {
        Who::Anyone => String::from("principal is User"),
        Who::Group(name) => format!("principal in Group::{}", text(&ids::group(name))),
        Who::User { issuer, subject } => {
            format!("principal == User::{}", text(&ids::user(issuer, subject)))
        }
    };
    let mut tests = who.iter().map(test);
    match (tests.next(), tests.next()) {
        (Some(only), None) => (only, None),
        _ if who.contains(&Who::Anyone) => (String::from("principal is User"), None),
        _ => {
            let tests: Vec<String> = who.iter().map(test).collect();
            (String::from("principal"), Some(join(tests, " || ")))
        }
    }
}

fn via(policy: &Policy, via: Option<&BTreeSet<Via>>) -> Option<String> {
    let test = |via: &Via| match via {
        Via::Group(name) => {
            Some(format!("context.client.entity in ClientGroup::{}", text(&ids::clients(name))))
        }
        Via::Client(name) => {
            let client = policy.clients.get(name)?;
            let id = ids::client(client.issuer.as_deref(), &client.id);
            Some(format!("context.client.entity == Client::{}", text(&id)))
        }
    };
    let tests: Vec<String> = via?.iter().filter_map(test).collect();
    Some(join(tests, " || "))
}

/// Any of all of. Nothing to be tested where nothing is needed.
fn needs(sets: &BTreeSet<BTreeSet<String>>) -> Option<String> {
    let mut tests = Vec::new();
    for set in sets {
        let scopes: Vec<String> = set.iter().map(|scope| text(scope)).collect();
        tests.push(match scopes.as_slice() {
            [] => return None,
            [only] => format!("context.scopes.contains({only})"),
            several => format!("context.scopes.containsAll([{}])", several.join(", ")),
        });
    }
    Some(join(tests, " || "))
}

fn tool_ids(tools: &BTreeSet<(String, String)>) -> Vec<String> {
    tools.iter().map(|(server, tool)| ids::tool(server, tool)).collect()
}

/// The scope's action; `None` for no action at all.
fn action_in(ids: Vec<String>) -> Option<String> {
    let actions: Vec<String> = ids.iter().map(|id| format!("Action::{}", text(id))).collect();
    match actions.as_slice() {
        [] => None,
        [only] => Some(format!("action in {only}")),
        several => Some(format!("action in [{}]", several.join(", "))),
    }
}

/// The levels that the schema declares, lowest first, each within the one below.
pub(crate) fn levels() -> impl Iterator<Item = (Access, Option<Access>)> {
    let below = [None, Some(Access::Read), Some(Access::Write)];
    Access::ALL.into_iter().zip(below)
}
