//! `placet scan`: what the configuration of MCP clients gives away.

use std::path::PathBuf;

use placet_language::scan::scan;
use placet_language::{Code, Diagnostic};
use serde_json::json;

use crate::commands::usable_policy;
use crate::disk;
use crate::disk::walk::{self, Walk};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Style, counted, printable};

/// How large a configuration may be, in bytes.
const BYTES: usize = 8 << 20;

/// Find secrets, unpinned programs and plain http in the configuration of MCP clients
///
/// A folder is searched for files such as `.mcp.json`, `.cursor/mcp.json`, `.vscode/mcp.json`,
/// `claude_desktop_config.json` and `.codex/config.toml`, in hidden folders too, but not in `.git` and
/// `node_modules`. A file that is named is read whatever its name. Secrets are never shown whole.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  placet scan .\n  \
    placet scan --policy policies/filesystem ~/.cursor/mcp.json\n  \
    placet scan --format json . | jq '.diagnostics[].code'\n\n\
    Exit codes: 0 nothing found, 1 found something, 2 a file or folder is unusable and nothing was \
    found in the others.")]
pub(crate) struct Arguments {
    /// Files, and folders to search
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A policy's folder: also report servers that it does not cover
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let policy = arguments.policy.as_deref().map(usable_policy).transpose()?;
    let Walk { files, links, problems } = walk::configurations(&arguments.paths);
    let mut diagnostics: Vec<Diagnostic> =
        problems.iter().map(|(what, why)| unreadable(what, why)).collect();
    let mut servers = 0_usize;
    for path in &files {
        let name = path.display().to_string();
        let text = disk::read(path, BYTES).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| String::from("it is not UTF-8"))
        });
        match text {
            Ok(text) => {
                let scanned = scan(&name, &text, policy.as_ref());
                servers = servers.saturating_add(scanned.servers);
                diagnostics.extend(scanned.diagnostics);
            }
            Err(why) => diagnostics.push(unreadable(&name, &why)),
        }
    }
    let found = diagnostics.iter().filter(|one| !one.is_about_input()).count();
    let exit = match diagnostics.len() {
        0 => Exit::Clean,
        _ if found > 0 => Exit::Found,
        _ => Exit::Unusable,
    };
    match arguments.format {
        Format::Json => output::print_json(&json!({
            "files": files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "links": links.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "servers": servers,
            "diagnostics":
                diagnostics.iter().map(output::diagnostic_json).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            output::diagnostics(&diagnostics);
            for link in &links {
                let link = printable(&link.display().to_string());
                output::note(format_args!("`{link}` is a link, and was not followed"));
            }
            if let Some(first) = diagnostics.first() {
                output::read_on(first.code);
            }
            let style = Style::of_output();
            let verdict = match exit {
                Exit::Clean => style.good("ok"),
                Exit::Found => style.bad(&counted(found, "finding")),
                Exit::Unusable | Exit::Undecided => style.bad("not usable"),
            };
            let unread = match diagnostics.len().saturating_sub(found) {
                0 => String::new(),
                count => format!("; {count} could not be read"),
            };
            let servers = counted(servers, "server");
            output::print(match files.len() {
                0 => format!("{verdict}: no configuration of an MCP client found here{unread}"),
                count => {
                    let files = counted(count, "configuration file");
                    format!("{verdict}: {servers} in {files}{unread}")
                }
            })?;
        }
    }
    Ok(exit)
}

fn unreadable(what: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::ScanUnreadable, format!("`{what}` cannot be read: {why}"))
        .help("nothing is known of what is configured there")
}
