//! That no emitted policy errs: Cedar skips a policy whose evaluation errs, and a `forbid` that is
//! skipped forbids nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use cedar_policy::RequestEnv;
use cedar_policy_symcc::{CompiledPolicy, SymEnv};
use serde_json::Value;

use crate::report::Erring;
use crate::solver::Solver;
use crate::version::Version;
use crate::{Outcome, ProveError, kinds};

#[derive(Default)]
pub(crate) struct Errors {
    pub(crate) checked: usize,
    pub(crate) found: Vec<Erring>,
}

/// Each policy once for each shape of call in its scope: tools whose declarations are alike in what the
/// policy reads are judged alike.
pub(crate) fn check(
    version: &Version<'_>,
    until: Instant,
    solver: &mut Solver,
    errors: &mut Errors,
) -> Result<(), ProveError> {
    let mut done: BTreeSet<(usize, String)> = BTreeSet::new();
    let read: Vec<BTreeSet<String>> = version.policies.iter().map(|one| read(&one.json)).collect();
    for server in version.content.servers.values() {
        for place in version.places(&server.identity) {
            let declared = version.actions.get(&place.id);
            let mut concerning = version.concerning(&place);
            concerning.retain(|policy| {
                let read = read.get(*policy);
                done.insert((*policy, shape(declared, read)))
            });
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

/// The attributes of the context that a policy reads.
fn read(policy: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![policy];
    while let Some(expr) = left.pop() {
        match expr {
            Value::Object(members) => {
                let of_context = members.get("left").and_then(|left| left.get("Var"));
                if of_context.and_then(Value::as_str) == Some("context")
                    && let Some(name) = members.get("attr").and_then(Value::as_str)
                {
                    found.insert(name.to_owned());
                }
                left.extend(members.values());
            }
            Value::Array(parts) => left.extend(parts),
            _ => {}
        }
    }
    found
}

/// What a policy sees of an action's declaration: the types of what it reads, and the groups of the
/// action, which it may ask for.
fn shape(declared: Option<&Value>, read: Option<&BTreeSet<String>>) -> String {
    let Some(declared) = declared else { return String::new() };
    let context = declared.get("appliesTo").and_then(|applies| applies.get("context"));
    let attributes = context.and_then(|context| context.get("attributes"));
    match (attributes.and_then(Value::as_object), read) {
        (Some(attributes), Some(read)) => {
            let seen: BTreeMap<&String, &Value> =
                attributes.iter().filter(|(name, _)| read.contains(*name)).collect();
            let levels: Vec<&Value> = declared
                .get("memberOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter(|group| group.to_string().contains("access:"))
                .collect();
            format!("{seen:?} {levels:?}")
        }
        // Declared in another way than the compiler does: nothing is known to be alike.
        _ => declared.to_string(),
    }
}
