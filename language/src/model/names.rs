//! Names: what is declared, and finding it.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::source::{Sources, Span};
use crate::syntax::ast::Name;

/// What people write for every user.
const EVERYBODY: [&str; 3] = ["everybody", "everyone", "users"];

/// The declarations of one kind, by name.
pub(crate) struct Names<T> {
    /// What the kind is called in messages.
    kind: &'static str,
    declared: BTreeMap<String, (T, Span)>,
}

impl<T> Names<T> {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, declared: BTreeMap::new() }
    }

    /// Declares a name, once.
    pub(crate) fn declare(
        &mut self,
        sources: &Sources,
        name: &Name,
        declared: T,
    ) -> Result<(), Diagnostic> {
        if let Some((_, first)) = self.declared.get(&name.text) {
            return Err(Diagnostic::error(
                Code::NameRepeated,
                format!("`{}` is declared twice as a {}", name.text, self.kind),
            )
            .at(sources, name.span, "declared again here")
            .at(sources, *first, "first declared here")
            .help("give one of them another name"));
        }
        self.declared.insert(name.text.clone(), (declared, name.span));
        Ok(())
    }

    /// Finds what a name stands for.
    pub(crate) fn find(&self, sources: &Sources, name: &Name) -> Result<&T, Diagnostic> {
        match self.declared.get(&name.text) {
            Some((declared, _)) => Ok(declared),
            None => Err(self.unknown(sources, name)),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.declared.get(name).map(|(declared, _)| declared)
    }

    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        self.declared.get(name).map(|(_, span)| *span)
    }

    /// Where each is declared.
    pub(crate) fn spans(&self) -> BTreeMap<String, Span> {
        self.declared.iter().map(|(name, (_, span))| (name.clone(), *span)).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T, Span)> {
        self.declared.iter().map(|(name, (declared, span))| (name.as_str(), declared, *span))
    }

    pub(crate) fn unknown(&self, sources: &Sources, name: &Name) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            Code::NameUnknown,
            format!("there is no {} called `{}`", self.kind, name.text),
        )
        .at(sources, name.span, "not declared");
        let known = self.declared.keys().map(String::as_str);
        if self.kind == "group" && EVERYBODY.contains(&name.text.as_str()) {
            return diagnostic.help("every user is `anyone`");
        }
        diagnostic.help(did_you_mean(&name.text, known).unwrap_or_else(|| {
            let all: Vec<String> = self.declared.keys().map(|name| format!("`{name}`")).collect();
            match all.len() {
                0 => format!("the policy declares no {} at all", self.kind),
                1..=8 => format!("declared are {}", all.join(", ")),
                count => format!("{count} are declared; none is spelled like this"),
            }
        }))
    }
}

/// A circle among declarations that refer to each other, as the names on it, if there is one through
/// `start`.
pub(crate) fn circle<'n>(
    start: &'n str,
    edges: &BTreeMap<&'n str, Vec<&'n str>>,
) -> Option<Vec<&'n str>> {
    // Depth first, without recursion: the path to where we are, with what is left to try at each.
    let mut path: Vec<(&str, Vec<&str>)> = vec![(start, edges.get(start)?.clone())];
    let mut seen = std::collections::BTreeSet::from([start]);
    while let Some((_, left)) = path.last_mut() {
        match left.pop() {
            None => {
                path.pop();
            }
            Some(next) if next == start => {
                return Some(path.iter().map(|(name, _)| *name).chain([start]).collect());
            }
            Some(next) if seen.insert(next) => {
                path.push((next, edges.get(next).cloned().unwrap_or_default()));
            }
            Some(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_from_its_members_only() {
        let edges = BTreeMap::from([
            ("a", vec!["b"]),
            ("b", vec!["d", "c"]),
            ("c", vec!["a"]),
            ("d", vec![]),
            ("e", vec!["a"]),
        ]);
        assert_eq!(circle("a", &edges), Some(vec!["a", "b", "c", "a"]));
        assert_eq!(circle("d", &edges), None);
        assert_eq!(circle("e", &edges), None);
        assert_eq!(circle("x", &edges), None);
    }
}
