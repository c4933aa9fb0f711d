//! That no emitted policy errs: Cedar skips a policy whose evaluation errs, and a `forbid` that is
//! skipped forbids nothing.

use std::collections::BTreeSet;
use std::time::Instant;

use cedar_policy::RequestEnv;
use cedar_policy_symcc::{CompiledPolicy, SymEnv};

use crate::report::Erring;
use crate::solver::Solver;
use crate::version::Version;
use crate::{Outcome, ProveError, kinds};

#[derive(Default)]
pub(crate) struct Errors {
    pub(crate) checked: usize,
    pub(crate) found: Vec<Erring>,
}

/// Each policy once for each shape of call in its scope: tools that are declared alike are judged
/// alike.
pub(crate) fn check(
    version: &Version<'_>,
    until: Instant,
    solver: &mut Solver,
    errors: &mut Errors,
) -> Result<(), ProveError> {
    let mut done: BTreeSet<(usize, String)> = BTreeSet::new();
    for server in version.content.servers.values() {
        for place in version.places(&server.identity) {
            let declared = version.actions.get(&place.id).map(ToString::to_string);
            let declared = declared.unwrap_or_default();
            let mut concerning = version.concerning(&place);
            concerning.retain(|policy| done.insert((*policy, declared.clone())));
            if concerning.is_empty() {
                continue;
            }
            let schema = version.part(&place, &concerning)?;
            for kind in ["User", "Machine"] {
                let env = RequestEnv::new(
                    kinds::name(kind)?,
                    kinds::uid("Action", &place.id)?,
                    kinds::name("Server")?,
                );
                let symbols = SymEnv::new(&schema, &env);
                for written in concerning.iter().filter_map(|one| version.policies.get(*one)) {
                    errors.checked = errors.checked.saturating_add(1);
                    let policy = &written.policy;
                    let outcome = match &symbols {
                        _ if Instant::now() >= until => crate::over(),
                        Err(error) => Outcome::Unknown { why: crate::told(error) },
                        Ok(symbols) => match CompiledPolicy::compile_with_custom_symenv(
                            policy,
                            &env,
                            &schema,
                            symbols.clone(),
                        ) {
                            Ok(compiled) => solver.never_errs(&compiled),
                            Err(error) => Outcome::Unknown { why: crate::told(&error) },
                        },
                    };
                    if !outcome.is_proved() {
                        errors.found.push(Erring {
                            version: version.which.word(),
                            policy: policy.id().to_string(),
                            action: place.id.clone(),
                            outcome,
                        });
                    }
                }
            }
        }
    }
    Ok(())
}
