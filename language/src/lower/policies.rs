//! Cedar policies: one `permit` for each rule and capability, one `forbid` for each `deny` and each
//! `require`, and one for each guard of the chain.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Feature, Otherwise, Target, Who};
use placet_engine::condition::{Condition, Side};
use placet_engine::ids;

use crate::lower::condition::{expression, join, text};
use crate::lower::guards::guards;
use crate::lower::written::Written;
use crate::lower::{is_typed, targeted};
use crate::model::{Capability, Effect, Held, Policy, Rule, Via};

/// The policies by id.
pub(crate) fn policies(policy: &Policy, held: &Held<'_>) -> BTreeMap<String, String> {
    let mut policies = BTreeMap::new();
    let mut add = |written: Written| {
        policies.insert(written.id.clone(), written.to_string());
    };
    guards(policy).into_iter().for_each(&mut add);
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
            Effect::Require { targets, otherwise } => {
                let unless = (targets, otherwise.as_ref());
                requirements((policy, held), name, rule, unless).into_iter().for_each(&mut add)
            }
        }
    }
    policies
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
    let judged: BTreeSet<(String, Feature)> = capability
        .features
        .iter()
        .filter(|tool| !reads_arguments || is_typed(policy, server, tool))
        .map(|tool| (server.clone(), tool.clone()))
        .collect();
    let action = match judged.len() == capability.features.len() && !judged.is_empty() {
        true => action_in(vec![ids::capability(capability_name)])?,
        false => action_in(feature_ids(&judged))?,
    };
    let (principal, who) = principal(&rule.who);
    let mut clauses = Vec::new();
    clauses.extend(who.map(|who| ("when", who)));
    clauses.extend(via(policy, rule.via.as_ref()).map(|via| ("when", via)));
    clauses.extend(needs(&capability.needs).map(|needs| ("when", needs)));
    if let Some(terms) = under {
        let consents = policy.consents.get(terms);
        let to = consents.and_then(|consent| via(policy, consent.via.as_ref()));
        clauses.extend(to.map(|to| ("when", to)));
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
    let split = Split::new(policy, held, rule, targets);
    let when = rule.when.iter().map(|when| ("when", expression(when, Side::Deny))).collect();
    split.forbid(policy, (name, rule), when, Vec::new())
}

/// As a `deny` of whatever does not meet the requirement. Where arguments cannot be judged, a
/// condition on them is not met.
fn requirements(
    (policy, held): (&Policy, &Held<'_>),
    name: &str,
    rule: &Rule,
    (targets, otherwise): (&BTreeSet<Target>, Option<&Otherwise>),
) -> Vec<Written> {
    let split = Split::new(policy, held, rule, targets);
    let asked = match otherwise {
        Some(Otherwise::Ask { terms }) => {
            Some(format!("context.consents.contains({})", text(&ids::agreed(terms))))
        }
        _ => None,
    };
    let unless = |condition: Option<String>| {
        let met: Vec<String> = condition.into_iter().chain(asked.clone()).collect();
        match met.is_empty() {
            true => Vec::new(),
            false => vec![("unless", join(met, " || "))],
        }
    };
    let condition = rule.when.as_ref().map(|when| format!("({})", expression(when, Side::Allow)));
    split.forbid(policy, (name, rule), unless(condition), unless(None))
}

/// What a rule forbids, apart by whether its condition can be judged there.
struct Split {
    /// The scope's action for the tools whose arguments can be judged.
    judged: Option<String>,
    unjudged: Option<String>,
}

impl Split {
    fn new(policy: &Policy, held: &Held<'_>, rule: &Rule, targets: &BTreeSet<Target>) -> Self {
        let reads_arguments = rule.when.as_ref().is_some_and(Condition::reads_arguments);
        let (judged, unjudged): (BTreeSet<_>, BTreeSet<_>) = targeted(policy, held, targets)
            .into_iter()
            .partition(|(server, tool)| !reads_arguments || is_typed(policy, server, tool));
        let groups = targets.iter().map(|target| match target {
            Target::Capability(name) => ids::capability(name),
            Target::Access(level) => ids::access(*level),
        });
        let whole = match (judged.is_empty(), unjudged.is_empty()) {
            (true, _) => None,
            (false, true) => action_in(groups.collect()),
            (false, false) => action_in(feature_ids(&judged)),
        };
        Self { judged: whole, unjudged: action_in(feature_ids(&unjudged)) }
    }

    fn forbid(
        self,
        policy: &Policy,
        (name, rule): (&str, &Rule),
        judged: Vec<(&'static str, String)>,
        unjudged: Vec<(&'static str, String)>,
    ) -> Vec<Written> {
        let (principal, who) = principal(&rule.who);
        let written = |id: String, action: String, conditions: Vec<(&'static str, String)>| {
            let mut clauses = Vec::new();
            clauses.extend(who.clone().map(|who| ("when", who)));
            clauses.extend(via(policy, rule.via.as_ref()).map(|via| ("when", via)));
            clauses.extend(conditions);
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
        forbids.extend(self.judged.map(|action| written(name.to_owned(), action, judged)));
        let id = format!("{name}/unjudged");
        forbids.extend(self.unjudged.map(|action| written(id, action, unjudged)));
        forbids
    }
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
        Who::Machine => String::from("principal is Machine"),
        Who::Group(name) => format!("principal in Group::{}", text(&ids::group(name))),
        Who::User { issuer, subject } => {
            format!("principal == User::{}", text(&ids::user(issuer, subject)))
        }
    };
    // Every principal is a user or a machine, and who is in a group is a user.
    let (anyone, machine) = (who.contains(&Who::Anyone), who.contains(&Who::Machine));
    let mut tests = who.iter().map(test);
    match (tests.next(), tests.next()) {
        (Some(only), None) => (only, None),
        _ if anyone && machine => (String::from("principal"), None),
        _ if anyone => (String::from("principal is User"), None),
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
        Via::Registration(kind) => {
            Some(format!("context.client.registration == {}", text(kind.as_str())))
        }
        Via::Domain(domain) => Some(format!(
            "(context.client has domain && context.client.domain == {})",
            text(domain)
        )),
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

fn feature_ids(features: &BTreeSet<(String, Feature)>) -> Vec<String> {
    features.iter().map(|(server, feature)| ids::feature(server, feature)).collect()
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
