//! `placet catalogue`: what servers offer.

use crate::exit::{Exit, Failure};

/// Fetch what servers offer
#[derive(clap::Subcommand)]
pub(crate) enum Command {}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match *command {}
}
