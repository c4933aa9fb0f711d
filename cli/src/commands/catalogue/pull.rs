//! `placet catalogue pull`: what a running server offers.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use placet_language::catalogue::{self, Prose};

use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, counted};
use crate::pull::{self, Source};

/// Fetch the tools and prompts of a running server into a catalogue file
///
/// The file holds names, schemas without prose, annotations, and a digest of each tool's whole
/// definition. It is sorted: two pulls of the same server give the same file.
#[derive(clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("server").args(["url", "command"]).required(true), after_help = "Examples:\n  \
    placet catalogue pull filesystem -- npx @modelcontextprotocol/server-filesystem /srv/data\n  \
    placet catalogue pull github --url https://mcp.example.com/github --token-env GITHUB_TOKEN")]
pub(crate) struct Arguments {
    /// What to call the server; the file is `catalogues/NAME.json`
    name: String,
    /// Write to this file instead
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Reach the server over Streamable HTTP
    #[arg(long)]
    url: Option<String>,
    /// The environment variable that holds a bearer token for the URL
    #[arg(long, value_name = "VARIABLE", requires = "url")]
    token_env: Option<String>,
    /// Keep the server's own sentences: descriptions and titles
    #[arg(long)]
    with_text: bool,
    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
    /// Start the server with this command and speak to it over stdio
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => in_catalogues(&arguments.name)?,
    };
    let source = source(arguments)?;
    let limit = Duration::from_secs(arguments.timeout);
    let progress = Progress::new(&arguments.name);
    let offered = pull::pull(&source, limit, &mut |tools| progress.show(tools));
    progress.clear();
    let offered = offered.map_err(|error| {
        Failure::new(format_args!("cannot pull the catalogue of `{}`: {error}", arguments.name))
    })?;
    let prose = if arguments.with_text { Prose::Keep } else { Prose::Drop };
    let text = catalogue::write(&offered.tools, &offered.prompts, prose).map_err(|error| {
        Failure::new(format_args!("the catalogue of `{}` cannot be used: {error}", arguments.name))
    })?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            let why = disk::why(&error);
            Failure::new(format_args!("cannot create the folder `{}`: {why}", folder.display()))
        })?;
    }
    disk::write(&path, text.as_bytes())?;
    let prompts = match offered.prompts.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "prompt")),
    };
    let tools = counted(offered.tools.len(), "tool");
    output::print(format_args!("{}: {tools}{prompts}", path.display()))?;
    Ok(Exit::Clean)
}

/// A name is one file in one folder, whoever chose it.
fn in_catalogues(name: &str) -> Result<PathBuf, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.starts_with('.') || name.is_empty() || !name.chars().all(plain) {
        return Err(Failure::new(format_args!("`{name}` is no name for a file"))
            .help("use letters, digits, `-`, `_`, `.` and `@`, or name the file with `--output`"));
    }
    Ok(Path::new("catalogues").join(format!("{name}.json")))
}

fn source(arguments: &Arguments) -> Result<Source, Failure> {
    if let Some((program, rest)) = arguments.command.split_first() {
        return Ok(Source::Command { program: program.clone(), arguments: rest.to_vec() });
    }
    let token = match &arguments.token_env {
        None => None,
        Some(variable) => Some(std::env::var(variable).map_err(|_| {
            Failure::new(format_args!("the environment variable `{variable}` holds no token"))
                .help("set it to the bearer token, without the word `Bearer`")
        })?),
    };
    Ok(Source::Url { url: arguments.url.clone().unwrap_or_default(), token })
}

/// A line that says how far it is, on a terminal.
struct Progress<'a> {
    name: &'a str,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(name: &'a str) -> Self {
        let progress = Self { name, terminal: io::stderr().is_terminal() };
        progress.show(0);
        progress
    }

    fn show(&self, tools: usize) {
        self.line(&format!("{}: {} so far", self.name, counted(tools, "tool")));
    }

    fn clear(&self) {
        self.line("");
    }

    fn line(&self, text: &str) {
        if self.terminal {
            // A terminal that went away needs no progress.
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K{}", output::printable(text));
        }
    }
}
