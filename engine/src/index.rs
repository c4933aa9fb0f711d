//! The index: what bears on a call, filed by tool and by whom it concerns, so that a decision does not
//! look at rules of other tools or of other groups of users.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::bundle::{
    self, Access, Capability, Content, Effect, Feature, Otherwise, Rule, Target, Terms, Who,
};
use crate::call::User;
use crate::ids;
use crate::slices::{Slice, Slices};

/// Places in a list, by whom what stands there concerns.
#[derive(Default)]
pub(crate) struct ByWho {
    /// Any user.
    users: Vec<usize>,
    /// Clients that act for themselves.
    machines: Vec<usize>,
    groups: HashMap<String, Vec<usize>>,
    /// Single users, by [`ids::user`].
    single: HashMap<String, Vec<usize>>,
}

/// Whom something concerns.
pub(crate) enum Whom {
    Users,
    Machines,
    Group(String),
    /// By [`ids::user`].
    User(String),
}

impl From<&Who> for Whom {
    fn from(who: &Who) -> Self {
        match who {
            Who::Anyone => Self::Users,
            Who::Machine => Self::Machines,
            Who::Group(name) => Self::Group(name.clone()),
            Who::User { issuer, subject } => Self::User(ids::user(issuer, subject)),
        }
    }
}

impl ByWho {
    pub(crate) fn file(&mut self, whom: &Whom, place: usize) {
        let places = match whom {
            Whom::Users => &mut self.users,
            Whom::Machines => &mut self.machines,
            Whom::Group(name) => self.groups.entry(name.clone()).or_default(),
            Whom::User(id) => self.single.entry(id.clone()).or_default(),
        };
        places.push(place);
    }

    /// The places that concern a user in these groups, or without a user a machine, each once and in
    /// their order.
    pub(crate) fn of(&self, user: Option<&User>, groups: &BTreeSet<&str>) -> Vec<usize> {
        let Some(user) = user else { return self.machines.clone() };
        let mut places = self.users.clone();
        for group in groups.iter().filter_map(|name| self.groups.get(*name)) {
            places.extend(group);
        }
        if !self.single.is_empty() {
            let id = ids::user(&user.issuer, &user.subject);
            places.extend(self.single.get(&id).into_iter().flatten());
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// A rule by its name.
pub(crate) type Named<'i> = (&'i str, &'i Rule);

/// An `allow` through one of its capabilities, with all that it speaks of.
pub(crate) struct Grant {
    pub(crate) name: String,
    pub(crate) rule: Arc<Rule>,
    pub(crate) capability_name: String,
    pub(crate) capability: Arc<Capability>,
    /// The consent that must stand behind a call.
    pub(crate) under: Option<Consent>,
}

/// A consent that stands behind the uses of a capability.
pub(crate) struct Consent {
    pub(crate) name: String,
    pub(crate) terms: Arc<Terms>,
    /// The highest access of what it grants.
    pub(crate) access: Option<Access>,
    /// [`ids::consent`] of the consent and the capability.
    pub(crate) id: String,
}

enum Filed {
    Grant(Grant),
    /// A `deny` or a `require`.
    Bound(String, Box<Rule>),
}

/// The index of a bundle.
pub(crate) struct Index {
    filed: Vec<Filed>,
    /// By server and feature.
    tools: HashMap<String, HashMap<Feature, Tool>>,
}

/// What bears on one tool.
pub(crate) struct Tool {
    /// [`ids::feature`].
    pub(crate) id: String,
    pub(crate) slice: Slice,
    by_who: ByWho,
    all: Vec<usize>,
    /// Whether some requirement asks for a confirmation.
    pub(crate) confirms: bool,
}

/// The rules that bear on a call.
#[derive(Default)]
pub(crate) struct Bearing<'i> {
    pub(crate) allows: Vec<&'i Grant>,
    pub(crate) denies: Vec<Named<'i>>,
    pub(crate) requires: Vec<Named<'i>>,
}

impl Index {
    /// Files the rules, and takes the slices of policies in.
    pub(crate) fn new(content: &Content, slices: &mut Slices) -> Self {
        let filed = file(content);
        let about = About::new(&filed);
        let mut tools: HashMap<String, HashMap<Feature, Tool>> = HashMap::new();
        for (server_name, server) in &content.servers {
            for (feature, declared) in server.features() {
                let id = ids::feature(server_name, &feature);
                let Some(slice) = slices.take(&id) else { continue };
                let all: Vec<usize> = about.of(declared).into_iter().collect();
                let (by_who, confirms) = (ByWho::default(), false);
                let mut tool = Tool { id, slice, by_who, all: Vec::new(), confirms };
                for place in all {
                    let rule = match filed.get(place) {
                        Some(Filed::Grant(grant)) => grant.rule.as_ref(),
                        Some(Filed::Bound(_, rule)) => rule.as_ref(),
                        None => continue,
                    };
                    for who in &rule.who {
                        tool.by_who.file(&who.into(), place);
                    }
                    tool.confirms |= asks_to_confirm(&rule.effect);
                    tool.all.push(place);
                }
                tools.entry(server_name.clone()).or_default().insert(feature, tool);
            }
        }
        Self { filed, tools }
    }

    pub(crate) fn tool(&self, server: &str, feature: &Feature) -> Option<&Tool> {
        self.tools.get(server)?.get(feature)
    }

    /// The rules of a tool that concern a user in these groups, or without a user a machine.
    pub(crate) fn bearing(
        &self,
        tool: &Tool,
        user: Option<&User>,
        groups: &BTreeSet<&str>,
    ) -> Bearing<'_> {
        self.at(&tool.by_who.of(user, groups))
    }

    /// All rules of a tool.
    pub(crate) fn all(&self, tool: &Tool) -> Bearing<'_> {
        self.at(&tool.all)
    }

