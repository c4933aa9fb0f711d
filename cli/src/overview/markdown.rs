//! A page as Markdown.

use std::fmt::Write as _;

use crate::markup::{markdown as text, markdown_code as code};
use crate::overview::document::{Block, Document, Fact, Inline, Section, Span, Table};

pub(super) fn page(document: &Document) -> String {
    let mut page = format!("# {}\n\n", inline(&document.title));
    facts(&document.facts, &mut page);
    for one in &document.sections {
        section(one, &mut page);
    }
    page
}

fn section(section: &Section, page: &mut String) {
    // There is nothing to draw with.
    if section.blocks.iter().all(|block| matches!(block, Block::Map)) {
        return;
    }
    // Writing into a string cannot fail.
    let _ = write!(page, "\n## {}\n", section.title);
    for block in &section.blocks {
        page.push('\n');
        match block {
            Block::Paragraph(said) => {
                let _ = writeln!(page, "{}", inline(said));
            }
            Block::Heading(_, said) => {
                let _ = writeln!(page, "### {}", inline(said));
            }
            Block::List(items) => {
                for item in items {
                    let _ = writeln!(page, "- {}", inline(item));
                }
            }
            Block::Facts(all) => facts(all, page),
            Block::Shown(shown, lines) => {
                let _ = writeln!(page, "> {}", text(shown));
                for (index, line) in lines.iter().enumerate() {
                    let gap = if index == 0 { ">\n" } else { "" };
                    let _ = writeln!(page, "{gap}> - {}", text(line));
                }
            }
            Block::Table(all) => table(all, page),
            Block::Map => {}
        }
    }
}

fn facts(facts: &[Fact], page: &mut String) {
    for Fact { about, what } in facts {
        let _ = writeln!(page, "- {about}: {}", inline(what));
    }
}

fn table(table: &Table, page: &mut String) {
    let row = |cells: &[Inline]| {
        let cells: Vec<String> = cells.iter().map(inline).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    page.push_str(&row(&table.head));
    page.push_str(&format!("|{}\n", "---|".repeat(table.head.len())));
    for group in &table.groups {
        if let Some(title) = &group.title {
            let rest = " |".repeat(table.head.len().saturating_sub(1));
            let _ = writeln!(page, "| {} |{rest}", inline(title));
        }
        for cells in &group.rows {
            page.push_str(&row(cells));
        }
    }
}

fn inline(inline: &Inline) -> String {
    let mut written = String::new();
    for span in &inline.0 {
        match span {
            Span::Text(said) if written.is_empty() => written.push_str(&text(said)),
            // Nothing but the start of a line is special at the start of a later piece.
            Span::Text(said) => {
                let within = text(&format!("x{said}"));
                written.push_str(within.strip_prefix('x').unwrap_or(&within));
            }
            Span::Code(said) => written.push_str(&code(said)),
            Span::Strong(said) => {
                let _ = write!(written, "**{}**", text(said));
            }
            Span::Access(access) => written.push_str(&access.to_string()),
            Span::Mark(mark) => written.push_str(mark.word()),
        }
    }
    written
}
