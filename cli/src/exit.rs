//! Exit codes: found and could-not-tell never share one.

use std::fmt;
use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Clean, or allowed.
    Clean,
    /// Found what it looks for: an error in a policy, a denial, a file that is not formatted.
    Found,
    /// The call or its input is unusable.
    Unusable,
    /// Not all could be decided.
    Undecided,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Unusable => 2,
            Exit::Undecided => 3,
        }
        .into()
    }
}

/// Why a command could not do its work.
pub(crate) struct Failure {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
