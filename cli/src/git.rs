//! Git: a policy as it is in a commit, read with the `git` command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use placet_language::{Files, lock, over_limit};

use crate::exit::Failure;

/// A repository.
pub(crate) struct Repository {
    /// Where its work tree starts.
    root: PathBuf,
}

/// A policy's folder in a commit.
pub(crate) struct Tree {
    root: PathBuf,
    /// The commit.
    pub(crate) commit: String,
    /// The folder, from the root, with `/` between its parts.
    folder: String,
}

impl Repository {
    /// The repository that a folder is in.
    pub(crate) fn of(folder: &Path) -> Result<Self, Failure> {
        let root = git(folder, &["rev-parse", "--show-toplevel"]).map_err(|why| {
            Failure::new(format_args!("`{}` is in no git repository: {why}", folder.display()))
                .help("name both sides, each a policy's folder or a bundle: `placet diff OLD NEW`")
        })?;
        Ok(Self { root: PathBuf::from(root.trim_end()) })
    }

    /// A policy's folder at a revision.
    pub(crate) fn at(&self, revision: &str, folder: &Path) -> Result<Tree, Failure> {
        let unknown = |why: String| {
            let why = if why.is_empty() { why } else { format!(": {why}") };
            Failure::new(format_args!(
                "`{revision}` is no policy's folder, no bundle and no revision here{why}"
            ))
            .help(
                "name a branch, a tag or a commit of this repository, a policy's folder or a bundle; \
                 a shallow clone lacks most commits: fetch them with `git fetch --unshallow`",
            )
        };
        if revision.starts_with('-') {
            return Err(unknown(String::from("a revision does not start with `-`")));
        }
        let commit = git(
            &self.root,
            &[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &format!("{revision}^{{commit}}"),
            ],
        );
        let commit = commit.map_err(unknown)?.trim_end().to_owned();
        let cannot = |why: String| {
            Failure::new(format_args!(
                "cannot find `{}` in the repository: {why}",
                folder.display()
            ))
        };
        let absolute = std::fs::canonicalize(folder).map_err(|error| cannot(error.to_string()))?;
        let root = std::fs::canonicalize(&self.root).map_err(|error| cannot(error.to_string()))?;
        let inside = absolute
            .strip_prefix(&root)
            .map_err(|_| cannot(String::from("it is not within its work tree")))?;
        let parts: Vec<String> =
            inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        Ok(Tree { root: self.root.clone(), commit, folder: parts.join("/") })
    }

    /// The commit from which the work tree and the default branch went apart, with the branch.
    pub(crate) fn merge_base(&self) -> Result<(String, String), Failure> {
        let branch = self.default_branch()?;
        let base = git(&self.root, &["merge-base", "HEAD", &branch]).map_err(|why| {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            Failure::new(format_args!(
                "there is no commit from which `HEAD` and `{branch}` went apart{why}"
            ))
            .help(
                "a shallow clone lacks it: fetch the whole history (`git fetch --unshallow`, or \
                 `fetch-depth: 0` for actions/checkout), or name the old side: `placet diff OLD`",
            )
        })?;
        Ok((base.trim_end().to_owned(), branch))
    }

    /// The branch that changes are made against.
    fn default_branch(&self) -> Result<String, Failure> {
        let head = git(&self.root, &["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
        if let Ok(head) = head {
            return Ok(head.trim_end().trim_start_matches("refs/remotes/").to_owned());
        }
        let known = |name: &&&str| {
            let commit = format!("{name}^{{commit}}");
            git(&self.root, &["rev-parse", "--verify", "--quiet", &commit]).is_ok()
        };
        let usual = ["origin/main", "origin/master", "main", "master"];
        usual.iter().find(known).map(|name| (*name).to_owned()).ok_or_else(|| {
            Failure::new("the default branch is not known")
                .help("name the old side: `placet diff OLD`, a revision, a folder or a bundle")
        })
    }
}

impl Tree {
    /// The path of a file from the root, if it is within it.
    fn path(&self, path: &str) -> Result<String, String> {
        let mut parts: Vec<&str> = self.folder.split('/').filter(|part| !part.is_empty()).collect();
        if path.starts_with('/') {
            return Err(String::from("it is outside of the repository"));
        }
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or("it is outside of the repository")?;
                }
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    }

    fn names(&self) -> Result<Vec<String>, String> {
        let tree = format!("{}:{}", self.commit, self.folder);
        let listed = git(&self.root, &["ls-tree", "-z", "--name-only", &tree])
            .map_err(|_| format!("the commit has no folder `{}`", self.folder))?;
        Ok(listed.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }
}

impl Files for Tree {
    fn list(&self) -> Result<Vec<String>, String> {
        Ok(self.names()?.into_iter().filter(|name| name.ends_with(".placet")).collect())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        let object = format!("{}:{}", self.commit, self.path(path)?);
        let missing = |_| String::from("the commit has no such file");
        let size = git(&self.root, &["cat-file", "-s", &object]).map_err(missing)?;
        if size.trim_end().parse::<usize>().is_ok_and(|size| size > limit) {
            return Err(over_limit(limit));
        }
        run(&self.root, &["cat-file", "blob", &object]).map_err(missing)
    }

    fn has_lock(&self) -> Result<bool, String> {
        Ok(self.names()?.iter().any(|name| name == lock::FILE))
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let bytes = run(folder, arguments)?;
    String::from_utf8(bytes).map_err(|_| String::from("git says something that is not UTF-8"))
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git cannot be started: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(said.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned())
        }
    }
}
