//! What people and machines are shown.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use miette::{GraphicalReportHandler, GraphicalTheme, Severity};
use placet_language::{Code, Diagnostic};
use serde_json::{Value, json};

use crate::exit::Failure;

/// How a result is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Where text goes.
#[derive(Debug, Clone, Copy)]
enum Stream {
    Out,
    Error,
}

impl Stream {
    /// Whether colours are wanted: on a terminal, unless the user said no (<https://no-color.org>).
    fn has_colours(self) -> bool {
        let terminal = match self {
            Self::Out => io::stdout().is_terminal(),
            Self::Error => io::stderr().is_terminal(),
        };
        terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// Writes all of the text.
    fn write(self, text: &str) -> io::Result<()> {
        match self {
            Self::Out => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
            Self::Error => io::stderr().lock().write_all(text.as_bytes()),
        }
    }
}

/// Prints a result.
///
/// # Errors
///
/// The result could not be written. A reader that went away has seen enough, and is no error.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    print_exactly(&format!("{text}\n"))
}

/// Prints a result that ends its own last line.
///
/// # Errors
///
/// As [`print()`].
pub(crate) fn print_exactly(text: &str) -> Result<(), Failure> {
    match Stream::Out.write(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format_args!("the result cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a result for machines.
///
/// # Errors
///
/// As [`print()`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(serde_json::to_string_pretty(value).map_err(Failure::new)?)
}

/// Prints something beside the result.
pub(crate) fn note(text: impl Display) {
    // Where even this cannot be written, the exit code still tells.
    let _ = Stream::Error.write(&format!("{text}\n"));
}

/// Prints why a command could not do its work.
pub(crate) fn failure(failure: &Failure) {
    let style = Style::new(Stream::Error);
    note(format_args!("{}: {}", style.bad("error"), printable(&failure.message)));
    if let Some(help) = &failure.help {
        note(format_args!("  {}: {}", style.strong("help"), printable(help)));
    }
}

/// Prints diagnostics for people: errors where a command only needs the policy, everything where the
/// policy is what is asked about.
pub(crate) fn diagnostics<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
    let mut diagnostics = diagnostics.into_iter();
    for diagnostic in diagnostics.by_ref().take(SHOWN) {
        note(drawn_for(Stream::Error, diagnostic));
    }
    let more = diagnostics.count();
    if more > 0 {
        note(format_args!("and {more} more (`--format json` shows all)"));
    }
}

/// Prints where there is more about a code.
pub(crate) fn read_on(code: Code) {
    let style = Style::new(Stream::Error);
    note(style.faint(&format!("for more about a code: placet explain {code}")));
}

/// A diagnostic as a part of the result.
pub(crate) fn drawn(diagnostic: &Diagnostic) -> String {
    drawn_for(Stream::Out, diagnostic)
}

/// A diagnostic with a picture of the place, unless the line is too long for that.
fn drawn_for(stream: Stream, diagnostic: &Diagnostic) -> String {
    let theme = match stream.has_colours() {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    let mut text = String::new();
    let drawn =
        diagnostic.longest_line() <= LINE && handler.render_report(&mut text, diagnostic).is_ok();
    if drawn { text } else { in_words(diagnostic) }
}

/// How many diagnostics people are shown at once.
const SHOWN: usize = 100;

/// How long a line may be, in bytes, to be drawn.
const LINE: usize = 1_000;

/// A diagnostic without a picture of the place.
fn in_words(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.file().zip(diagnostic.position());
    let place = place.map(|(file, (line, column))| format!(" ({file}:{line}:{column})"));
    let help = diagnostic.help.as_ref().map(|help| format!("\n  help: {help}"));
    format!(
        "{}\n\n  × {diagnostic}{}{}\n",
        diagnostic.code,
        place.unwrap_or_default(),
        help.unwrap_or_default()
    )
}

/// A diagnostic for machines.
pub(crate) fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    let position = diagnostic.position();
    json!({
        "code": diagnostic.code.as_str(),
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "note",
        },
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": diagnostic.file(),
        "line": position.map(|(line, _)| line),
        "column": position.map(|(_, column)| column),
        "text": diagnostic.underlined(),
    })
}

/// Escapes what does not print: server names, tools and arguments are other people's text.
pub(crate) fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' | '\n' => printed.push(character),
            other => printed.extend(other.escape_debug()),
        }
    }
    printed
}

/// A number of things whose plural is regular.
pub(crate) fn counted(count: usize, what: &str) -> String {
    plural(count, what, &format!("{what}s"))
}

/// A number of things.
pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A length of time in its largest whole unit.
pub(crate) fn length(seconds: i64) -> String {
    let units =
        [(604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let fitting = units.into_iter().find_map(|(size, unit)| {
        let count = seconds.checked_div(size)?;
        (count.checked_mul(size) == Some(seconds) && count > 0).then_some((count, unit))
    });
    match fitting {
        Some((count, unit)) => counted(usize::try_from(count).unwrap_or(usize::MAX), unit),
        None => format!("{seconds} seconds"),
    }
}

/// Emphasis, where the stream shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    fn new(stream: Stream) -> Self {
        Self { colours: stream.has_colours() }
    }

    /// For what is no terminal's.
    pub(crate) fn plain() -> Self {
        Self { colours: false }
    }

    /// For what goes to standard output.
    pub(crate) fn of_output() -> Self {
        Self::new(Stream::Out)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }
}
