//! That nothing but what is reported was newly allowed: for each action of the new version,
//! `new + forbid(reported) ⇒ old`, over the facts of one call.

use std::collections::BTreeSet;
use std::time::Instant;

use cedar_policy::{Policy, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{CompiledPolicySet, SymEnv};
use placet_engine::bundle::Feature;
use placet_engine::ids;
use placet_engine::resource::{Pattern, overlaps};
use placet_language::analysis::Budget;
use placet_language::diff::{Concerned, FeatureName, ServerName};
use serde_json::json;

use crate::expr::{Expr, any, has, not, path};
use crate::report::{Certificate, Report};
use crate::rewrite::{Confirmation, Rewriter, Stated, Unknown};
use crate::solver::Solver;
use crate::universe::{Assumption, assumptions};
use crate::version::{Place, Version};
use crate::vocabulary::Vocabulary;
use crate::{Outcome, ProveError, ProveLimits, kinds};

/// What a diff says, as plain data.
pub(crate) struct Said {
    pub(crate) reported: Vec<Concerned>,
    /// What it left undecided, by the server's identity.
    pub(crate) undecided: Vec<(String, FeatureName)>,
}

/// Something that is called, in both versions.
struct Pair<'p> {
    old: Option<&'p Place<'p>>,
    new: &'p Place<'p>,
    /// Of resources, the patterns of both that they fit.
    patterns: Option<BTreeSet<Pattern>>,
}

pub(crate) fn check(
    (old, new): (&Version<'_>, &Version<'_>),
    said: &Said,
    limits: &ProveLimits,
    until: Instant,
    solver: &mut Solver,
    report: &mut Report,
) -> Result<(), ProveError> {
    for (name, server) in &new.content.servers {
        let named = ServerName { name: name.clone(), identity: server.identity.clone() };
        let (before, after) = (old.places(&server.identity), new.places(&server.identity));
        let Some(pairs) = pairs(&before, &after, limits) else {
            report.certificates.push(Certificate {
                server: named,
                feature: FeatureName { kind: "resource", name: String::from("any") },
                reported: 0,
                solved: false,
                outcome: Outcome::Unknown {
                    why: String::from("the resource patterns overlap in too many ways"),
                },
            });
            continue;
        };
        for pair in pairs {
            let feature = feature_name(&pair.new.feature);
            let is_it = |one: &(String, FeatureName)| one.0 == server.identity && one.1 == feature;
            let mut certificate = Certificate {
                server: named.clone(),
                feature: feature.clone(),
                reported: 0,
                solved: false,
                outcome: Outcome::Proved,
            };
            if said.undecided.iter().any(is_it) {
                let why = String::from("the diff left it undecided, so it reports nothing of it");
                certificate.outcome = Outcome::Unknown { why };
            } else if Instant::now() >= until {
                certificate.outcome = crate::over();
            } else {
                let mut proof = Proof { old, new, pair: &pair, said, solver, report };
                match proof.certify(&mut certificate) {
                    Ok(outcome) => certificate.outcome = outcome,
                    Err(why) => certificate.outcome = Outcome::Unknown { why },
                }
            }
            report.certificates.push(certificate);
        }
    }
    Ok(())
}

/// By name then and digest, the receipts that a version knows.
fn receipts(version: &Version<'_>) -> BTreeSet<(String, String)> {
    let all = version.content.terms.values().flat_map(|terms| &terms.versions);
    all.map(|(digest, then)| (then.name.clone(), digest.to_string())).collect()
}

fn feature_name(feature: &Feature) -> FeatureName {
    let kind = match feature {
        Feature::Tool(_) => "tool",
        Feature::Prompt(_) => "prompt",
        Feature::Resources(_) => "resource",
    };
    FeatureName { kind, name: feature.name() }
}

