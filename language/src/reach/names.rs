//! Groups and clients by what they are and not by what an author calls them, so that a new name is
//! no difference. Two versions share one list, in which equal numbers mean equal things.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use placet_engine::bundle::{self, Content, Through};
use placet_engine::call::Registration;

use crate::analysis::Undecided;
use crate::reach::expression::Claim;

/// The number of a group in [`Names`].
pub(crate) type GroupId = usize;
/// The number of a set of clients in [`Names`].
pub(crate) type ClientsId = usize;

/// A group: those who are in it by themselves, and the members of every one of `holds`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// `None`: nobody is by themselves.
    pub(crate) own: Option<Own>,
    pub(crate) holds: BTreeSet<GroupId>,
}

/// Who is in a group by themselves: users of the issuer who have the claim and are in all others of
/// `and_in`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Own {
    pub(crate) issuer: String,
    pub(crate) claim: Claim,
    pub(crate) and_in: BTreeSet<GroupId>,
}

impl Group {
    /// The groups that it speaks of.
    pub(crate) fn others(&self) -> impl Iterator<Item = GroupId> + '_ {
        let and_in = self.own.iter().flat_map(|own| &own.and_in);
        and_in.chain(&self.holds).copied()
    }
}

/// How many groups may need one another in a circle.
const CIRCLE: usize = 32;

/// Clients that a rule or a consent speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Clients {
    /// One, by its id, and the issuer where it is registered at one.
    One { id: String, issuer: Option<String> },
    /// Those that registered so.
    Registered(Registration),
    /// Those whose metadata document is on this host.
    Domain(String),
}

/// Groups and sets of clients, each once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    groups: Vec<Group>,
    group_ids: HashMap<Group, GroupId>,
    clients: Vec<BTreeSet<Clients>>,
    clients_ids: HashMap<BTreeSet<Clients>, ClientsId>,
}

impl Names {
    pub(crate) fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(id)
    }

    pub(crate) fn clients(&self, id: ClientsId) -> Option<&BTreeSet<Clients>> {
        self.clients.get(id)
    }

    fn add_group(&mut self, group: Group) -> GroupId {
        let next = self.groups.len();
        let id = *self.group_ids.entry(group.clone()).or_insert(next);
        if id == next {
            self.groups.push(group);
        }
        id
    }

    fn add_clients(&mut self, set: BTreeSet<Clients>) -> ClientsId {
        let next = self.clients.len();
        let id = *self.clients_ids.entry(set.clone()).or_insert(next);
        if id == next {
            self.clients.push(set);
        }
        id
    }

    /// The numbers of a version's groups.
    ///
    /// Groups may need one another in a circle: who is `in` a group that one of its own members must
    /// be `and in`. What is meant is the least that fits, so what nobody else is a member by is left
    /// out: round after round, as often as there are groups in the circle, starting from nobody.
    ///
    /// # Errors
    ///
    /// [`Undecided::OverBudget`] where too many groups need one another in a circle.
    pub(crate) fn add_groups(
        &mut self,
        groups: &BTreeMap<String, bundle::Group>,
    ) -> Result<BTreeMap<String, GroupId>, Undecided> {
        // The groups that say to be in each, whose members are its members.
        let mut holds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, group) in groups {
            for outer in &group.within {
                holds.entry(outer).or_default().push(name);
            }
        }
        let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
        let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, group) in groups {
            let inner = holds.get(name.as_str()).into_iter().flatten().copied();
            let needed: BTreeSet<&str> =
                group.and_in.iter().map(String::as_str).chain(inner).collect();
            waiting.insert(name, needed.len());
            for other in needed {
                needed_by.entry(other).or_default().push(name);
            }
        }
        let mut done: BTreeMap<String, GroupId> = BTreeMap::new();
        let mut ready: Vec<&str> =
            waiting.iter().filter(|(_, left)| **left == 0).map(|(name, _)| *name).collect();
        while let Some(name) = ready.pop() {
            let Some(group) = groups.get(name) else { continue };
            let known = |other: &str| done.get(other).copied();
            let id = numbered(group, holds.get(name), &known);
            let id = self.add_group(id);
            done.insert(name.to_owned(), id);
            waiting.remove(name);
            for other in needed_by.get(name).into_iter().flatten() {
                if let Some(left) = waiting.get_mut(other) {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        ready.push(other);
                    }
                }
            }
        }
        if waiting.len() > CIRCLE {
            return Err(Undecided::OverBudget);
        }
        let mut round: BTreeMap<&str, GroupId> = BTreeMap::new();
        for _ in 0..waiting.len() {
            let mut next = BTreeMap::new();
            for name in waiting.keys() {
                let Some(group) = groups.get(*name) else { continue };
                let known = |other: &str| done.get(other).or_else(|| round.get(other)).copied();
                let group = numbered(group, holds.get(name), &known);
                next.insert(*name, self.add_group(group));
            }
            round = next;
        }
        done.extend(round.into_iter().map(|(name, id)| (name.to_owned(), id)));
        Ok(done)
    }

    /// The number of some clients; `None`: any.
    pub(crate) fn through(
        &mut self,
        through: Option<&BTreeSet<Through>>,
        content: &Content,
    ) -> Option<ClientsId> {
        let named = |one: &Through| match one {
            Through::Client(name) => {
                let client = content.clients.get(name)?;
                Some(Clients::One { id: client.id.clone(), issuer: client.issuer.clone() })
            }
            Through::Registration(kind) => Some(Clients::Registered(*kind)),
            Through::Domain(domain) => Some(Clients::Domain(domain.clone())),
        };
        through.map(|all| self.add_clients(all.iter().filter_map(named).collect()))
    }
}

/// A group by the numbers of those that it speaks of; one without a number has no members.
fn numbered(
    group: &bundle::Group,
    holds: Option<&Vec<&str>>,
    known: &impl Fn(&str) -> Option<GroupId>,
) -> Group {
    let bundle::Group { issuer, claim, has, and_in, within: _ } = group;
    let and_in: Option<BTreeSet<GroupId>> = and_in.iter().map(|name| known(name)).collect();
    Group {
        own: and_in.map(|and_in| Own {
            issuer: issuer.clone(),
            claim: Claim { path: claim.clone(), has: has.clone() },
            and_in,
        }),
        holds: holds.into_iter().flatten().filter_map(|name| known(name)).collect(),
    }
}
