//! Names: what is said of a difference in the words of the version that allows the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use placet_engine::Digest;
use placet_engine::bundle::{Content, Feature};
use serde_json::{Value, json};

use crate::analysis::Undecided;
use crate::case::Case;
use crate::diff::compare::{Difference, Pair, Side, confirmed_by};
use crate::diff::finding::{Before, Cause, Finding, Meant};
use crate::reach::cell::Cell;
use crate::reach::context::Proof;
use crate::reach::names::{GroupId, Names};
use crate::reach::slice::{Origin, Path, Slice, Whom};
use crate::reach::told::{CredentialKind, FeatureName, RuleName, Unsettled};
use crate::reach::words::{Person, Words, condition};

/// Two sides, and what they call things.
pub(super) struct Naming<'n> {
    pub(super) names: &'n Rc<Names>,
    pub(super) old: Side<'n>,
    pub(super) new: Side<'n>,
}

impl Naming<'_> {
    fn words(&self) -> Words<'_> {
        let sides = [&self.new, &self.old].map(|side| (side.engine.content(), side.sliced));
        Words { names: self.names, sides: sides.to_vec() }
    }

    pub(super) fn unsettled(&self, server: &str, feature: &Feature, why: Undecided) -> Unsettled {
        Unsettled { server: self.words().server(server), feature: FeatureName::of(feature), why }
    }

    pub(super) fn finding(
        &self,
        pair: &Pair<'_>,
        difference: Difference,
        causes: BTreeSet<Cause>,
    ) -> Finding {
        let content = self.new.engine.content();
        let words = self.words();
        let person = Person {
            whom: &difference.whom,
            context: &difference.context,
            claims: &difference.claims,
            call: &difference.call,
        };
        let principal = words.principal(&person, pair.old.into_iter().chain([pair.new]));
        let before = self.old.engine.decide(&confirmed_by(
            &difference.call,
            self.new.engine,
            self.old.engine,
        ));
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
            server: words.server(pair.server),
            feature: FeatureName::of(pair.feature),
            access: pair.new.access,
            principal,
            clients: difference
                .clients
                .iter()
                .map(|one| words.client(one))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            credential: CredentialKind::of(&difference.context.proof),
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
                Whom::Group(id) => self.words().group(*id),
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
}

fn places<'s>(slice: &'s Slice, places: &[usize]) -> Vec<&'s (Path, Origin)> {
    places.iter().filter_map(|place| slice.paths.get(*place)).collect()
}

/// The conditions of some paths, each once.
fn conditions(paths: &[&(Path, Origin)]) -> Vec<String> {
    let all: BTreeSet<String> = paths.iter().map(|(path, _)| condition(path)).collect();
    all.into_iter().collect()
}

fn rule_names(paths: &[&(Path, Origin)], content: &Content) -> Vec<RuleName> {
    let names: BTreeSet<RuleName> =
        paths.iter().map(|(_, origin)| RuleName::of(origin, content)).collect();
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
