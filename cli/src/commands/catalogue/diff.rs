//! `placet catalogue diff`: what changed between two catalogues of one server.

use std::path::{Path, PathBuf};

use placet_engine::bundle::Feature;
use placet_language::catalogue::{self, Catalogue, drift};
use placet_language::model::{Held, Touched};
use placet_language::{Limits, Policy, did_you_mean};

use crate::commands::usable_policy;
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
    /// A policy's folder: also say which capabilities hold what changed, and which consents grant it
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// The server's name in the policy, where it has more than one
    #[arg(long, value_name = "NAME", requires = "policy")]
    server: Option<String>,
    /// Show everything: changes that neither widen nor narrow, and values in full
    #[arg(long)]
    all: bool,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let policy = arguments.policy.as_deref().map(usable_policy).transpose()?;
    let server = policy.as_ref().map(|policy| server(arguments, policy)).transpose()?;
    let touched = policy.as_ref().zip(server).map(|(policy, server)| touched(policy, server));
    let compared = Compared {
        touched: touched.as_deref(),
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

/// The server that the catalogues are of, by its name in the policy.
fn server<'p>(arguments: &Arguments, policy: &'p Policy) -> Result<&'p str, Failure> {
    let names: Vec<&str> = policy.servers.keys().map(String::as_str).collect();
    match (&arguments.server, names.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::new("the policy has more than one server")
            .help(format!("say whose catalogues these are: `--server` {}", names.join(", ")))),
        (Some(name), names) => names.iter().copied().find(|known| known == name).ok_or_else(|| {
            let near = did_you_mean(name, names.iter().copied());
            Failure::new(format_args!("the policy has no server `{name}`"))
                .help(near.unwrap_or_else(|| format!("it has {}", names.join(", "))))
        }),
    }
}

/// What rests on each feature of a server.
fn touched<'p>(policy: &'p Policy, server: &'p str) -> Box<dyn Fn(&Feature) -> Touched + 'p> {
    let held = Held::new(&policy.capabilities);
    Box::new(move |feature| Touched::by(policy, &held, server, feature))
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
