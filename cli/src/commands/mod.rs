//! The commands, one a file, and what they share.

pub(crate) mod ask;
pub(crate) mod catalogue;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod decide;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod init;
pub(crate) mod lint;
pub(crate) mod lock;
pub(crate) mod man;
mod page;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod signing;
pub(crate) mod test;
pub(crate) mod verify;

use std::path::Path;

use placet_engine::{Call, CallError, Engine};
use placet_language::case;
use placet_language::{Checked, Limits, Policy};

use crate::commands::signing::Trust;
use crate::disk::{self, Folder};
use crate::exit::Failure;
use crate::output;

/// The day by universal time, wherever the command runs.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Checks the policy in a folder.
fn check_folder(folder: &Path) -> Checked {
    placet_language::check(&Folder::new(folder), &Limits::default())
}

/// The policy in a folder, or its errors shown.
fn usable_policy(folder: &Path) -> Result<Policy, Failure> {
    let checked = check_folder(folder);
    checked.policy.ok_or_else(|| {
        output::diagnostics(checked.diagnostics.iter().filter(|one| one.is_error()));
        Failure::new(format_args!("the policy in `{}` does not check", folder.display()))
    })
}

/// Compiles a policy, and loads the result as any host would: what the engine refuses is not handed
/// out.
pub(crate) fn compile(policy: &Policy) -> Result<(Vec<u8>, Engine), Failure> {
    let bundle = placet_language::compile(policy).map_err(Failure::new)?;
    let engine = Engine::load(&bundle, &placet_engine::Limits::default()).map_err(|error| {
        Failure::new(format_args!("the compiled policy cannot be loaded: {error}"))
            .help("this is a defect of Placet; please report it with the policy")
    })?;
    Ok((bundle, engine))
}

/// The engine for a policy: a folder, or a bundle.
fn engine(policy: &Path, trust: &Trust) -> Result<Engine, Failure> {
    bundle(policy, trust).map(|(_, engine)| engine)
}

/// A policy's bundle, and the engine that loaded it.
fn bundle(policy: &Path, trust: &Trust) -> Result<(Vec<u8>, Engine), Failure> {
    if policy.is_dir() {
        if trust.is_demanded() {
            return Err(Failure::new(format_args!(
                "the folder `{}` is not signed",
                policy.display()
            ))
            .help("`--trust` is for a bundle that `placet compile --sign` wrote"));
        }
        return compile(&usable_policy(policy)?);
    }
    let limits = placet_engine::Limits::default();
    let cannot = |why: String| {
        Failure::new(format_args!("cannot use the policy `{}`: {why}", policy.display()))
    };
    let bytes = disk::read(policy, limits.bundle_bytes).map_err(|why| {
        cannot(why).help("name a policy's folder, or a bundle that `placet compile` wrote")
    })?;
    let engine = trust.load(&bytes, &limits, cannot)?;
    Ok((bytes, engine))
}

/// The call in a file, on standard input for `-`, or in a line of case notation.
fn call(path: &Path, engine: &Engine) -> Result<Call, Failure> {
    call_and_text(path, engine).map(|(call, _)| call)
}

/// A call, and the JSON that it was read from.
fn call_and_text(path: &Path, engine: &Engine) -> Result<(Call, Option<Vec<u8>>), Failure> {
    // A line is more than one word, and hardly a file's name.
    if let Some(line) = path.to_str().filter(|text| text.contains(' '))
        && !path.exists()
    {
        let call = case::call(line, engine.content()).map_err(|error| {
            output::diagnostics([&error.diagnostic("call", line)]);
            Failure::new("the call cannot be used")
                .help("name a file with a call as JSON, or write a line as in `spec/cases.md`")
        });
        return call.map(|call| (call, None));
    }
    let limits = placet_engine::Limits::default();
    let standard_input = path == Path::new("-");
    let name = if standard_input {
        String::from("standard input")
    } else {
        format!("`{}`", path.display())
    };
    let bytes = match standard_input {
        true => disk::read_standard_input(limits.call_bytes),
        false => disk::read(path, limits.call_bytes),
    };
    let bytes = bytes
        .map_err(|why| Failure::new(format_args!("cannot read the call from {name}: {why}")))?;
    let call = Call::from_json(&bytes, &limits).map_err(|error| {
        let place = match &error {
            CallError::Unreadable { line, column, .. } if *line > 0 => {
                format!(" at line {line}, column {column}")
            }
            _ => String::new(),
        };
        Failure::new(format_args!("the call in {name} cannot be used{place}: {error}"))
            .help("`spec/call.schema.json` describes a call, and `spec/chain.md` shows one")
    })?;
    Ok((call, Some(bytes)))
}
