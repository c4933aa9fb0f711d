//! `placet check`: everything that is wrong with a policy.

use std::path::PathBuf;

use placet_engine::bundle::Feature;
use placet_language::model::Held;
use placet_language::{Limits, Policy, review};
use serde_json::json;

use crate::disk::Folder;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Style, counted, plural};

/// Check a policy: its syntax, names and types, against its servers' catalogues
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  placet check policies/filesystem\n  \
                        placet check --format json . | jq '.diagnostics[].message'\n\n\
                        Exit codes: 0 no errors, 1 errors, 2 the folder, or a file that the policy names, \
                        is unusable. Warnings fail nothing here: `placet lint` is for that.")]
pub(crate) struct Arguments {
    /// The policy's folder
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let checked = review(&Folder::new(&arguments.policy), &Limits::default());
    let errors = checked.diagnostics.iter().filter(|one| one.is_error()).count();
    let exit = match checked.diagnostics.iter().any(|one| one.is_about_input()) {
        true => Exit::Unusable,
        false if errors > 0 => Exit::Found,
        false => Exit::Clean,
    };
    match arguments.format {
        Format::Json => output::print_json(&json!({
            "ok": checked.policy.is_some(),
            "diagnostics":
                checked.diagnostics.iter().map(output::diagnostic_json).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            output::diagnostics(&checked.diagnostics);
            let style = Style::of_output();
            match &checked.policy {
                Some(policy) => {
                    output::print(format_args!("{}: {}", style.good("ok"), summary(policy)))?
                }
                None => {
                    if let Some(first) = checked.diagnostics.first() {
                        output::read_on(first.code);
                    }
                    let errors = counted(errors, "error");
                    output::print(format_args!("{}: {errors}", style.bad("not usable")))?;
                }
            }
        }
    }
    Ok(exit)
}

fn summary(policy: &Policy) -> String {
    let tools: usize = policy.servers.values().map(|server| server.catalogue.tools.len()).sum();
    let held = Held::new(&policy.capabilities);
    let usable = policy.servers.iter().flat_map(|(name, server)| {
        let is_held = |tool: &&String| held.access(name, &Feature::Tool((*tool).clone())).is_some();
        server.catalogue.tools.keys().filter(is_held)
    });
    format!(
        "{}, {}; {} of {} in {}; {}",
        counted(policy.rules.len(), "rule"),
        counted(policy.consents.len(), "consent"),
        usable.count(),
        counted(tools, "tool"),
        plural(policy.capabilities.len(), "capability", "capabilities"),
        counted(policy.clients.len(), "client"),
    )
}
