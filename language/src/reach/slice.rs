//! Slices: all that a version says of one tool, prompt or resource, without the names that its
//! author gave, so that two versions can be compared.
//!
//! INVARIANT: whatever a bundle holds is taken apart here field by field, so a new part of the
//! language does not compile before somebody has said what it means for what is allowed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use placet_engine::Digest;
use placet_engine::bundle::{
    self, Access, Content, Coverage, Credentials, Effect, Feature, OnChange, Otherwise,
    RegisterRule, Rule, Target, Terms, TermsVersion, Who,
};
use placet_engine::call::Registration;
use placet_engine::condition::{Attribute, Condition, Literal, Test};
use placet_engine::ids;

use crate::analysis::Undecided;
use crate::reach::names::{ClientsId, GroupId, Names};

/// Whom a rule concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whom {
    Anyone,
    Machine,
    Group(GroupId),
    User { issuer: String, subject: String },
}

/// The receipts for some terms that count, and for what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Consent {
    /// The name that the terms have, and those they had.
    pub(crate) names: BTreeSet<String>,
    /// The purposes that a call may state.
    pub(crate) purposes: BTreeSet<String>,
    /// Whether a call must state one.
    pub(crate) purpose_required: bool,
    /// The clients that it may be given to; `None`: any.
    pub(crate) clients: Option<ClientsId>,
    /// By name then and digest, those that cover what is asked.
    pub(crate) receipts: BTreeMap<(String, Digest), Counting>,
    /// When one counts that is given today.
    pub(crate) today: Counting,
}

/// When a receipt counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counting {
    /// Seconds from when it was given; `None`: for ever.
    pub(crate) lasts: Option<i64>,
    /// The purposes that a call may state if the receipt names none; `None`: any of the terms'.
    pub(crate) shown: Option<BTreeSet<String>>,
}

/// An `allow` through one of its capabilities.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) who: BTreeSet<Whom>,
    pub(crate) clients: Option<ClientsId>,
    /// Scope sets, any of which suffices.
    pub(crate) needs: BTreeSet<BTreeSet<String>>,
    /// The capability's.
    pub(crate) condition: Option<Rc<Condition>>,
    /// The rule's.
    pub(crate) when: Option<Rc<Condition>>,
    pub(crate) under: Option<Rc<Consent>>,
}

/// A `deny` or a `require`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bound {
    pub(crate) who: BTreeSet<Whom>,
    pub(crate) clients: Option<ClientsId>,
    pub(crate) when: Option<Rc<Condition>>,
    /// Of a `require`: the consent whose receipts meet it too.
    pub(crate) asks: Option<Rc<Consent>>,
}

/// A rule's name, and the capability's through which it allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) rule: String,
    pub(crate) capability: Option<String>,
}

/// What the definition of a tool says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Whether there is one at all: resources have none.
    pub(crate) is_defined: bool,
    pub(crate) digest: Option<Digest>,
    /// Whether its arguments can be judged.
    pub(crate) typed: bool,
}

/// What a version says of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerPart {
    pub(crate) identity: String,
    pub(crate) credentials: Credentials,
    /// Each scope with all that it stands for.
    pub(crate) scopes: BTreeMap<String, BTreeSet<String>>,
    pub(crate) pin_tools: bool,
    pub(crate) pin_clients: bool,
}

/// All that a version says of one feature of a server.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) server: Rc<ServerPart>,
    pub(crate) definition: Definition,
    pub(crate) access: Option<Access>,
    pub(crate) paths: Vec<(Path, Origin)>,
    pub(crate) denies: Vec<(Bound, Origin)>,
    pub(crate) requires: Vec<(Bound, Origin)>,
    /// Whether some requirement asks for a confirmation.
    pub(crate) confirms: bool,
}

impl Slice {
    /// Whether both say the same, whoever is admitted as a client.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.definition == other.definition && self.says_the_same_of_another(other)
    }

    /// Whether both say the same, each of a tool of its own.
    pub(crate) fn says_the_same_of_another(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &[(T, Origin)], other: &[(T, Origin)]) -> bool {
            one.len() == other.len() && one.iter().zip(other).all(|((one, _), (two, _))| one == two)
        }
        let Self { server, definition, access, paths, denies, requires, confirms } = self;
        let Definition { is_defined, digest, typed } = definition;
        *is_defined == other.definition.is_defined
            && digest.is_some() == other.definition.digest.is_some()
            && *typed == other.definition.typed
            && access == &other.access
            && confirms == &other.confirms
            && server == &other.server
            && same(paths, &other.paths)
            && same(denies, &other.denies)
            && same(requires, &other.requires)
    }

    /// Every condition of its rules.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Rc<Condition>> {
        let of_paths = self.paths.iter().flat_map(|(path, _)| [&path.condition, &path.when]);
        let bounds = self.denies.iter().chain(&self.requires);
        of_paths.chain(bounds.map(|(bound, _)| &bound.when)).flatten()
    }

    /// Every consent that its rules speak of.
    pub(crate) fn consents(&self) -> impl Iterator<Item = &Rc<Consent>> {
        let of_paths = self.paths.iter().map(|(path, _)| &path.under);
        of_paths.chain(self.requires.iter().map(|(bound, _)| &bound.asks)).flatten()
    }
}

