//! `placet explain`: what a code means, or a decision with everything that led to it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use placet_engine::bundle::Source;
use placet_engine::{AllowVerdict, Explanation, LinkVerdict, Outcome};

use crate::commands::signing::Trust;
use crate::commands::{call, decide, engine, page};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Style, printable};
use crate::plugins::Plugins;

/// Say what a code or a reason means, or judge a call and show all that led to the decision
///
/// A code is what `placet check` prints above each diagnostic, a reason is what a denial is for. Of
/// a call, every link of the chain is shown, and what the nearest rules lack.
#[derive(clap::Args)]
#[command(
    override_usage = "placet explain [OPTIONS] <CODE|REASON>\n       \
                      placet explain [OPTIONS] [--policy <POLICY>] <CALL>",
    after_help = "Examples:\n  \
        placet explain deny.optional\n  \
        placet explain consent.none\n  \
        placet explain --policy policies/filesystem policies/filesystem/calls/outside.json\n  \
        placet explain --policy policies/filesystem \\\n    \
        'alice via assistant calls filesystem/read_text_file {path: \"/srv/data/a\"} under reading'\n\n\
        Exit codes: 0 the call is allowed, or the page is shown, 1 it is denied, 2 the policy or the call \
        is unusable, or the word is no code and no reason."
)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The policy that judges the call: its folder, or a bundle; by default the folder where you are
    #[arg(short, long)]
    policy: Option<PathBuf>,
    /// A code or a reason; with `--policy` a file with the call as JSON, where `-` reads standard
    /// input, or the call in a line, as `placet diff` writes witnesses
    #[arg(value_name = "CODE|REASON|CALL")]
    what: OsString,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    plugins: Plugins,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How many rules are shown to people; machines get all.
const SHOWN: usize = 5;

/// Whether this is a call, and no code and no reason.
fn is_call(what: &Path) -> bool {
    what == Path::new("-") || what.exists() || what.to_string_lossy().contains(' ')
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let what = Path::new(&arguments.what);
    let policy = match &arguments.policy {
        Some(policy) => policy,
        None if is_call(what) => Path::new("."),
        None => {
            page::show(what, arguments.format)?;
            return Ok(Exit::Clean);
        }
    };
    let engine = engine(policy, &arguments.trust)?;
    let mut call = call(what, &engine)?;
    arguments.plugins.compute(&engine, &mut call)?;
    let explanation = engine.explain(&call);
    match arguments.format {
        Format::Json => output::print_json(&explanation)?,
        Format::Text => {
            let not_computed = decide::not_computed(&engine, &call, Style::of_output());
            let lines = [Some(text(&explanation)), not_computed];
            output::print(lines.into_iter().flatten().collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(decide::exit(&explanation.decision))
}

/// An explanation for people.
pub(crate) fn text(explanation: &Explanation) -> String {
    styled(explanation, Style::of_output())
}

/// An explanation for a file.
pub(crate) fn plain(explanation: &Explanation) -> String {
    styled(explanation, Style::plain())
}

fn styled(explanation: &Explanation, style: Style) -> String {
    let mut lines = vec![decide::summary(&explanation.decision, style), String::new()];
    lines.extend(explanation.links.iter().map(|link| link_line(link, style)));
    let (allowing, lacking): (Vec<&AllowVerdict>, Vec<&AllowVerdict>) =
        explanation.allows.iter().partition(|rule| rule.lacks.is_empty());
    if explanation.decision.is_allow() {
        lines.push(String::new());
        lines.push(style.strong("rules that allow the call"));
        lines.extend(allowing.iter().map(|rule| rule_line(rule, style)));
        return lines.join("\n");
    }
    if !explanation.denies.is_empty() {
        lines.push(String::new());
        lines.push(style.strong("rules that deny the call"));
        for rule in &explanation.denies {
            lines.push(standing_line(&rule.rule, rule.because.as_deref(), &rule.source, style));
        }
    }
    if !explanation.requires.is_empty() {
        lines.push(String::new());
        lines.push(style.strong("requirements that are not met"));
        for rule in &explanation.requires {
            lines.push(standing_line(&rule.rule, rule.because.as_deref(), &rule.source, style));
            lines.extend(rule.lacks.iter().map(|lack| format!("    - {}", printable(lack))));
        }
    }
    if !lacking.is_empty() {
        lines.push(String::new());
        lines.push(style.strong("rules that came nearest, and what each lacks"));
        for rule in lacking.iter().take(SHOWN) {
            lines.push(rule_line(rule, style));
            lines.extend(rule.lacks.iter().map(|lack| format!("    - {}", printable(lack))));
        }
        if let Some(more) = lacking.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            lines.push(style.faint(&format!("  and {more} more (`--format json` shows all)")));
        }
    }
    lines.join("\n")
}

fn link_line(link: &LinkVerdict, style: Style) -> String {
    let (mark, detail) = match link.outcome {
        Outcome::Passed => (style.good("✓"), printable(&link.detail)),
        Outcome::Failed => (style.bad("✗"), printable(&link.detail)),
        Outcome::NotReached => (style.faint("·"), style.faint(&printable(&link.detail))),
    };
    format!("  {mark} {:<14} {detail}", link.link.as_str())
}

/// A rule that stands in the way, with the author's reason.
fn standing_line(rule: &str, because: Option<&str>, source: &Source, style: Style) -> String {
    let because = because.map(|because| format!(": {}", printable(because))).unwrap_or_default();
    let source = style.faint(&printable(&format!("({source})")));
    format!("  {}{because} {source}", printable(rule))
}

fn rule_line(rule: &AllowVerdict, style: Style) -> String {
    let source = style.faint(&printable(&format!("({})", rule.source)));
    format!("  {} through `{}` {source}", printable(&rule.rule), printable(&rule.capability))
}
