//! Whether a package's name says exactly which version is fetched.

/// Why the same name may fetch something else tomorrow, if it may.
pub(super) fn moving_npm(package: &str) -> Option<String> {
    if is_local(package) || has_commit(package) {
        return None;
    }
    if package.contains("://") || package.contains(':') && !package.contains("@npm:") {
        return Some(String::from("no commit is named"));
    }
    // The first letter may be the `@` of a scope.
    match package.get(1..).and_then(|rest| rest.rsplit_once('@')) {
        Some((_, version)) => moving_version(version),
        None => Some(String::from("no version is named")),
    }
}

/// The same of a Python package.
pub(super) fn moving_python(package: &str) -> Option<String> {
    if is_local(package) || has_commit(package) || package.contains("#sha256=") {
        return None;
    }
    if package.contains("://") {
        return Some(String::from("neither commit nor digest is named"));
    }
    let version = package.split_once("==").or_else(|| package.split_once('@'));
    match version {
        Some((_, version)) => moving_version(version.trim_start_matches('=')),
        None if package.contains(['<', '>', '~', '!']) => {
            Some(String::from("several versions fit"))
        }
        None => Some(String::from("no version is named")),
    }
}

/// Why a version is not one of them all. One of two parts is a range to npm.
pub(super) fn moving_version(version: &str) -> Option<String> {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let is_exact = parts.len() > 2
        && version.starts_with(|one: char| one.is_ascii_digit())
        && parts.iter().all(|part| part.starts_with(|one: char| one.is_ascii_digit()))
        && version.chars().all(|one| one.is_ascii_alphanumeric() || ".-+".contains(one));
    (!is_exact).then(|| format!("`{version}` is no exact version"))
}

fn is_local(package: &str) -> bool {
    let starts = ["./", "../", "/", "~/", "file:", ".\\", "..\\"];
    let drive = package.get(1..3).is_some_and(|one| one == ":\\" || one == ":/");
    package == "." || drive || starts.iter().any(|start| package.starts_with(start))
}

fn has_commit(package: &str) -> bool {
    let is_commit =
        |text: &str| text.len() == 40 && text.chars().all(|one| one.is_ascii_hexdigit());
    package.split(['#', '@', '&']).skip(1).any(is_commit)
}
