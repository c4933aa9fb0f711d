//! Components that compute facts, from `tests/plugins`: a file each, with what comes of it.
//!
//! The first line of a file says that: `value` and JSON, `none`, `failed` and how the reason begins, or
//! `unusable`. The rest is what stands in the module of `component.wat.in`, or a component.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What comes of a fact.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// This.
    Value(Value),
    /// No value.
    None,
    /// No value, for a reason that begins so.
    Failed(String),
    /// The component is not taken.
    Unusable,
}

/// A component.
pub(crate) struct Plugin {
    /// The name of its file.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// What comes of a fact that it is to compute.
    pub(crate) outcome: Outcome,
}

/// Every component of the folder, by name.
pub(crate) fn all() -> Vec<Plugin> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins");
    let component = fs::read_to_string(folder.join("component.wat.in")).unwrap();
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_case = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "wat");
    let plugin = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let head = text.lines().next().and_then(|line| line.strip_prefix(";; ")).unwrap();
        let (word, rest) = head.split_once(' ').unwrap_or((head, ""));
        let outcome = match word {
            "value" => Outcome::Value(serde_json::from_str(rest).unwrap()),
            "none" => Outcome::None,
            "failed" => Outcome::Failed(rest.to_owned()),
            "unusable" => Outcome::Unusable,
            other => panic!("{name}: what is `{other}`?"),
        };
        let is_whole = ["\n(component", "\n(module"].iter().any(|start| text.contains(start));
        let whole = match is_whole {
            true => text.clone(),
            false => component.replace("{module}", &text),
        };
        let bytes = wat::parse_str(&whole).unwrap_or_else(|error| panic!("{name}: {error}"));
        Plugin { name, bytes, outcome }
    };
    files.iter().filter(is_case).map(plugin).collect()
}
