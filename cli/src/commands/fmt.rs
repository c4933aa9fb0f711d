//! `placet fmt`: policy files in the one style.

use std::path::{Path, PathBuf};

use placet_language::format::{Formatted, Untouched, format};
use placet_language::{Files as _, Limits};
use similar::TextDiff;

use crate::disk::{self, Folder};
use crate::exit::{Exit, Failure};
use crate::output::{self, counted, printable};

/// Format policy files, in one style
#[derive(clap::Args)]
#[command(after_help = "Statements with mistakes are reported and left as they are.\n\n\
                        Examples:\n  placet fmt policies/filesystem\n  \
                        placet fmt --check policies/filesystem\n  \
                        placet fmt --stdin < policy.placet\n\n\
                        Exit codes: 0 formatted, 1 a statement has mistakes, or something would change \
                        (`--check`), 2 a file is unusable.")]
pub(crate) struct Arguments {
    /// Policy files, and folders with policy files right inside
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Write nothing, and show what would change
    #[arg(long)]
    check: bool,
    /// Format standard input to standard output
    #[arg(long, conflicts_with_all = ["paths", "check"])]
    stdin: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.stdin {
        return standard_input();
    }
    let mut exit = Exit::Clean;
    let mut changed = 0_usize;
    let files = files(&arguments.paths)?;
    for path in &files {
        let name = path.display().to_string();
        let text = text(&name, disk::read(path, Limits::default().source_bytes))?;
        let formatted = formatted(&name, &text)?;
        if !formatted.diagnostics.is_empty() {
            exit = Exit::Found;
        }
        if formatted.text == text {
            continue;
        }
        changed = changed.saturating_add(1);
        if arguments.check {
            exit = Exit::Found;
            output::print(difference(&name, &text, &formatted.text))?;
        } else {
            disk::replace(path, formatted.text.as_bytes())?;
            output::print(format_args!("formatted {}", printable(&name)))?;
        }
    }
    let (of, what) =
        (counted(files.len(), "file"), if arguments.check { "would change" } else { "changed" });
    output::print(format_args!("{changed} of {of} {what}"))?;
    Ok(exit)
}

fn standard_input() -> Result<Exit, Failure> {
    let name = "standard input";
    let text = text(name, disk::read_standard_input(Limits::default().source_bytes))?;
    let formatted = formatted(name, &text)?;
    output::print_exactly(&formatted.text)?;
    Ok(if formatted.diagnostics.is_empty() { Exit::Clean } else { Exit::Found })
}

/// The files to format, each once, in the order of the arguments.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        let mut found = match path.is_dir() {
            false => vec![path.clone()],
            true => {
                let names = Folder::new(path).list().map_err(|why| {
                    Failure::new(format_args!("the folder cannot be read: {why}"))
                })?;
                if names.is_empty() {
                    return Err(Failure::new(format_args!(
                        "there is no policy in `{}`",
                        path.display()
                    ))
                    .help("name a file, or a folder with files whose names end in `.placet`"));
                }
                let inside = |name| if path == Path::new(".") { name } else { path.join(name) };
                names.into_iter().map(PathBuf::from).map(inside).collect()
            }
        };
        found.sort();
        found.retain(|path| !files.contains(path));
        files.extend(found);
    }
    Ok(files)
}

fn text(name: &str, bytes: Result<Vec<u8>, String>) -> Result<String, Failure> {
    let cannot = |why| Failure::new(format_args!("cannot read `{name}`: {why}"));
    String::from_utf8(bytes.map_err(cannot)?).map_err(|error| {
        cannot(format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

/// A formatted text, with what is wrong with it shown.
fn formatted(name: &str, text: &str) -> Result<Formatted, Failure> {
    let formatted = format(name, text, &Limits::default());
    output::diagnostics(&formatted.diagnostics);
    match formatted.untouched {
        None => {}
        Some(Untouched::Defect) => {
            return Err(Failure::new(format_args!(
                "`{name}` is left as it is: {}",
                Untouched::Defect
            ))
            .help("this is a defect of Placet; please report it with the file"));
        }
        Some(why) => output::note(format_args!("{} is left as it is: {why}", printable(name))),
    }
    Ok(formatted)
}

/// What would change, as a unified diff.
fn difference(name: &str, before: &str, after: &str) -> String {
    let name = printable(name);
    let diff = TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().header(&name, &name).to_string();
    let lines = unified.lines().map(printable);
    lines.collect::<Vec<_>>().join("\n")
}
