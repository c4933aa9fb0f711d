//! Groups: which ones a user is in, found from the user's claims and not by going through all.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::bundle::{self, Content};
use crate::call::User;

/// The groups of a bundle, by what their members' claims have.
pub(crate) struct Groups {
    all: Vec<Group>,
    /// The claims that some group asks for, by issuer.
    claims: HashMap<String, Vec<Claim>>,
}

struct Group {
    name: String,
    /// Those that a member must be in as well.
    and_in: Vec<usize>,
    /// Those that every member of this one is in.
    within: Vec<usize>,
}

/// A claim, and the groups of those who have each value.
struct Claim {
    path: Vec<String>,
    having: HashMap<String, Vec<usize>>,
}

impl Groups {
    pub(crate) fn new(content: &Content) -> Self {
        let places: HashMap<&String, usize> =
            content.groups.keys().enumerate().map(|(place, name)| (name, place)).collect();
        let placed = |names: &BTreeSet<String>| -> Vec<usize> {
            names.iter().filter_map(|name| places.get(name).copied()).collect()
        };
        let all = content
            .groups
            .iter()
            .map(|(name, group)| Group {
                name: name.clone(),
                and_in: placed(&group.and_in),
                within: placed(&group.within),
            })
            .collect();
        let mut claims: HashMap<String, Vec<Claim>> = HashMap::new();
        for (place, group) in content.groups.values().enumerate() {
            file(&mut claims, group, place);
        }
        Self { all, claims }
    }

    /// Every group that a user is in: who has the claim and is in all of `and_in`, and the members of
    /// every group within.
    ///
    /// A group joins once the last of its `and_in` has joined, and takes those that it is within
    /// along, so each group and each reference is looked at once, whatever the groups refer to.
    pub(crate) fn of(&self, user: Option<&User>) -> BTreeSet<&str> {
        let mut members: BTreeSet<&str> = BTreeSet::new();
        let mut joining: Vec<usize> = Vec::new();
        // The groups whose claim the user has, with how many of their `and_in` are still to come.
        let mut waiting: HashMap<usize, usize> = HashMap::new();
        let mut awaited_by: HashMap<usize, Vec<usize>> = HashMap::new();
        for place in user.into_iter().flat_map(|user| self.claimed(user)) {
            match self.all.get(place) {
                Some(group) if !group.and_in.is_empty() => {
                    if waiting.insert(place, group.and_in.len()).is_none() {
                        for other in &group.and_in {
                            awaited_by.entry(*other).or_default().push(place);
                        }
                    }
                }
                _ => joining.push(place),
            }
        }
        while let Some(place) = joining.pop() {
            let Some(group) = self.all.get(place).filter(|group| members.insert(&group.name))
            else {
                continue;
            };
            joining.extend(&group.within);
            for other in awaited_by.get(&place).into_iter().flatten() {
                if let Some(left) = waiting.get_mut(other) {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        joining.push(*other);
                    }
                }
            }
        }
        members
    }

    /// The groups whose claim the user has.
    fn claimed(&self, user: &User) -> impl Iterator<Item = usize> {
        let claims = self.claims.get(&user.issuer).into_iter().flatten();
        claims.flat_map(|claim| {
            let having = |text: &str| claim.having.get(text).into_iter().flatten().copied();
            match find(&user.claims, &claim.path) {
                Some(Value::String(text)) => having(text).collect(),
                Some(Value::Array(items)) => {
                    items.iter().filter_map(Value::as_str).flat_map(having).collect()
                }
                _ => Vec::new(),
            }
        })
    }
}

fn file(claims: &mut HashMap<String, Vec<Claim>>, group: &bundle::Group, place: usize) {
    let of_issuer = claims.entry(group.issuer.clone()).or_default();
    let known = of_issuer.iter().position(|claim| claim.path == group.claim);
    let known = known.unwrap_or_else(|| {
        of_issuer.push(Claim { path: group.claim.clone(), having: HashMap::new() });
        of_issuer.len().saturating_sub(1)
    });
    if let Some(claim) = of_issuer.get_mut(known) {
        claim.having.entry(group.has.clone()).or_default().push(place);
    }
}

fn find<'c>(claims: &'c Map<String, Value>, path: &[String]) -> Option<&'c Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(claims.get(first)?, |value, name| value.get(name))
}
