//! Facts that a host has to have computed before a call can be judged.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::call::Call;
use crate::condition::{Argument, ArgumentType, Function};
use crate::digest::{Digest, has_unsafe_integer};
use crate::engine::{Engine, Placed};
use crate::json;

/// A fact that rules read of a call's argument. Computed, it is a [`Fact`](crate::call::Fact) of
/// [`Call::facts`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NeededFact {
    /// The digest of the component that computes it.
    pub component: Digest,
    /// What the component calls the function.
    pub function: String,
    /// The argument that it is computed from, by member names, outermost first.
    pub argument: Vec<String>,
    /// The argument's value, as JSON with the members of objects in order, so that every host hands
    /// the same text to the component.
    pub input: String,
}

impl NeededFact {
    /// What computes it.
    pub fn function(&self) -> Function {
        Function { component: self.component.clone(), name: self.function.clone() }
    }
}

/// As explanations call the fact: `kind(args.sql)`.
impl fmt::Display for NeededFact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let argument = Argument::given(self.argument.clone(), ArgumentType::String);
        write!(formatter, "{}({argument})", self.function)
    }
}

impl Engine {
    /// The facts that some rule reads of this call and that the call does not bring yet.
    ///
    /// None where the call is denied before any rule is asked, for its operation, its client or its
    /// credential. None of an argument that is absent or `null`: of nothing, nothing is computed. And
    /// none of one with an integer beyond ±2⁵³, which may be another in the tool's eyes than in the
    /// component's.
    pub fn facts_needed(&self, call: &Call) -> Vec<NeededFact> {
        let Ok((Placed { facts, .. }, None)) = self.place(call) else { return Vec::new() };
        let read: BTreeSet<(&Function, &[String])> = facts
            .tool
            .reads
            .all()
            .filter_map(|one| Some((one.computed.as_ref()?, one.path.as_slice())))
            .collect();
        let brought = |function: &Function, path: &[String]| {
            call.facts.iter().any(|fact| fact.function == *function && fact.argument == path)
        };
        read.into_iter()
            .filter(|(function, path)| !brought(function, path))
            .filter_map(|(function, path)| {
                let input = facts.arguments.at(path).filter(|value| !value.is_null())?;
                if has_unsafe_integer(input) {
                    return None;
                }
                Some(NeededFact {
                    component: function.component.clone(),
                    function: function.name.clone(),
                    argument: path.to_vec(),
                    input: json::sorted(input).to_string(),
                })
            })
            .collect()
    }
}
