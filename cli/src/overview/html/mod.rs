//! A page as one HTML file, which needs nothing else: its styles are in it, and it has no script. A
//! browser is told to fetch nothing, so that nothing in other people's text could.

use std::fmt::Write as _;

use placet_engine::bundle::Access;
use placet_language::overview::Overview;

use crate::markup::html as text;
use crate::overview::document::{Block, Document, Fact, Inline, Mark, Section, Span, Table};
use crate::overview::map;

const STYLE: &str = include_str!("style.css");

/// What the page may fetch and run: nothing (Content Security Policy, level 3).
const SECURITY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn page(document: &Document, overview: &Overview) -> String {
    let map = map::draw(overview);
    let title = plain(&document.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{SECURITY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#first\">Skip to what to look at first</a>\n\
         <header>\n<h1>{}</h1>\n",
        map.style,
        inline(&document.title),
    );
    facts(&document.facts, &mut page);
    page.push_str("</header>\n<nav aria-label=\"Sections\">\n<ul>\n");
    for section in &document.sections {
        // Writing into a string cannot fail.
        let _ = writeln!(page, "<li><a href=\"#{}\">{}</a></li>", section.id, section.title);
    }
    page.push_str("</ul>\n</nav>\n<main>\n");
    for one in &document.sections {
        section(one, &map.picture, &mut page);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn section(section: &Section, map: &str, page: &mut String) {
    let Section { id, title, blocks } = section;
    let _ = writeln!(
        page,
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>"
    );
    for block in blocks {
        match block {
            Block::Paragraph(said) => {
                let _ = writeln!(page, "<p>{}</p>", inline(said));
            }
            Block::Heading(id, said) => {
                let _ = writeln!(page, "<h3 id=\"{id}\">{}</h3>", inline(said));
            }
            Block::List(items) => {
                page.push_str("<ul>\n");
                for item in items {
                    let _ = writeln!(page, "<li>{}</li>", inline(item));
                }
                page.push_str("</ul>\n");
            }
            Block::Facts(all) => facts(all, page),
            Block::Shown(shown, lines) => {
                let _ = writeln!(page, "<blockquote>\n<p>{}</p>", text(shown));
                if !lines.is_empty() {
                    page.push_str("<ul>\n");
                    for line in lines {
                        let _ = writeln!(page, "<li>{}</li>", text(line));
                    }
                    page.push_str("</ul>\n");
                }
                page.push_str("</blockquote>\n");
            }
            Block::Table(all) => table(all, page),
            Block::Map => page.push_str(map),
        }
    }
    page.push_str("</section>\n");
}

fn facts(facts: &[Fact], page: &mut String) {
    page.push_str("<dl>\n");
    for Fact { about, what } in facts {
        let _ = writeln!(page, "<div><dt>{about}</dt><dd>{}</dd></div>", inline(what));
    }
    page.push_str("</dl>\n");
}

fn table(table: &Table, page: &mut String) {
    let caption = table.caption;
    let _ = writeln!(
        page,
        "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n\
         <caption>{caption}</caption>\n<thead><tr>"
    );
    for cell in &table.head {
        let _ = write!(page, "<th scope=\"col\">{}</th>", inline(cell));
    }
    page.push_str("</tr></thead>\n");
    for group in &table.groups {
        match &group.id {
            Some(id) => {
                let _ = writeln!(page, "<tbody id=\"{id}\">");
            }
            None => page.push_str("<tbody>\n"),
        }
        if let Some(title) = &group.title {
            let width = table.head.len();
            let title = inline(title);
            let _ = writeln!(
                page,
                "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{width}\"><div>{title}</div></th></tr>"
            );
        }
        for cells in &group.rows {
            page.push_str("<tr>");
            for (index, cell) in cells.iter().enumerate() {
                let (tag, scope) = if index == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
                let _ = write!(page, "<{tag}{scope}>{}</{tag}>", inline(cell));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n");
    }
    page.push_str("</table>\n</div>\n");
}

fn inline(inline: &Inline) -> String {
    let mut written = String::new();
    for span in &inline.0 {
        let _ = match span {
            Span::Text(said) => write!(written, "{}", text(said)),
            Span::Code(said) => write!(written, "<code>{}</code>", text(said)),
            Span::Strong(said) => write!(written, "<strong>{}</strong>", text(said)),
            Span::Access(access) => write!(written, "{}", badge(*access)),
            Span::Mark(mark) => {
                write!(written, "<span class=\"mark {}\">{}</span>", class(*mark), mark.word())
            }
        };
    }
    written
}

/// The same without marks.
fn plain(inline: &Inline) -> String {
    let pieces = inline.0.iter().map(|span| match span {
        Span::Text(said) | Span::Code(said) | Span::Strong(said) => text(said),
        Span::Access(access) => access.to_string(),
        Span::Mark(mark) => mark.word().to_owned(),
    });
    pieces.collect()
}

/// An access level by colour, shape and word.
fn badge(access: Access) -> String {
    format!(
        "<span class=\"access {access}\"><svg viewBox=\"-6 -6 12 12\" aria-hidden=\"true\">{}</svg>{access}</span>",
        map::shape(access)
    )
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Leads => "leads",
        Mark::Denied => "denied",
        Mark::Unused => "unused",
        Mark::Asked => "asked",
        Mark::Undecided => "undecided",
    }
}
