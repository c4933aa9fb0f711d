//! Groups: tools that a user can be asked about together, because they do the same to the same.

use std::collections::BTreeMap;

use placet_engine::bundle::{Access, Feature};

use crate::catalogue::{Catalogue, Hints, Tool};
use crate::draft::words::{plural, subjects};
use crate::lint::verbs;

/// Up to how many tools of one access are one group, whatever they are about.
const FEW: usize = 6;

/// How many groups of one access there are at most, but for the rest.
const MOST: usize = 12;

/// Tools and prompts with what is to be said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// The capability's name.
    pub(super) name: String,
    /// What a user is shown.
    pub(super) description: String,
    pub(super) access: Access,
    pub(super) features: Vec<Feature>,
}

/// What a catalogue says by its annotations. An absent one means the worst, so what is absent tells
/// something only where the server says better of other tools.
pub(super) struct Learned {
    knows_reading: bool,
    knows_harm: bool,
    says_harm: bool,
}

impl Learned {
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let tools = || catalogue.tools.values();
        let harmless = |hints: Hints| !hints.read_only && !hints.destructive;
        Self {
            knows_reading: tools().any(|tool| tool.shape.hints.read_only),
            knows_harm: tools().any(|tool| harmless(tool.shape.hints)),
            says_harm: tools().any(|tool| tool.says_destructive),
        }
    }

    /// How much harm a tool can do: what its name says or what it says of itself, whichever is more.
    pub(super) fn access(&self, name: &str, tool: &Tool) -> Access {
        let hints = tool.shape.hints;
        let named = verbs::of_tool(name).map(|(_, access)| access);
        let says = match (hints.read_only, hints.destructive) {
            (true, _) => Some(Access::Read),
            (false, true) if tool.says_destructive => Some(Access::Destructive),
            (false, true) if self.knows_harm && !self.says_harm => Some(Access::Destructive),
            (false, false) => Some(Access::Write),
            (false, true) if self.knows_reading => named.max(Some(Access::Write)),
            (false, true) => None,
        };
        named.max(says).unwrap_or(Access::Destructive)
    }
}

/// Groups what was sorted by access, by what it is about.
pub(super) fn groups(sorted: &BTreeMap<Feature, Access>, server: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    for access in Access::ALL {
        let here: Vec<&Feature> =
            sorted.iter().filter(|(_, one)| **one == access).map(|(feature, _)| feature).collect();
        if here.is_empty() {
            continue;
        }
        let mut by_subject = match here.len() <= FEW {
            true => BTreeMap::from([(None, here)]),
            false => by_subject(here, server),
        };
        let rest = by_subject.remove(&None);
        let is_all = by_subject.is_empty();
        for (subject, features) in by_subject {
            groups.push(group(access, subject.as_deref(), &features, is_all, server));
        }
        if let Some(features) = rest {
            groups.push(group(access, None, &features, is_all, server));
        }
    }
    groups
}

/// What more than one is about, the most common subject of each first; `None`: the rest.
fn by_subject<'f>(
    features: Vec<&'f Feature>,
    server: &str,
) -> BTreeMap<Option<String>, Vec<&'f Feature>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for feature in &features {
        let mut about = subjects(&feature.name(), server);
        about.sort();
        about.dedup();
        for subject in about {
            let count = counts.entry(subject).or_default();
            *count = count.saturating_add(1);
        }
    }
    let weight = |subject: &str| {
        let count = counts.get(subject).copied().unwrap_or(0);
        // A pair of words says more than one of them.
        (if subject.contains(' ') { count.saturating_mul(2) } else { count }, count)
    };
    let mut found: BTreeMap<Option<String>, Vec<&Feature>> = BTreeMap::new();
    for feature in features {
        let about = subjects(&feature.name(), server);
        let best = about.into_iter().rev().max_by_key(|subject| weight(subject));
        found.entry(best.filter(|subject| weight(subject).1 > 1)).or_default().push(feature);
    }
    let mut sizes: Vec<(usize, Option<String>)> = found
        .iter()
        .filter(|(subject, _)| subject.is_some())
        .map(|(subject, features)| (features.len(), subject.clone()))
        .collect();
    sizes.sort_by(|one, other| other.cmp(one));
    let small = sizes.iter().enumerate().filter(|(place, (size, _))| *place >= MOST || *size < 2);
    let small: Vec<Option<String>> = small.map(|(_, (_, subject))| subject.clone()).collect();
    for subject in small {
        if let Some(features) = found.remove(&subject) {
            found.entry(None).or_default().extend(features);
        }
    }
    found
}

