//! `placet init`: a first policy for a server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use placet_language::case::{CaseFile, CaseLimits, Filter, Outcome, run as run_cases};
use placet_language::catalogue::{self, Prose};
use placet_language::draft::{Draft, Reach, Wishes, draft, is_name};
use placet_language::lint::{self, Level, Linted, Metadata, Settings, World};
use placet_language::scan::scan;
use placet_language::{Code, Limits, check, lock};
use serde_json::Value;

use crate::commands::{compile, today};
use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, Style, counted, plural, printable};
use crate::pull::{self, Source};

/// How long a server may take to answer.
const LIMIT: Duration = Duration::from_secs(120);

/// Draft a policy for a server: capabilities, consents and scopes, with cases and a lock
///
/// Tools are sorted by how much harm they can do, as their names and annotations say, and by what they
/// are about. The draft allows nothing: its rules are comments, but with `--yes` for reading.
#[derive(clap::Args)]
#[group(skip)]
#[command(
    group = clap::ArgGroup::new("source").args(["catalogue", "url", "command"]),
    after_help = "Examples:\n  \
        placet init my-policy -- npx -y @modelcontextprotocol/server-filesystem /srv/data\n  \
        placet init --url https://mcp.example.com/github --token-env TOKEN my-policy\n  \
        placet init --catalogue tools.json --resource https://mcp.example.com/github \\\n    \
        --issuer https://login.example.com my-policy\n\n\
        Exit codes: 0 written, 2 nothing is written: the folder is not empty, or the server or catalogue \
        is unusable."
)]
pub(crate) struct Arguments {
    /// The folder to write; it must be empty or not there
    folder: PathBuf,
    /// What to call the server in the policy; by default the folder's name
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// A file with a `tools/list` result, or what `placet catalogue pull` wrote
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Fetch the catalogue from there, over Streamable HTTP
    #[arg(long)]
    url: Option<String>,
    /// The environment variable that holds a bearer token for the URL
    #[arg(long, value_name = "VARIABLE", requires = "url")]
    token_env: Option<String>,
    /// The resource URI that tokens for the server carry; by default the URL
    #[arg(long, value_name = "URI", conflicts_with = "command")]
    resource: Option<String>,
    /// Who issues these tokens; by default what the server's metadata say
    #[arg(long, value_name = "URI", conflicts_with = "command")]
    issuer: Vec<String>,
    /// Allow reading, and ask nothing
    #[arg(long, short)]
    yes: bool,
    /// Start the server with this command and speak to it over stdio
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = arguments.folder.as_path();
    must_be_empty(folder)?;
    let server = server_name(arguments)?;
    let asked = asked(arguments)?;
    let definitions = definitions(arguments, &asked)?;
    let read = catalogue::read(definitions.as_bytes()).map_err(|error| {
        Failure::new(format_args!("the catalogue of `{server}` cannot be used: {error}"))
    })?;
    let (reach, metadata) = reach(arguments)?;
    let wishes = Wishes { server: server.clone(), reach, allow_reading: arguments.yes };
    let draft = draft(&read, &wishes);
    let files = files(&draft, &wishes, &definitions, &asked, metadata.as_deref());
    let (files, linted) = judged(files)?;
    fs::create_dir_all(folder).map_err(|error| {
        let why = disk::why(&error);
        Failure::new(format_args!("cannot create the folder `{}`: {why}", folder.display()))
    })?;
    for (name, text) in &files {
        disk::write(&folder.join(name), text.as_bytes())?;
    }
    told(arguments, &draft, &files, &linted)?;
    note_unpinned(&server, &asked);
    Ok(Exit::Clean)
}

/// Says of the command that is kept for `lint --live` that it does not name what it starts.
fn note_unpinned(server: &str, command: &[String]) {
    let Some((program, rest)) = command.split_first() else { return };
    let configuration = serde_json::json!({
        "mcpServers": { server: { "command": program, "args": rest } }
    });
    let scanned = scan("mcp.json", &configuration.to_string(), None);
    for one in scanned.diagnostics.iter().filter(|one| one.code == Code::ScanUnpinned) {
        let help = one.help.as_deref().unwrap_or("name one");
        output::note(format_args!("{}; in {}, {help}", one.message, lint::FILE));
    }
}

fn must_be_empty(folder: &Path) -> Result<(), Failure> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => {
            let why = disk::why(&error);
            return Err(Failure::new(format_args!("cannot use `{}`: {why}", folder.display())));
        }
    };
    match is_free {
        true => Ok(()),
        false => Err(Failure::new(format_args!("the folder `{}` is not empty", folder.display()))
            .help("name another: a draft is not written over what somebody else wrote")),
    }
}