/// How clients are admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admission {
    /// Named clients by issuer and id, each with the digest of its metadata as reviewed.
    pub(crate) named: BTreeMap<(Option<String>, String), Option<Digest>>,
    pub(crate) registrations: BTreeSet<Registering>,
}

/// A `register` line, as far as it bears on calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Registering {
    pub(crate) kind: Registration,
    pub(crate) domains: BTreeSet<String>,
    pub(crate) issuers: BTreeSet<String>,
    pub(crate) may_request: BTreeSet<String>,
}

/// A version, sliced.
#[derive(Debug)]
pub(crate) struct Sliced {
    pub(crate) admission: Admission,
    /// What the version calls its groups.
    pub(crate) groups: BTreeMap<String, GroupId>,
    /// By name then and digest, all receipts that users may hold.
    pub(crate) receipts: BTreeSet<(String, Digest)>,
    /// The authentication context classes that it names.
    pub(crate) classes: BTreeSet<String>,
    /// By its identity, each server and what is allowed there.
    pub(crate) servers: BTreeMap<String, ServerSlices>,
}

/// A server, sliced.
#[derive(Debug)]
pub(crate) struct ServerSlices {
    pub(crate) part: Rc<ServerPart>,
    pub(crate) features: BTreeMap<Feature, Slice>,
}

impl Sliced {
    /// Slices a version.
    ///
    /// # Errors
    ///
    /// [`Undecided::Unknown`] for a bundle that no policy compiles to.
    pub(crate) fn new(content: &Content, names: &mut Names) -> Result<Self, Undecided> {
        let Content {
            edition: _,
            locked: _,
            // Cedar says the same as the tables; the engine holds them to it.
            cedar: _,
            servers,
            groups,
            clients,
            // Rules speak of the clients in them.
            client_groups: _,
            registrations,
            capabilities,
            terms,
            rules,
        } = content;
        let groups = names.add_groups(groups)?;
        let named = clients.values().map(|client| {
            let bundle::Client { id, issuer, owner: _, metadata_digest } = client;
            ((issuer.clone(), id.clone()), metadata_digest.clone())
        });
        let admission = Admission {
            named: named.collect(),
            registrations: registrations.iter().map(registering).collect(),
        };
        let mut slicer = Slicer::new(content, names, &groups)?;
        let mut sliced = BTreeMap::new();
        for (name, server) in servers {
            sliced.insert(server.identity.clone(), slicer.server(name, server)?);
        }
        let receipts = terms.values().flat_map(|terms| {
            terms.versions.iter().map(|(digest, then)| (then.name.clone(), digest.clone()))
        });
        let conditions = capabilities.values().map(|one| &one.condition);
        let conditions = conditions.chain(rules.values().map(|rule| &rule.when));
        let mut classes: BTreeSet<String> = conditions.flatten().flat_map(classes_in).collect();
        classes.extend(rules.values().flat_map(|rule| match &rule.effect {
            Effect::Require { otherwise: Some(Otherwise::Reauthenticate { acr, .. }), .. } => {
                acr.clone()
            }
            _ => Vec::new(),
        }));
        let receipts = receipts.collect();
        Ok(Self { admission, groups, receipts, classes, servers: sliced })
    }
}

