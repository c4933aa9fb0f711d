//! Why a pull failed, in words for the person who ran it.

use std::{error::Error, fmt, process::ExitStatus, time::Duration};

/// How much of a text that a server chose is shown.
const SHOWN: usize = 500;

/// Why no catalogue came of a pull.
#[derive(Debug)]
pub(crate) enum PullError {
    /// The runtime or the HTTP client could not be set up on this machine.
    Setup(String),
    /// The command could not be started.
    CannotStart {
        /// The command.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The server's process ended before everything was answered.
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },
    /// The server closed its output, and still runs.
    Closed {
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },
    /// The time limit passed.
    Late {
        /// The limit.
        limit: Duration,
        /// The first line on the server's standard output that is not JSON.
        rubbish: Option<String>,
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },
    /// The address is not one that can be pulled from.
    Address(String),
    /// The token cannot be sent in a header.
    Token,
    /// The server wants a token, or another one.
    Refused {
        /// The HTTP status, 401 or 403.
        status: u16,
        /// Whether a token was sent.
        token: bool,
    },
    /// The server sent the request on to another origin.
    Redirected {
        /// The address it sent it to.
        to: String,
    },
    /// The server answered with an HTTP status that is an error.
    Status(String),
    /// The HTTP exchange failed.
    Http(String),
    /// What the server sent breaks the protocol.
    NotMcp(String),
    /// The server answered a request with an error.
    Answered {
        /// The request's method.
        method: &'static str,
        /// The JSON-RPC error code.
        code: i32,
        /// The server's message.
        message: String,
    },
    /// The server and this client speak no common version of the protocol.
    Versions {
        /// The versions that the server speaks.
        server: Vec<String>,
    },
    /// The server does not declare the `tools` capability.
    NoTools,
    /// A page's cursor was given before.
    Circle,
    /// The catalogue is larger than is taken.
    TooMuch(Limit),
    /// The person interrupted the pull.
    Interrupted,
}

/// A limit on what is taken from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// [`super::PAGES`].
    Pages,
    /// [`super::TOOLS`].
    Tools,
    /// [`super::BYTES`].
    Bytes,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pages => write!(f, "the page limit of {}", super::PAGES),
            Self::Tools => write!(f, "the tool limit of {}", super::TOOLS),
            Self::Bytes => write!(f, "the limit of {} bytes", super::BYTES),
        }
    }
}

impl Error for PullError {}

impl fmt::Display for PullError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(reason) => write!(f, "the pull cannot be set up: {}", Shown(reason)),
            Self::CannotStart { program, reason } => {
                write!(f, "the command `{}` cannot be started: {}", Shown(program), Shown(reason))
            }
            Self::Exited { status, stderr } => {
                write!(f, "the server exited ({}) before it answered", Ended(*status))?;
                write_stderr(f, stderr)
            }
            Self::Closed { stderr } => {
                write!(f, "the server closed its output before it answered")?;
                write_stderr(f, stderr)
            }
            Self::Late { limit, rubbish, stderr } => {
                write!(f, "the server did not answer within {} s", limit.as_secs_f64())?;
                if let Some(line) = rubbish {
                    write!(f, "; its output has a line that is not JSON: `{}`", Shown(line))?;
                }
                write_stderr(f, stderr)
            }
            Self::Address(reason) => write!(f, "the address cannot be used: {}", Shown(reason)),
            Self::Token => write!(f, "the token has characters that a header cannot carry"),
            Self::Refused { status, token: true } => {
                write!(f, "the server refused the token ({status})")
            }
            Self::Refused { status, token: false } => {
                write!(f, "the server wants a token ({status})")
            }
            Self::Redirected { to } => {
                write!(f, "the server redirects to another origin, `{}`", Shown(to))
            }
            Self::Status(status) => write!(f, "the server answered with {}", Shown(status)),
            Self::Http(reason) => write!(f, "the HTTP exchange failed: {}", Shown(reason)),
            Self::NotMcp(reason) => write!(f, "the server's answer is not MCP: {}", Shown(reason)),
            Self::Answered { method, code, message } => {
                write!(f, "the server answered `{method}` with error {code}: {}", Shown(message))
            }
            Self::Versions { server } => {
                let versions = server.join(", ");
                write!(f, "the server speaks only other versions of MCP: {}", Shown(&versions))
            }
            Self::NoTools => write!(f, "the server does not declare the `tools` capability"),
            Self::Circle => write!(f, "the server's pages go in a circle"),
            Self::TooMuch(limit) => write!(f, "the server's catalogue exceeds {limit}"),
            Self::Interrupted => write!(f, "the pull was interrupted"),
        }
    }
}

fn write_stderr(f: &mut fmt::Formatter<'_>, lines: &[String]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    write!(f, "; the end of its standard error:")?;
    lines.iter().try_for_each(|line| write!(f, "\n  {}", Shown(line)))
}

/// A text from elsewhere, cut, and with nothing in it that a terminal would act on.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars().take(SHOWN) {
            match character {
                '\'' | '"' | '\\' => write!(f, "{character}")?,
                character => write!(f, "{}", character.escape_debug())?,
            }
        }
        if self.0.chars().nth(SHOWN).is_some() {
            write!(f, "…")?;
        }
        Ok(())
    }
}

/// How a process ended, as `status 1` or as the signal that killed it.
struct Ended(ExitStatus);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.code() {
            Some(code) => write!(f, "status {code}"),
            None => write!(f, "{}", self.0),
        }
    }
}
