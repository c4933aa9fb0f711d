//! Probes: arguments that are worth trying, to find out whether a caller can use a tool at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::bundle::{BundleError, Content};
use crate::call::Fact;
use crate::condition::{Attribute, Function, quote};

/// How many probes a tool may have. A compiler that finds more leaves the tool undecided.
pub const PROBES: usize = 1_000;

/// Arguments of a tool, and facts computed from them.
///
/// The compiler finds them: whatever arguments a caller could use, those of some probe do as much for
/// every rule that bears on the tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Arguments by name.
    pub arguments: BTreeMap<String, Sample>,
    /// Facts, as free of the arguments as conditions take them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub facts: BTreeSet<ProbeFact>,
}

/// A fact in a probe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeFact {
    /// What computes it.
    pub function: Function,
    /// The argument that it is computed from, by member names, outermost first.
    pub argument: Vec<String>,
    /// What comes out.
    pub value: Sample,
}

/// A value in a probe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// `null`
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Sample>),
    /// An object.
    Object(BTreeMap<String, Sample>),
    /// What this attribute of the caller is.
    Same(Attribute),
}

impl Probe {
    /// The arguments for a caller whose attributes are these; `None` where one that is referred to has
    /// no value.
    pub fn arguments(
        &self,
        of_caller: &impl Fn(&Attribute) -> Option<String>,
    ) -> Option<Map<String, Json>> {
        members(&self.arguments, of_caller)
    }

    /// The facts for a caller whose attributes are these; `None` as for [`Probe::arguments`].
    pub fn facts(&self, of_caller: &impl Fn(&Attribute) -> Option<String>) -> Option<Vec<Fact>> {
        let fact = |fact: &ProbeFact| {
            Some(Fact {
                function: fact.function.clone(),
                argument: fact.argument.clone(),
                value: json(&fact.value, of_caller)?,
            })
        };
        self.facts.iter().map(fact).collect()
    }
}

fn members(
    samples: &BTreeMap<String, Sample>,
    of_caller: &impl Fn(&Attribute) -> Option<String>,
) -> Option<Map<String, Json>> {
    samples.iter().map(|(name, sample)| Some((name.clone(), json(sample, of_caller)?))).collect()
}

fn json(sample: &Sample, of_caller: &impl Fn(&Attribute) -> Option<String>) -> Option<Json> {
    Some(match sample {
        Sample::Null => Json::Null,
        Sample::Boolean(value) => Json::Bool(*value),
        Sample::Integer(value) => Json::from(*value),
        Sample::String(text) => Json::from(text.as_str()),
        Sample::Array(items) => {
            Json::Array(items.iter().map(|item| json(item, of_caller)).collect::<Option<_>>()?)
        }
        Sample::Object(inner) => Json::Object(members(inner, of_caller)?),
        Sample::Same(attribute) => Json::from(of_caller(attribute)?),
    })
}

/// Checks that no tool has too many probes, and that each refers to strings of the caller only.
///
/// INVARIANT: probes are only tried, and the rules decide. Whatever a bundle says here, it can hide
/// a tool, but never show one that no call can use.
pub(crate) fn check(content: &Content) -> Result<(), BundleError> {
    let tools = content.servers.values().flat_map(|server| &server.tools);
    for (name, probes) in tools.filter_map(|(name, tool)| Some((name, tool.probes.as_ref()?))) {
        let wrong =
            |what: &str| Err(BundleError::Inconsistent(format!("tool {} has {what}", quote(name))));
        if probes.len() > PROBES {
            return wrong(&format!("more than {PROBES} probes"));
        }
        let refers = |probe: &Probe| {
            probe.arguments.values().all(refers_to_strings)
                && probe.facts.iter().all(|fact| refers_to_strings(&fact.value))
        };
        if !probes.iter().all(refers) {
            return wrong("a probe that refers to what is no string of the caller");
        }
    }
    Ok(())
}

fn refers_to_strings(sample: &Sample) -> bool {
    match sample {
        Sample::Array(items) => items.iter().all(refers_to_strings),
        Sample::Object(inner) => inner.values().all(refers_to_strings),
        Sample::Same(attribute) => matches!(
            attribute,
            Attribute::UserIssuer
                | Attribute::UserSubject
                | Attribute::ClientId
                | Attribute::TokenAcr
        ),
        _ => true,
    }
}
