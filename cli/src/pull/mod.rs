//! Pulling a catalogue: asking an MCP server for all of its tools.
//!
//! The protocol library gives each tool as a struct that drops the members it does not know. The
//! digest of a definition covers the whole of it, so the definitions are taken from the bytes that
//! the server sent ([`wire`]), and the library's reading only tells which message is the answer.

mod error;
mod http;
mod metadata;
mod recording;
mod session;
mod stdio;
mod wire;

use std::{
    future::{Future, pending},
    time::Duration,
};

use rmcp::{
    ClientLifecycleMode,
    model::ProtocolVersion,
    service::{ClientInitializeError, ServiceError},
};
use serde_json::Value;
use tokio::{
    runtime::Builder,
    time::{Instant, sleep_until},
};

pub(crate) use self::error::{Limit, PullError};
pub(crate) use self::metadata::metadata;
use self::wire::Wire;

/// How many pages of a catalogue are asked for.
pub(crate) const PAGES: usize = 1_000;
/// How many tools a catalogue may have.
pub(crate) const TOOLS: usize = 100_000;
/// How many bytes a server may send in one pull.
pub(crate) const BYTES: usize = 64 * 1024 * 1024;

const INITIALIZE: &str = "initialize";
const DISCOVER: &str = "server/discover";
const LIST: &str = "tools/list";
const LIST_PROMPTS: &str = "prompts/list";

/// What a server offers: its definitions, as it wrote them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Offered {
    /// The tools, in the order of the pages.
    pub(crate) tools: Vec<Value>,
    /// The prompts, if the server has any.
    pub(crate) prompts: Vec<Value>,
}

/// Where a catalogue is pulled from.
pub(crate) enum Source {
    /// A server that is started for the pull and speaks on its standard input and output.
    Command {
        /// The program, looked up as the shell would.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// A server that is reached over Streamable HTTP.
    Url {
        /// The address of the MCP endpoint.
        url: String,
        /// The bearer token, which no other origin is sent.
        token: Option<String>,
    },
}

/// Pulls every tool and prompt definition of a server, as the server wrote it.
///
/// `limit` bounds the time from the start to the last page. `progress` is told how many tools are
/// known after each page. A command's process is dead when this returns, and so is what it started
/// in its process group. An interrupt from the keyboard ends the pull with an error; it no longer
/// ends this program once a pull has begun.
///
/// # Errors
///
/// [`PullError`]: no complete catalogue was had.
pub(crate) fn pull(
    source: &Source,
    limit: Duration,
    progress: &mut dyn FnMut(usize),
) -> Result<Offered, PullError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| PullError::Setup(error.to_string()))?;
    let result = runtime.block_on(pull_with_either_greeting(source, limit, progress));
    // A name that is still being resolved would otherwise be waited for.
    runtime.shutdown_background();
    result
}

/// A server that knows only the protocol without a handshake refuses the handshake. One that knows
/// only the handshake may end at anything else, so the handshake comes first.
async fn pull_with_either_greeting(
    source: &Source,
    limit: Duration,
    progress: &mut dyn FnMut(usize),
) -> Result<Offered, PullError> {
    let deadline = Instant::now().checked_add(limit);
    let attempt = |greeting| Attempt { wire: Wire::default(), limit, deadline, greeting };
    match attempt(Greeting::Initialize).pull(source, progress).await {
        Err(first) if first.refuses_greeting() => {
            let second = attempt(Greeting::Discover).pull(source, progress).await;
            second.map_err(|second| if second.of_pull_proper() { second } else { first })
        }
        result => result,
    }
}

/// How a session is begun.
#[derive(Debug, Clone, Copy)]
enum Greeting {
    /// With the handshake that the protocol had until 2025-11-25.
    Initialize,
    /// With the question of what the server is, which the protocol has since 2026-07-28.
    Discover,
}

impl Greeting {
    fn lifecycle(self) -> ClientLifecycleMode {
        match self {
            Self::Initialize => ClientLifecycleMode::Initialize,
            Self::Discover => {
                ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::LATEST] }
            }
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Initialize => INITIALIZE,
            Self::Discover => DISCOVER,
        }
    }
}

/// One session with a server, and what ends it from outside of the protocol.
struct Attempt {
    wire: Wire,
    limit: Duration,
    deadline: Option<Instant>,
    greeting: Greeting,
}

impl Attempt {
    async fn pull(
        &self,
        source: &Source,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Offered, PullError> {
        match source {
            Source::Command { program, arguments } => {
                stdio::pull(program, arguments, self, progress).await
            }
            Source::Url { url, token } => http::pull(url, token.as_deref(), self, progress).await,
        }
    }

    /// Runs a part of the pull until it is done or something else ends it.
    async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, PullError>>,
    ) -> Result<T, PullError> {
        let result = tokio::select! {
            biased;
            error = self.wire.failure() => Err(error),
            result = work => result,
            () = self.late() => Err(self.lateness()),
            () = interrupt() => Err(PullError::Interrupted),
        };
        // A failure below the protocol says more than what it led to above.
        result.map_err(|error| self.wire.failed().unwrap_or(error))
    }

    async fn late(&self) {
        match self.deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => pending().await,
        }
    }

    fn lateness(&self) -> PullError {
        PullError::Late { limit: self.limit, rubbish: self.wire.rubbish(), stderr: Vec::new() }
    }
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending().await
    }
}

impl PullError {
    fn of_greeting(error: ClientInitializeError, method: &'static str) -> Self {
        match error {
            ClientInitializeError::JsonRpcError(error) => {
                Self::Answered { method, code: error.code.0, message: error.message.into_owned() }
            }
            ClientInitializeError::NoCompatibleProtocolVersion { server_supported, .. } => {
                let server = server_supported.iter().map(ToString::to_string).collect();
                Self::Versions { server }
            }
            ClientInitializeError::ConnectionClosed(_)
            | ClientInitializeError::TransportError { .. } => Self::Closed { stderr: Vec::new() },
            error => Self::NotMcp(error.to_string()),
        }
    }

    fn of_listing(error: ServiceError, method: &'static str) -> Self {
        match error {
            ServiceError::McpError(error) => {
                Self::Answered { method, code: error.code.0, message: error.message.into_owned() }
            }
            ServiceError::TransportClosed | ServiceError::TransportSend(_) => {
                Self::Closed { stderr: Vec::new() }
            }
            error => Self::NotMcp(error.to_string()),
        }
    }

    /// Whether the server may have wanted another greeting.
    fn refuses_greeting(&self) -> bool {
        match self {
            Self::Answered { method, .. } => ![LIST, LIST_PROMPTS].contains(method),
            Self::Versions { .. } | Self::Status(_) => true,
            _ => false,
        }
    }

    /// Whether the second greeting led further than the first, or the person ended it.
    fn of_pull_proper(&self) -> bool {
        !self.refuses_greeting() && !matches!(self, Self::Exited { .. } | Self::Closed { .. })
    }
}