    fn at(&self, places: &[usize]) -> Bearing<'_> {
        let mut bearing = Bearing::default();
        for filed in places.iter().filter_map(|place| self.filed.get(*place)) {
            match filed {
                Filed::Grant(grant) => bearing.allows.push(grant),
                Filed::Bound(name, rule) => match rule.effect {
                    Effect::Deny { .. } => bearing.denies.push((name, rule.as_ref())),
                    _ => bearing.requires.push((name, rule.as_ref())),
                },
            }
        }
        bearing
    }
}

fn asks_to_confirm(effect: &Effect) -> bool {
    matches!(effect, Effect::Require { otherwise: Some(Otherwise::Confirm { .. }), .. })
}

/// Every `deny` and `require`, and every `allow` once for each of its capabilities, by name.
fn file(content: &Content) -> Vec<Filed> {
    let capabilities: HashMap<&String, Arc<Capability>> =
        content.capabilities.iter().map(|(name, one)| (name, Arc::new(one.clone()))).collect();
    let terms: HashMap<&String, (Arc<Terms>, Option<Access>)> = content
        .terms
        .iter()
        .map(|(name, terms)| {
            let granted = terms.grants.iter().filter_map(|name| content.capabilities.get(name));
            let access = granted.map(|capability| capability.access).max();
            (name, (Arc::new(terms.clone()), access))
        })
        .collect();
    let mut filed = Vec::new();
    for (name, rule) in &content.rules {
        let Effect::Allow { capabilities: named, under } = &rule.effect else {
            filed.push(Filed::Bound(name.clone(), Box::new(rule.clone())));
            continue;
        };
        let rule = Arc::new(rule.clone());
        for capability_name in named {
            let Some(capability) = capabilities.get(capability_name) else { continue };
            let consent = |name: &String| {
                let (terms, access) = terms.get(name)?;
                Some(Consent {
                    name: name.clone(),
                    terms: terms.clone(),
                    access: *access,
                    id: ids::consent(name, capability_name),
                })
            };
            let under = match under.as_ref().map(consent) {
                Some(None) => continue,
                Some(Some(consent)) => Some(consent),
                None => None,
            };
            filed.push(Filed::Grant(Grant {
                name: name.clone(),
                rule: rule.clone(),
                capability_name: capability_name.clone(),
                capability: capability.clone(),
                under,
            }));
        }
    }
    filed
}

/// The places of rules by what they are about, so that each is looked at once and not once a tool.
#[derive(Default)]
struct About<'f> {
    capabilities: HashMap<&'f str, Vec<usize>>,
    levels: Vec<(Access, usize)>,
}

impl<'f> About<'f> {
    fn new(filed: &'f [Filed]) -> Self {
        let mut about = Self::default();
        for (place, filed) in filed.iter().enumerate() {
            match filed {
                Filed::Grant(grant) => {
                    about.capabilities.entry(&grant.capability_name).or_default().push(place);
                }
                Filed::Bound(_, rule) => {
                    let (Effect::Deny { targets } | Effect::Require { targets, .. }) = &rule.effect
                    else {
                        continue;
                    };
                    for target in targets {
                        match target {
                            Target::Capability(name) => {
                                about.capabilities.entry(name).or_default().push(place);
                            }
                            Target::Access(level) => about.levels.push((*level, place)),
                        }
                    }
                }
            }
        }
        about
    }

    fn of(&self, tool: &bundle::Tool) -> BTreeSet<usize> {
        let held = tool.capabilities.iter().filter_map(|name| self.capabilities.get(name.as_str()));
        let mut places: BTreeSet<usize> = held.flatten().copied().collect();
        let reaches = |level: Access| tool.access.is_some_and(|access| access >= level);
        places.extend(self.levels.iter().filter(|(level, _)| reaches(*level)).map(|(_, at)| at));
        places
    }
}
