//! `placet report`: the page that a team needs before it exposes a server.

use std::path::PathBuf;

use placet_language::ask::AskLimits;
use placet_language::overview::{Reviewed, overview};
use placet_language::{Limits, lock, review};

use crate::commands::{compile, today};
use crate::disk::{self, Folder};
use crate::exit::{Exit, Failure};
use crate::output::{self, printable};
use crate::overview::{Format, render};

/// Write the page that a team needs before it exposes a server
///
/// Who may come as a client and what it may request, how tokens are validated, which consent leads to
/// which tools, what nothing covers, and what changed since the lock was written.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  placet report policies/filesystem\n  \
    placet report --format html --output report.html policies/filesystem\n\n\
    Exit codes: 0 written, 1 the policy has errors, 2 the folder is unusable, 3 written, and for some \
    tools it could not be told whether anybody may call them.")]
pub(crate) struct Arguments {
    /// The policy's folder
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = Folder::new(&arguments.policy);
    let limits = Limits::default();
    let checked = review(&folder, &limits);
    let Some(policy) = &checked.policy else {
        output::diagnostics(checked.diagnostics.iter().filter(|one| one.is_error()));
        let unusable = checked.diagnostics.iter().any(|one| one.is_about_input());
        output::note("there is nothing to report on: mend the errors first");
        return Ok(if unusable { Exit::Unusable } else { Exit::Found });
    };
    let (_, engine) = compile(policy)?;
    // What a pattern fits since the lock was written is in the policy only without the lock.
    let changes = match lock::update(&folder, &limits, today(), false) {
        Ok(update) => update.before.map(|before| lock::changes(&before, &update.after)),
        Err(errors) => {
            output::diagnostics(&errors);
            output::note("with what is new since the lock was written, the policy has errors");
            return Ok(Exit::Found);
        }
    };
    let reviewed = Reviewed {
        policy,
        engine: &engine,
        diagnostics: &checked.diagnostics,
        changes: changes.as_deref(),
    };
    let overview = overview(&reviewed, &AskLimits::default()).map_err(|error| {
        Failure::new(format_args!("it cannot be asked who may call what: {error}"))
            .help("this is a defect of Placet; please report it with the policy")
    })?;
    let text = render(&overview, arguments.format)?;
    match &arguments.output {
        None => output::print_exactly(&text)?,
        Some(path) => {
            match path.exists() {
                true => disk::replace(path, text.as_bytes())?,
                false => disk::write(path, text.as_bytes())?,
            }
            output::note(format_args!("wrote {}", printable(&path.display().to_string())));
        }
    }
    Ok(if overview.undecided.is_empty() { Exit::Clean } else { Exit::Undecided })
}