fn group(
    access: Access,
    subject: Option<&str>,
    features: &[&Feature],
    is_all: bool,
    server: &str,
) -> Group {
    let (verb, said) = match access {
        Access::Read => ("read", "Read"),
        Access::Write => ("change", "Create and change"),
        Access::Destructive => ("destroy", "Delete, overwrite or change for good:"),
    };
    let (name, what) = match subject {
        Some(subject) => {
            let words: Vec<&str> = subject.split(' ').collect();
            let (last, first) = words.split_last().unwrap_or((&subject, &[]));
            let many: Vec<String> =
                first.iter().map(|word| (*word).to_owned()).chain([plural(last)]).collect();
            let ascii = many.join("_").chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let name = if ascii { many.join("_") } else { String::from("more") };
            (format!("{verb}_{name}"), many.join(" "))
        }
        None if is_all => (format!("{verb}_{server}"), format!("what is in {server}")),
        None => (format!("{verb}_the_rest"), format!("everything else in {server}")),
    };
    Group {
        name,
        description: format!("{said} {what}"),
        access,
        features: features.iter().map(|one| (*one).clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::read;

    fn sorted(names: &[&str], access: Access) -> BTreeMap<Feature, Access> {
        names.iter().map(|name| (Feature::Tool((*name).to_owned()), access)).collect()
    }

    #[test]
    fn tools_stand_together_by_what_they_are_about() {
        let names = [
            "list_issues",
            "get_issue",
            "search_issues",
            "list_pull_requests",
            "get_pull_request",
            "get_pull_request_files",
            "get_me",
            "list_branches",
        ];
        let groups = groups(&sorted(&names, Access::Read), "forge");
        let told: Vec<(&str, usize)> =
            groups.iter().map(|one| (one.name.as_str(), one.features.len())).collect();
        assert_eq!(told, [("read_issues", 3), ("read_pull_requests", 3), ("read_the_rest", 2)]);
        assert_eq!(groups[1].description, "Read pull requests");
    }

    #[test]
    fn what_cannot_be_told_is_destructive() {
        let tool = |annotations: &str| {
            let text = format!(r#"{{"tools": [{{"name": "a", "annotations": {annotations}}}]}}"#);
            read(text.as_bytes()).unwrap().tools.remove("a").unwrap()
        };
        let (absent, reads) = (tool("{}"), tool(r#"{"readOnlyHint": true}"#));
        let (writes, harms) =
            (tool(r#"{"destructiveHint": false}"#), tool(r#"{"destructiveHint": true}"#));
        let silent = Learned { knows_reading: false, knows_harm: false, says_harm: false };
        assert_eq!(silent.access("frobnicate", &absent), Access::Destructive);
        assert_eq!(silent.access("list_files", &absent), Access::Read);
        assert_eq!(silent.access("write_file", &absent), Access::Write);
        assert_eq!(silent.access("list_files", &harms), Access::Destructive);
        // A server that says better of other tools means what it does not say.
        let telling = Learned { knows_reading: true, knows_harm: true, says_harm: false };
        assert_eq!(telling.access("list_files", &absent), Access::Destructive);
        assert_eq!(telling.access("frobnicate", &reads), Access::Read);
        assert_eq!(telling.access("delete_file", &reads), Access::Destructive);
        assert_eq!(telling.access("frobnicate", &writes), Access::Write);
        // One that also says worse has said all that it means.
        let frank = Learned { says_harm: true, ..telling };
        assert_eq!(frank.access("list_files", &absent), Access::Write);
    }
}
