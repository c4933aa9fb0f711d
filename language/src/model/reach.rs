//! Reach: whether any call at all can meet an `allow`.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Credentials, Group, Who};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::{Checker, RuleDeclaration};
use crate::model::client::Clients;
use crate::model::{Held, Rule, Via};
use crate::syntax::ast::{self, Name};

/// Some issuers, or any.
enum Issuers<'p> {
    Any,
    These(BTreeSet<&'p str>),
}

impl<'p> Issuers<'p> {
    fn of(issuer: Option<&'p String>) -> Self {
        issuer.map_or(Self::Any, |issuer| Self::These(BTreeSet::from([issuer.as_str()])))
    }

    fn has(&self, issuer: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(issuers) => issuers.contains(issuer),
        }
    }
}

impl Checker<'_> {
    /// Says which capabilities no call can use through the rule that allows them.
    pub(crate) fn check_reach(
        &mut self,
        rules: &BTreeMap<String, Rule>,
        groups: &BTreeMap<String, Group>,
        clients: &Clients,
    ) {
        let held = Held::new(&self.capabilities);
        let mut unreachable = Vec::new();
        for (name, declared, _) in self.names.rules.iter() {
            let (RuleDeclaration::Allow(written), Some(rule)) = (declared, rules.get(name)) else {
                continue;
            };
            for target in &written.targets {
                let ast::Target::Capability(capability) = target else { continue };
                let found = self.beyond_credentials(capability, &held);
                unreachable.extend(
                    found.or_else(|| self.beyond_issuers(capability, rule, groups, clients)),
                );
            }
        }
        self.diagnostics.extend(unreachable);
    }

    /// A capability of more access than any credential of its server reaches.
    fn beyond_credentials(&self, name: &Name, held: &Held<'_>) -> Option<Diagnostic> {
        let capability = self.capabilities.get(&name.text)?;
        let (kind, up_to) = match &self.servers.get(&capability.server)?.credentials {
            Credentials::Local { up_to, .. } => ("local", *up_to),
            Credentials::Oauth { issuers, api_keys: Some(keys) } if issuers.is_empty() => {
                ("api_key", keys.up_to)
            }
            Credentials::Oauth { .. } => return None,
        };
        // A tool's access is the highest of its capabilities.
        let access =
            capability.features.iter().filter_map(|one| held.access(&capability.server, one));
        let lowest = access.min().filter(|lowest| *lowest > up_to)?;
        let message = format!("no call can use `{}`", name.text);
        Some(
            Diagnostic::error(Code::Unreachable, message)
                .at(self.sources, name.span, format!("the access of its tools is {lowest}"))
                .help(format!(
                    "server `{}` accepts `credentials {kind} for {up_to}` only",
                    capability.server
                )),
        )
    }

    /// A capability on a server that takes no token that both a user and a client of the rule could
    /// have: a token has one issuer, which is its user's, and its client's where the client is
    /// registered at one.
    fn beyond_issuers(
        &self,
        name: &Name,
        rule: &Rule,
        groups: &BTreeMap<String, Group>,
        clients: &Clients,
    ) -> Option<Diagnostic> {
        let capability = self.capabilities.get(&name.text)?;
        let Credentials::Oauth { issuers: accepted, api_keys: None } =
            &self.servers.get(&capability.server)?.credentials
        else {
            return None;
        };
        let users: Vec<Issuers<'_>> = rule
            .who
            .iter()
            .map(|who| match who {
                Who::Anyone | Who::Machine => Issuers::Any,
                Who::Group(name) => Issuers::These(members_issuers(name, groups)),
                Who::User { issuer, .. } => Issuers::of(Some(issuer)),
            })
            .collect();
        let through: Vec<Issuers<'_>> = match &rule.via {
            None => vec![Issuers::Any],
            Some(via) => via.iter().flat_map(|via| clients.issuers(via)).collect(),
        };
        // With nobody or no client at all, more was said.
        let any = |all: &[Issuers<'_>], issuer: &str| all.iter().any(|one| one.has(issuer));
        let reachable = accepted.iter().any(|one| any(&users, one) && any(&through, one));
        if reachable || accepted.is_empty() || users.is_empty() || through.is_empty() {
            return None;
        }
        let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
        let message = format!("no token lets users of this rule use `{}`", name.text);
        Some(
            Diagnostic::error(Code::Unreachable, message)
                .at(self.sources, name.span, format!("on `{}`", capability.server))
                .help(format!(
                    "server `{}` accepts tokens of {} only, and no user and client of this rule \
                     could both have one",
                    capability.server,
                    accepted.join(", ")
                )),
        )
    }
}

/// The issuers that the members of a group come from: its own, and those of the groups in it.
fn members_issuers<'p>(name: &'p str, groups: &'p BTreeMap<String, Group>) -> BTreeSet<&'p str> {
    let mut within = BTreeSet::new();
    let mut left = vec![name];
    while let Some(next) = left.pop() {
        if within.insert(next) {
            let inner = groups.iter().filter(|(_, group)| group.within.contains(next));
            left.extend(inner.map(|(name, _)| name.as_str()));
        }
    }
    within.iter().filter_map(|name| groups.get(*name)).map(|group| group.issuer.as_str()).collect()
}

impl Clients {
    fn issuers(&self, via: &Via) -> Vec<Issuers<'_>> {
        let of = |name: &String| {
            self.clients.get(name).map(|client| Issuers::of(client.issuer.as_ref()))
        };
        match via {
            Via::Client(name) => of(name).into_iter().collect(),
            Via::Group(name) => {
                self.groups.get(name).into_iter().flatten().filter_map(of).collect()
            }
            Via::Registration(_) | Via::Domain(_) => vec![Issuers::Any],
        }
    }
}
