//! Drafts: a first policy for a server, made of its catalogue.
//!
//! Tools are sorted by how much harm they can do, as their names and annotations say, and by what they
//! are about. What cannot be told counts as destructive.
//!
//! INVARIANT: a draft allows nothing that nobody named. Its rules are comments, but for reading where
//! that was asked for.

mod groups;
mod policy;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, Feature};

use crate::catalogue::Catalogue;
use crate::format::format;
use crate::limits::Limits;

use groups::{Group, groups};

/// What somebody wants a draft of.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// What to call the server in the policy: a name of the language.
    pub server: String,
    /// How the server is reached.
    pub reach: Reach,
    /// Whether the rules for reading are in force.
    pub allow_reading: bool,
}

/// How a server is reached.
#[derive(Debug, Clone)]
pub enum Reach {
    /// It is started over stdio.
    Local,
    /// It takes tokens.
    Remote {
        /// Its canonical resource URI (RFC 8707).
        resource: String,
        /// Who issues its tokens.
        issuers: BTreeSet<String>,
        /// The scopes that it says it has (RFC 9728); empty where it does not say.
        scopes: BTreeSet<String>,
    },
}

/// A drafted policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The text of `policy.placet`. It speaks of the catalogue as `catalogue.json`.
    pub policy: String,
    /// The text of `policy.cases`: a call of every tool, and what the draft says of it.
    pub cases: String,
    /// Tools whose names a policy cannot write down, each with the reason.
    pub excluded: BTreeMap<String, String>,
}

/// Whether a text can be a name in a policy.
pub fn is_name(text: &str) -> bool {
    words::is_plain(text)
}

/// Drafts a policy for a server.
pub fn draft(catalogue: &Catalogue, wishes: &Wishes) -> Draft {
    let mut excluded = BTreeMap::new();
    let mut sorted: BTreeMap<Feature, Access> = BTreeMap::new();
    let learned = groups::Learned::of(catalogue);
    for (name, tool) in &catalogue.tools {
        match words::written(name) {
            Some(_) => {
                sorted.insert(Feature::Tool(name.clone()), learned.access(name, tool));
            }
            None => {
                let why =
                    "its name cannot be written in a policy, as `*` stands for any characters";
                excluded.insert(name.clone(), String::from(why));
            }
        }
    }
    for name in catalogue.prompts.keys().filter(|name| words::written(name).is_some()) {
        sorted.insert(Feature::Prompt(name.clone()), Access::Read);
    }
    let groups: Vec<Group> = groups(&sorted, &wishes.server);
    let text = policy::policy(wishes, &groups);
    // What cannot be formatted is a defect that the check after this shows.
    let formatted = format("policy.placet", &text, &Limits::default());
    Draft { policy: formatted.text, cases: policy::cases(wishes, &groups), excluded }
}
