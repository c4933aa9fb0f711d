//! Cases: calls in one line that reads as a sentence, with what is expected of them.
//!
//! ```text
//! alice in engineers via cursor calls github/create_issue {owner: "acme"} with scopes public_repo
//!     under triage => allow by triage_issues
//! ```
//!
//! `spec/cases.md` shows the notation. A [`Case`] is what such a line says, [`parse`] reads it, and
//! its `Display` is the one canonical form. [`resolve`] makes a call of it that an engine can judge,
//! and [`Case::of_call`] goes the other way. [`run()`] judges whole files of cases and scenarios.

mod ast;
mod confirmation;
mod coverage;
mod credential;
mod error;
mod fact;
mod file;
mod grammar;
mod json;
mod limits;
mod moment;
mod places;
mod print;
mod read;
mod registration;
mod resolve;
mod run;
mod scenario;
mod state;
mod step;
mod text;
mod user;
mod witness;

use placet_engine::Call;
use placet_engine::bundle::Content;

use places::Part;

pub(crate) use grammar::first_word;
pub(crate) use text::unescape;

pub use ast::{
    Arguments, Case, Client, Confirmation, Credential, Expectation, Fact, Giver, Identity, Key,
    Method, Operation, Receipt, Seen, Server, Token, User,
};
pub use coverage::{Coverage, Use};
pub use error::CaseError;
pub use limits::CaseLimits;
pub(crate) use moment::Duration;
pub use moment::{Moment, When};
pub use resolve::{Unresolved, resolve};
pub use run::{CaseFile, CaseResult, Failed, Filter, Outcome, Report, run};
pub use step::{Registered, Registers, Step};

/// The time of a case that does not say another: 2026-01-01T12:00:00Z.
pub const NOW: i64 = 1_767_268_800;

/// Reads one case.
///
/// # Errors
///
/// [`CaseError`]: what is not understood, and where.
pub fn parse(text: &str) -> Result<Case, CaseError> {
    shown(text)?;
    read::case(text, &CaseLimits::default()).map(|placed| placed.value)
}

/// The call that a line says to a policy, such as the witness of a diff.
///
/// # Errors
///
/// [`CaseError`]: what is not understood or what the policy does not have, and where.
pub fn call(text: &str, content: &Content) -> Result<Call, CaseError> {
    shown(text)?;
    let placed = read::case(text, &CaseLimits::default())?;
    if placed.value.expected.is_some() {
        let place = placed.places.of(Part::Expectation, "").unwrap_or(0..text.len());
        return Err(CaseError::syntax(
            place,
            "a call by itself expects nothing",
            "left unlooked at",
        )
        .help("leave out `=>` and what follows; `placet test` compares cases with decisions"));
    }
    resolve(&placed.value, content).map_err(|error| run::blame(error, &placed.places, text.len()))
}

/// Reads one step of a scenario.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_step(text: &str) -> Result<Step, CaseError> {
    shown(text)?;
    read::step(text, &CaseLimits::default()).map(|placed| placed.value)
}

/// Refuses a text with a character that hides what it says.
fn shown(text: &str) -> Result<(), CaseError> {
    let (_, hidden) = crate::hidden::reveal(text);
    match hidden.first() {
        None => Ok(()),
        Some((start, end)) => Err(error::hidden(*start..*end)),
    }
}
