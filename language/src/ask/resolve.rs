//! From a question's names to what the policy has.

use std::collections::BTreeSet;

use placet_engine::bundle::{Access, Content, Credentials, Feature, Through};
use placet_engine::call::Registration;
use placet_engine::glob::Glob;

use crate::ask::question::{Operations, Placed, Question, QuestionError, Via, What, Who};
use crate::diagnostic::did_you_mean;
use crate::reach::names::{ClientsId, Names};
use crate::reach::slice::{Sliced, Whom};

/// A question whose names were looked up.
pub(super) struct Asked {
    pub(super) who: Option<Whom>,
    /// `None`: any.
    pub(super) clients: Option<ClientsId>,
    /// Only what is allowed through this one.
    pub(super) capability: Option<String>,
    pub(super) silently: bool,
    /// Whether every consent is looked for, those too that a `require` asks for.
    pub(super) consents: bool,
    server: Option<String>,
    pattern: Option<Glob>,
    access: Option<Access>,
    operations: Operations,
}

impl Asked {
    /// # Errors
    ///
    /// The question names something that the policy does not have.
    pub(super) fn new(
        question: &Question,
        content: &Content,
        sliced: Option<&Sliced>,
        names: &mut Names,
    ) -> Result<Self, QuestionError> {
        let mut asked = Self {
            who: None,
            clients: None,
            capability: None,
            silently: question.silently,
            consents: question.about == crate::ask::About::Consents,
            server: None,
            pattern: None,
            access: None,
            operations: question.operations,
        };
        if let Some(who) = &question.who {
            asked.who = whom(who, content, sliced)?;
        }
        if let Some(server) = &question.server {
            known("server", server, content.servers.keys())?;
            asked.server = Some(server.value.clone());
        }
        if let Some(Placed { value, place }) = &question.what {
            let here = |name: &str| Placed { value: name.to_owned(), place: place.clone() };
            match value {
                What::Anything => {}
                What::Access(level) => {
                    let mut levels = Access::ALL.into_iter();
                    let access = levels.find(|one| one.to_string() == *level);
                    let all: Vec<String> = Access::ALL.iter().map(ToString::to_string).collect();
                    if access.is_none() {
                        known("access level", &here(level), all.iter())?;
                    }
                    asked.access = access;
                }
                What::Capability(name) => {
                    known("capability", &here(name), content.capabilities.keys())?;
                    asked.capability = Some(name.clone());
                }
                What::Feature { server, pattern } => {
                    asked.features(server, pattern, &question.server, content)?;
                }
            }
        }
        if !question.via.is_empty() {
            let mut through: BTreeSet<Through> = BTreeSet::new();
            for via in &question.via {
                clients(via, content, &mut through)?;
            }
            asked.clients = names.through(Some(&through), content);
        }
        Ok(asked)
    }

    fn features(
        &mut self,
        server: &Placed<String>,
        pattern: &Placed<String>,
        on: &Option<Placed<String>>,
        content: &Content,
    ) -> Result<(), QuestionError> {
        known("server", server, content.servers.keys())?;
        if let Some(other) = on.as_ref().filter(|other| other.value != server.value) {
            return Err(QuestionError::unknown(
                other.place.clone(),
                "the question names two servers",
                format!("the other is `{}`", server.value),
            )
            .help("leave one of them out"));
        }
        self.server = Some(server.value.clone());
        self.pattern = Some(Glob::parse(&pattern.value));
        let declared = content.servers.get(&server.value);
        let all: Vec<Feature> =
            declared.into_iter().flat_map(|one| one.features()).map(|(one, _)| one).collect();
        if all.iter().any(|one| self.fits(one)) {
            return Ok(());
        }
        let kind = match self.operations {
            Operations::Calls => "tool",
            Operations::Gets => "prompt",
            Operations::Reads => "resource",
            Operations::Any => "tool, prompt or resource",
        };
        let message = match pattern.value.contains('*') {
            true => format!("no {kind} of `{}` fits `{}`", server.value, pattern.value),
            false => format!("`{}` has no {kind} called `{}`", server.value, pattern.value),
        };
        let error = QuestionError::unknown(pattern.place.clone(), message, "not on this server");
        let fitting = all.iter().filter(|one| self.is_operation(one)).map(Feature::name);
        let fitting: Vec<String> = fitting.collect();
        let elsewhere = all
            .iter()
            .find(|one| one.name() == pattern.value)
            .map(|one| match one {
                Feature::Tool(_) => "it is a tool: ask who can `call` it",
                Feature::Prompt(_) => "it is a prompt: ask who can `get` it",
                Feature::Resources(_) => "it is a resource: ask who can `read` it",
            })
            .map(str::to_owned);
        Err(match elsewhere.or_else(|| help(&pattern.value, fitting.iter(), "the server has")) {
            Some(help) => error.help(help),
            None => error,
        })
    }

    fn is_operation(&self, feature: &Feature) -> bool {
        match self.operations {
            Operations::Any => true,
            Operations::Calls => matches!(feature, Feature::Tool(_)),
            Operations::Gets => matches!(feature, Feature::Prompt(_)),
            Operations::Reads => matches!(feature, Feature::Resources(_)),
        }
    }