fn server_name(arguments: &Arguments) -> Result<String, Failure> {
    let of_folder = || {
        let name = arguments.folder.file_name().unwrap_or_default().to_string_lossy();
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        name.chars().map(letter).collect::<String>().to_lowercase()
    };
    let name = arguments.server.clone().unwrap_or_else(of_folder);
    match is_name(&name) {
        true => Ok(name),
        false => Err(Failure::new(format_args!("`{name}` is no name for a server"))
            .help("use letters, digits and `_`, and no word of the language: `--server NAME`")),
    }
}

/// The command that starts the server: of the call, or of somebody who is there to be asked.
fn asked(arguments: &Arguments) -> Result<Vec<String>, Failure> {
    if arguments.catalogue.is_some() || arguments.url.is_some() || !arguments.command.is_empty() {
        return Ok(arguments.command.clone());
    }
    let nothing = || {
        Failure::new("it is not said which server the policy is for").help(
            "name what `tools/list` answered with `--catalogue FILE`, where the server is with `--url URL`, \
             or after `--` the command that starts it",
        )
    };
    if arguments.yes || !io::stdin().is_terminal() {
        return Err(nothing());
    }
    let mut error = io::stderr();
    let asked = write!(error, "which command starts the server? ").and_then(|()| error.flush());
    let mut answer = String::new();
    asked
        .and_then(|()| io::stdin().read_line(&mut answer))
        .map_err(|error| Failure::new(format_args!("nobody can be asked: {error}")))?;
    let words: Vec<String> = answer.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() { Err(nothing()) } else { Ok(words) }
}

/// The server's definitions as a catalogue file, without its own sentences.
fn definitions(arguments: &Arguments, command: &[String]) -> Result<String, Failure> {
    if let Some(path) = &arguments.catalogue {
        let shown = path.display();
        let bytes = disk::read(path, Limits::default().catalogue_bytes)
            .map_err(|why| Failure::new(format_args!("cannot read `{shown}`: {why}")))?;
        return stripped(&bytes).map_err(|why| {
            Failure::new(format_args!("the catalogue `{shown}` cannot be used: {why}")).help(
                "it has to be a whole `tools/list` result, or what `placet catalogue pull` wrote",
            )
        });
    }
    let source = match (command.split_first(), &arguments.url) {
        (Some((program, rest)), _) => {
            Source::Command { program: program.clone(), arguments: rest.to_vec() }
        }
        (None, url) => {
            let token = match &arguments.token_env {
                None => None,
                Some(variable) => Some(std::env::var(variable).map_err(|_| {
                    Failure::new(format_args!(
                        "the environment variable `{variable}` holds no token"
                    ))
                })?),
            };
            Source::Url { url: url.clone().unwrap_or_default(), token }
        }
    };
    output::note("asking the server for its tools");
    let offered = pull::pull(&source, LIMIT, &mut |_| ())
        .map_err(|error| Failure::new(format_args!("cannot pull the catalogue: {error}")))?;
    catalogue::write(&offered.tools, &offered.prompts, Prose::Drop)
        .map_err(|error| Failure::new(format_args!("the catalogue cannot be used: {error}")))
}

/// A catalogue without prose. One that Placet wrote stays as it is.
fn stripped(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| String::from("it is not UTF-8"))?;
    catalogue::read(bytes).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let inner = value.get("result").unwrap_or(&value);
    if inner.get("placet").is_some() {
        return Ok(text.to_owned());
    }
    let list = |name: &str| inner.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    catalogue::write(&list("tools"), &list("prompts"), Prose::Drop)
        .map_err(|error| error.to_string())
}

/// How the server is reached, and its metadata as they are to be kept.
fn reach(arguments: &Arguments) -> Result<(Reach, Option<String>), Failure> {
    let Some(resource) = arguments.resource.as_ref().or(arguments.url.as_ref()) else {
        return Ok((Reach::Local, None));
    };
    let metadata = match arguments.url {
        Some(_) => pull::metadata(resource, LIMIT).ok(),
        None => None,
    };
    let resource = metadata.as_ref().map_or(resource, |one| &one.resource).clone();
    let said = metadata.as_ref().and_then(|one| one.authorization_servers.clone());
    let issuers: BTreeSet<String> = match arguments.issuer.is_empty() {
        true => said.unwrap_or_default(),
        false => arguments.issuer.iter().cloned().collect(),
    };
    if issuers.is_empty() {
        return Err(Failure::new("it is not known who issues tokens for the server").help(
            "name it: `--issuer https://login.example.com`; of a server at `--url`, its protected resource \
             metadata (RFC 9728) can say it",
        ));
    }
    let scopes = metadata.as_ref().and_then(|one| one.scopes_supported.clone());
    let kept = metadata.as_ref().map(kept);
    Ok((Reach::Remote { resource, issuers, scopes: scopes.unwrap_or_default() }, kept))
}

/// Metadata as a file, as far as lint reads them.
fn kept(metadata: &Metadata) -> String {
    let value = serde_json::json!({
        "resource": metadata.resource,
        "authorization_servers": metadata.authorization_servers,
        "scopes_supported": metadata.scopes_supported,
    });
    format!("{value:#}\n")
}

