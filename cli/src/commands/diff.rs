//! `placet diff`: what a change newly allows, to whom, and who is asked first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use placet_language::Limits;
use placet_language::diff::{
    APPROVALS_FILE, Approval, Approvals, Approved, DiffLimits, FailOn, Outcome, diff, outcome,
    switched,
};

use crate::commands::today;
use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::proof::proof;
use crate::report::{self, Compared};
use crate::version::Version;

/// Show which calls a change newly allows, to whom, and whether anybody is asked first
///
/// A side is a policy's folder, a bundle, or a revision of the git repository. Without sides, the
/// policy of `--policy` is compared with what it was where the branch left the default branch; with
/// one, with that.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  placet diff\n  placet diff main\n  \
    placet diff v1.2 v1.3 --policy policies/github\n  \
    placet diff old.bundle new.bundle --format json\n  \
    placet diff --approve 5b0c7a5e1d2f3a49 --reason 'release tooling' --by iam@acme.example \
    --until 2027-03-01\n\n\
    Exit codes: 0 nothing that fails, 1 an expansion that `--fail-on` names and nobody approved, or an \
    approval that expired or approves nothing, 2 a side is unusable, 3 not all could be decided.")]
pub(crate) struct Arguments {
    /// The old side
    old: Option<String>,
    /// The new side; by default the policy as it is in its folder
    new: Option<String>,
    /// The policy's folder, where a side is a revision or left out
    #[arg(short, long, default_value = ".")]
    policy: PathBuf,
    /// What makes the exit code 1: an expansion that is silent, that is destructive, any, or none
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "silent,destructive")]
    fail_on: Vec<Fails>,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = report::Format::Text)]
    format: report::Format,
    /// Show every finding, not only the first of many
    #[arg(long)]
    all: bool,
    /// Have a solver prove that nothing but what is shown is newly allowed, and that no policy errs;
    /// for builds with the feature `prove`, and with cvc5 on the path
    #[arg(long, conflicts_with_all = ["approve", "prune"])]
    prove: bool,
    /// Approve the finding with this fingerprint: write it into the policy's approvals
    #[arg(long, value_name = "FINGERPRINT", requires_all = ["reason", "by", "until"])]
    approve: Vec<String>,
    /// Why it is approved
    #[arg(long, requires = "approve")]
    reason: Option<String>,
    /// Who approves it
    #[arg(long, requires = "approve")]
    by: Option<String>,
    /// The last day on which the approval counts
    #[arg(long, value_name = "DATE", requires = "approve")]
    until: Option<Date>,
    /// Take approvals that expired or approve nothing out of the policy's approvals
    #[arg(long, conflicts_with = "approve")]
    prune: bool,
    /// The day on which approvals are judged; by default today
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
}

/// What makes a diff fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Fails {
    Silent,
    Destructive,
    Any,
    None,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (old, new) = sides(arguments)?;
    let limits = Limits::default();
    let mixed = || match (&old.files, &new.files) {
        (Some(before), Some(after)) => switched(before.as_ref(), after.as_ref(), &limits),
        _ => Vec::new(),
    };
    let found = diff(&old.engine, &new.engine, &mixed, &DiffLimits::default());
    let today = arguments.today.unwrap_or_else(today);
    if !arguments.approve.is_empty() || arguments.prune {
        return change_approvals(arguments, &new.approvals, &found, today);
    }
    let approved = Approved::new(&found, &old.approvals, &new.approvals, today);
    let fail_on = fail_on(&arguments.fail_on)?;
    let proof = match arguments.prove {
        true => Some(proof(&old, &new, &found)?),
        false => None,
    };
    let outcome = match outcome(&found, &approved, &fail_on) {
        Outcome::Passed if proof.as_ref().is_some_and(|one| !one.open.is_empty()) => {
            Outcome::Undecided
        }
        other => other,
    };
    let known: BTreeSet<&String> = old.lock.iter().collect();
    let compared = Compared {
        old: &old.label,
        new: &new.label,
        diff: &found,
        approved: &approved,
        fail_on: &fail_on,
        outcome,
        proof: proof.as_ref(),
        locked: new.lock.iter().filter(|line| !known.contains(line)).map(String::as_str).collect(),
        all: arguments.all,
        folder: folder(arguments),
    };
    report::print(&compared, arguments.format)?;
    Ok(match outcome {
        Outcome::Failed => Exit::Found,
        Outcome::Undecided => Exit::Undecided,
        Outcome::Passed => Exit::Clean,
    })
}

fn sides(arguments: &Arguments) -> Result<(Version, Version), Failure> {
    let folder = arguments.policy.as_path();
    let old = match &arguments.old {
        Some(name) => Version::named(name, folder)?,
        None => {
            let base = Version::merge_base(folder)?;
            output::note(format_args!("comparing with {}", base.label));
            base
        }
    };
    let new = match &arguments.new {
        Some(name) => Version::named(name, folder)?,
        None => Version::of_folder(folder)?,
    };
    Ok((old, new))
}

/// The folder of the new version, where it is in one.
fn folder(arguments: &Arguments) -> Option<&Path> {
    match &arguments.new {
        Some(name) => Some(Path::new(name)).filter(|path| path.is_dir()),
        None => Some(arguments.policy.as_path()),
    }
}

fn fail_on(named: &[Fails]) -> Result<BTreeSet<FailOn>, Failure> {
    if named.contains(&Fails::None) && named.len() > 1 {
        return Err(Failure::new("`--fail-on none` and something else contradict each other")
            .help("leave one of them out"));
    }
    let of = |one: &Fails| match one {
        Fails::Silent => Some(FailOn::Silent),
        Fails::Destructive => Some(FailOn::Destructive),
        Fails::Any => Some(FailOn::Any),
        Fails::None => None,
    };
    Ok(named.iter().filter_map(of).collect())
}

/// Writes the approvals of the policy's folder anew.
fn change_approvals(
    arguments: &Arguments,
    known: &Approvals,
    found: &placet_language::diff::Diff,
    today: Date,
) -> Result<Exit, Failure> {
    let Some(folder) = folder(arguments) else {
        return Err(Failure::new("approvals are part of the new version, which is in no folder")
            .help("name the policy's folder as the new side, or leave it out"));
    };
    let mut approvals = known.clone();
    if arguments.prune {
        approvals.prune(found, today);
    }
    for fingerprint in &arguments.approve {
        if !found.expansions.iter().any(|one| one.fingerprint == *fingerprint) {
            return Err(Failure::new(format_args!(
                "no finding has the fingerprint `{fingerprint}`"
            ))
            .help("`placet diff` with the same sides shows the fingerprint of each finding"));
        }
        let (Some(reason), Some(by), Some(expires)) =
            (&arguments.reason, &arguments.by, arguments.until)
        else {
            continue;
        };
        if reason.trim().is_empty() || by.trim().is_empty() || expires < today {
            return Err(Failure::new(
                "an approval has a reason, somebody who gives it, and an end",
            )
            .help("`--reason` and `--by` are not empty, and `--until` is not past"));
        }
        approvals.add(Approval {
            fingerprint: fingerprint.clone(),
            reason: reason.clone(),
            by: by.clone(),
            expires,
        });
    }
    let path = folder.join(APPROVALS_FILE);
    disk::write(&path, approvals.to_string().as_bytes())?;
    let count = output::counted(approvals.iter().count(), "approval");
    output::print(format_args!("{}: {count}", path.display()))?;
    Ok(Exit::Clean)
}
