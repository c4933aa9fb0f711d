//! `placet verify`: whether the component answers as the library does.

use std::path::PathBuf;

use crate::commands::bundle;
use crate::commands::signing::Trust;
use crate::component;
use crate::exit::{Exit, Failure};
use crate::output::Format;

/// Compare the two builds of the engine on one policy: the library that is part of this program, and the
/// WebAssembly component
///
/// The calls are made from the policy: what its rules allow, and that broken in many ways. Every
/// decision must be the same, byte for byte.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    placet verify filesystem.bundle\n  \
    placet verify policies/filesystem --component placet.wasm --calls 100000\n\n\
    Exit codes: 0 both builds answer alike, 1 they do not, 2 the policy or the component is unusable.")]
pub(crate) struct Arguments {
    /// The policy: its folder, or a bundle
    policy: PathBuf,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    component: component::File,
    /// How many calls to compare, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    calls: usize,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (bundle, engine) = bundle(&arguments.policy, &arguments.trust)?;
    let loaded = component::load(arguments.component.path(), &bundle, &arguments.trust)?;
    compare(loaded, &engine, arguments)
}

#[cfg(not(feature = "wasm"))]
fn compare(
    loaded: component::Loaded,
    _: &placet_engine::Engine,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let _ = (arguments.calls, arguments.format);
    match loaded {}
}

#[cfg(feature = "wasm")]
fn compare(
    mut loaded: component::Loaded,
    engine: &placet_engine::Engine,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    use serde_json::json;

    use crate::output::{self, Style, counted, printable};

    let style = Style::of_output();
    let verified = loaded.verify(engine, arguments.calls)?;
    match (&verified, arguments.format) {
        (Ok(verified), Format::Text) => {
            let denied = verified.calls.saturating_sub(verified.allowed);
            output::print(format_args!(
                "{}  {}: {} allowed, {denied} denied for {}",
                style.good("alike"),
                counted(verified.calls, "call"),
                verified.allowed,
                counted(verified.reasons.len(), "reason")
            ))?;
        }
        (Ok(verified), Format::Json) => output::print_json(&json!({
            "calls": verified.calls,
            "allowed": verified.allowed,
            "reasons": verified.reasons,
            "difference": null,
        }))?,
        (Err(difference), Format::Text) => output::print(format_args!(
            "{}\n  call       {}\n  library    {}\n  component  {}",
            style.bad("the library and the component differ"),
            printable(&difference.call),
            printable(&difference.library),
            printable(&difference.component)
        ))?,
        (Err(difference), Format::Json) => output::print_json(&json!({
            "difference": {
                "call": difference.call,
                "library": difference.library,
                "component": difference.component,
            },
        }))?,
    }
    Ok(if verified.is_ok() { Exit::Clean } else { Exit::Found })
}
