//! Coverage: which rules decided a case, and which uses of a consent some case touched.

use std::collections::BTreeMap;

use placet_engine::bundle::{self, Content, Effect, Otherwise, Source};
use placet_engine::{Call, Decision, Explanation, Reason, Remedy};

/// A tool, a prompt or resources, used through a capability under a consent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The consent.
    pub consent: String,
    /// The capability that it grants.
    pub capability: String,
    /// What the capability holds: the tool's or prompt's name, or the patterns of the resources.
    pub tool: String,
}

/// What cases covered of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Every rule of the policy's own files, where it stands, and whether it was the reason that a call
    /// was allowed or denied. A rule of a pack may stop what this policy never allows.
    pub rules: BTreeMap<String, (Source, bool)>,
    /// Every tool of every capability that a consent grants, and whether a call that was allowed, or
    /// came nearest to it, came by it.
    pub uses: BTreeMap<Use, bool>,
}

impl Coverage {
    /// Nothing is covered yet.
    pub(crate) fn new(content: &Content) -> Self {
        let own = content.rules.iter().filter(|(_, rule)| !rule.source.file.contains('/'));
        let rules = own.map(|(name, rule)| (name.clone(), (rule.source.clone(), false))).collect();
        let mut uses = BTreeMap::new();
        for (consent, terms) in &content.terms {
            for capability in &terms.grants {
                let Some(declared) = content.capabilities.get(capability) else { continue };
                let server = content.servers.get(&declared.server);
                let features = server.into_iter().flat_map(bundle::Server::features);
                for (feature, _) in
                    features.filter(|(_, held)| held.capabilities.contains(capability))
                {
                    let used = Use {
                        consent: consent.clone(),
                        capability: capability.clone(),
                        tool: feature.name(),
                    };
                    uses.insert(used, false);
                }
            }
        }
        Self { rules, uses }
    }

    /// Counts a call that was judged.
    pub(crate) fn add(&mut self, content: &Content, call: &Call, explanation: &Explanation) {
        let decision = &explanation.decision;
        let mut reasons: Vec<&String> = Vec::new();
        if decision.is_allow() || decision.reason == Some(Reason::RuleDenied) {
            reasons.extend(decision.rules.iter().map(|rule| &rule.id));
        }
        let unmet = explanation.requires.iter().map(|unmet| &unmet.rule);
        reasons.extend(unmet.filter(|name| {
            let rule = content.rules.get(*name);
            rule.is_some_and(|rule| asks(&rule.effect, decision))
        }));
        for name in reasons {
            if let Some((_, covered)) = self.rules.get_mut(name) {
                *covered = true;
            }
        }
        let Some(tool) = content.feature(call).map(|feature| feature.name()) else { return };
        let allowing = explanation.allows.iter().filter(|allow| allow.lacks.is_empty());
        let allowing = allowing.map(|allow| (&allow.rule, &allow.capability));
        // The nearest rule is the first; the others are other ways.
        let nearest = decision.alternatives.first().map(|one| (&one.rule, &one.capability));
        let chosen: Vec<_> = match decision.is_allow() {
            true => allowing.collect(),
            false => nearest.into_iter().collect(),
        };
        for (rule, capability) in chosen {
            let effect = content.rules.get(rule).map(|rule| &rule.effect);
            let Some(Effect::Allow { under: Some(consent), .. }) = effect else { continue };
            let used = Use {
                consent: consent.clone(),
                capability: capability.clone(),
                tool: tool.clone(),
            };
            if let Some(covered) = self.uses.get_mut(&used) {
                *covered = true;
            }
        }
    }

    /// The rules that decided nothing, in the order of their names.
    pub fn uncovered_rules(&self) -> impl Iterator<Item = (&String, &Source)> {
        let open = self.rules.iter().filter(|(_, (_, covered))| !covered);
        open.map(|(name, (source, _))| (name, source))
    }

    /// The uses that no case touched, in their order.
    pub fn uncovered_uses(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(|(_, covered)| !**covered).map(|(used, _)| used)
    }

    /// How many rules and uses there are.
    pub fn total(&self) -> usize {
        self.rules.len().saturating_add(self.uses.len())
    }

    /// How many of them are covered.
    pub fn covered(&self) -> usize {
        let open = self.uncovered_rules().count().saturating_add(self.uncovered_uses().count());
        self.total().saturating_sub(open)
    }

    /// The share that is covered, in tenths of a percent, rounded down; of nothing, all is covered.
    pub fn per_mille(&self) -> usize {
        self.covered().saturating_mul(1_000).checked_div(self.total()).unwrap_or(1_000)
    }

    /// The share that is covered, such as `66.6 %`.
    pub fn percent(&self) -> String {
        let tenths = self.per_mille();
        let (whole, rest) = (tenths.checked_div(10), tenths.checked_rem(10));
        format!("{}.{} %", whole.unwrap_or_default(), rest.unwrap_or_default())
    }

    /// Whether so many percent are covered; nothing is rounded.
    pub fn reaches(&self, percent: u8) -> bool {
        self.covered().saturating_mul(100) >= self.total().saturating_mul(usize::from(percent))
    }
}

/// Whether what a call was denied for is what a requirement asks of the user.
fn asks(effect: &Effect, decision: &Decision) -> bool {
    let Effect::Require { otherwise: Some(otherwise), .. } = effect else { return false };
    match (otherwise, &decision.remedy) {
        (Otherwise::Reauthenticate { .. }, Some(Remedy::Reauthenticate { .. }))
        | (Otherwise::Confirm { .. }, Some(Remedy::Confirm { .. })) => true,
        (Otherwise::Ask { terms }, Some(Remedy::Consent { terms: asked, .. })) => terms == asked,
        _ => false,
    }
}
