//! What MCP client configuration gives away: secrets written into it, programs fetched anew at every
//! start, plain http, and servers that no policy covers.
//!
//! A secret that was found is masked wherever it could be shown: in messages, and in the source that a
//! diagnostic quotes.
//!
//! ```
//! let text = r#"{"mcpServers": {"notes": {"command": "npx", "args": ["-y", "notes-server"]}}}"#;
//! let scanned = placet_language::scan::scan(".mcp.json", text, None);
//! assert_eq!(scanned.servers, 1);
//! let [finding] = scanned.diagnostics.as_slice() else { panic!("one finding") };
//! assert_eq!(finding.code.as_str(), "scan.unpinned");
//! ```

mod address;
mod document;
mod finding;
mod launch;
mod mask;
mod package;
mod placeholder;
mod random;
mod secret;
mod server;
mod token;
mod uncovered;
mod unpinned;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::Policy;
use crate::scan::finding::Finding;
use crate::scan::mask::Secrets;

/// What was found in a file.
#[derive(Debug)]
pub struct Scanned {
    /// How many servers it configures.
    pub servers: usize,
    /// What is to be said of it, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a file of this path, with `/` between its parts, is MCP client configuration by its name.
pub fn is_configuration(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default().to_lowercase();
    let folder = parts.next().unwrap_or_default().to_lowercase();
    match file.as_str() {
        ".mcp.json"
        | "mcp.json"
        | "mcp.jsonc"
        | ".mcp.jsonc"
        | "mcp.toml"
        | ".mcp.toml"
        | "claude_desktop_config.json"
        | ".claude.json"
        | "mcp_config.json"
        | "mcp_settings.json"
        | "cline_mcp_settings.json" => true,
        "settings.json" | "settings.local.json" => {
            matches!(folder.as_str(), ".vscode" | ".claude" | ".gemini" | ".cursor")
        }
        "config.toml" => folder == ".codex",
        _ => false,
    }
}

/// Scans a file: TOML if its name ends so, otherwise JSON with comments.
///
/// With a policy, also says which servers it does not cover.
pub fn scan(name: &str, text: &str, policy: Option<&Policy>) -> Scanned {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut findings = Vec::new();
    let mut secrets = Secrets::default();
    let document = document::read(name, text);
    let servers = match &document {
        Ok(document) => {
            let (servers, malformed) = server::servers(document);
            malformed.iter().for_each(|one: &Finding| secrets.hide(one.span.clone()));
            findings.extend(malformed);
            servers
        }
        Err(unreadable) => {
            findings.push(Finding::new(
                Code::ScanUnreadable,
                unreadable.span.clone(),
                format!("the file cannot be read: {}", unreadable.why),
                "here",
                "mend it: only tokens of known forms were looked for",
            ));
            // Where its values are is not known, so none of its text is shown.
            secrets.hide(0..text.len());
            Vec::new()
        }
    };
    for server in &servers {
        secret::of_server(server, text, &mut secrets, &mut findings);
        findings.extend(unpinned::of_server(server));
        findings.extend(address::of_server(server, text));
        findings.extend(policy.and_then(|policy| uncovered::of_server(server, policy)));
    }
    secret::elsewhere(text, &mut secrets, &mut findings);
    findings.sort_by_key(|one: &Finding| (one.span.start, one.code));
    Scanned { servers: servers.len(), diagnostics: finding::shown(name, text, &secrets, findings) }
}

#[cfg(test)]
mod tests;