fn files(
    draft: &Draft,
    wishes: &Wishes,
    definitions: &str,
    command: &[String],
    metadata: Option<&str>,
) -> BTreeMap<String, String> {
    let mut settings = String::from(
        "# A draft's rules are comments, so that nothing uses what they name. Take these lines out once the\n\
         # rules that you want are in force.\n\
         [lint.levels]\n\"capability.unused\" = \"note\"\n\"consent.unused\" = \"note\"\n",
    );
    let text = |text: &str| toml_text(text);
    settings.push_str(&format!("\n[servers.{}]\n", wishes.server));
    if !command.is_empty() {
        let words: Vec<String> = command.iter().map(|word| text(word)).collect();
        settings.push_str(&format!("command = [{}]\n", words.join(", ")));
    }
    if metadata.is_some() {
        settings.push_str("metadata = \"protected-resource.json\"\n");
    }
    if !draft.excluded.is_empty() {
        settings.push_str(&format!("\n[servers.{}.excluded]\n", wishes.server));
        for (tool, why) in &draft.excluded {
            settings.push_str(&format!("{} = {}\n", text(tool), text(why)));
        }
    }
    let mut files = BTreeMap::from([
        (String::from("policy.placet"), draft.policy.clone()),
        (String::from("policy.cases"), draft.cases.clone()),
        (String::from("catalogue.json"), definitions.to_owned()),
        (String::from(lint::FILE), settings),
    ]);
    files.extend(metadata.map(|text| (String::from("protected-resource.json"), text.to_owned())));
    files
}

/// A text in TOML: a basic string, whose escapes are those of JSON.
fn toml_text(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// The files with their lock, once the draft checks and its cases pass, and what lint says of them.
fn judged(
    mut files: BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Linted), Failure> {
    let defect = |why: String| {
        Failure::new(format_args!("the draft is not usable: {why}"))
            .help("this is a defect of Placet; please report it with the catalogue")
    };
    let limits = Limits::default();
    let update = lock::update(&files, &limits, today(), false)
        .map_err(|errors| defect(errors.first().map(ToString::to_string).unwrap_or_default()))?;
    files.insert(String::from(lock::FILE), lock::write(&update.after));
    let checked = check(&files, &limits);
    let first = checked.diagnostics.iter().find(|one| one.is_error()).map(ToString::to_string);
    let policy = checked.policy.ok_or_else(|| defect(first.unwrap_or_default()))?;
    let (_, engine) = compile(&policy)?;
    let cases = files.get("policy.cases").cloned().unwrap_or_default();
    let cases = [CaseFile { path: String::from("policy.cases"), text: cases }];
    let report = run_cases(&cases, &engine, &Filter::default(), &CaseLimits::default());
    let failed = report.results.iter().find(|one| !matches!(one.outcome, Outcome::Passed));
    if let Some(failed) = failed {
        return Err(defect(format!("`{}` is decided otherwise", failed.text)));
    }
    let text = files.get(lint::FILE).map(String::as_str).unwrap_or_default();
    let settings = Settings::read(text).map_err(|error| defect(error.to_string()))?;
    let world = World { today: today(), live: BTreeMap::new() };
    let linted = lint::lint(&files, &limits, &settings, &world);
    Ok((files, linted))
}

fn told(
    arguments: &Arguments,
    draft: &Draft,
    files: &BTreeMap<String, String>,
    linted: &Linted,
) -> Result<(), Failure> {
    let style = Style::of_output();
    let folder = printable(&arguments.folder.display().to_string());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    output::print(format_args!("wrote {} into {folder}", names.join(", ")))?;
    let count = |start: &str| draft.policy.lines().filter(|line| line.starts_with(start)).count();
    output::print(format_args!(
        "{}: {}, {}; {}",
        style.good("ok"),
        plural(count("capability "), "capability", "capabilities"),
        counted(count("consent "), "consent"),
        match arguments.yes {
            true => "reading is allowed, and nothing else",
            false => "nothing is allowed yet",
        }
    ))?;
    let weighty = linted.findings.iter().filter(|one| one.level > Level::Note).count();
    if weighty > 0 {
        let findings = counted(weighty, "finding");
        output::print(format_args!("{}: placet lint {folder}", style.bad(&findings)))?;
    }
    output::print(format_args!(
        "next: read {folder}/policy.placet, take the `//` away before the rules that you want, change the cases\n\
         in {folder}/policy.cases that say that nothing is allowed, then\n  \
         placet check {folder} && placet test {folder} && placet report {folder}"
    ))?;
    if arguments.resource.is_none() && arguments.url.is_none() && arguments.command.is_empty() {
        output::note(
            "drafted as a local server, which takes no tokens; for one that does: `--resource URI --issuer URI`",
        );
    }
    Ok(())
}
