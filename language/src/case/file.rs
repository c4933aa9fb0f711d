//! Files of cases: which lines make a case, a scenario or a step.

use std::ops::Range;

use crate::case::error::CaseError;
use crate::case::limits::CaseLimits;
use crate::case::read;

/// What a file holds.
#[derive(Debug)]
pub(crate) enum Item {
    /// A case by itself, or a line that belongs to nothing.
    Case(Line),
    /// Steps along one chain.
    Scenario(Scenario),
}

/// Steps along one chain.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) head: Line,
    pub(crate) name: String,
    /// The time at which it starts, in seconds since the epoch.
    pub(crate) at: Option<i64>,
    pub(crate) steps: Vec<Line>,
    /// The bytes in front of each step.
    indent: Option<usize>,
}

/// A case, a head or a step: the bytes of its lines, and what is wrong with where they stand.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) place: Range<usize>,
    pub(crate) wrong: Option<CaseError>,
}

impl Line {
    fn new(place: Range<usize>) -> Self {
        Self { place, wrong: None }
    }

    fn misplaced(place: Range<usize>, message: &str, help: &str) -> Self {
        let wrong = CaseError::syntax(0..place.len(), message, "belongs to nothing").help(help);
        Self { place, wrong: Some(wrong) }
    }
}

/// Splits a file: what starts a line is a case or a scenario, what is indented belongs to it.
pub(crate) fn split(text: &str, limits: &CaseLimits) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut start = 0_usize;
    for physical in text.split_inclusive('\n') {
        let indent = physical.len().saturating_sub(physical.trim_start().len());
        let first = start.saturating_add(indent);
        let end = start.saturating_add(physical.trim_end().len());
        start = start.saturating_add(physical.len());
        let content = physical.trim();
        if content.is_empty() || content.starts_with("//") {
            continue;
        }
        if indent > 0 {
            match items.last_mut() {
                Some(Item::Case(line)) => line.place.end = end,
                Some(Item::Scenario(scenario)) => scenario.indented(indent, first..end),
                None => items.push(Item::Case(Line::misplaced(
                    first..end,
                    "this line is indented, and there is nothing before it",
                    "start a case at the start of its line",
                ))),
            }
            continue;
        }
        let place = first..end;
        let word = content.split(|one: char| !one.is_ascii_alphanumeric() && one != '_').next();
        items.push(match word {
            Some("scenario") => Item::Scenario(Scenario::start(place, content, limits)),
            _ => Item::Case(Line::new(place)),
        });
    }
    items
}

impl Scenario {
    fn start(place: Range<usize>, text: &str, limits: &CaseLimits) -> Self {
        let mut head = Line::new(place);
        let (name, at) = read::heading(text, limits).unwrap_or_else(|error| {
            head.wrong = Some(error);
            (String::new(), None)
        });
        Self { head, name, at, steps: Vec::new(), indent: None }
    }

    /// Takes an indented line: a step, or the rest of one.
    fn indented(&mut self, indent: usize, place: Range<usize>) {
        let of_steps = *self.indent.get_or_insert(indent);
        match (indent.cmp(&of_steps), self.steps.last_mut()) {
            (std::cmp::Ordering::Greater, Some(step)) => step.place.end = place.end,
            (std::cmp::Ordering::Less, _) => self.steps.push(Line::misplaced(
                place,
                "the steps of a scenario are indented alike",
                "indent it as the first step is, or deeper if it belongs to the step before it",
            )),
            _ => self.steps.push(Line::new(place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_up(text: &str) -> Vec<String> {
        let shown = |line: &Line| {
            let wrong = if line.wrong.is_some() { "! " } else { "" };
            format!("{wrong}{}", text.get(line.place.clone()).unwrap())
        };
        let mut all = Vec::new();
        for item in split(text, &CaseLimits::default()) {
            match item {
                Item::Case(line) => all.push(shown(&line)),
                Item::Scenario(scenario) => {
                    all.push(format!("# {}", scenario.name));
                    all.extend(scenario.steps.iter().map(shown));
                }
            }
        }
        all
    }

    #[test]
    fn indentation_says_what_belongs_together() {
        let text = "\n// c\na\n  b\r\n\nc\nscenario \"s\"\n\n  d\n  // c\n    e\n  f // g\n h\ni";
        assert_eq!(
            split_up(text),
            ["a\n  b", "c", "# s", "d\n  // c\n    e", "f // g", "! h", "i"]
        );
        assert_eq!(split_up("  a\n"), ["! a"]);
        assert_eq!(split_up("scenarios"), ["scenarios"]);
    }
}
