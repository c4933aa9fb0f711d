//! `placet completions`: completions for a shell.

use std::io;

use clap::Command;
use clap_complete::Shell;

use crate::exit::{Exit, Failure};

/// Print completions for a shell
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  placet completions bash > ~/.local/share/bash-completion/completions/placet\n  \
    placet completions zsh > ~/.zfunc/_placet\n  placet completions fish > ~/.config/fish/completions/placet.fish"
)]
pub(crate) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "placet", &mut text);
    let text = String::from_utf8(text).map_err(|error| Failure::new(io::Error::other(error)))?;
    crate::output::print_exactly(&text)?;
    Ok(Exit::Clean)
}
