//! Names: what is said of a difference in the words of the version that allows the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use placet_engine::Digest;
use placet_engine::bundle::{Content, Feature, Source};
use placet_engine::call::Registration;
use placet_engine::condition::quote;
use serde_json::{Value, json};

use crate::analysis::Undecided;
use crate::case::Case;
use crate::diff::cell::Cell;
use crate::diff::compare::{Difference, Pair, Side};
use crate::diff::finding::{
    Before, Cause, CredentialKind, FeatureName, Finding, Meant, RuleName, ServerName, Unsettled,
};
use crate::reach::client::ClientClass;
use crate::reach::context::{Principal, Proof};
use crate::reach::expression::Claim;
use crate::reach::names::{GroupId, Names};
use crate::reach::slice::{Origin, Path, Slice, Whom};
use crate::reach::witness::is_member;

/// Two sides, and what they call things.
pub(super) struct Naming<'n> {
    pub(super) names: &'n Rc<Names>,
    pub(super) old: Side<'n>,
    pub(super) new: Side<'n>,
}

impl Naming<'_> {
    fn server(&self, identity: &str) -> ServerName {
        let known = |content: &Content| {
            let mut servers = content.servers.iter();
            servers.find(|(_, one)| one.identity == identity).map(|(name, _)| name.clone())
        };
        let name = known(self.new.engine.content()).or_else(|| known(self.old.engine.content()));
        ServerName {
            name: name.unwrap_or_else(|| identity.to_owned()),
            identity: identity.to_owned(),
        }
    }

    pub(super) fn unsettled(&self, server: &str, feature: &Feature, why: Undecided) -> Unsettled {
        Unsettled { server: self.server(server), feature: FeatureName::of(feature), why }
    }

    pub(super) fn finding(
        &self,
        pair: &Pair<'_>,
        difference: Difference,
        causes: BTreeSet<Cause>,
    ) -> Finding {
        let content = self.new.engine.content();
        let before = self.old.engine.decide(&difference.call);
        let allowing = places(pair.new, &difference.allowing);
        let except = pair.old.map(|old| places(old, &difference.except)).unwrap_or_default();
        let meant = json!({
            "server": pair.server,
            "feature": FeatureName::of(pair.feature),
            "principal": self.meant(&difference),
            "when": conditions(&allowing),
            "except": conditions(&except),
            "gates": difference.gates,
        });
        Finding {
            fingerprint: String::new(),
            meant: Meant { text: meant.to_string(), cells: vec![self.cell(pair, &difference)] },
            server: self.server(pair.server),
            feature: FeatureName::of(pair.feature),
            access: pair.new.access,
            principal: self.principal(pair, &difference),
            clients: difference.clients.iter().map(|one| self.client(one)).collect(),
            credential: match difference.context.proof {
                Proof::Token { .. } => CredentialKind::Token,
                Proof::ApiKey => CredentialKind::ApiKey,
                Proof::Local => CredentialKind::Local,
            },
            reach: difference.reach,
            gates: difference.gates,
            rules: rule_names(&allowing, content),
            when: conditions(&allowing),
            except: rule_names(&except, self.old.engine.content()),
            before: Before {
                reason: before.reason,
                detail: before.detail,
                rules: before
                    .rules
                    .into_iter()
                    .map(|one| RuleName { rule: one.id, capability: None, source: one.source })
                    .collect(),
            },
            causes,
            witness: Case::of_call(&difference.call, content).to_string(),
            call: difference.call,
        }
    }

    fn cell(&self, pair: &Pair<'_>, difference: &Difference) -> Cell {
        Cell {
            names: Rc::clone(self.names),
            server: pair.server.to_owned(),
            feature: pair.feature.clone(),
            patterns: pair.patterns.clone(),
            whom: difference.whom.clone(),
            group: match &difference.whom {
                Whom::Group(id) => self.group(*id),
                _ => None,
            },
            claims: difference.claims.clone(),
            proof: difference.context.proof.clone(),
            clients: difference.clients.clone(),
        }
    }

    /// Whoever a difference is about, without the names that authors gave.
    fn meant(&self, difference: &Difference) -> Value {
        let whom = match &difference.whom {
            Whom::Anyone => json!("anyone"),
            Whom::Machine => json!("machine"),
            Whom::Group(id) => json!({"group": self.group_digest(*id)}),
            Whom::User { issuer, subject } => json!({"issuer": issuer, "subject": subject}),
        };
        let claims: Vec<Value> = difference
            .claims
            .iter()
            .map(|claim| json!({"claim": claim.path, "has": claim.has}))
            .collect();
        let proof = match &difference.context.proof {
            Proof::Token { issuer } => json!({"token": issuer}),
            Proof::ApiKey => json!("api_key"),
            Proof::Local => json!("local"),
        };
        json!({"whom": whom, "claims": claims, "proof": proof})
    }

    /// What a group is, in few characters.
    fn group_digest(&self, id: GroupId) -> String {
        // INVARIANT: groups have greater numbers than those that they speak of.
        let mut left = vec![id];
        let mut all = BTreeSet::new();
        while let Some(id) = left.pop() {
            if let Some(group) = self.names.group(id).filter(|_| all.insert(id)) {
                left.extend(group.others());
            }
        }
        let mut digests: BTreeMap<GroupId, String> = BTreeMap::new();
        for id in all {
            let Some(group) = self.names.group(id) else { continue };
            let of = |ids: &BTreeSet<GroupId>| -> BTreeSet<String> {
                ids.iter().filter_map(|id| digests.get(id).cloned()).collect()
            };
            let own = group
                .own
                .as_ref()
                .map(|own| json!([own.issuer, own.claim.path, own.claim.has, of(&own.and_in)]));
            let value = json!([own, of(&group.holds)]);
            digests.insert(id, Digest::of_bytes(value.to_string().as_bytes()).to_string());
        }
        digests.remove(&id).unwrap_or_default()
    }

    fn group(&self, id: GroupId) -> Option<String> {
        let known = |side: &Side<'_>| {
            let mut groups = side.sliced.groups.iter();
            groups.find(|(_, one)| **one == id).map(|(name, _)| name.clone())
        };
        known(&self.new).or_else(|| known(&self.old))
    }

    /// The principal in words.
    fn principal(&self, pair: &Pair<'_>, difference: &Difference) -> String {
        let issuer = difference.context.issuer();
        let issuers: BTreeSet<&String> = pair
            .old
            .into_iter()
            .chain([pair.new])
            .flat_map(|slice| match &slice.server.credentials {
                placet_engine::bundle::Credentials::Oauth { issuers, .. } => {
                    issuers.iter().collect()
                }
                placet_engine::bundle::Credentials::Local { .. } => Vec::new(),
            })
            .collect();
        let token = matches!(difference.context.proof, Proof::Token { .. });
        let of_issuer = match (issuer, token && issuers.len() > 1) {
            (Some(issuer), true) => format!(" of {}", quote(issuer)),
            _ => String::new(),
        };
        let whom = match &difference.whom {
            Whom::Anyone => format!("anyone{of_issuer}"),
            Whom::Machine => match (&difference.context.proof, issuers.len() > 1) {
                (Proof::Token { issuer }, true) => format!("machine of {}", quote(issuer)),
                _ => String::from("machine"),
            },
            Whom::Group(id) => {
                self.group(*id).unwrap_or_else(|| String::from("members of a group"))
            }
            Whom::User { issuer, subject } => {
                format!("user {} of {}", quote(subject), quote(issuer))
            }
        };
        let also = self.also(difference);
        if also.is_empty() {
            whom
        } else {
            format!("{whom} who are also in {}", also.join(" and "))
        }
    }

    /// The groups that a principal must be in besides.
    fn also(&self, difference: &Difference) -> Vec<String> {
        if difference.context.principal == Principal::Machine {
            return Vec::new();
        }
        // The claims that are there for another cause than whom the rule concerns.
        let concerns = |claims: &BTreeSet<Claim>| match &difference.whom {
            Whom::Group(id) => {
                let mut call = difference.call.clone();
                if let Some(user) = &mut call.user {
                    user.claims = crate::reach::witness::claims_of(claims);
                }
                is_member(&call, *id, self.names)
            }
            _ => true,
        };
        let mut needed = difference.claims.clone();
        for claim in &difference.claims {
            let mut fewer = needed.clone();
            fewer.remove(claim);
            if concerns(&fewer) {
                needed = fewer;
            }
        }
        let besides: Vec<&Claim> = difference.claims.difference(&needed).collect();
        let mut groups = self.new.sliced.groups.iter().chain(&self.old.sliced.groups);
        besides
            .into_iter()
            .map(|claim| {
                let mut of_claim = groups.by_ref().filter(|(_, id)| {
                    let own = self.names.group(**id).and_then(|group| group.own.as_ref());
                    own.is_some_and(|own| {
                        own.claim == *claim && difference.context.issuer() == Some(&own.issuer)
                    })
                });
                match of_claim.next() {
                    Some((name, _)) => name.clone(),
                    None => {
                        format!("those whose {} has {}", claim.path.join("."), quote(&claim.has))
                    }
                }
            })
            .collect()
    }

    /// A client in words.
    fn client(&self, class: &ClientClass) -> String {
        let client = &class.client;
        let known = |content: &Content| {
            let mut clients = content.clients.iter();
            let same = clients.find(|(_, one)| one.id == client.id && one.issuer == client.issuer);
            same.map(|(name, _)| name.clone())
        };
        let name = known(self.new.engine.content()).or_else(|| known(self.old.engine.content()));
        let usual = match &client.issuer {
            Some(_) => Registration::Preregistered,
            None => Registration::MetadataDocument,
        };
        match (name, class.domain(), &client.issuer) {
            (Some(name), _, _) if client.registration == usual => name,
            (Some(name), _, _) => format!("{name} registered by {}", client.registration.as_str()),
            (None, Some(domain), _) => format!("any client of {domain}"),
            (None, None, Some(issuer)) => {
                format!("any {} client of {issuer}", client.registration.as_str())
            }
            (None, None, None) => quote(&client.id),
        }
    }
}