/// The authentication context classes that a condition names.
fn classes_in(condition: &Condition) -> Vec<String> {
    let text = |literal: &Literal| match literal {
        Literal::String(text) => Some(text.clone()),
        _ => None,
    };
    let atoms = condition.atoms().into_iter();
    let of_class = atoms.filter(|atom| atom.operand.attribute == Attribute::TokenAcr);
    of_class
        .flat_map(|atom| match &atom.test {
            Test::Equals(literal) => text(literal).into_iter().collect(),
            Test::OneOf(literals) => literals.iter().filter_map(text).collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn registering(rule: &RegisterRule) -> Registering {
    // Redirects and reviews are judged before any call is made.
    let RegisterRule { kind, domains, issuers, may_request, redirects: _, review: _, source: _ } =
        rule;
    Registering {
        kind: *kind,
        domains: domains.clone(),
        issuers: issuers.clone(),
        may_request: may_request.clone(),
    }
}

/// A rule with its sets numbered.
struct Numbered<'c> {
    name: &'c str,
    rule: &'c Rule,
    who: BTreeSet<Whom>,
    clients: Option<ClientsId>,
    when: Option<Rc<Condition>>,
}

struct Slicer<'c> {
    content: &'c Content,
    rules: Vec<Numbered<'c>>,
    /// Places of the allows of each capability, and of what bounds it.
    allows: HashMap<&'c str, Vec<usize>>,
    bounds: HashMap<&'c str, Vec<usize>>,
    levels: Vec<(Access, usize)>,
    conditions: HashMap<&'c str, Option<Rc<Condition>>>,
    consent_clients: HashMap<&'c str, Option<ClientsId>>,
    /// What was made of terms before: for a use of a capability where versions cover parts.
    consents: HashMap<(&'c str, Vec<bool>), Rc<Consent>>,
}

impl<'c> Slicer<'c> {
    fn new(
        content: &'c Content,
        names: &mut Names,
        groups: &BTreeMap<String, GroupId>,
    ) -> Result<Self, Undecided> {
        let mut slicer = Self {
            content,
            rules: Vec::new(),
            allows: HashMap::new(),
            bounds: HashMap::new(),
            levels: Vec::new(),
            conditions: HashMap::new(),
            consent_clients: HashMap::new(),
            consents: HashMap::new(),
        };
        for (place, (name, rule)) in content.rules.iter().enumerate() {
            let Rule { effect, who, clients, when, because: _, source: _ } = rule;
            let targets = match effect {
                Effect::Allow { capabilities, under: _ } => {
                    for capability in capabilities {
                        slicer.allows.entry(capability).or_default().push(place);
                    }
                    None
                }
                Effect::Deny { targets } | Effect::Require { targets, otherwise: _ } => {
                    Some(targets)
                }
            };
            for target in targets.into_iter().flatten() {
                match target {
                    Target::Capability(name) => {
                        slicer.bounds.entry(name).or_default().push(place);
                    }
                    Target::Access(level) => slicer.levels.push((*level, place)),
                }
            }
            let whom = |who: &Who| match who {
                Who::Anyone => Ok(Whom::Anyone),
                Who::Machine => Ok(Whom::Machine),
                Who::Group(name) => {
                    groups.get(name).map(|id| Whom::Group(*id)).ok_or(Undecided::Unknown)
                }
                Who::User { issuer, subject } => {
                    Ok(Whom::User { issuer: issuer.clone(), subject: subject.clone() })
                }
            };
            slicer.rules.push(Numbered {
                name,
                rule,
                who: who.iter().map(whom).collect::<Result<_, _>>()?,
                clients: names.through(clients.as_ref(), content),
                when: when.clone().map(Rc::new),
            });
        }
        for (name, capability) in &content.capabilities {
            let condition = capability.condition.clone().map(Rc::new);
            slicer.conditions.insert(name, condition);
        }
        for (name, terms) in &content.terms {
            let clients = names.through(terms.clients.as_ref(), content);
            slicer.consent_clients.insert(name, clients);
        }
        Ok(slicer)
    }

    fn server(
        &mut self,
        name: &str,
        server: &'c bundle::Server,
    ) -> Result<ServerSlices, Undecided> {
        let bundle::Server {
            identity,
            credentials,
            pin_tools,
            pin_clients,
            scopes,
            tools: _,
            prompts: _,
            resources: _,
        } = server;
        let part = Rc::new(ServerPart {
            identity: identity.clone(),
            credentials: credentials.clone(),
            scopes: scopes.clone(),
            pin_tools: *pin_tools,
            pin_clients: *pin_clients,
        });
        let mut features = BTreeMap::new();
        for (feature, tool) in server.features() {
            // What is in no capability, nothing allows.
            if tool.capabilities.iter().any(|one| self.allows.contains_key(one.as_str())) {
                let slice = self.slice(name, &part, &feature, tool)?;
                features.insert(feature, slice);
            }
        }
        Ok(ServerSlices { part, features })
    }

    fn slice(
        &mut self,
        server: &str,
        part: &Rc<ServerPart>,
        feature: &Feature,
        tool: &'c bundle::Tool,
    ) -> Result<Slice, Undecided> {
        let bundle::Tool {
            digest,
            access,
            capabilities,
            typed,
            // Both follow from the conditions.
            reads: _,
            probes: _,
        } = tool;
        let mut slice = Slice {
            server: Rc::clone(part),
            definition: Definition {
                is_defined: !matches!(feature, Feature::Resources(_)),
                digest: digest.clone(),
                typed: *typed,
            },
            access: *access,
            paths: Vec::new(),
            denies: Vec::new(),
            requires: Vec::new(),
            confirms: false,
        };
        let id = ids::feature(server, feature);
        let mut places = BTreeSet::new();
        for capability in capabilities {
            let allowing = self.allows.get(capability.as_str()).cloned().unwrap_or_default();
            for place in allowing {
                let path = self.path(place, capability, &id)?;
                slice.paths.extend(path);
            }
            places.extend(self.bounds.get(capability.as_str()).into_iter().flatten().copied());
        }
        let reached = |level: Access| access.is_some_and(|access| access >= level);
        let levels = self.levels.iter().filter(|(level, _)| reached(*level));
        places.extend(levels.map(|(_, place)| *place));
        for place in places {
            self.bound(place, &mut slice)?;
        }
        slice.paths.sort();
        slice.denies.sort();
        slice.requires.sort();
        Ok(slice)
    }

    fn path(
        &mut self,
        place: usize,
        capability: &str,
        feature: &str,
    ) -> Result<Option<(Path, Origin)>, Undecided> {
        let Some(numbered) = self.rules.get(place) else { return Ok(None) };
        let Effect::Allow { capabilities: _, under } = &numbered.rule.effect else {
            return Ok(None);
        };
        let declared = self.content.capabilities.get(capability).ok_or(Undecided::Unknown)?;
        let bundle::Capability { server: _, description: _, access: _, needs, condition: _ } =
            declared;
        let path = Path {
            who: numbered.who.clone(),
            clients: numbered.clients,
            needs: needs.clone(),
            condition: self.conditions.get(capability).cloned().flatten(),
            when: numbered.when.clone(),
            under: None,
        };
        let origin =
            Origin { rule: numbered.name.to_owned(), capability: Some(capability.to_owned()) };
        let under = match under {
            Some(terms) => Some(self.consent(terms, Some((capability, feature)))?),
            None => None,
        };
        Ok(Some((Path { under, ..path }, origin)))
    }

    fn bound(&mut self, place: usize, slice: &mut Slice) -> Result<(), Undecided> {
        let Some(numbered) = self.rules.get(place) else { return Ok(()) };
        let mut bound = Bound {
            who: numbered.who.clone(),
            clients: numbered.clients,
            when: numbered.when.clone(),
            asks: None,
        };
        let origin = Origin { rule: numbered.name.to_owned(), capability: None };
        match &numbered.rule.effect {
            Effect::Allow { .. } => {}
            Effect::Deny { targets: _ } => slice.denies.push((bound, origin)),
            Effect::Require { targets: _, otherwise } => {
                match otherwise {
                    Some(Otherwise::Ask { terms }) => bound.asks = Some(self.consent(terms, None)?),
                    Some(Otherwise::Confirm { within: _ }) => slice.confirms = true,
                    // What a login must be is said by the condition; this is how to ask for it.
                    Some(Otherwise::Reauthenticate { acr: _, within: _ }) | None => {}
                }
                slice.requires.push((bound, origin));
            }
        }
        Ok(())
    }

    /// The receipts for some terms that count: for a use of a feature as one of a capability, or at
    /// all.
    fn consent(
        &mut self,
        name: &str,
        used: Option<(&str, &str)>,
    ) -> Result<Rc<Consent>, Undecided> {
        let (name, terms) = self.content.terms.get_key_value(name).ok_or(Undecided::Unknown)?;
        let Terms {
            digest: _,
            server: _,
            text: _,
            lines: _,
            grants: _,
            purposes,
            purpose_required,
            lasts,
            clients: _,
            on_change,
            was,
            versions,
        } = terms;
        let counts = |version: &TermsVersion| match (&version.covers, on_change) {
            (Coverage::Whole, _) | (Coverage::Part(_), OnChange::Extend) => true,
            (Coverage::Part(_), OnChange::AskAgain) => false,
            (covers @ Coverage::Part(_), OnChange::Keep) => {
                used.is_none_or(|(capability, feature)| covers.holds(capability, feature))
            }
        };
        let counting: Vec<bool> = versions.values().map(counts).collect();
        if let Some(known) = self.consents.get(&(name.as_str(), counting.clone())) {
            return Ok(Rc::clone(known));
        }
        let when = |then: Option<i64>, shown: &BTreeSet<String>| Counting {
            lasts: [*lasts, then].into_iter().flatten().min(),
            shown: match on_change {
                OnChange::Extend => None,
                OnChange::AskAgain | OnChange::Keep => Some(shown.clone()),
            },
        };
        let receipts = versions.iter().zip(&counting).filter(|(_, counts)| **counts).map(
            |((digest, version), _)| {
                let TermsVersion { name, purposes: shown, lasts: then, covers: _ } = version;
                ((name.clone(), digest.clone()), when(*then, shown))
            },
        );
        let consent = Rc::new(Consent {
            names: was.iter().cloned().chain([name.clone()]).collect(),
            purposes: purposes.clone(),
            purpose_required: *purpose_required,
            clients: self.consent_clients.get(name.as_str()).copied().flatten(),
            receipts: receipts.collect(),
            today: when(*lasts, purposes),
        });
        self.consents.insert((name, counting), Rc::clone(&consent));
        Ok(consent)
    }
}