    fn fits(&self, feature: &Feature) -> bool {
        let named = self.pattern.as_ref().is_none_or(|glob| match feature {
            Feature::Tool(name) | Feature::Prompt(name) => glob.matches(name),
            Feature::Resources(patterns) => {
                let pieces = glob.pieces();
                let literal = pieces.first().filter(|_| glob.is_literal());
                patterns.iter().any(|one| {
                    glob.matches(&one.to_string()) || literal.is_some_and(|uri| one.matches(uri))
                })
            }
        });
        named && self.is_operation(feature)
    }

    /// Whether the question is about a feature.
    pub(super) fn is_about(
        &self,
        server: &str,
        feature: &Feature,
        access: Option<Access>,
        content: &Content,
    ) -> bool {
        let in_capability = |name: &String| {
            let declared = content.servers.get(server);
            declared.is_some_and(|one| {
                one.features()
                    .any(|(one, tool)| one == *feature && tool.capabilities.contains(name))
            })
        };
        self.server.as_ref().is_none_or(|one| one == server)
            && self.fits(feature)
            && self.access.is_none_or(|level| access.is_some_and(|access| access >= level))
            && self.capability.as_ref().is_none_or(in_capability)
    }
}

fn whom(
    who: &Placed<Who>,
    content: &Content,
    sliced: Option<&Sliced>,
) -> Result<Option<Whom>, QuestionError> {
    Ok(match &who.value {
        Who::Anyone => Some(Whom::Anyone),
        Who::Machine => Some(Whom::Machine),
        Who::Group(name) => {
            let here = Placed { value: name.clone(), place: who.place.clone() };
            known("group", &here, content.groups.keys())?;
            sliced.and_then(|one| one.groups.get(name)).map(|id| Whom::Group(*id))
        }
        Who::User { subject, issuer } => {
            let issuers = issuers(content);
            let issuer = match issuer {
                Some(named) => {
                    known("issuer", named, issuers.iter())?;
                    named.value.clone()
                }
                None => match (issuers.first(), issuers.len()) {
                    (Some(only), 1) => only.clone(),
                    _ => {
                        let all = issuers.iter().map(|one| format!("\"{one}\""));
                        return Err(QuestionError::unknown(
                            who.place.clone(),
                            "it is not clear whose user this is",
                            "the policy knows several issuers, or none",
                        )
                        .help(format!(
                            "say whose: `user \"{subject}\" of \"https://…\"`; the policy has {}",
                            all.collect::<Vec<_>>().join(", ")
                        )));
                    }
                },
            };
            Some(Whom::User { issuer, subject: subject.clone() })
        }
    })
}

/// The issuers that a policy speaks of.
fn issuers(content: &Content) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for server in content.servers.values() {
        match &server.credentials {
            Credentials::Oauth { issuers, .. } => found.extend(issuers.iter().cloned()),
            Credentials::Local { .. } => {}
        }
    }
    found.extend(content.groups.values().map(|group| group.issuer.clone()));
    for who in content.rules.values().flat_map(|rule| &rule.who) {
        if let placet_engine::bundle::Who::User { issuer, .. } = who {
            found.insert(issuer.clone());
        }
    }
    found
}

fn clients(
    via: &Placed<Via>,
    content: &Content,
    through: &mut BTreeSet<Through>,
) -> Result<(), QuestionError> {
    let here = |name: &str| Placed { value: name.to_owned(), place: via.place.clone() };
    match &via.value {
        Via::Named(name) => match content.client_groups.get(name) {
            Some(group) => through.extend(group.iter().cloned().map(Through::Client)),
            None => {
                let all = content.clients.keys().chain(content.client_groups.keys());
                known("client or group of clients", &here(name), all)?;
                through.insert(Through::Client(name.clone()));
            }
        },
        Via::Registered(kind) => {
            let known_kind = Registration::ALL.into_iter().find(|one| one.as_str() == kind);
            match known_kind {
                Some(kind) => {
                    through.insert(Through::Registration(kind));
                }
                None => {
                    let all = Registration::ALL.map(|one| one.as_str().to_owned());
                    known("kind of registration", &here(kind), all.iter())?;
                }
            }
        }
        Via::Domain(domain) => {
            through.insert(Through::Domain(domain.to_ascii_lowercase()));
        }
    }
    Ok(())
}

/// That the policy has something of this name.
fn known<'k>(
    what: &str,
    name: &Placed<String>,
    known: impl Iterator<Item = &'k String> + Clone,
) -> Result<(), QuestionError> {
    if known.clone().any(|one| *one == name.value) {
        return Ok(());
    }
    let error = QuestionError::unknown(
        name.place.clone(),
        format!("there is no {what} called `{}`", name.value),
        "not in the policy",
    );
    Err(match help(&name.value, known, "the policy has") {
        Some(help) => error.help(help),
        None => error,
    })
}

fn help<'k>(
    name: &str,
    known: impl Iterator<Item = &'k String> + Clone,
    has: &str,
) -> Option<String> {
    did_you_mean(name, known.clone().map(String::as_str)).or_else(|| {
        let some: Vec<String> = known.take(8).map(|one| format!("`{one}`")).collect();
        (!some.is_empty()).then(|| format!("{has} {}", some.join(", ")))
    })
}
