//! `placet lock`: records what somebody reviewed.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use jiff::civil::Date;
use placet_language::Limits;
use placet_language::lock::{self, Change, Lock, Subject, Update};
use serde_json::json;

use crate::commands::today;
use crate::disk::{self, Folder};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Style, counted, plural, printable};
use crate::report::drift;

/// How many tools, capabilities and the like are shown.
const SHOWN: usize = 30;

/// Record what was reviewed: tools as they are defined, what capabilities hold, the terms of consents
///
/// Shows what it is about to accept, and asks. With a lock, a pattern means what it meant when it was
/// reviewed, a tool that grew is not compiled, and old receipts cover what their users were shown.
#[derive(clap::Args)]
#[command(
    after_help = "Branches that both lock are merged by keeping the lines of both. Git does it \
    with this line in `.gitattributes`:\n  placet.lock merge=union\n\n\
    Examples:\n  placet lock policies/filesystem\n  placet lock --yes policies/filesystem\n  \
    placet lock --check policies/filesystem\n\n\
    Exit codes: 0 written or current, 1 the policy has errors, the lock is not current (`--check`) or \
    nobody agreed, 2 the folder or the lock is unusable."
)]
pub(crate) struct Arguments {
    /// The policy's folder
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// Accept everything that is shown, without asking
    #[arg(long, short, conflicts_with = "check")]
    yes: bool,
    /// Write nothing, and show what would change
    #[arg(long)]
    check: bool,
    /// Forget terms whose last receipt must have expired
    #[arg(long)]
    prune: bool,
    /// Show everything, not only the first of many
    #[arg(long)]
    all: bool,
    /// How to show what changes; with `json` nobody is asked
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The day on which it is locked; by default today
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = Folder::new(&arguments.policy);
    let today = arguments.today.unwrap_or_else(today);
    let update = match lock::update(&folder, &Limits::default(), today, arguments.prune) {
        Ok(update) => update,
        Err(errors) => {
            output::diagnostics(&errors);
            let unusable = errors.iter().any(|one| one.is_about_input());
            output::note("nothing is locked: mend the errors first");
            return Ok(if unusable { Exit::Unusable } else { Exit::Found });
        }
    };
    let nothing = Lock::default();
    let changes = lock::changes(update.before.as_ref().unwrap_or(&nothing), &update.after);
    match arguments.format {
        Format::Json => output::print_json(&json!({
            "current": !update.is_change(),
            "changes": changes,
            "pruned": update.pruned.iter().map(|(name, digest)| {
                json!({"consent": name, "digest": digest.as_str()})
            }).collect::<Vec<_>>(),
        }))?,
        Format::Text => show(arguments, &update, &changes)?,
    }
    if !update.is_change() {
        return Ok(Exit::Clean);
    }
    if arguments.check || !is_accepted(arguments, &update)? {
        return Ok(Exit::Found);
    }
    let path = arguments.policy.join(lock::FILE);
    let text = lock::write(&update.after);
    match update.before {
        Some(_) => disk::replace(&path, text.as_bytes())?,
        None => disk::write(&path, text.as_bytes())?,
    }
    if arguments.format == Format::Text {
        output::print(format_args!("wrote {}", printable(&path.display().to_string())))?;
    }
    Ok(Exit::Clean)
}

fn show(arguments: &Arguments, update: &Update, changes: &[Change]) -> Result<(), Failure> {
    let style = Style::of_output();
    if !update.is_change() {
        return output::print(format_args!("{}: the lock is current", style.good("ok")));
    }
    let Some(_) = update.before else {
        return output::print(summary(&update.after));
    };
    let mut by_subject: BTreeMap<&Subject, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        by_subject.entry(&change.subject).or_default().push(change);
    }
    let mut lines = Vec::new();
    let shown = if arguments.all { by_subject.len() } else { SHOWN };
    for (subject, changes) in by_subject.iter().take(shown) {
        lines.push(style.strong(&printable(&subject.to_string())));
        for change in changes {
            let what = printable(&change.what);
            lines.push(format!("  {} {what}", drift::direction(change.direction, style)));
            lines.extend(
                change.events.iter().map(|one| format!("      {}", drift::line(one, style))),
            );
        }
    }
    let rest = by_subject.len().saturating_sub(shown);
    if rest > 0 {
        lines.push(style.faint(&format!("and {rest} more (`--all` shows everything)")));
    }
    for (name, digest) in &update.pruned {
        lines.push(format!("forgets terms of consent {name}: {digest}"));
    }
    if changes.is_empty() && update.pruned.is_empty() {
        lines.push(String::from("only what was replaced, and when, is written anew"));
    }
    let widening = changes.iter().filter(|one| one.direction.is_widening()).count();
    lines.push(String::new());
    lines.push(format!("{}, {widening} of them widening", counted(changes.len(), "change")));
    output::print(lines.join("\n"))
}

/// What a first lock holds.
fn summary(lock: &Lock) -> String {
    let tools = lock.servers.values().map(|server| server.tools.len());
    format!(
        "the first lock: {} with {}, {}, {}, {}",
        counted(lock.servers.len(), "server"),
        counted(tools.fold(0, usize::saturating_add), "tool"),
        plural(lock.capabilities.len(), "capability", "capabilities"),
        counted(lock.terms.len(), "consent"),
        counted(lock.clients.len(), "client"),
    )
}

/// Whether somebody accepts what was shown.
fn is_accepted(arguments: &Arguments, update: &Update) -> Result<bool, Failure> {
    if arguments.yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() || arguments.format == Format::Json {
        return Err(Failure::new("nobody is there to accept what would be locked").help(
            "run `placet lock` at a terminal, or accept all that is shown with `--yes`; `--check` \
             only shows it",
        ));
    }
    let what = match update.before {
        Some(_) => "accept these changes",
        None => "accept the policy and its catalogues as they are",
    };
    let mut error = io::stderr();
    let asked = write!(error, "{what}? [y/N] ").and_then(|()| error.flush());
    let mut answer = String::new();
    let answered = asked.and_then(|()| io::stdin().read_line(&mut answer));
    answered.map_err(|error| Failure::new(format_args!("nobody can be asked: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
