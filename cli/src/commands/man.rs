//! `placet man`: the manual pages, one a command.

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;

use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, counted};

/// Write the manual pages into a folder
#[derive(clap::Args)]
#[command(after_help = "Example:\n  placet man ~/.local/share/man/man1 && man placet-lint")]
pub(crate) struct Arguments {
    /// The folder; it is made where it is missing
    folder: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, command: Command) -> Result<Exit, Failure> {
    fs::create_dir_all(&arguments.folder).map_err(|error| {
        let (folder, why) = (arguments.folder.display(), disk::why(&error));
        Failure::new(format_args!("cannot create the folder `{folder}`: {why}"))
    })?;
    let mut written = 0_usize;
    for (name, command) in pages("placet", command) {
        let mut text = Vec::new();
        Man::new(command).render(&mut text).map_err(Failure::new)?;
        disk::write(&arguments.folder.join(format!("{name}.1")), &text)?;
        written = written.saturating_add(1);
    }
    output::print(format_args!("wrote {}", counted(written, "page")))?;
    Ok(Exit::Clean)
}

/// A command and those below it, each by the name of its page.
fn pages(name: &str, command: Command) -> Vec<(String, Command)> {
    let below: Vec<Command> =
        command.get_subcommands().filter(|one| one.get_name() != "help").cloned().collect();
    let mut pages =
        vec![(name.to_owned(), command.name(name.to_owned()).bin_name(name.replace('-', " ")))];
    for one in below {
        pages.extend(pages_of(name, one));
    }
    pages
}

fn pages_of(above: &str, command: Command) -> Vec<(String, Command)> {
    let name = format!("{above}-{}", command.get_name());
    pages(&name, command)
}
