//! Which tools a caller can use at all: what a gateway leaves in a `tools/list` result.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::bundle::Tool;
use crate::call::{Call, Confirmation, Credential, Fact, UserId};
use crate::condition::Attribute;
use crate::decision::{Decision, Lack};
use crate::engine::Engine;
use crate::reason::{Link, Reason};

/// Whether a caller can use a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// With some arguments the call is allowed, once it is confirmed where a rule asks for that.
    Visible,
    /// With some arguments the call lacks only scopes, a newer login or a consent.
    Lacking,
    /// Nothing that the user or the client could do would allow any call.
    Hidden,
}

/// What [`Engine::visible_tools`] says of one tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolVisibility {
    /// The tool's name.
    pub tool: String,
    /// Whether the caller can use it.
    pub visibility: Visibility,
    /// Why the nearest call is denied; `None` where one is allowed.
    pub reason: Option<Reason>,
    /// What is wrong, for a person.
    pub detail: Option<String>,
    /// What the nearest call lacks besides a confirmation, in the order of the chain; empty unless
    /// [`Visibility::Lacking`].
    pub lacks: Vec<Lack>,
    /// Arguments of the nearest call, as an example: what is allowed with these may be denied with
    /// others. `None` where none were tried.
    pub example: Option<Map<String, Value>>,
    /// The facts that go with the example.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// The outcome of one call, the better the greater.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// Denied for good, the later in the chain the nearer.
    Denied(Option<Reason>),
    /// How many things are lacking, fewest first.
    Lacking(std::cmp::Reverse<usize>),
    Allowed,
}

impl Engine {
    /// Whether a caller can use the tools of a server, by name in order.
    ///
    /// The caller is a call of which method, target, definition, arguments, facts and confirmation do
    /// not matter. A gateway keeps of the server's `tools/list` result what is [`Visibility::Visible`],
    /// perhaps also what is [`Visibility::Lacking`], and may log the reason for the rest. A tool that
    /// is not named here is not known to the policy, and is left out too; so are all where the policy
    /// has no such server. A list that was filtered is no decision: every call is judged by itself.
    ///
    /// A tool is found to be visible by judging calls with arguments that the compiler chose, so that
    /// it is left out only if no arguments whatever would do. Where the compiler could not choose
    /// any, the tool is left out with `evaluation.error`.
    pub fn visible_tools(&self, caller: &Call) -> Vec<ToolVisibility> {
        let servers = self.content().servers.values();
        let mut found = servers.filter(|server| server.identity == caller.server);
        let Some(server) = found.next() else { return Vec::new() };
        let mut call = Call { operation: String::from("tools/call"), ..caller.clone() };
        server.tools.iter().map(|(name, tool)| self.visibility(&mut call, name, tool)).collect()
    }

    fn visibility(&self, call: &mut Call, name: &str, tool: &Tool) -> ToolVisibility {
        name.clone_into(&mut call.target);
        call.tool_digest.clone_from(&tool.digest);
        call.arguments = Ok(Map::new());
        call.facts = Vec::new();
        call.confirmation = None;
        let first = self.decide(call);
        let mut nearest = (nearness(&first), first, None, Vec::new());
        if is_about_arguments(&nearest.1) {
            for probe in tool.probes.iter().flatten() {
                let caller = |attribute: &Attribute| of_caller(call, attribute);
                let (Some(arguments), Some(facts)) =
                    (probe.arguments(&caller), probe.facts(&caller))
                else {
                    continue;
                };
                call.arguments = Ok(arguments.clone());
                call.facts.clone_from(&facts);
                let decision = self.decide_once_confirmed(call);
                let near = nearness(&decision);
                if near > nearest.0 || near == nearest.0 && nearest.2.is_none() {
                    nearest = (near, decision, Some(arguments), facts);
                }
                if nearest.0 == Nearness::Allowed {
                    break;
                }
            }
        }
        let (near, decision, example, facts) = nearest;
        let undecided = tool.probes.is_none() && near != Nearness::Allowed;
        if undecided && is_about_arguments(&decision) {
            return ToolVisibility {
                tool: name.to_owned(),
                visibility: Visibility::Hidden,
                reason: Some(Reason::EvaluationError),
                detail: Some(String::from(
                    "the conditions on the tool's arguments are too many or too involved to tell \
                     whether any would be allowed",
                )),
                lacks: Vec::new(),
                example: None,
                facts: Vec::new(),
            };
        }
        let lacks: Vec<Lack> = lacks(&decision).into_iter().flatten().cloned().collect();
        ToolVisibility {
            tool: name.to_owned(),
            visibility: match near {
                Nearness::Allowed => Visibility::Visible,
                Nearness::Lacking(_) => Visibility::Lacking,
                Nearness::Denied(_) => Visibility::Hidden,
            },
            reason: decision.reason,
            detail: decision.detail,
            lacks: lacks
                .into_iter()
                .filter(|lack| lack.reason != Reason::ConfirmationRequired)
                .collect(),
            example,
            facts,
        }
    }

    /// Judges a call as it would be once the user had confirmed it, if a rule asks for that.
    fn decide_once_confirmed(&self, call: &mut Call) -> Decision {
        call.confirmation = None;
        let decision = self.decide(call);
        let confirms = |lack: &Lack| lack.reason == Reason::ConfirmationRequired;
        let lacking = lacks(&decision);
        let operation = decision.operation.as_ref();
        let (Some(lacking), Some(operation), Some(user)) = (lacking, operation, &call.user) else {
            return decision;
        };
        // With more than that lacking, nothing would be allowed yet.
        if !lacking.iter().all(confirms) {
            return decision;
        }
        call.confirmation = Some(Confirmation {
            id: String::from("visible_tools"),
            operation: operation.clone(),
            user: UserId { issuer: user.issuer.clone(), subject: user.subject.clone() },
            given_at: call.now,
        });
        self.decide(call)
    }
}

/// What the nearest rule lacks; `None` where no rule would allow the call whatever was done.
fn lacks(decision: &Decision) -> Option<&Vec<Lack>> {
    decision.alternatives.first().map(|nearest| &nearest.lacks)
}

fn nearness(decision: &Decision) -> Nearness {
    match lacks(decision) {
        _ if decision.is_allow() => Nearness::Allowed,
        Some(lacks) => Nearness::Lacking(std::cmp::Reverse(lacks.len())),
        None => Nearness::Denied(decision.reason),
    }
}

/// Whether other arguments could change a decision.
fn is_about_arguments(decision: &Decision) -> bool {
    let settled = [Link::Operation, Link::Registration, Link::Credential];
    decision.link.is_none_or(|link| !settled.contains(&link))
        || decision.reason == Some(Reason::InvalidArguments)
}

/// What the caller is, as far as probes refer to it.
fn of_caller(call: &Call, attribute: &Attribute) -> Option<String> {
    let user = call.user.as_ref();
    match attribute {
        Attribute::UserIssuer => user.map(|user| user.issuer.clone()),
        Attribute::UserSubject => user.map(|user| user.subject.clone()),
        Attribute::ClientId => Some(call.client.id.clone()),
        Attribute::TokenAcr => match &call.credential {
            Some(Credential::Oauth(token)) => token.acr.clone(),
            _ => None,
        },
        _ => None,
    }
}
