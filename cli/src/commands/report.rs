//! `placet report`: the page that a team needs before it exposes a server.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use placet_language::ask::AskLimits;
use placet_language::lint::{self, Level, World, lint};
use placet_language::overview::{Reviewed, overview};
use placet_language::{Limits, lock};

use crate::commands::lint::settings;
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
    Exit codes: 0 written, 1 the policy has errors (it is written if all are that a server grew past the \
    lock), 2 the folder is unusable, 3 written, and for some \
    tools it could not be told whether anybody may call them.")]
pub(crate) struct Arguments {
    /// The policy's folder
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// The day on which allowances are judged; by default today
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = Folder::new(&arguments.policy);
    let limits = Limits::default();
    let settings = settings(&arguments.policy)?;
    let world = World { today: arguments.today.unwrap_or_else(today), live: BTreeMap::new() };
    let linted = lint(&folder, &limits, &settings, &world);
    // Where all that is wrong is that servers grew past the lock, a reviewer wants to read about it.
    let Some(policy) = &lint::policy(&folder, &limits) else {
        let errors = linted.findings.iter().filter(|one| one.level == Level::Error);
        output::diagnostics(errors.map(|one| &one.diagnostic));
        let unusable = linted.findings.iter().any(|one| one.diagnostic.is_about_input());
        output::note("there is nothing to report on: mend the errors first");
        return Ok(if unusable { Exit::Unusable } else { Exit::Found });
    };
    let (_, engine) = compile(policy)?;
    // What a pattern fits since the lock was written is in the policy only without the lock.
    let changes = match lock::update(&folder, &limits, world.today, false) {
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
        findings: &linted.findings,
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
    if !linted.checks {
        output::note("the policy has errors, and is not compiled before they are mended");
    }
    Ok(match (linted.checks, overview.undecided.is_empty()) {
        (false, _) => Exit::Found,
        (true, true) => Exit::Clean,
        (true, false) => Exit::Undecided,
    })
}
