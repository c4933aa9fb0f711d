//! What the tests of several pages share: where they are, and what stands in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// The folder of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The fenced blocks of a page: the info string, and the text.
pub(crate) fn fences(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The fenced blocks of a page in a language: what follows it in the info string, and the text.
pub(crate) fn blocks(page: &str, language: &str) -> Vec<(String, String)> {
    let of_language = |(info, text): (String, String)| {
        info.strip_prefix(language).map(|rest| (rest.to_owned(), text))
    };
    fences(page).into_iter().filter_map(of_language).collect()
}

/// The one policy that a page's blocks make.
pub(crate) fn whole(page: &str) -> String {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let parts = blocks(&text, "placet").into_iter().filter(|(info, _)| info.is_empty());
    parts.map(|(_, text)| text).collect()
}
