//! How much text fits: SVG breaks no lines. Nothing is known of the reader's fonts, so this errs on the
//! side of too short; the whole text stands in a title and in the tables.

use crate::output::printable;

/// The columns that a character takes. Outside of ASCII it may be twice as wide.
fn columns(letter: char) -> usize {
    if letter.is_ascii() { 1 } else { 2 }
}

fn width(text: &str) -> usize {
    text.chars().map(columns).fold(0, usize::saturating_add)
}

/// A text of at most so many columns.
pub(super) fn fit(text: &str, limit: usize) -> String {
    let text = printable(text).replace('\n', " ");
    if width(&text) <= limit {
        return text;
    }
    let mut fitting = String::new();
    let mut taken = 2;
    for letter in text.chars() {
        taken = columns(letter).saturating_add(taken);
        if taken > limit {
            break;
        }
        fitting.push(letter);
    }
    format!("{}…", fitting.trim_end())
}

/// A text in lines of at most so many columns; what does not fit into the last ends in `…`. A word that
/// is too long for a line goes on in the next: of a scope that is an address, the end tells most.
pub(super) fn wrap(text: &str, limit: usize, most: usize) -> Vec<String> {
    let text = printable(text);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().flat_map(|word| broken(word, limit)) {
        if let Some(line) = lines.last_mut() {
            let joined = format!("{line} {word}");
            // Once there are enough lines, the last takes all of the rest, and is cut.
            if width(&joined) <= limit || lines.len() == most {
                if let Some(line) = lines.last_mut() {
                    *line = joined;
                }
                continue;
            }
        }
        lines.push(word);
    }
    lines.into_iter().map(|line| fit(&line, limit)).collect()
}

/// A word in pieces of at most so many columns.
fn broken(word: &str, limit: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for letter in word.chars() {
        let taken = pieces.last().map(|piece| width(piece)).unwrap_or_default();
        if taken > 0 && columns(letter).saturating_add(taken) > limit {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(letter);
        }
    }
    pieces
}

/// The columns of the widest of some texts.
pub(super) fn widest<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| width(&printable(text))).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_they_end() {
        assert_eq!(fit("list_commits", 12), "list_commits");
        assert_eq!(fit("list_commits", 8), "list_c…");
        assert_eq!(fit("文文文文", 8), "文文文文");
        assert_eq!(fit("文文文文文", 8), "文文文…");
        assert_eq!(wrap("Let {client} read your code", 12, 2), ["Let {client}", "read your…"]);
        assert_eq!(wrap("one\ntwo", 12, 2), ["one two"]);
        assert_eq!(
            wrap("https://a.example/mail.read", 12, 3),
            ["https://a.ex", "ample/mail.r", "ead"]
        );
        assert!(wrap("", 12, 2).is_empty());
    }
}
