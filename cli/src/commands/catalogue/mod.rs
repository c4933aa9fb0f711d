//! `placet catalogue`: what servers offer.

mod diff;
mod pull;

use crate::exit::{Exit, Failure};

/// Fetch what servers offer, and compare it
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Pull(pull::Arguments),
    Diff(diff::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Pull(arguments) => pull::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
    }
}
