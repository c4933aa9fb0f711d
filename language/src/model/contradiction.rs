//! Contradictions: conditions that no call can meet, so that a rule would silently never fire.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{Attribute, Condition, Operand, Side, Test};

use crate::analysis::{Budget, Formula, satisfiable};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Rule;
use crate::model::check::{Checker, RuleDeclaration};
use crate::syntax::ast;

/// How many steps one condition is looked at; beyond, it counts as one that can be met.
const STEPS: usize = 100_000;

impl Checker<'_> {
    /// Says which `where`, which `when` and which of both together no call can meet.
    pub(crate) fn check_contradictions(&mut self, rules: &BTreeMap<String, Rule>) {
        let mut found = Vec::new();
        let mut never = BTreeSet::new();
        for (name, _, span) in self.names.capabilities.iter() {
            let condition = self.capabilities.get(name).and_then(|one| one.condition.as_ref());
            if cannot_be_met(condition.into_iter()) {
                never.insert(name);
                let message = format!("no call can meet the `where` of `{name}`");
                let diagnostic = Diagnostic::error(Code::Unreachable, message)
                    .at(self.sources, span, "can never be used")
                    .help("its parts contradict each other: take one out, or join them with `or`");
                found.push(diagnostic);
            }
        }
        for (name, declared, span) in self.names.rules.iter() {
            let (RuleDeclaration::Allow(written), Some(rule)) = (declared, rules.get(name)) else {
                continue;
            };
            let Some(when) = &rule.when else { continue };
            if cannot_be_met([when].into_iter()) {
                let message = "no call can meet the `when` of this rule";
                let diagnostic = Diagnostic::error(Code::Unreachable, message)
                    .at(self.sources, span, "allows nothing")
                    .help("its parts contradict each other: take one out, or join them with `or`");
                found.push(diagnostic);
                continue;
            }
            for target in &written.targets {
                let ast::Target::Capability(target) = target else { continue };
                let capability = self.capabilities.get(&target.text);
                let condition = capability.and_then(|one| one.condition.as_ref());
                let both = condition.into_iter().chain([when]);
                if never.contains(target.text.as_str()) || !cannot_be_met(both) {
                    continue;
                }
                let message = format!("no call through `{}` can meet this `allow`", target.text);
                let mut diagnostic = Diagnostic::error(Code::Unreachable, message)
                    .at(self.sources, target.span, "never allowed by this rule")
                    .help("the capability's `where` and the rule's `when` contradict each other");
                if let Some(declared) = self.names.capabilities.span(&target.text) {
                    diagnostic = diagnostic.at(self.sources, declared, "the capability");
                }
                found.push(diagnostic);
            }
        }
        self.diagnostics.extend(found);
    }
}

/// Whether no call meets all of some conditions. What cannot be told counts as no.
fn cannot_be_met<'c>(conditions: impl Iterator<Item = &'c Condition> + Clone) -> bool {
    // Tests of different things do not contradict each other.
    let mut read = BTreeSet::new();
    let mut operands = conditions.clone().flat_map(Condition::atoms).flat_map(|atom| {
        let other = match &atom.test {
            Test::SameAs(other) => Some(other),
            _ => None,
        };
        [Some(&atom.operand), other].into_iter().flatten()
    });
    if operands.all(|operand| read.insert(variable(operand))) {
        return false;
    }
    let all = conditions.map(|one| Formula::of(one, Side::Allow, true)).collect();
    matches!(satisfiable(&Formula::All(all), &Budget::new(STEPS)), Ok(None))
}

/// What may be said freely: an argument with all its members, or another attribute.
fn variable(operand: &Operand) -> Result<&str, &Attribute> {
    match &operand.attribute {
        Attribute::Argument(argument) if argument.computed.is_none() => {
            Ok(argument.path.first().map(String::as_str).unwrap_or_default())
        }
        other => Err(other),
    }
}
