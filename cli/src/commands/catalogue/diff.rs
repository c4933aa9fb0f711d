//! `placet catalogue diff`: what changed between two catalogues of one server.

use std::path::{Path, PathBuf};

use placet_language::Limits;
use placet_language::catalogue::{self, Catalogue, drift};

use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::report::drift::{Compared, json, text};

/// Show what changed between two catalogues of a server, and whether its tools may do more
///
/// A catalogue is a `tools/list` result or what `placet catalogue pull` wrote. Exits with 1 if a tool
/// or prompt may do more than before or a text tries to deceive.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The catalogue as it was
    old: PathBuf,
    /// The catalogue as it is
    new: PathBuf,
    /// Show everything: changes that neither widen nor narrow, and values in full
    #[arg(long)]
    all: bool,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let compared = Compared {
        old: &arguments.old.display().to_string(),
        new: &arguments.new.display().to_string(),
        drift: &drift::compare(&old, &new),
        all: arguments.all,
    };
    match arguments.format {
        Format::Text => output::print(text(&compared))?,
        Format::Json => output::print_json(&json(&compared))?,
    }
    Ok(if compared.drift.is_alarming() { Exit::Found } else { Exit::Clean })
}

fn read(path: &Path) -> Result<Catalogue, Failure> {
    let shown = path.display();
    let bytes = disk::read(path, Limits::default().catalogue_bytes)
        .map_err(|why| Failure::new(format_args!("cannot read `{shown}`: {why}")))?;
    catalogue::read(&bytes).map_err(|error| {
        Failure::new(format_args!("the catalogue `{shown}` cannot be used: {error}"))
            .help("it has to be a whole `tools/list` result, or what `placet catalogue pull` wrote")
    })
}
