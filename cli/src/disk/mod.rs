//! Files: a policy's folder on disk, and writing so that nobody sees half a file.

pub(crate) mod walk;

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use placet_language::{Files, lock, over_limit};

use crate::exit::Failure;

/// A policy's folder on disk.
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

impl Files for Folder {
    fn list(&self) -> Result<Vec<String>, String> {
        let mut paths = Vec::new();
        let describe = |error: io::Error| format!("`{}`: {}", self.root.display(), why(&error));
        for entry in fs::read_dir(&self.root).map_err(describe)? {
            let name = entry.map_err(describe)?.file_name();
            match name.to_str() {
                Some(name) if name.ends_with(".placet") => paths.push(name.to_owned()),
                Some(_) => {}
                // It may be a policy file: to leave it out could leave a `deny` out.
                None => {
                    let name = name.to_string_lossy().into_owned();
                    return Err(format!("the file name `{name}` is not UTF-8"));
                }
            }
        }
        Ok(paths)
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        read(&self.root.join(path), limit)
    }

    fn has_lock(&self) -> Result<bool, String> {
        self.root.join(lock::FILE).try_exists().map_err(|error| why(&error))
    }
}

/// The paths of the `.cases` files of a policy's folder, sorted: those that stand directly in it, in
/// its `cases` and in its `tests`. An error names the folder.
pub(crate) fn case_files(root: &Path) -> Result<Vec<String>, (String, String)> {
    let mut paths = Vec::new();
    for folder in ["", "cases/", "tests/"] {
        let path = root.join(folder);
        if !folder.is_empty() && !path.is_dir() {
            continue;
        }
        let describe = |error: io::Error| (path.display().to_string(), why(&error));
        for entry in fs::read_dir(&path).map_err(describe)? {
            let name = entry.map_err(describe)?.file_name();
            match name.to_str() {
                Some(name) if name.ends_with(".cases") => paths.push(format!("{folder}{name}")),
                None if name.to_string_lossy().ends_with(".cases") => {
                    let name = name.to_string_lossy().into_owned();
                    let why = format!("the file name `{name}` is not UTF-8");
                    return Err((path.display().to_string(), why));
                }
                _ => {}
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// The bytes of a file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| why(&error))?;
    let is_folder = file.metadata().is_ok_and(|metadata| metadata.is_dir());
    if is_folder {
        return Err(String::from("it is a folder"));
    }
    bounded(file, limit)
}

/// The bytes of standard input, at most `limit`.
pub(crate) fn read_standard_input(limit: usize) -> Result<Vec<u8>, String> {
    bounded(io::stdin().lock(), limit)
}

fn bounded(source: impl io::Read, limit: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(one_more).read_to_end(&mut bytes).map_err(|error| why(&error))?;
    if bytes.len() > limit { Err(over_limit(limit)) } else { Ok(bytes) }
}

/// What an error of the operating system means, without its number.
pub(crate) fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => String::from("there is no such file or folder"),
        io::ErrorKind::PermissionDenied => String::from("permission denied"),
        io::ErrorKind::NotADirectory => String::from("it is not a folder"),
        _ => error.to_string(),
    }
}

/// Writes a file beside its place and renames it into it, so that a reader sees the old file or the
/// new one.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(path, bytes, None)
}

/// The same for a file that is there: who may read and write it stays, and what a link leads to is
/// replaced, not the link.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::new(format_args!("cannot write `{}`: {}", path.display(), why(&error)))
    };
    let path = fs::canonicalize(path).map_err(cannot)?;
    let permissions = fs::metadata(&path).map_err(cannot)?.permissions();
    if permissions.readonly() {
        return Err(cannot(io::Error::from(io::ErrorKind::PermissionDenied)));
    }
    write_with(&path, bytes, Some(permissions))
}

fn write_with(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let cannot = |error: &io::Error| {
        Failure::new(format_args!("cannot write `{}`: {}", path.display(), why(error)))
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".placet-");
    // Temporary files are for their owner only; this one is for whoever the user's mask lets.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut beside = builder.tempfile_in(folder).map_err(|error| cannot(&error))?;
    beside.write_all(bytes).map_err(|error| cannot(&error))?;
    if let Some(permissions) = permissions {
        beside.as_file().set_permissions(permissions).map_err(|error| cannot(&error))?;
    }
    beside.as_file().sync_all().map_err(|error| cannot(&error))?;
    beside.persist(path).map_err(|error| cannot(&error.error))?;
    Ok(())
}
