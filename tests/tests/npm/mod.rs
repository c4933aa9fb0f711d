//! The real MCP servers, from npm, pinned in `servers/package.json`.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder of the installed packages, installed once.
pub(crate) fn packages() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers");
        let output = Command::new("npm").arg("ci").current_dir(&folder).output();
        let output = output.unwrap_or_else(|error| panic!("npm is needed for this test: {error}"));
        assert!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
        folder.join("node_modules")
    })
}

/// The entry point of a server.
pub(crate) fn server(name: &str) -> PathBuf {
    packages().join("@modelcontextprotocol").join(name).join("dist/index.js")
}
