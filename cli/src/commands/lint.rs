//! `placet lint`: what had better be otherwise, and what moved since the review.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use placet_engine::bundle::Credentials;
use placet_language::catalogue::{self, Prose};
use placet_language::lint::{self, Linted, Live, Settings, Standard, World, fix, lint, rule};
use placet_language::{Limits, Policy};

use crate::commands::today;
use crate::disk::{self, Folder};
use crate::exit::{Exit, Failure};
use crate::output::{self, counted, printable};
use crate::pull::{self, Source};
use crate::report;
use crate::report::lint::Report;

/// How large the settings may be, in bytes.
const SETTINGS: usize = 1 << 20;

/// Find what had better be otherwise in a policy that checks, and what moved since it was reviewed
///
/// Consents that promise less than they grant, scopes for everything, open registration, standing
/// credentials; and, with a lock, how servers, clients and scopes differ from what somebody looked at.
/// `placet.toml` beside the policy sets levels; a comment allows one finding, with a reason and an end.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  placet lint policies/filesystem\n  \
    placet lint --live --format sarif . > lint.sarif\n  \
    placet lint --standard owasp-mcp .\n  \
    placet explain consent.endless\n\n\
    `--live` starts the commands that `placet.toml` names: use it on policies that you trust.\n\n\
    Exit codes: 0 nothing but notes, 1 a warning or an error, 2 the folder or its settings are unusable, \
    3 something could not be checked, and nothing was found.")]
pub(crate) struct Arguments {
    /// The policy's folder
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// Ask each server for its catalogue and its protected resource metadata first
    #[arg(long)]
    live: bool,
    /// With `--live`, give up on a server after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
    /// Mend what has one safe way to be mended
    #[arg(long)]
    fix: bool,
    /// Only what serves this standard, item by item
    #[arg(long, value_name = "NAME", value_parser = standard)]
    standard: Option<Standard>,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = report::Format::Text)]
    format: report::Format,
    /// Show every finding, not only the first of many
    #[arg(long)]
    all: bool,
    /// The day on which allowances are judged; by default today
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
}

fn standard(name: &str) -> Result<Standard, String> {
    Standard::ALL.into_iter().find(|one| one.key() == name).ok_or_else(|| {
        let known = Standard::ALL.map(Standard::key).join(", ");
        format!("no such standard; there are {known}")
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = Folder::new(&arguments.policy);
    let settings = settings(&arguments.policy)?;
    let today = arguments.today.unwrap_or_else(today);
    let limits = Limits::default();
    let mut world = World { today, live: BTreeMap::new() };
    if arguments.live
        && let Some(policy) = lint::policy(&folder, &limits)
    {
        world.live = live(&policy, &settings, Duration::from_secs(arguments.timeout));
    }
    let mut linted = lint(&folder, &limits, &settings, &world);
    if arguments.fix && linted.checks {
        mend(&arguments.policy, &folder, &linted)?;
        linted = lint(&folder, &limits, &settings, &world);
    }
    if let Some(standard) = arguments.standard {
        linted.findings.retain(|finding| {
            let serves = rule(finding.code()).map_or(&[][..], |rule| rule.serves);
            finding.makes_unusable() || serves.iter().any(|(one, _)| *one == standard)
        });
    }
    let exit = exit(&linted);
    report::lint::print(
        &Report {
            policy: &arguments.policy,
            linted: &linted,
            standard: arguments.standard,
            exit,
            all: arguments.all,
        },
        arguments.format,
    )?;
    Ok(exit)
}

fn exit(linted: &Linted) -> Exit {
    if linted.findings.iter().any(|one| one.diagnostic.is_about_input()) {
        Exit::Unusable
    } else if linted.fails() {
        Exit::Found
    } else if !linted.unchecked.is_empty() {
        Exit::Undecided
    } else {
        Exit::Clean
    }
}

/// What the policy's authors settled.
pub(super) fn settings(policy: &Path) -> Result<Settings, Failure> {
    let path = policy.join(lint::FILE);
    let cannot = |why: String| {
        Failure::new(format_args!("cannot use `{}`: {why}", path.display()))
            .help("`spec/lint.md` says what it may hold")
    };
    let text = match path.try_exists() {
        Ok(false) => String::new(),
        Ok(true) => {
            let bytes = disk::read(&path, SETTINGS).map_err(cannot)?;
            String::from_utf8(bytes).map_err(|_| cannot(String::from("it is not UTF-8")))?
        }
        Err(error) => return Err(cannot(disk::why(&error))),
    };
    Settings::read(&text).map_err(|error| cannot(error.to_string()))
}

/// What every server says today.
fn live(policy: &Policy, settings: &Settings, limit: Duration) -> BTreeMap<String, Live> {
    let mut answers = BTreeMap::new();
    for (name, server) in &policy.servers {
        let settled = settings.servers.get(name);
        let is_local = matches!(server.credentials, Credentials::Local { .. });
        let command = settled.and_then(|one| one.command.split_first());
        let url = settled.and_then(|one| one.url.as_deref());
        let source = match (command, url) {
            (Some((program, rest)), _) => {
                Ok(Source::Command { program: program.clone(), arguments: rest.to_vec() })
            }
            (None, None) if is_local => Err(format!(
                "`placet.toml` does not say how it is started: write `[servers.{name}]` with `command = \
                 […]`"
            )),
            (None, url) => {
                let url = url.unwrap_or(&server.identity).to_owned();
                token(settled.and_then(|one| one.token_env.as_deref()))
                    .map(|token| Source::Url { url, token })
            }
        };
        let catalogue = source.and_then(|source| served(&source, limit));
        let metadata = (!is_local).then(|| pull::metadata(&server.identity, limit));
        answers.insert(name.clone(), Live { catalogue: Some(catalogue), metadata });
    }
    answers
}

fn token(variable: Option<&str>) -> Result<Option<String>, String> {
    let read = |variable: &str| {
        std::env::var(variable)
            .map_err(|_| format!("the environment variable `{variable}` holds no token"))
    };
    variable.map(read).transpose()
}

/// A server's catalogue, with its own sentences: they are compared too.
fn served(source: &Source, limit: Duration) -> Result<Vec<u8>, String> {
    let offered = pull::pull(source, limit, &mut |_| ()).map_err(|error| error.to_string())?;
    let text = catalogue::write(&offered.tools, &offered.prompts, Prose::Keep);
    text.map(String::into_bytes).map_err(|error| error.to_string())
}

/// Writes the files as they are once what can be mended is.
fn mend(policy: &Path, folder: &Folder, linted: &Linted) -> Result<(), Failure> {
    let fixed = match fix(folder, &Limits::default(), &linted.findings) {
        Ok(fixed) => fixed,
        Err(why) => {
            output::note(format_args!("nothing is fixed: {}", printable(&why)));
            return Ok(());
        }
    };
    for (file, text) in &fixed {
        disk::replace(&policy.join(file), text.as_bytes())?;
    }
    let count = linted.findings.iter().filter(|one| one.fix.is_some()).count();
    if count > 0 {
        let (findings, files) = (counted(count, "finding"), counted(fixed.len(), "file"));
        output::note(format_args!("mended {findings} in {files}; no decision changed"));
    }
    Ok(())
}
