//! Versions: a policy as it is in a folder, in a commit or in a bundle.

use std::path::Path;

use placet_engine::Engine;
use placet_language::diff::{APPROVALS_FILE, Approvals};
use placet_language::{Files, Limits, lock};

use crate::commands;
use crate::disk::{self, Folder};
use crate::exit::Failure;
use crate::git::Repository;
use crate::output;

/// A policy with everything that decides.
pub(crate) struct Version {
    /// What the user calls it.
    pub(crate) label: String,
    pub(crate) engine: Engine,
    /// `None` for a bundle.
    pub(crate) files: Option<Box<dyn Files>>,
    pub(crate) approvals: Approvals,
    /// The lock's lines.
    pub(crate) lock: Vec<String>,
}

impl Version {
    /// A folder, a bundle or a revision of the repository that `folder` is in.
    pub(crate) fn named(name: &str, folder: &Path) -> Result<Self, Failure> {
        let path = Path::new(name);
        if path.is_dir() {
            return Self::of_folder(path);
        }
        if path.is_file() && path.extension().is_some_and(|ending| ending == "placet") {
            return Err(Failure::new(format_args!(
                "`{name}` is a file of a policy, and no policy"
            ))
            .help("a version is all that decides: name the folder"));
        }
        if path.is_file() {
            return Self::of_bundle(path);
        }
        let repository = Repository::of(folder).map_err(|_| {
            Failure::new(format_args!(
                "`{name}` is no folder and no file, and `{}` is in no git repository whose revision it \
                 could be",
                folder.display()
            ))
            .help("name a policy's folder, or a bundle that `placet compile` wrote")
        })?;
        let tree = repository.at(name, folder)?;
        let label = format!("{name} ({})", short(&tree.commit));
        Self::of_files(label, Box::new(tree))
    }

    /// The policy as it was where the work tree left the default branch.
    pub(crate) fn merge_base(folder: &Path) -> Result<Self, Failure> {
        let repository = Repository::of(folder)?;
        let (commit, branch) = repository.merge_base()?;
        let tree = repository.at(&commit, folder)?;
        let label = format!("the merge base with {branch} ({})", short(&commit));
        Self::of_files(label, Box::new(tree))
    }

    pub(crate) fn of_folder(folder: &Path) -> Result<Self, Failure> {
        Self::of_files(format!("{}", folder.display()), Box::new(Folder::new(folder)))
    }

    fn of_bundle(path: &Path) -> Result<Self, Failure> {
        let limits = placet_engine::Limits::default();
        let cannot = |why: String| {
            Failure::new(format_args!("cannot use the bundle `{}`: {why}", path.display()))
        };
        let bytes = disk::read(path, limits.bundle_bytes).map_err(cannot)?;
        let engine = Engine::load(&bytes, &limits).map_err(|error| cannot(error.to_string()))?;
        Ok(Self {
            label: format!("{}", path.display()),
            engine,
            files: None,
            approvals: Approvals::default(),
            lock: Vec::new(),
        })
    }

    fn of_files(label: String, files: Box<dyn Files>) -> Result<Self, Failure> {
        let limits = Limits::default();
        if files.list().is_ok_and(|policies| policies.is_empty()) {
            return Err(Failure::new(format_args!("there is no policy in {label}")).help(
                "what is compared are versions of one policy; name its folder with `--policy DIR`",
            ));
        }
        let checked = placet_language::check(files.as_ref(), &limits);
        let Some(policy) = checked.policy else {
            output::diagnostics(checked.diagnostics.iter().filter(|one| one.is_error()));
            return Err(Failure::new(format_args!("the policy of {label} does not check"))
                .help("what is not usable cannot be compared: mend its errors first"));
        };
        let (_, engine) = commands::compile(&policy)?;
        let approvals = approvals(files.as_ref(), &label)?;
        let lock = match files.has_lock() {
            Ok(true) => text(files.as_ref(), lock::FILE, limits.lock_bytes)?,
            _ => String::new(),
        };
        let lock = lock.lines().map(str::to_owned).collect();
        Ok(Self { label, engine, files: Some(files), approvals, lock })
    }
}

/// How many bytes a file of approvals may have.
const APPROVALS_BYTES: usize = 1_048_576;

fn approvals(files: &dyn Files, label: &str) -> Result<Approvals, Failure> {
    // What cannot be read is not there: no version needs one.
    let Ok(bytes) = files.read(APPROVALS_FILE, APPROVALS_BYTES) else {
        return Ok(Approvals::default());
    };
    let cannot = |why: String| {
        Failure::new(format_args!("cannot use `{APPROVALS_FILE}` of {label}: {why}")).help(
            "each approval is an `[[approval]]` with `fingerprint`, `reason`, `by` and `expires`",
        )
    };
    let text = String::from_utf8(bytes).map_err(|_| cannot(String::from("it is not UTF-8")))?;
    Approvals::read(&text).map_err(|error| cannot(error.to_string()))
}

fn text(files: &dyn Files, path: &str, limit: usize) -> Result<String, Failure> {
    let cannot = |why: String| Failure::new(format_args!("cannot read `{path}`: {why}"));
    let bytes = files.read(path, limit).map_err(cannot)?;
    String::from_utf8(bytes).map_err(|_| cannot(String::from("it is not UTF-8")))
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
