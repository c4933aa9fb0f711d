//! Text in which nothing is markup: tool names, descriptions and arguments are other people's text.

use crate::output::printable;

/// A text within a line of Markdown.
pub(crate) fn markdown(text: &str) -> String {
    let text = printable(text);
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(letter) = rest.chars().next() {
        let first = escaped.is_empty();
        match letter {
            '\n' => escaped.push(' '),
            letter if r"\`*_{}[]<>#|~@!&".contains(letter) => escaped.extend(['\\', letter]),
            // What GitHub takes for an address, it makes a link of.
            ':' if rest.starts_with("://") => escaped.push_str("\\:"),
            '.' if ends_in_www(&escaped) => escaped.push_str("\\."),
            // What starts a list or a heading where it starts a line.
            '-' | '+' | '=' if first => escaped.extend(['\\', letter]),
            '.' | ')' if escaped.bytes().all(|one| one.is_ascii_digit()) => {
                escaped.extend(['\\', letter]);
            }
            letter => escaped.push(letter),
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    escaped
}

fn ends_in_www(text: &str) -> bool {
    let end: Vec<char> = text.chars().rev().take(3).collect();
    end.len() == 3 && end.iter().all(|one| one.eq_ignore_ascii_case(&'w'))
}

/// A name within a line of Markdown, as code where no backtick or bar of its own ends that.
pub(crate) fn markdown_code(text: &str) -> String {
    let shown = printable(text).replace('\n', " ");
    let is_plain = !shown.is_empty() && !shown.contains(['`', '|']) && shown.trim() == shown;
    if is_plain { format!("`{shown}`") } else { markdown(text) }
}

/// A fence that nothing in the text closes.
pub(crate) fn markdown_fence(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.saturating_add(1).max(3))
}

/// A text in HTML or SVG, between tags or in a quoted attribute.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(
            markdown("1. <b>*a*\nhttps://x [l](javascript:x) www.a.b \u{202e}"),
            "1\\. \\<b\\>\\*a\\* https\\://x \\[l\\](javascript:x) www\\.a.b \\\\u\\{202e\\}"
        );
        assert_eq!(markdown("- a"), "\\- a");
        assert_eq!(markdown_code("a_b"), "`a_b`");
        assert_eq!(markdown_code("a`b|c"), "a\\`b\\|c");
        assert_eq!(markdown_code(" "), " ");
        assert_eq!(
            html("</script><img src=x onerror='\"'>\u{0}"),
            "&lt;/script&gt;&lt;img src=x onerror=&#39;&quot;&#39;&gt;\\0"
        );
    }
}
