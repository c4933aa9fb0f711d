//! Explanations: every link with its verdict, and the rules that came nearest.

use serde::Serialize;

use crate::bundle::{Effect, Otherwise, Source};
use crate::chain::rule::Attempt;
use crate::condition::{
    Argument, Atom, Attribute, Condition, Operand, Side, Test, Value, Values, quote,
};
use crate::decision::Decision;
use crate::facts::Facts;
use crate::reason::{Link, Reason};

/// A decision with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The decision, the same that [`Engine::decide`](crate::Engine::decide) gives.
    pub decision: Decision,
    /// Every link of the chain, in order.
    pub links: Vec<LinkVerdict>,
    /// Every `allow` that could concern the tool, nearest first.
    pub allows: Vec<AllowVerdict>,
    /// Every `deny` that holds.
    pub denies: Vec<DenyVerdict>,
    /// Every `require` that is not met.
    pub requires: Vec<RequireVerdict>,
}

/// How one link was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkVerdict {
    /// The link.
    pub link: Link,
    /// Whether it held.
    pub outcome: Outcome,
    /// What was found.
    pub detail: String,
}

/// Whether a link held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It held.
    Passed,
    /// It broke.
    Failed,
    /// An earlier link broke, so this one was not judged.
    NotReached,
}

/// One `allow` through one capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllowVerdict {
    /// The rule's name.
    pub rule: String,
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
    /// The capability.
    pub capability: String,
    /// What does not hold, in the rule's own terms; empty where the rule allows the call.
    pub lacks: Vec<String>,
}

/// One `deny` that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DenyVerdict {
    /// The rule's name.
    pub rule: String,
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
    /// The author's reason.
    pub because: Option<String>,
}

/// One `require` that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequireVerdict {
    /// The rule's name.
    pub rule: String,
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
    /// The author's reason.
    pub because: Option<String>,
    /// What does not hold, in the rule's own terms.
    pub lacks: Vec<String>,
}

/// What an attempt lacks, part by part.
pub(crate) fn verdict(attempt: &Attempt<'_>, facts: &Facts<'_>) -> AllowVerdict {
    let mut lacks = Vec::new();
    if !attempt.concerns.who {
        lacks.push(match &facts.call.user {
            Some(_) => format!("the user is not {}", who(attempt)),
            None => format!("the caller is a machine, and not {}", who(attempt)),
        });
    }
    if !attempt.concerns.client {
        lacks.push(match &attempt.rule.clients {
            Some(clients) if !facts.is_through(Some(clients)) => {
                let clients: Vec<String> = clients.iter().map(ToString::to_string).collect();
                format!("the client is not {}", clients.join(" or "))
            }
            _ => String::from("its consent may not be given to this client"),
        });
    }
    for (holds, condition, place) in [
        (
            attempt.concerns.capability_condition,
            &attempt.capability.condition,
            format!("`where` of `{}`", attempt.capability_name),
        ),
        (attempt.concerns.rule_condition, &attempt.rule.when, String::from("its condition")),
    ] {
        if let (false, Some(condition)) = (holds, condition) {
            unmet(condition, facts, &place, &mut lacks);
        }
    }
    lacks.extend(attempt.lacks.iter().map(|lack| lack.detail.clone()));
    AllowVerdict {
        rule: attempt.name.to_owned(),
        source: attempt.rule.source.clone(),
        capability: attempt.capability_name.to_owned(),
        lacks,
    }
}

fn who(attempt: &Attempt<'_>) -> String {
    use crate::bundle::Who;
    let who = attempt.rule.who.iter().map(|who| match who {
        Who::Anyone => String::from("a user"),
        Who::Machine => String::from("a machine"),
        Who::Group(name) => format!("in `{name}`"),
        Who::User { issuer, subject } => format!("{} of {}", quote(subject), quote(issuer)),
    });
    who.collect::<Vec<_>>().join(" or ")
}

/// Says which atoms make a condition fail, each with the value that it met.
fn unmet(condition: &Condition, facts: &Facts<'_>, place: &str, into: &mut Vec<String>) {
    if !facts.tool.typed && condition.reads_arguments() {
        into.push(format!(
            "{place} reads arguments, and the tool's inputSchema could not be translated"
        ));
        return;
    }
    if condition.holds(facts, Side::Allow) {
        return;
    }
    match condition {
        Condition::All(conditions) => {
            for one in conditions {
                unmet(one, facts, place, into);
            }
        }
        Condition::Any(_) => into.push(format!("{place} fails: {condition}")),
        Condition::Atom(atom) => {
            let found = found(atom, facts).map(|found| format!(" ({found})"));
            into.push(format!("{place} fails: {atom}{}", found.unwrap_or_default()));
        }
    }
}

/// An argument that is there, whatever its type, as JSON; cut where it is long.
fn given(operand: &Operand, facts: &Facts<'_>) -> Option<String> {
    const LONGEST: usize = 60;
    let Attribute::Argument(Argument { computed: None, path, kind: _ }) = &operand.attribute else {
        return None;
    };
    let json = facts.arguments.at(path).filter(|value| !value.is_null())?.to_string();
    let cut = json.char_indices().nth(LONGEST).and_then(|(end, _)| json.get(..end));
    Some(cut.map(|start| format!("{start}…")).unwrap_or(json))
}

