//! The example of facts: `examples/sql`.

use std::fs;
use std::path::{Path, PathBuf};

use placet_language::{Files, check, compile};

/// The folder of the example of facts.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sql/policy")
}

/// The example's policy as a bundle. Its component stands beside it once `examples/sql/build` has made it.
pub(crate) fn example_bundle() -> Vec<u8> {
    let checked = check(&Folder(example()), &placet_language::Limits::default());
    let errors = checked.diagnostics;
    let policy = checked.policy.unwrap_or_else(|| panic!("run examples/sql/build: {errors:?}"));
    compile(&policy).unwrap()
}

struct Folder(PathBuf);

impl Files for Folder {
    fn list(&self) -> Result<Vec<String>, String> {
        Ok(vec![String::from("db.placet")])
    }

    fn read(&self, path: &str, _: usize) -> Result<Vec<u8>, String> {
        fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }

    fn has_lock(&self) -> Result<bool, String> {
        Ok(false)
    }
}