/// Each thing of the new version with what the old one has in its place; `None` where resource
/// patterns overlap in too many ways.
fn pairs<'p>(
    before: &'p [Place<'p>],
    after: &'p [Place<'p>],
    limits: &ProveLimits,
) -> Option<Vec<Pair<'p>>> {
    let mut pairs = Vec::new();
    let patterns = |places: &'p [Place<'p>]| -> BTreeSet<Pattern> {
        let of = places.iter().filter_map(|place| match &place.feature {
            Feature::Resources(patterns) => Some(patterns),
            _ => None,
        });
        of.flatten().cloned().collect()
    };
    for new in after {
        if !matches!(new.feature, Feature::Resources(_)) {
            let old = before.iter().find(|old| old.feature == new.feature);
            pairs.push(Pair { old, new, patterns: None });
        }
    }
    let (of_old, of_new) = (patterns(before), patterns(after));
    let both: BTreeSet<Pattern> = of_old.union(&of_new).cloned().collect();
    for joint in overlaps(&both, limits.resource_sets)? {
        let part =
            |of: &BTreeSet<Pattern>| Feature::Resources(joint.intersection(of).cloned().collect());
        let (in_old, in_new) = (part(&of_old), part(&of_new));
        let Some(new) = after.iter().find(|new| new.feature == in_new) else { continue };
        let old = before.iter().find(|old| old.feature == in_old);
        pairs.push(Pair { old, new, patterns: Some(joint) });
    }
    Some(pairs)
}

struct Proof<'p, 'c> {
    old: &'p Version<'c>,
    new: &'p Version<'c>,
    pair: &'p Pair<'c>,
    said: &'p Said,
    solver: &'p mut Solver,
    report: &'p mut Report,
}

impl Proof<'_, '_> {
    fn certify(&mut self, certificate: &mut Certificate) -> Result<Outcome, Unknown> {
        let mut vocabulary = Vocabulary::default();
        // Asking again by itself is no expansion: what users agree to under the new version counts for
        // the old one as if they had been asked under that.
        let renewed = receipts(self.new).difference(&receipts(self.old)).cloned().collect();
        let nothing = BTreeSet::new();
        let (of_old, of_new) = self.confirmations();
        let Pair { old, new, .. } = self.pair;
        let after = Rewriter {
            version: self.new,
            place: new,
            confirmation: of_new,
            renewed: &nothing,
            vocabulary: &mut vocabulary,
        }
        .policies()?;
        let before = match old {
            Some(old) => Rewriter {
                version: self.old,
                place: old,
                confirmation: of_old,
                renewed: &renewed,
                vocabulary: &mut vocabulary,
            }
            .policies()?,
            None => Vec::new(),
        };
        if is_evident(&before, &after) {
            return Ok(Outcome::Proved);
        }
        let redefined = old.is_some_and(|old| old.tool.digest != new.tool.digest);
        let is_pinned = new.server.pin_tools && !matches!(new.feature, Feature::Resources(_));
        let mut assumed = Vec::new();
        if redefined && !is_pinned {
            // Hosts that say which definition they see are refused by one version whatever the rules
            // say. The diff tells of the other definition by itself.
            let holds = not(has(&path(&[]), "tool_digest"));
            assumed.push(Assumption { holds, told: None });
            let FeatureName { kind, name } = &certificate.feature;
            self.report.not_covered.insert(format!(
                "{kind} `{name}` of {} has another definition: calls that carry the digest of it",
                certificate.server.name
            ));
        }
        let reported = self.reported(&mut vocabulary, of_new)?;
        certificate.reported = reported.len();
        certificate.solved = true;
        let contents = [self.old.content, self.new.content];
        assumed.extend(assumptions(&vocabulary, &contents, Budget::default));
        self.report.trusted.extend(assumed.iter().filter_map(|one| one.told.clone()));
        self.solve(&vocabulary, (&before, &after), &assumed, &reported)
    }

    /// By which definition each version knows an operation that was confirmed.
    fn confirmations(&self) -> (Confirmation, Confirmation) {
        let Pair { old, new, .. } = self.pair;
        let of_new = match self.new.confirms(new) {
            true => Confirmation::Shared,
            false => Confirmation::Never,
        };
        let of_old = match old {
            Some(old) if self.old.confirms(old) => match old.tool.digest == new.tool.digest {
                true => Confirmation::Shared,
                false => Confirmation::OfOld,
            },
            _ => Confirmation::Never,
        };
        (of_old, of_new)
    }

