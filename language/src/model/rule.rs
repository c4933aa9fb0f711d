//! Rules: `allow` and `deny`.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Credentials, Target, Who};
use placet_engine::condition::{Condition, Side};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::{Checker, RuleKind};
use crate::model::condition::conjunction;
use crate::model::{Consent, Effect, Held, Rule, Via};
use crate::source::Span;
use crate::syntax::ast::{self, Basis, RuleClause};
use crate::syntax::text::unescape;

/// Tools by server.
type Tools = Vec<(String, BTreeSet<String>)>;

impl<'a> Checker<'a> {
    pub(crate) fn check_rules(
        &mut self,
        consents: &BTreeMap<String, Consent>,
    ) -> BTreeMap<String, Rule> {
        let declared: Vec<(String, RuleKind, &'a ast::Rule)> = self
            .names
            .rules
            .iter()
            .map(|(name, (kind, rule), _)| (name.to_owned(), *kind, *rule))
            .collect();
        let mut rules = BTreeMap::new();
        for (name, kind, rule) in declared {
            let checked = match kind {
                RuleKind::Allow => self.allow(rule, consents),
                RuleKind::Deny => self.deny(rule),
            };
            rules.insert(name, checked);
        }
        self.check_reach();
        rules
    }

    /// Says which capabilities no call can use, whatever the rule says that allows them.
    fn check_reach(&mut self) {
        let held = Held::new(&self.capabilities);
        let allowed = self.names.rules.iter().filter(|(_, (kind, _), _)| *kind == RuleKind::Allow);
        let targets = allowed.flat_map(|(_, (_, rule), _)| &rule.targets);
        let unreachable: Vec<Diagnostic> = targets
            .filter_map(|target| match target {
                ast::Target::Capability(name) => self.unreachable(name, &held),
                ast::Target::Access(..) => None,
            })
            .collect();
        self.diagnostics.extend(unreachable);
    }

    fn unreachable(&self, name: &ast::Name, held: &Held<'_>) -> Option<Diagnostic> {
        let capability = self.capabilities.get(&name.text)?;
        let Credentials::Local { up_to, .. } = &self.servers.get(&capability.server)?.credentials
        else {
            return None;
        };
        // A tool's access is the highest of its capabilities.
        let access =
            capability.tools.iter().filter_map(|tool| held.access(&capability.server, tool));
        let lowest = access.min().filter(|lowest| lowest > up_to)?;
        let message = format!("no call can use `{}`", name.text);
        Some(
            Diagnostic::error(Code::Unreachable, message)
                .at(self.sources, name.span, format!("the access of its tools is {lowest}"))
                .help(format!(
                    "server `{}` accepts `credentials local for {up_to}` only",
                    capability.server
                )),
        )
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
        name: &ast::Name,
        rule: &ast::Rule,
        consents: &BTreeMap<String, Consent>,
    ) -> Option<String> {
        let found = self.names.consents.find(self.sources, name).map(|_| ());
        self.keep(found)?;
        let consent = consents.get(&name.text)?;
        let declared = self.names.consents.span(&name.text);
        for target in &rule.targets {
            let ast::Target::Capability(capability) = target else { continue };
            let known = self.names.capabilities.get(&capability.text).is_some();
            if known && !consent.grants.contains(&capability.text) {
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
        Some(name.text.clone())
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
        let mut targets = BTreeSet::new();
        let mut tools = Tools::new();
        for target in &rule.targets {
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
        let written: Vec<&ast::Expression> = expressions.iter().map(|(one, _)| *one).collect();
        self.untyped(&written, tools);
        if side == Side::Deny {
            self.absences(&written, tools);
        }
        let conditions: Vec<Condition> = expressions
            .into_iter()
            .filter_map(|(expression, negate)| self.condition(expression, negate, tools))
            .collect();
        let because = because.map(|text| self.text(text));
        (conjunction(conditions), because)
    }

    fn who(&mut self, who: &[ast::Who]) -> BTreeSet<Who> {
        let mut checked = BTreeSet::new();
        for one in who {
            match one {
                ast::Who::Anyone(_) => {
                    checked.insert(Who::Anyone);
                }
                ast::Who::Group(name) => {
                    let found = self.names.groups.find(self.sources, name).map(|_| ());
                    if self.keep(found).is_some() {
                        checked.insert(Who::Group(name.text.clone()));
                    }
                }
                ast::Who::User { subject, issuer } => {
                    let issuer = self.issuer(issuer.as_ref(), "user", subject.span);
                    if let Some(issuer) = self.keep(issuer) {
                        checked.insert(Who::User { issuer, subject: unescape(&subject.raw) });
                    }
                }
            }
        }
        checked
    }

    fn via(&mut self, via: Option<&ast::Via>) -> Option<BTreeSet<Via>> {
        let ast::Via::Names(names) = via? else { return None };
        let mut checked = BTreeSet::new();
        for name in names {
            let found = self.names.clients.find(self.sources, name).copied();
            match self.keep(found) {
                Some(super::check::ClientDeclaration::One(_)) => {
                    checked.insert(Via::Client(name.text.clone()));
                }
                Some(super::check::ClientDeclaration::Group(_)) => {
                    checked.insert(Via::Group(name.text.clone()));
                }
                None => {}
            }
        }
        Some(checked)
    }

    fn capability_tools(&self, names: &BTreeSet<String>) -> Tools {
        let capabilities = names.iter().filter_map(|name| self.capabilities.get(name));
        capabilities
            .map(|capability| (capability.server.clone(), capability.tools.clone()))
            .collect()
    }

    /// The tools whose access is a level or above, as everywhere the highest of their capabilities.
    fn access_tools(&self, level: Access) -> Tools {
        self.capabilities
            .values()
            .filter(|capability| capability.access >= level)
            .map(|capability| (capability.server.clone(), capability.tools.clone()))
            .collect()
    }

    /// Where `span` stands, for messages about a whole clause.
    pub(crate) fn text_at(&self, span: Span) -> &'a str {
        let source = self.sources.get(span.file).map(|source| source.inner().as_str());
        source.and_then(|text| text.get(span.start..span.end)).unwrap_or_default()
    }
}
