//! Fixes: what has one safe way to be mended, mended.
//!
//! INVARIANT: a fix changes no decision. The policy before and after are compared by the diff, and
//! nothing is handed out unless it finds that neither allows a call that the other does not.

use std::collections::BTreeMap;

use placet_engine::Engine;

use crate::diff::{DiffLimits, diff};
use crate::files::{Files, Over};
use crate::limits::Limits;
use crate::lint::finding::{Finding, Fix};
use crate::lower::compile;
use crate::model::check;

/// Files as they are once the fixes are made, by their path relative to the policy's folder.
pub type Fixed = BTreeMap<String, String>;

/// Makes the fixes of the findings.
///
/// # Errors
///
/// Why nothing is fixed: a file cannot be read, or the policy does not certainly decide as before.
pub fn fix(files: &dyn Files, limits: &Limits, findings: &[Finding]) -> Result<Fixed, String> {
    let mut fixed = Fixed::new();
    let mut by_file: BTreeMap<&str, Vec<&Fix>> = BTreeMap::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        by_file.entry(&fix.file).or_default().push(fix);
    }
    for (file, mut fixes) in by_file {
        let bytes = files.read(file, limits.source_bytes)?;
        let mut text = String::from_utf8(bytes).map_err(|_| format!("`{file}` is not UTF-8"))?;
        // What comes before a byte order mark has no place of its own.
        let shift = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        // From the end, so that the places before stay where they are; of two that overlap, one.
        fixes.sort_by_key(|fix| std::cmp::Reverse(fix.start));
        let mut until = usize::MAX;
        for fix in fixes {
            if fix.end > until {
                continue;
            }
            let (start, end) = (fix.start.saturating_add(shift), fix.end.saturating_add(shift));
            if !text.is_char_boundary(start) || !text.is_char_boundary(end) || start > end {
                return Err(format!("`{file}` is not what was linted"));
            }
            text.replace_range(start..end, &fix.replacement);
            until = fix.start;
        }
        fixed.insert(file.to_owned(), text);
    }
    if !fixed.is_empty() {
        decides_as_before(files, &fixed, limits)?;
    }
    Ok(fixed)
}

fn decides_as_before(files: &dyn Files, fixed: &Fixed, limits: &Limits) -> Result<(), String> {
    let before = engine(files, limits)?;
    let text = |(file, text): (&String, &String)| (file.clone(), text.clone().into_bytes());
    let after = engine(&Over { files, instead: fixed.iter().map(text).collect() }, limits)?;
    let diff = diff(&before, &after, &Vec::new, &DiffLimits::default());
    match diff.expansions.is_empty() && diff.contractions.is_empty() && diff.undecided.is_empty() {
        true => Ok(()),
        false => Err(String::from("the fixed policy would not certainly decide as before")),
    }
}

fn engine(files: &dyn Files, limits: &Limits) -> Result<Engine, String> {
    let checked = check(files, limits);
    let first = checked.diagnostics.iter().find(|one| one.is_error()).map(ToString::to_string);
    let policy = checked.policy.ok_or_else(|| first.unwrap_or_default())?;
    let bundle = compile(&policy).map_err(|error| error.to_string())?;
    Engine::load(&bundle, &placet_engine::Limits::default()).map_err(|error| error.to_string())
}
