//! Pages of the reference that show what the command prints.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use crate::support::{placet, root};

/// Asserts that a page shows what the command prints between `<!-- begin NAME -->` and
/// `<!-- end NAME -->`, as a block in a language; `PLACET_UPDATE=1` writes it.
pub(crate) fn is_current(page: &str, outputs: &[(&str, &str, &[&str])]) {
    let shown = outputs.iter().map(|(name, language, arguments)| {
        let shown = String::from_utf8(placet(arguments).stdout).unwrap();
        (*name, format!("````{language}\n{}\n````", shown.trim_end()))
    });
    shows(page, &shown.collect::<Vec<_>>());
}

/// Asserts that a page shows these blocks, by name.
pub(crate) fn shows(page: &str, blocks: &[(&str, String)]) {
    let page = root().join(page);
    let there = fs::read_to_string(&page).unwrap();
    let mut current = there.clone();
    for (name, block) in blocks {
        let (start, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
        let (before, rest) = current.split_once(&start).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        current = format!("{before}{start}{block}\n{end}{after}");
    }
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(page, current).unwrap();
    } else {
        assert!(there == current, "it is stale: run the tests with PLACET_UPDATE=1");
    }
}
