//! `placet decide`: the engine's answer to one call.

use std::path::PathBuf;

use placet_engine::{Call, Decision, Engine, Remedy};

use crate::commands::signing::Trust;
use crate::commands::{bundle, call_and_text};
use crate::component::{self, Build};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Style, length, printable};
use crate::plugins::Plugins;

/// Judge a call and say why
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    placet decide --policy policies/filesystem policies/filesystem/calls/inside.json\n  \
    placet decide --policy filesystem.bundle --format json - < call.json\n  \
    placet decide --policy filesystem.bundle --trust release-2026=release.pub.pem call.json\n  \
    placet decide --policy filesystem.bundle --engine wasm call.json\n  \
    placet decide --policy examples/sql/policy --plugin examples/sql/policy/facts/sql.wasm call.json\n\n\
    Exit codes: 0 allowed, 1 denied, 2 the policy or the call is unusable.")]
pub(crate) struct Arguments {
    /// The policy: its folder, or a bundle
    #[arg(short, long)]
    policy: PathBuf,
    /// A file with the call as JSON, where `-` reads standard input, or the call in a line of case
    /// notation
    call: PathBuf,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    plugins: Plugins,
    #[command(flatten)]
    build: Build,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (bundle, engine) = bundle(&arguments.policy, &arguments.trust)?;
    let (mut call, text) = call_and_text(&arguments.call, &engine)?;
    arguments.plugins.compute(&engine, &mut call)?;
    // What was computed is not in the text. Of arguments that cannot be read nothing was.
    let as_written = arguments.plugins.is_empty() || call.arguments.is_err();
    let text = text.as_deref().filter(|_| as_written);
    let decision = match arguments.build.component() {
        None => engine.decide(&call),
        Some(file) => component::load(file, &bundle, &arguments.trust)?.decide(&call, text)?,
    };
    match arguments.format {
        Format::Json => output::print_json(&decision)?,
        Format::Text => {
            let style = Style::of_output();
            let lines = [Some(summary(&decision, style)), not_computed(&engine, &call, style)];
            output::print(lines.into_iter().flatten().collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(exit(&decision))
}

/// 0 for an allow, 1 for a denial.
pub(crate) fn exit(decision: &Decision) -> Exit {
    if decision.is_allow() { Exit::Clean } else { Exit::Found }
}

/// The decision in a few lines.
pub(crate) fn summary(decision: &Decision, style: Style) -> String {
    let mut lines = Vec::new();
    match decision.reason {
        None => lines.push(style.good("allow")),
        Some(reason) => {
            let detail = decision.detail.as_deref().unwrap_or_default();
            lines.push(format!("{}  {}", style.bad("deny"), style.strong(reason.as_str())));
            lines.push(format!("  why      {}", printable(detail)));
        }
    }
    for rule in &decision.rules {
        let because = rule.because.as_ref().map(|because| format!(": {}", printable(because)));
        let because = because.unwrap_or_default();
        let source = style.faint(&printable(&format!("({})", rule.source)));
        lines.push(format!("  rule     {}{because} {source}", printable(&rule.id)));
    }
    if let Some(receipt) = &decision.receipt {
        lines.push(format!("  receipt  {}", printable(receipt)));
    }
    if let Some(remedy) = &decision.remedy {
        lines.push(format!("  remedy   {}", printable(&self::remedy(remedy))));
    }
    if let Some(consume) = &decision.consume {
        lines.push(format!("  consume  confirmation {}", printable(consume)));
    }
    if !decision.unchecked.is_empty() {
        let unchecked: Vec<&str> = decision.unchecked.iter().map(|one| one.as_str()).collect();
        lines.push(style.faint(&format!("  not checked: {}", unchecked.join(", "))));
    }
    lines.join("\n")
}

/// The facts that rules read and that the call does not bring, if there are any: each counts against it.
pub(crate) fn not_computed(engine: &Engine, call: &Call, style: Style) -> Option<String> {
    let needed: Vec<String> = engine.facts_needed(call).iter().map(ToString::to_string).collect();
    (!needed.is_empty()).then(|| {
        let needed = printable(&needed.join(", "));
        style.faint(&format!("  not computed: {needed} (`facts` of the call, or `--plugin`)"))
    })
}

/// A remedy in words.
pub(crate) fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Review { by, within } => {
            let by = by.as_deref().unwrap_or("somebody");
            let within = within.map(|seconds| format!(" within {}", length(seconds)));
            format!("{by} has to review the client{}", within.unwrap_or_default())
        }
        Remedy::Reauthenticate { acr_values, max_age } => {
            let mut asked = Vec::new();
            if !acr_values.is_empty() {
                asked.push(format!("`acr_values` {}", acr_values.join(" ")));
            }
            asked.extend(max_age.map(|age| format!("`max_age` {age}")));
            format!(
                "answer 401 `insufficient_user_authentication`: the user logs in again, with {}",
                asked.join(" and ")
            )
        }
        Remedy::Confirm { operation, within } => format!(
            "ask the user to confirm operation {operation}; that counts for {}",
            length(*within)
        ),
        Remedy::InvalidToken => {
            String::from("answer 401 `invalid_token`: the client needs another token")
        }
        Remedy::InsufficientScope { scopes } => {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            format!(
                "answer 403 `insufficient_scope`: the client needs a token with `{}`",
                scopes.join(" ")
            )
        }
        Remedy::Consent { terms, purpose, .. } => match purpose {
            None => format!("ask the user for consent `{terms}`"),
            Some(purpose) => {
                format!("ask the user for consent `{terms}`, and state the purpose \"{purpose}\"")
            }
        },
    }
}
