//! Whom a change of a tool touches: the capabilities that hold it and the consents that grant these.

use std::collections::BTreeSet;
use std::fmt;

use placet_engine::bundle::Feature;
use serde::Serialize;

use crate::model::{Held, Policy};

/// What rests on a tool, a prompt or resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// The capabilities that hold it, by name.
    pub capabilities: BTreeSet<String>,
    /// The consents that grant one of these, by name.
    pub consents: BTreeSet<String>,
}

impl Touched {
    /// What rests on a feature of a server, which is named as in the policy.
    pub fn by(policy: &Policy, held: &Held<'_>, server: &str, feature: &Feature) -> Self {
        let holding = held.capabilities(server, feature).iter();
        let capabilities: BTreeSet<String> = holding.map(|(name, _)| (*name).to_owned()).collect();
        let granting =
            policy.consents.iter().filter(|(_, one)| !one.grants.is_disjoint(&capabilities));
        let consents = granting.map(|(name, _)| name.clone()).collect();
        Self { capabilities, consents }
    }
}

/// As in `held by a, granted by b and c`.
impl fmt::Display for Touched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &BTreeSet<String>| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            match names.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
                None => String::new(),
            }
        };
        match (self.capabilities.is_empty(), self.consents.is_empty()) {
            (true, _) => formatter.write_str("held by no capability"),
            (false, true) => write!(formatter, "held by {}", list(&self.capabilities)),
            (false, false) => write!(
                formatter,
                "held by {}, granted by {}",
                list(&self.capabilities),
                list(&self.consents)
            ),
        }
    }
}
