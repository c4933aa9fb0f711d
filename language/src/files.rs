//! Where a policy's files come from: the one door to the outside.

use std::collections::BTreeMap;

use crate::lock;

/// A policy's folder.
///
/// Paths are relative to the folder, with `/` between their parts; `..` leads out of it.
pub trait Files {
    /// The paths of the `.placet` files that stand directly in the folder.
    ///
    /// # Errors
    ///
    /// Why the folder cannot be listed.
    fn list(&self) -> Result<Vec<String>, String>;

    /// The bytes of a file of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// Why the file cannot be read, or that it is over the limit.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String>;

    /// Whether the folder has a lock: a file called `placet.lock`.
    ///
    /// # Errors
    ///
    /// Why that cannot be told.
    fn has_lock(&self) -> Result<bool, String>;
}

impl Files for std::collections::BTreeMap<String, String> {
    fn list(&self) -> Result<Vec<String>, String> {
        let direct = |path: &&String| path.ends_with(".placet") && !path.contains('/');
        Ok(self.keys().filter(direct).cloned().collect())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        let text = self.get(path).ok_or("there is no such file")?;
        if text.len() > limit { Err(over_limit(limit)) } else { Ok(text.clone().into_bytes()) }
    }

    fn has_lock(&self) -> Result<bool, String> {
        Ok(self.contains_key(lock::FILE))
    }
}

/// A policy's folder in which some files are others.
pub(crate) struct Over<'f> {
    pub(crate) files: &'f dyn Files,
    /// What stands in these files instead, by path.
    pub(crate) instead: BTreeMap<String, Vec<u8>>,
}

impl Files for Over<'_> {
    fn list(&self) -> Result<Vec<String>, String> {
        self.files.list()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, String> {
        match self.instead.get(path) {
            Some(bytes) if bytes.len() > limit => Err(over_limit(limit)),
            Some(bytes) => Ok(bytes.clone()),
            None => self.files.read(path, limit),
        }
    }

    fn has_lock(&self) -> Result<bool, String> {
        self.files.has_lock()
    }
}

/// What to say of a file that is too large.
pub fn over_limit(limit: usize) -> String {
    format!("it has more bytes than the limit of {limit}")
}

/// The path that `reference`, written in the file `from`, leads to.
pub(crate) fn resolve(from: &str, reference: &str) -> String {
    if reference.starts_with('/') {
        return reference.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn references_start_where_they_are_written() {
        assert_eq!(resolve("a.placet", "b.placet"), "b.placet");
        assert_eq!(resolve("x/a.placet", "./b/../c.placet"), "x/c.placet");
        assert_eq!(resolve("a.placet", "../../b.placet"), "../../b.placet");
        assert_eq!(resolve("../x/a.placet", "../b.placet"), "../b.placet");
        assert_eq!(resolve("a.placet", "/etc/b.placet"), "/etc/b.placet");
    }
}
