//! The search for configuration files of MCP clients.

use std::fs;
use std::path::{Path, PathBuf};

use placet_language::scan::is_configuration;

use crate::disk::why;

/// How many files and folders are looked at.
const ENTRIES: usize = 1_000_000;

/// How many configuration files are read.
const FILES: usize = 10_000;

/// How deep folders are searched.
const DEPTH: usize = 100;

/// Folders that hold other people's files.
const LEFT_OUT: &[&str] = &[".git", "node_modules"];

/// What was met.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The configuration files.
    pub(crate) files: Vec<PathBuf>,
    /// Links that have the name of one.
    pub(crate) links: Vec<PathBuf>,
    /// What could not be searched, and why.
    pub(crate) problems: Vec<(String, String)>,
}

/// The files among the paths, and the configuration files in the folders among them. Links within
/// folders are not followed, so that the search ends and stays where it was sent.
pub(crate) fn configurations(paths: &[PathBuf]) -> Walk {
    let mut walk = Walk::default();
    let mut seen = 0_usize;
    for path in paths {
        if !path.is_dir() {
            walk.files.push(path.clone());
            continue;
        }
        let mut folders = vec![(path.clone(), 0_usize)];
        while let Some((folder, depth)) = folders.pop() {
            let entries = match children(&folder) {
                Ok(entries) => entries,
                Err(why) => {
                    walk.problems.push((folder.display().to_string(), why));
                    continue;
                }
            };
            let mut below = Vec::new();
            for (path, kind) in entries {
                seen = seen.saturating_add(1);
                if seen > ENTRIES || walk.files.len() > FILES {
                    let why = match seen > ENTRIES {
                        true => format!("there are more than {ENTRIES} files and folders"),
                        false => format!("there are more than {FILES} configuration files"),
                    };
                    walk.problems.push((format!("{} and what follows", path.display()), why));
                    return walk;
                }
                let is_named = is_configuration(&path.to_string_lossy().replace('\\', "/"));
                let is_left_out =
                    path.file_name().is_some_and(|name| LEFT_OUT.iter().any(|one| name == *one));
                match kind {
                    Kind::Folder if is_left_out => {}
                    Kind::Folder if depth >= DEPTH => {
                        let why = format!("it is more than {DEPTH} folders deep");
                        walk.problems.push((path.display().to_string(), why));
                    }
                    Kind::Folder => below.push((path, depth.saturating_add(1))),
                    Kind::File if is_named => walk.files.push(path),
                    Kind::Link if is_named => walk.links.push(path),
                    Kind::File | Kind::Link => {}
                }
            }
            folders.extend(below.into_iter().rev());
        }
    }
    walk
}

enum Kind {
    File,
    Folder,
    Link,
}

/// What is in a folder, sorted.
fn children(folder: &Path) -> Result<Vec<(PathBuf, Kind)>, String> {
    let mut children = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| why(&error))? {
        let entry = entry.map_err(|error| why(&error))?;
        let kind = entry.file_type().map_err(|error| why(&error))?;
        let kind = match (kind.is_symlink(), kind.is_dir()) {
            (true, _) => Kind::Link,
            (false, true) => Kind::Folder,
            (false, false) => Kind::File,
        };
        children.push((entry.path(), kind));
    }
    children.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(children)
}