    fn reported(
        &self,
        vocabulary: &mut Vocabulary,
        confirmation: Confirmation,
    ) -> Result<Vec<Expr>, Unknown> {
        let new = self.pair.new;
        let is_here = |one: &&Concerned| {
            one.server == new.server.identity
                && one.feature == new.feature
                && one.patterns == self.pair.patterns
        };
        let here: Vec<&Concerned> = self.said.reported.iter().filter(is_here).collect();
        let mut named = Vec::new();
        for version in [self.old, self.new] {
            let members = version.client_groups.get(ids::ADMITTED_CLIENTS).into_iter().flatten();
            let clients = members.filter_map(|id| version.clients.get(id));
            named.extend(
                clients.map(|(issuer, id)| crate::rewrite::client_is(issuer.as_deref(), id)),
            );
        }
        let named = vocabulary.define("client is named by some version", any(named));
        let renewed = &BTreeSet::new();
        let mut rewriter =
            Rewriter { version: self.new, place: new, confirmation, renewed, vocabulary };
        here.iter().map(|one| crate::cells::reported(one, &mut rewriter, &named)).collect()
    }

    fn solve(
        &mut self,
        vocabulary: &Vocabulary,
        (before, after): (&[Stated], &[Stated]),
        assumed: &[Assumption],
        reported: &[Expr],
    ) -> Result<Outcome, Unknown> {
        let schema = Schema::from_json_value(vocabulary.schema()).map_err(|one| one.to_string())?;
        let mut left: Vec<Policy> = Vec::new();
        let add = |set: &mut Vec<Policy>, permit: bool, holds: &Expr| {
            let id = format!("{}", set.len());
            policy(id, permit, holds).map(|policy| set.push(policy))
        };
        for one in after {
            add(&mut left, one.permit, &one.holds)?;
        }
        for one in assumed {
            add(&mut left, false, &not(one.holds.clone()))?;
        }
        for one in reported {
            add(&mut left, false, one)?;
        }
        let mut right = Vec::new();
        for one in before {
            add(&mut right, one.permit, &one.holds)?;
        }
        let left = PolicySet::from_policies(left).map_err(|error| error.to_string())?;
        let right = PolicySet::from_policies(right).map_err(|error| error.to_string())?;
        for kind in ["User", "Machine"] {
            let env = environment(kind).map_err(|error| error.to_string())?;
            let told = |error| crate::told(&error);
            let symbols = SymEnv::new(&schema, &env).map_err(told)?;
            let compile = |set: &PolicySet| {
                CompiledPolicySet::compile_with_custom_symenv(set, &env, &schema, symbols.clone())
                    .map_err(told)
            };
            let (one, other) = (compile(&left)?, compile(&right)?);
            let outcome = self.solver.implies(&one, &other);
            if !outcome.is_proved() {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Proved)
    }
}

fn environment(kind: &str) -> Result<RequestEnv, ProveError> {
    Ok(RequestEnv::new(kinds::name(kind)?, kinds::uid("Action", "call")?, kinds::name("Server")?))
}

fn policy(id: String, permit: bool, holds: &Expr) -> Result<Policy, Unknown> {
    let any = json!({"op": "All"});
    let policy = json!({
        "effect": if permit { "permit" } else { "forbid" },
        "principal": any,
        "action": any,
        "resource": any,
        "conditions": [{"kind": "when", "body": holds}],
    });
    Policy::from_json(Some(PolicyId::new(id)), policy).map_err(|error| crate::chain(&error))
}

/// Whether it can be seen without a solver: the new version permits by no other policies, and forbids
/// by all that the old one does.
fn is_evident(before: &[Stated], after: &[Stated]) -> bool {
    let part = |of: &[Stated], permit: bool| -> BTreeSet<String> {
        let chosen = of.iter().filter(|one| one.permit == permit);
        chosen.map(|one| one.holds.to_string()).collect()
    };
    part(after, true).is_subset(&part(before, true))
        && part(before, false).is_subset(&part(after, false))
}
