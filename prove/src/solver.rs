//! The solver: a process that is asked one question after the other.

use std::ffi::OsString;
use std::process::Command as Blocking;
use std::time::Duration;

use cedar_policy_symcc::err::{Error, SolverError};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet};
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::{Outcome, ProveError, ProveLimits};

/// What names another solver than the `cvc5` of the path, as for `cedar-policy-symcc`.
pub(crate) const VARIABLE: &str = "CVC5";

/// How much longer than its limit the solver may take to say that it gave up.
const GRACE: Duration = Duration::from_secs(5);

type Compiler = CedarSymCompiler<LocalSolver>;

pub(crate) struct Solver {
    path: OsString,
    /// What it says of itself.
    pub(crate) version: String,
    limit: Duration,
    runtime: Runtime,
    /// INVARIANT: dropping it kills the process.
    running: Option<Compiler>,
}

impl Solver {
    pub(crate) fn new(limits: &ProveLimits) -> Result<Self, ProveError> {
        let named =
            limits.solver.clone().map(OsString::from).or_else(|| std::env::var_os(VARIABLE));
        let path = named.unwrap_or_else(|| "cvc5".into());
        let named = path.to_string_lossy().into_owned();
        let output = Blocking::new(&path).arg("--version").output();
        let output = output.map_err(|error| ProveError::NoSolver {
            path: named.clone(),
            why: error.to_string(),
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().next().unwrap_or_default().trim();
        let version = version.trim_start_matches("This is ").to_owned();
        if !output.status.success() || !version.contains("cvc5") {
            let why = String::from("it does not say that it is cvc5");
            return Err(ProveError::NoSolver { path: named, why });
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| ProveError::Unusable(error.to_string()))?;
        Ok(Self { path, version, limit: limits.query, runtime, running: None })
    }

    /// The running solver, or a new one.
    fn take(&mut self) -> Result<Compiler, String> {
        if let Some(running) = self.running.take() {
            return Ok(running);
        }
        let _inside = self.runtime.enter();
        let limit = format!("--tlimit-per={}", self.limit.as_millis());
        let mut command = Command::new(&self.path);
        command.args(["--lang", "smt", &limit]).kill_on_drop(true);
        let started = LocalSolver::from_command(&mut command).map_err(|error| error.to_string())?;
        CedarSymCompiler::new(started).map_err(|error| error.to_string())
    }

    /// Whether all that the one set allows the other does too.
    pub(crate) fn implies(
        &mut self,
        one: &CompiledPolicySet,
        other: &CompiledPolicySet,
    ) -> Outcome {
        let found = self.ask(async |compiler: &mut Compiler| {
            compiler.check_implies_with_counterexample_opt(one, other).await
        });
        match found {
            Ok(None) => Outcome::Proved,
            Ok(Some(found)) => {
                Outcome::Refuted { counterexample: crate::report::counterexample(&found) }
            }
            Err(why) => Outcome::Unknown { why },
        }
    }

    /// Whether a policy errs on no call.
    pub(crate) fn never_errs(&mut self, policy: &CompiledPolicy) -> Outcome {
        let found = self.ask(async |compiler: &mut Compiler| {
            compiler.check_never_errors_with_counterexample_opt(policy).await
        });
        match found {
            Ok(None) => Outcome::Proved,
            Ok(Some(found)) => {
                Outcome::Refuted { counterexample: crate::report::counterexample(&found) }
            }
            Err(why) => Outcome::Unknown { why },
        }
    }

    fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&mut Compiler) -> Result<T, Error>,
    ) -> Result<T, String> {
        let mut compiler = self.take()?;
        let limit = self.limit.saturating_add(GRACE);
        let answer = self.runtime.block_on(async { timeout(limit, question(&mut compiler)).await });
        // After any other error the solver is in nobody knows which state.
        match answer {
            Ok(Ok(answer)) => {
                self.running = Some(compiler);
                Ok(answer)
            }
            Ok(Err(Error::SolverUnknown)) => {
                self.running = Some(compiler);
                Err(format!("the solver found nothing in {} s", self.limit.as_secs()))
            }
            Ok(Err(Error::SolverError(SolverError::Io(error)))) => {
                Err(format!("the solver ended: {error}"))
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the solver did not answer in {} s", limit.as_secs())),
        }
    }
}
