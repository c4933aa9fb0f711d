//! Certificates by a solver, in builds with the feature `prove`.

use placet_language::diff::Diff;
use serde_json::Value;

use crate::exit::Failure;
use crate::report::Open;
use crate::version::Version;

/// What a solver says of a diff.
pub(crate) struct Proof {
    /// For people.
    pub(crate) text: String,
    /// For machines.
    pub(crate) report: Value,
    /// What was not proved.
    pub(crate) open: Vec<Open>,
}

/// Asks the solver whether nothing but what the diff reports was newly allowed, and whether no policy
/// errs.
///
/// # Errors
///
/// Where there is no solver, or a bundle is unusable.
#[cfg(feature = "prove")]
pub(crate) fn proof(old: &Version, new: &Version, diff: &Diff) -> Result<Proof, Failure> {
    use placet_prove::{ProveLimits, prove};

    let (old, new) = (old.engine.content(), new.engine.content());
    let report = prove(old, new, diff, &ProveLimits::default())
        .map_err(|error| Failure::new(format_args!("nothing can be proved: {error}")))?;
    let certificates =
        report.certificates.iter().filter(|one| !one.outcome.is_proved()).map(|one| Open {
            what: format!("{}/{}", one.server.name, one.feature.name),
            why: format!("that all is reported is {}", one.outcome),
        });
    let errors = report.errors.iter().map(|one| Open {
        what: format!("policy `{}` of the {} side", one.policy, one.version),
        why: format!("that it never errs is {}", one.outcome),
    });
    Ok(Proof {
        text: report.to_string(),
        open: certificates.chain(errors).collect(),
        report: serde_json::to_value(&report)
            .map_err(|error| Failure::new(format_args!("the proof cannot be shown: {error}")))?,
    })
}

/// # Errors
///
/// Always: this build has no prover.
#[cfg(not(feature = "prove"))]
pub(crate) fn proof(_: &Version, _: &Version, _: &Diff) -> Result<Proof, Failure> {
    Err(Failure::new("this build of `placet` cannot prove").help(
        "build it with the feature `prove`, \
         `cargo install --path cli --features prove`, and install cvc5",
    ))
}
