//! `placet compile`: a policy as a bundle, or as Cedar for people and other engines.

use std::path::PathBuf;

use cedar_policy_formatter::{Config, policies_str_to_pretty};

use crate::commands::signing::Sign;
use crate::commands::{check_folder, compile};
use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output;

/// Compile a policy into a bundle, or print its Cedar
#[derive(clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("result").args(["output", "emit"]).required(true).multiple(true))]
#[command(after_help = "Examples:\n  placet compile policies/filesystem -o filesystem.bundle\n  \
    placet compile policies/filesystem --emit cedar\n  \
    placet compile policies/filesystem -o filesystem.bundle \\\n    \
    --sign release.pem --key-id release-2026 --serial 7\n\n\
    Exit codes: 0 written, 1 the policy has errors, 2 the folder, a key or the output is unusable.")]
pub(crate) struct Arguments {
    /// The policy's folder
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// Write the bundle to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print a part of the compiled policy, usable in any Cedar engine
    #[arg(long, value_enum)]
    emit: Option<Part>,
    #[command(flatten)]
    sign: Sign,
}

/// A part of a compiled policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The policies.
    Cedar,
    /// The schema.
    Schema,
    /// The static entities.
    Entities,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let checked = check_folder(&arguments.policy);
    output::diagnostics(&checked.diagnostics);
    let Some(policy) = checked.policy else {
        let unreadable = checked.diagnostics.iter().any(|one| one.is_about_input());
        return Ok(if unreadable { Exit::Unusable } else { Exit::Found });
    };
    let (bundle, engine) = compile(&policy)?;
    if let Some(part) = arguments.emit {
        let cedar = &engine.content().cedar;
        match part {
            Part::Cedar => output::print(pretty(&placet_engine::policy_text(cedar))?)?,
            Part::Schema => output::print(cedar.schema.trim_end())?,
            Part::Entities => output::print_json(&cedar.entities)?,
        }
    }
    if let Some(path) = &arguments.output {
        let bundle = arguments.sign.apply(bundle)?;
        disk::write(path, &bundle)?;
        output::note(format_args!(
            "{}: {} bytes, {}",
            path.display(),
            bundle.len(),
            engine.digest()
        ));
    }
    Ok(Exit::Clean)
}

/// The policies in the layout of Cedar's own formatter.
fn pretty(policies: &str) -> Result<String, Failure> {
    let config = Config { line_width: 100, indent_width: 2 };
    policies_str_to_pretty(policies, &config).map(|text| text.trim_end().to_owned()).map_err(
        |error| Failure::new(format_args!("Cedar's formatter refuses the policies: {error}")),
    )
}