/// What an atom that fails met.
fn found(atom: &Atom, facts: &Facts<'_>) -> Option<String> {
    if atom.test == Test::Present {
        return None;
    }
    let operand = &atom.operand;
    let raw = Operand { view: None, attribute: operand.attribute.clone() };
    let shown = |value: Option<Value>, raw: Option<Value>, name: &str| match (value, raw) {
        (Some(value), _) => format!("{name} is {value}"),
        (None, Some(Value::String(raw))) if operand.view.is_some() => {
            let why = operand.view.map(|view| view.refusal(&raw)).unwrap_or_default();
            format!("{name} is {}, {why}", quote(&raw))
        }
        (None, _) => match given(operand, facts) {
            Some(json) => format!("{name} is {json}, which is not of its type"),
            None => format!("{name} has no value"),
        },
    };
    if atom.quantifier.is_none() {
        let name = operand.attribute.to_string();
        return Some(shown(facts.value(operand), facts.value(&raw), &name));
    }
    let Some(elements) = facts.elements(operand).filter(|elements| !elements.is_empty()) else {
        return Some(format!("{} is absent, empty or no array", operand.attribute));
    };
    let raw = facts.elements(&raw).unwrap_or_default();
    let failing = elements
        .into_iter()
        .zip(raw)
        .enumerate()
        .find(|(_, (element, _))| !atom.holds_of(element.clone(), facts, Side::Allow));
    failing.map(|(index, (element, raw))| {
        let name = format!("element {} of {}", index.saturating_add(1), operand.attribute);
        shown(element, raw, &name)
    })
}

/// The links' verdicts from the decision: those before the broken one held.
pub(crate) fn links(decision: &Decision) -> Vec<LinkVerdict> {
    let broken = decision.link;
    let verdict = |link: Link| {
        let (outcome, detail) = match broken {
            Some(at) if at == link => {
                (Outcome::Failed, decision.detail.clone().unwrap_or_default())
            }
            Some(Link::Evaluation) => (Outcome::NotReached, String::from("could not be computed")),
            // That no rule allows, or that one forbids, is found before these are looked at.
            Some(Link::Rule)
                if matches!(link, Link::Authentication | Link::Scope | Link::Consent) =>
            {
                let detail = match decision.reason {
                    Some(Reason::RuleNone) => "no rule got this far",
                    _ => "not reached",
                };
                (Outcome::NotReached, String::from(detail))
            }
            Some(at) if at < link => (Outcome::NotReached, String::from("not reached")),
            _ => (Outcome::Passed, passed(link, decision)),
        };
        LinkVerdict { link, outcome, detail }
    };
    Link::CHAIN.into_iter().map(verdict).collect()
}

fn passed(link: Link, decision: &Decision) -> String {
    match link {
        Link::Operation => String::from("the server has this tool"),
        Link::Registration => String::from("the policy admits the client, and it is approved"),
        Link::Credential => String::from("live, for this server, user and client"),
        Link::Authentication => String::from("recent and strong enough for the rules"),
        Link::Confirmation if decision.consume.is_some() => {
            String::from("the user confirmed this operation")
        }
        Link::Confirmation => String::from("not needed"),
        // Of a denial the decision does not say what was there.
        Link::Scope | Link::Consent if !decision.is_allow() => String::from("nothing is lacking"),
        Link::Scope if decision.needs.is_empty() => String::from("nothing is needed"),
        Link::Scope => {
            let needs: Vec<&str> = decision.needs.iter().map(String::as_str).collect();
            format!("the token stands for {}", needs.join(", "))
        }
        Link::Consent => match &decision.receipt {
            Some(receipt) => format!("receipt {}", quote(receipt)),
            None => String::from("not needed: the rule allows without consent"),
        },
        _ => {
            let rules: Vec<&str> = decision.rules.iter().map(|rule| rule.id.as_str()).collect();
            format!("allowed by {}", rules.join(", "))
        }
    }
}

/// The `require` rules that are not met.
pub(crate) fn requires(
    rules: &[(&str, &crate::bundle::Rule)],
    facts: &Facts<'_>,
) -> Vec<RequireVerdict> {
    let verdict = |(name, rule): &(&str, &crate::bundle::Rule)| {
        let mut lacks = Vec::new();
        if let Some(condition) = &rule.when {
            unmet(condition, facts, "its condition", &mut lacks);
        }
        if let Effect::Require { otherwise: Some(Otherwise::Ask { terms }), .. } = &rule.effect {
            lacks.push(format!("the user has not agreed to `{terms}`"));
        }
        RequireVerdict {
            rule: (*name).to_owned(),
            source: rule.source.clone(),
            because: rule.because.clone(),
            lacks,
        }
    };
    rules.iter().map(verdict).collect()
}

/// The `deny` rules that hold.
pub(crate) fn denies(denials: &[(&str, &crate::bundle::Rule)]) -> Vec<DenyVerdict> {
    denials
        .iter()
        .filter(|(_, rule)| matches!(rule.effect, Effect::Deny { .. }))
        .map(|(name, rule)| DenyVerdict {
            rule: (*name).to_owned(),
            source: rule.source.clone(),
            because: rule.because.clone(),
        })
        .collect()
}
