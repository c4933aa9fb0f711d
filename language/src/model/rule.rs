//! Rules: `allow` and `deny`, and what all rules share.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Credentials, Feature, Group, Target, Who};
use placet_engine::condition::{Condition, Side};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::{Checker, RuleDeclaration};
use crate::model::client::Clients;
use crate::model::condition::conjunction;
use crate::model::{Consent, Effect, Rule, Via};
use crate::source::Span;
use crate::syntax::ast::{self, Basis, RuleClause};
use crate::syntax::text::unescape;

/// Tools and other features by server.
pub(crate) type Tools = Vec<(String, BTreeSet<Feature>)>;

impl<'a> Checker<'a> {
    pub(crate) fn check_rules(
        &mut self,
        consents: &BTreeMap<String, Consent>,
        groups: &BTreeMap<String, Group>,
        clients: &Clients,
    ) -> BTreeMap<String, Rule> {
        let declared = self.names.rules.iter();
        let declared: Vec<(String, RuleDeclaration<'a>)> =
            declared.map(|(name, rule, _)| (name.to_owned(), *rule)).collect();
        let mut rules = BTreeMap::new();
        for (name, rule) in declared {
            let checked = match rule {
                RuleDeclaration::Allow(rule) => self.allow(rule, consents),
                RuleDeclaration::Deny(rule) => self.deny(rule),
                RuleDeclaration::Require(rule) => self.require(rule, consents),
            };
            rules.insert(name, checked);
        }
        self.check_reach(&rules, groups, clients);
        self.check_contradictions(&rules);
        rules
    }

    fn allow(&mut self, rule: &'a ast::Rule, consents: &BTreeMap<String, Consent>) -> Rule {
        if rule.via.is_none() {
            self.missing(
                "`allow`",
                "via",
                rule.name.span,
                "say through which clients: `via editors`, or `via any client` for every one that \
                 the policy names",
            );
        }
        let mut capabilities = BTreeSet::new();
        for target in &rule.targets {
            match target {
                ast::Target::Capability(name) => {
                    let found = self.names.capabilities.find(self.sources, name).map(|_| ());
                    if self.keep(found).is_some() {
                        capabilities.insert(name.text.clone());
                    }
                }
                ast::Target::Access(_, span) => {
                    let diagnostic = Diagnostic::error(
                        Code::ClauseMisplaced,
                        "an `allow` names capabilities, not access levels",
                    )
                    .at(self.sources, *span, "a tool added tomorrow would be allowed too")
                    .help("name the capabilities one by one; `access` is for `deny`");
                    self.say(diagnostic);
                }
            }
        }
        let tools = self.capability_tools(&capabilities);
        let (when, because) = self.clauses(rule, &tools, Side::Allow);
        self.machines(rule, &capabilities);
        let under = match &rule.basis {
            Some(Basis::Under(name)) => self.under(name, rule, consents),
            Some(Basis::WithoutConsent(span)) => {
                if because.is_none() {
                    let diagnostic = Diagnostic::error(
                        Code::ClauseMissing,
                        "access without consent has no reason",
                    )
                    .at(self.sources, *span, "`because` is missing")
                    .help("say why nobody is asked: `without consent because \"…\"`");
                    self.say(diagnostic);
                }
                None
            }
            None => {
                self.missing(
                    "`allow`",
                    "under",
                    rule.name.span,
                    "name the consent that stands behind it: `under triage`, or write \
                     `without consent because \"…\"`",
                );
                None
            }
        };
        Rule {
            who: self.who(&rule.who),
            via: self.via(rule.via.as_ref()),
            effect: Effect::Allow { capabilities, under },
            when,
            because,
            source: self.source(rule.keyword),
        }
    }

    fn under(
        &mut self,
        name: &'a ast::Name,
        rule: &'a ast::Rule,
        consents: &BTreeMap<String, Consent>,
    ) -> Option<String> {
        let found = self.names.consents.find(self.sources, name).map(|_| ());
        self.keep(found)?;
        let consent = consents.get(&name.text)?;
        let declared = self.names.consents.span(&name.text);
        // As they are written: what is wrong with one of them is said where it stands.
        let clauses = self.names.consents.get(&name.text).map(|(_, clauses)| *clauses);
        let granted: Vec<&str> = clauses
            .into_iter()
            .flatten()
            .filter_map(|clause| match clause {
                ast::ConsentClause::Grants(names) => Some(names),
                _ => None,
            })
            .flatten()
            .map(|one| one.text.as_str())
            .collect();
        // One that is misspelt may be any.
        let misspelt = granted.iter().any(|one| self.names.capabilities.get(one).is_none());
        for target in &rule.targets {
            let ast::Target::Capability(capability) = target else { continue };
            let known = self.names.capabilities.get(&capability.text).is_some();
            if known && !misspelt && !granted.contains(&capability.text.as_str()) {
                let mut diagnostic = Diagnostic::error(
                    Code::NeverGranted,
                    format!("consent `{}` does not grant `{}`", name.text, capability.text),
                )
                .at(self.sources, capability.span, "never allowed by this rule")
                .help(format!(
                    "add `{}` to the consent's `grants`, or leave it out here",
                    capability.text
                ));
                if let Some(declared) = declared {
                    diagnostic = diagnostic.at(self.sources, declared, "the consent");
                }
                self.say(diagnostic);
            }
        }
        self.consent_clients(name, rule, consent);
        Some(name.text.clone())
    }

    /// Says that no client can be both the rule's and the consent's.
    fn consent_clients(&mut self, name: &ast::Name, rule: &'a ast::Rule, consent: &Consent) {
        let rule_via = self.via_quietly(rule.via.as_ref());
        let (Some(of_rule), Some(of_consent)) = (rule_via, &consent.via) else { return };
        let may_share = of_rule.iter().any(|one| of_consent.iter().any(|two| self.share(one, two)));
        if may_share || of_rule.is_empty() || of_consent.is_empty() {
            return;
        }
        let mut diagnostic = Diagnostic::error(
            Code::ConsentClients,
            format!("consent `{}` is not for these clients", name.text),
        )
        .at(self.sources, name.span, "none of the rule's clients may be given it")
        .help("let the consent's `via` and the rule's `via` name the same clients");
        if let Some(declared) = self.names.consents.span(&name.text) {
            diagnostic = diagnostic.at(self.sources, declared, "the consent");
        }
        self.say(diagnostic);
    }

    fn via_quietly(&mut self, via: Option<&ast::Via>) -> Option<BTreeSet<Via>> {
        let said = self.diagnostics.len();
        let via = self.via(via);
        self.diagnostics.truncate(said);
        via
    }

    /// Whether some client could be both.
    fn share(&self, one: &Via, other: &Via) -> bool {
        let members = |via: &Via| -> Option<BTreeSet<String>> {
            match via {
                Via::Client(name) => Some(BTreeSet::from([name.clone()])),
                Via::Group(name) => match self.names.clients.get(name) {
                    Some(super::check::ClientDeclaration::Group(members)) => {
                        Some(members.iter().map(|client| client.name.text.clone()).collect())
                    }
                    _ => None,
                },
                Via::Registration(_) | Via::Domain(_) => None,
            }
        };
        match (members(one), members(other)) {
            (Some(one), Some(other)) => !one.is_disjoint(&other),
            _ => match (one, other) {
                (Via::Registration(one), Via::Registration(other)) => one == other,
                (Via::Domain(one), Via::Domain(other)) => one == other,
                _ => true,
            },
        }
    }

    fn deny(&mut self, rule: &'a ast::Rule) -> Rule {
        if let Some(basis) = &rule.basis {
            let span = match basis {
                Basis::Under(name) => name.span,
                Basis::WithoutConsent(span) => *span,
            };
            let diagnostic =
                Diagnostic::error(Code::ClauseMisplaced, "a `deny` stands on no consent")
                    .at(self.sources, span, "has no meaning here")
                    .help("leave it out: a `deny` holds whatever anybody agreed to");
            self.say(diagnostic);
        }
        let (targets, tools) = self.targets(&rule.targets);
        self.reach(rule.name.span, "deny", &tools);
        let (when, because) = self.clauses(rule, &tools, Side::Deny);
        Rule {
            who: self.who(&rule.who),
            via: self.via(rule.via.as_ref()),
            effect: Effect::Deny { targets },
            when,
            because,
            source: self.source(rule.keyword),
        }
    }

    /// What a `deny` or a `require` is about, and its tools.
    pub(crate) fn targets(&mut self, written: &[ast::Target]) -> (BTreeSet<Target>, Tools) {
        let mut targets = BTreeSet::new();
        let mut tools = Tools::new();
        for target in written {
            match target {
                ast::Target::Capability(name) => {
                    let found = self.names.capabilities.find(self.sources, name).map(|_| ());
                    if self.keep(found).is_some() {
                        let named = BTreeSet::from([name.text.clone()]);
                        tools.extend(self.capability_tools(&named));
                        targets.insert(Target::Capability(name.text.clone()));
                    }
                }
                ast::Target::Access(level, _) => {
                    let level = self.access(level);
                    if let Some(level) = self.keep(level) {
                        tools.extend(self.access_tools(level));
                        targets.insert(Target::Access(level));
                    }
                }
            }
        }
        (targets, tools)
    }

    /// Warns of a rule that forbids and can never do so. A pack's rules are for policies of all kinds.
    pub(crate) fn reach(&mut self, name: Span, kind: &str, tools: &Tools) {
        let known = tools.iter().any(|(_, features)| !features.is_empty());
        // With a name that nothing declares, or a capability that is empty by mistake, more was said.
        if known || !tools.is_empty() || self.packs.contains(&name.file) || self.is_unfinished() {
            return;
        }
        let diagnostic =
            Diagnostic::error(Code::Unreachable, format!("this `{kind}` can never apply"))
                .warning()
                .at(self.sources, name, "no capability holds a tool that it is about")
                .help("leave the rule out, or check the access levels of the capabilities");
        self.say(diagnostic);
    }

    /// A machine has nobody who could consent, and no local server lets one in.
    fn machines(&mut self, rule: &'a ast::Rule, capabilities: &BTreeSet<String>) {
        let machine = rule.who.iter().find_map(|who| match who {
            ast::Who::Machine(span) => Some(*span),
            _ => None,
        });
        let Some(machine) = machine else { return };
        if let Some(Basis::Under(consent)) = &rule.basis {
            let diagnostic =
                Diagnostic::error(Code::MachineConsent, "a machine has nobody who could consent")
                    .at(self.sources, machine, "acts without a user")
                    .at(self.sources, consent.span, "a user's consent")
                    .help(
                        "write a rule for machines by themselves: `allow … machine via … to … \
                         without consent because \"…\"`",
                    );
            self.say(diagnostic);
        }
        let local =
            capabilities.iter().filter_map(|name| self.capabilities.get(name)).find(|one| {
                let server = self.servers.get(&one.server);
                server.is_some_and(|one| matches!(one.credentials, Credentials::Local { .. }))
            });
        if let Some(local) = local {
            let diagnostic = Diagnostic::error(
                Code::Unreachable,
                format!("no machine can use local server `{}`", local.server),
            )
            .at(self.sources, machine, "acts without a user")
            .help("a local server belongs to the user who started it: name users here");
            self.say(diagnostic);
        }
    }

    /// The condition and the reason.
    fn clauses(
        &mut self,
        rule: &'a ast::Rule,
        tools: &Tools,
        side: Side,
    ) -> (Option<Condition>, Option<String>) {
        let (mut when, mut unless, mut because) = (None, None, None);
        for clause in &rule.clauses {
            match clause {
                RuleClause::When(expression, span) => {
                    self.once(&mut when, (expression, false), "when", *span);
                }
                RuleClause::Unless(expression, span) => {
                    self.once(&mut unless, (expression, true), "unless", *span);
                }
                RuleClause::Because(text) => {
                    self.once(&mut because, text, "because", text.span);
                }
            }
        }
        let expressions: Vec<(&ast::Expression, bool)> = when.into_iter().chain(unless).collect();
        self.untyped(&expressions, tools);
        if side == Side::Deny {
            self.absences(&expressions, tools);
        }
        let conditions: Vec<Condition> = expressions
            .into_iter()
            .filter_map(|(expression, negate)| self.condition(expression, negate, tools))
            .collect();
        let because = because.map(|text| self.text(text));
        (conjunction(conditions), because)
    }

    pub(crate) fn who(&mut self, who: &[ast::Who]) -> BTreeSet<Who> {
        let mut checked = BTreeSet::new();
        for one in who {
            match one {
                ast::Who::Anyone(_) => {
                    checked.insert(Who::Anyone);
                }
                ast::Who::Machine(_) => {
                    checked.insert(Who::Machine);
                }
                ast::Who::Group(name) => {
                    let found = self.names.groups.find(self.sources, name).map(|_| ());
                    if self.keep(found).is_some() {
                        checked.insert(Who::Group(name.text.clone()));
                    }
                }
                ast::Who::User { subject, issuer } => {
                    if let Some(issuer) = self.issuer(issuer.as_ref(), "user", subject.span) {
                        checked.insert(Who::User { issuer, subject: unescape(&subject.raw) });
                    }
                }
            }
        }
        checked
    }

    fn capability_tools(&self, names: &BTreeSet<String>) -> Tools {
        let capabilities = names.iter().filter_map(|name| self.capabilities.get(name));
        capabilities
            .map(|capability| (capability.server.clone(), capability.features.clone()))
            .collect()
    }

    /// The tools whose access is a level or above, as everywhere the highest of their capabilities.
    fn access_tools(&self, level: Access) -> Tools {
        self.capabilities
            .values()
            .filter(|capability| capability.access >= level)
            .map(|capability| (capability.server.clone(), capability.features.clone()))
            .collect()
    }
}
