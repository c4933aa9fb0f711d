//! `placet`: checks, compiles and explains policies on consent and scope in MCP.

mod commands;
mod component;
mod disk;
mod exit;
mod git;
mod junit;
mod markup;
mod output;
mod overview;
mod plugins;
mod proof;
mod pull;
mod report;
mod version;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use placet_engine::bundle::{EDITION, FORMAT};

use crate::exit::Exit;

/// Check, compile and explain policies on consent and scope in MCP
#[derive(Parser)]
#[command(
    name = "placet",
    version,
    long_version = long_version(),
    arg_required_else_help = true,
    after_help = "Exit codes: 0 clean or allowed, 1 found an error in a policy or denied, 2 the call \
                  or its input is unusable, 3 undecided.\n\n\
                  Start here:\n  placet check policies/filesystem\n  \
                  placet explain --policy policies/filesystem policies/filesystem/calls/outside.json"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ask(commands::ask::Arguments),
    Check(commands::check::Arguments),
    Compile(commands::compile::Arguments),
    Decide(commands::decide::Arguments),
    Explain(commands::explain::Arguments),
    Diff(commands::diff::Arguments),
    Test(commands::test::Arguments),
    Fmt(commands::fmt::Arguments),
    Init(commands::init::Arguments),
    Lint(commands::lint::Arguments),
    Lock(commands::lock::Arguments),
    Report(commands::report::Arguments),
    Scan(commands::scan::Arguments),
    Verify(commands::verify::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
    #[command(subcommand)]
    Catalogue(commands::catalogue::Command),
}

/// The version, and what it was built of.
fn long_version() -> String {
    let commit = option_env!("PLACET_COMMIT").unwrap_or("unknown");
    let prove = if cfg!(feature = "prove") { "with" } else { "without" };
    format!(
        "{}\nedition {EDITION}, bundle format {FORMAT}\ncommit {commit}, {prove} `--prove`",
        env!("CARGO_PKG_VERSION")
    )
}

fn main() -> ExitCode {
    let exit = match Arguments::parse().command {
        Command::Ask(arguments) => commands::ask::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Compile(arguments) => commands::compile::run(&arguments),
        Command::Decide(arguments) => commands::decide::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Diff(arguments) => commands::diff::run(&arguments),
        Command::Test(arguments) => commands::test::run(&arguments),
        Command::Fmt(arguments) => commands::fmt::run(&arguments),
        Command::Init(arguments) => commands::init::run(&arguments),
        Command::Lint(arguments) => commands::lint::run(&arguments),
        Command::Lock(arguments) => commands::lock::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
        Command::Scan(arguments) => commands::scan::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Completions(arguments) => {
            commands::completions::run(&arguments, Arguments::command())
        }
        Command::Man(arguments) => commands::man::run(&arguments, Arguments::command()),
        Command::Catalogue(command) => commands::catalogue::run(&command),
    };
    match exit {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::failure(&failure);
            Exit::Unusable.into()
        }
    }
}
