//! What was built with the tests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

/// The `placet` that was built with these tests.
pub(crate) fn placet() -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("placet");
    assert!(path.exists(), "{} is not built: run `cargo test --workspace`", path.display());
    Command::new(path)
}