fn places<'s>(slice: &'s Slice, places: &[usize]) -> Vec<&'s (Path, Origin)> {
    places.iter().filter_map(|place| slice.paths.get(*place)).collect()
}

/// The conditions of some paths, each once: where and when, as far as there are any.
fn conditions(paths: &[&(Path, Origin)]) -> Vec<String> {
    let one = |(path, _): &&(Path, Origin)| {
        let parts = [&path.condition, &path.when].into_iter().flatten();
        let parts: Vec<String> = parts.map(ToString::to_string).collect();
        if parts.is_empty() { String::from("always") } else { parts.join(" and ") }
    };
    let all: BTreeSet<String> = paths.iter().map(one).collect();
    all.into_iter().collect()
}

fn rule_names(paths: &[&(Path, Origin)], content: &Content) -> Vec<RuleName> {
    let names: BTreeSet<RuleName> = paths
        .iter()
        .map(|(_, origin)| RuleName {
            rule: origin.rule.clone(),
            capability: origin.capability.clone(),
            source: content
                .rules
                .get(&origin.rule)
                .map_or(Source { file: String::new(), line: 0 }, |rule| rule.source.clone()),
        })
        .collect();
    names.into_iter().collect()
}

fn fingerprint(meant: &Meant) -> String {
    let clients: BTreeSet<String> = meant.cells.iter().flat_map(Cell::clients).collect();
    let text = json!({"meant": meant.text, "clients": clients}).to_string();
    let digest = Digest::of_bytes(text.as_bytes());
    digest.as_str().trim_start_matches("sha256-").chars().take(16).collect()
}

/// The findings in order, each once; alike ones through other clients are one finding.
pub(super) fn merged(found: Vec<Finding>) -> Vec<Finding> {
    let mut merged: BTreeMap<String, Finding> = BTreeMap::new();
    for finding in found {
        let alike = json!([
            finding.server,
            finding.feature,
            finding.principal,
            finding.credential,
            finding.gates,
            finding.reach,
            finding.rules,
            finding.when,
            finding.except,
            finding.before.reason,
            finding.before.rules,
            finding.causes,
        ]);
        match merged.get_mut(&alike.to_string()) {
            None => {
                merged.insert(alike.to_string(), finding);
            }
            Some(known) => {
                let new = finding.clients.into_iter().filter(|one| !known.clients.contains(one));
                known.clients.extend(new.collect::<Vec<_>>());
                known.clients.sort();
                known.meant.cells.extend(finding.meant.cells);
            }
        }
    }
    let mut merged: Vec<Finding> = merged.into_values().collect();
    for finding in &mut merged {
        finding.fingerprint = fingerprint(&finding.meant);
    }
    merged
}
