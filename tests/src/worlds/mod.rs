//! Small policies as text, and calls that are directed by them.
//!
//! Everything is drawn from [`Random`], so a seed names a world or a call for ever. Policies go
//! through the parser and the checker like any other. A call starts out as one that some rule should
//! allow, built from the constants in the rule's conditions, and is then broken here and there.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "test support: a mistake here fails the test that makes it"
)]

mod arguments;
mod breaking;
mod caller;
mod change;
mod conditions;
mod credentials;
mod fixed;
mod more;
mod people;
mod random;
mod receipts;
mod rules;
mod satisfy;
mod statements;
mod tools;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Content;
use placet_engine::{Engine, Limits};
use placet_language::{Code, Policy, check, compile};

pub use caller::Caller;
pub use change::changed;
use fixed::FIXED;
pub use random::Random;
use statements::statements;
pub use tools::beside;
pub use values::NOW;

/// A policy with everything that it becomes.
pub struct World {
    /// The statements, in one order of many.
    pub statements: Vec<String>,
    /// The files, catalogues too.
    pub files: BTreeMap<String, String>,
    /// The checked policy.
    pub policy: Policy,
    /// What it compiles to.
    pub content: Content,
    /// The engine that loaded it.
    pub engine: Engine,
}

/// One policy file of these statements, with what is beside it.
pub fn files_of(statements: &[String]) -> BTreeMap<String, String> {
    let mut files = beside();
    let text = format!("edition 2026\n\n{}\n", statements.join("\n\n"));
    files.insert(String::from("policy.placet"), text);
    files
}

/// Takes out what no call can reach or meet. Whether anything was taken out.
fn mend(statements: &mut Vec<String>) -> bool {
    let checked = check(&files_of(statements), &placet_language::Limits::default());
    let unreachable = checked
        .diagnostics
        .iter()
        .filter(|one| one.is_error() && one.code == Code::Unreachable && one.position().is_some());
    let lines: BTreeSet<usize> = unreachable.filter_map(|one| Some(one.position()?.0)).collect();
    let before = statements.clone();
    // As `files_of` writes them: the edition, and an empty line before each statement.
    let mut line = 3;
    statements.retain_mut(|statement| {
        let start = line;
        line += statement.lines().count() + 1;
        let unreachable = lines.range(start..line).next().is_some();
        if unreachable && statement.starts_with("capability") {
            let kept = statement.lines().filter(|line| !line.starts_with("    where"));
            *statement = kept.collect::<Vec<_>>().join("\n");
            return true;
        }
        !unreachable
    });
    *statements != before
}

impl World {
    /// Checks, compiles and loads statements.
    ///
    /// # Errors
    ///
    /// What is wrong with them, with the text.
    pub fn build(statements: Vec<String>) -> Result<Self, String> {
        let files = files_of(&statements);
        Self::of_files(statements, files)
    }

    /// Checks, compiles and loads files.
    ///
    /// # Errors
    ///
    /// As [`World::build`].
    pub fn of_files(
        statements: Vec<String>,
        files: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let text = files.get("policy.placet").cloned().unwrap_or_default();
        let checked = check(&files, &placet_language::Limits::default());
        let Some(policy) = checked.policy else {
            let errors: Vec<String> = checked
                .diagnostics
                .iter()
                .filter(|one| one.is_error())
                .map(|one| format!("{one}: {:?}", one.underlined()))
                .collect();
            return Err(format!("{}\n{text}", errors.join("\n")));
        };
        let bundle = compile(&policy).map_err(|error| format!("{error}\n{text}"))?;
        let engine = Engine::load(&bundle, &Limits::default())
            .map_err(|error| format!("{error}\n{text}"))?;
        let content = engine.content().clone();
        Ok(Self { statements, files, policy, content, engine })
    }

    /// The world of a seed, without the rules that no call can reach and the conditions that none can
    /// meet.
    ///
    /// # Errors
    ///
    /// As [`World::build`].
    pub fn generate(seed: u64) -> Result<Self, String> {
        let mut statements = statements(&mut Random::new(seed));
        // What is mended first may have been what hid the rest.
        while mend(&mut statements) {}
        Self::build(statements)
    }

    /// A world in which every policy can decide, and every reason can occur.
    ///
    /// # Errors
    ///
    /// As [`World::build`].
    pub fn fixed() -> Result<Self, String> {
        Self::build(FIXED.split("\n\n").map(|one| one.trim().to_owned()).collect())
    }

    /// The policy's text.
    pub fn text(&self) -> &str {
        self.files.get("policy.placet").map(String::as_str).unwrap_or_default()
    }
}
