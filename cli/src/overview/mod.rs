//! The overview of a policy as a page. `content` says what stands on it, in blocks; `markdown` and
//! `html` write the blocks, and `map` draws where consents lead.

mod content;
mod document;
mod html;
mod map;
mod markdown;

use placet_language::overview::Overview;
use serde::Serialize;

use crate::exit::Failure;

/// How an overview is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For a repository or a ticket.
    Markdown,
    /// One file for a browser, with a map; it needs no network.
    Html,
    /// For machines; `spec/report.schema.json` describes it.
    Json,
}

/// The version of the form.
const FORM: u32 = 1;

/// The overview for machines.
#[derive(Serialize)]
struct Versioned<'o> {
    version: u32,
    #[serde(flatten)]
    overview: &'o Overview,
}

/// Writes an overview.
pub(crate) fn render(overview: &Overview, format: Format) -> Result<String, Failure> {
    Ok(match format {
        Format::Markdown => markdown::page(&content::document(overview)),
        Format::Html => html::page(&content::document(overview), overview),
        Format::Json => {
            let versioned = Versioned { version: FORM, overview };
            let mut text = serde_json::to_string_pretty(&versioned).map_err(Failure::new)?;
            text.push('\n');
            text
        }
    })
}
