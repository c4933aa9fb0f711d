//! Pulling from a server that is started for it.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    process::{ChildStderr, ChildStdin, ChildStdout},
    task::JoinHandle,
    time::timeout,
};

use super::{Attempt, BYTES, Offered, PullError, session::exchange, wire::Wire};

/// How long a server that was told by its closed input may take to end.
const LEAVING: Duration = Duration::from_secs(2);
/// How long a server that closed its output may take to end.
const ENDING: Duration = Duration::from_millis(500);
/// How long a server that was asked to end may take.
const ASKED: Duration = Duration::from_secs(1);
/// How long a killed server may take to be gone.
const KILLED: Duration = Duration::from_secs(5);
/// How long the rest of the standard error may take to arrive.
const DRAINING: Duration = Duration::from_millis(200);

/// How many lines of the standard error are kept.
const LINES: usize = 10;
/// How many bytes of such a line are kept.
const LINE: usize = 400;

/// Starts the command, pulls from it, and ends it.
pub(super) async fn pull(
    program: &str,
    arguments: &[String],
    attempt: &Attempt,
    progress: &mut dyn FnMut(usize),
) -> Result<Offered, PullError> {
    let mut server = Server::start(program, arguments).map_err(|error| PullError::CannotStart {
        program: program.to_owned(),
        reason: error.to_string(),
    })?;
    let tail = Tail::follow(server.stderr);
    let output = Tee { inner: server.stdout, wire: attempt.wire.clone() };
    let transport = AsyncRwTransport::new_client(output, server.stdin).with_max_line_length(BYTES);
    let result = exchange(transport, attempt, progress).await;
    let status = stop(server.child.as_mut(), patience(&result)).await;
    let lines = tail.lines().await;
    result.map_err(|error| explain(error, status, lines))
}

struct Server {
    child: Box<dyn ChildWrapper>,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

impl Server {
    fn start(program: &str, arguments: &[String]) -> io::Result<Self> {
        let mut command = CommandWrap::with_new(program, |command| {
            command.args(arguments);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        });
        // A launcher such as `npx` starts the server as a child of its own.
        #[cfg(unix)]
        command.wrap(process_wrap::tokio::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::tokio::JobObject);
        command.wrap(KillOnDrop);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("its standard streams are missing");
        let stdin = child.stdin().take().ok_or_else(missing)?;
        let stdout = child.stdout().take().ok_or_else(missing)?;
        let stderr = child.stderr().take().ok_or_else(missing)?;
        Ok(Self { child, stdin, stdout, stderr })
    }
}

/// How long the server may take to end by itself before it is asked to.
fn patience(result: &Result<Offered, PullError>) -> Duration {
    match result {
        Ok(_) => LEAVING,
        Err(PullError::Closed { .. }) => ENDING,
        Err(_) => Duration::ZERO,
    }
}

/// Ends the server and all of its process group; the status is that of an end by itself.
async fn stop(child: &mut dyn ChildWrapper, patience: Duration) -> Option<ExitStatus> {
    let status = ended_within(child, patience).await;
    if status.is_none() {
        ask_to_end(child);
        ended_within(child, ASKED).await;
    }
    // What the server started may outlive it. An error says that nothing is left to kill.
    let _ = child.start_kill();
    ended_within(child, KILLED).await;
    status
}

async fn ended_within(child: &mut dyn ChildWrapper, time: Duration) -> Option<ExitStatus> {
    timeout(time, child.wait()).await.ok()?.ok()
}

#[cfg(unix)]
fn ask_to_end(child: &dyn ChildWrapper) {
    const SIGTERM: i32 = 15;
    // An error says that nothing is left to signal.
    let _ = child.signal(SIGTERM);
}

#[cfg(not(unix))]
fn ask_to_end(_child: &dyn ChildWrapper) {}

fn explain(error: PullError, status: Option<ExitStatus>, stderr: Vec<String>) -> PullError {
    match (error, status) {
        // What the server started may have held its output open until the limit.
        (PullError::Closed { .. } | PullError::Late { .. }, Some(status)) => {
            PullError::Exited { status, stderr }
        }
        (PullError::Closed { .. }, None) => PullError::Closed { stderr },
        (PullError::Late { limit, rubbish, .. }, None) => {
            PullError::Late { limit, rubbish, stderr }
        }
        (error, _) => error,
    }
}

/// A reader that shows the wire all that is read from it.
struct Tee<R> {
    inner: R,
    wire: Wire,
}

impl<R: AsyncRead + Unpin> AsyncRead for Tee<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let piece = buffer.filled().get(before..).unwrap_or_default();
        let taken = self.wire.piece(piece);
        Poll::Ready(taken.then_some(()).ok_or_else(|| io::Error::other("too many bytes")))
    }
}

/// The last lines of a server's standard error.
struct Tail {
    kept: Arc<Mutex<Kept>>,
    reader: JoinHandle<()>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<Vec<u8>>,
    current: Vec<u8>,
}

impl Tail {
    fn follow(mut stderr: ChildStderr) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = Arc::clone(&kept);
        let reader = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
                let piece = buffer.get(..length).unwrap_or_default();
                shared.lock().unwrap_or_else(PoisonError::into_inner).take(piece);
            }
        });
        Self { kept, reader }
    }

    /// The lines, once the stream has ended; a process that left the group may hold it open.
    async fn lines(self) -> Vec<String> {
        let _ = timeout(DRAINING, self.reader).await;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.end_line();
        kept.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }
}

impl Kept {
    fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE.saturating_sub(self.current.len());
            self.current.extend(part.trim_ascii_end().iter().take(room));
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        if self.current.is_empty() {
            return;
        }
        if self.lines.len() >= LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(std::mem::take(&mut self.current));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::super::{Source, pull};
    use super::*;

    /// A server in the shell, whose `tools/list` answers are what the given lines print.
    fn server(answers: &str) -> String {
        format!(
            r#"
            answer() {{ printf '{{"jsonrpc":"2.0","id":%s,%s}}\n' "$id" "$1"; }}
            page() {{ answer '"result":{{"tools":[{{"name":"'$1'","inputSchema":{{}},"x":1}}]'$2'}}'; }}
            while read -r line; do
                id=${{line##*'"id":'}} && id=${{id%%[!0-9]*}}
                case $line in
                *'"initialize"'*) answer '"result":{{"protocolVersion":"2025-06-18",
                    "capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"s","version":"1"}}}}' |
                    tr -d '\n' && echo ;;
                {answers}
                esac
            done"#
        )
    }

    fn pull_script(script: &str, limit: Duration) -> Result<Offered, String> {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        let source = Source::Command { program: "sh".to_owned(), arguments };
        pull(&source, limit, &mut |_| {}).map_err(|error| error.to_string())
    }

    #[test]
    fn all_pages_are_pulled_as_they_were_sent() {
        let script = server(
            r#"*'"cursor":"2"'*) page b ;; *'"tools/list"'*) page a ',"nextCursor":"2"' ;;"#,
        );
        let offered = pull_script(&script, Duration::from_secs(20)).expect("two pages");
        let tool = |name: &str| serde_json::json!({"name": name, "inputSchema": {}, "x": 1});
        assert_eq!(offered.tools, [tool("a"), tool("b")]);
    }

    #[test]
    fn prompts_are_pulled_where_the_server_has_any() {
        let answers = r#"*'"tools/list"'*) page a ;;
            *'"prompts/list"'*) answer '"result":{"prompts":[{"name":"p","y":2}]}' ;;"#;
        let script = server(answers)
            .replace(r#""capabilities":{"tools":{}"#, r#""capabilities":{"tools":{},"prompts":{}"#);
        let offered = pull_script(&script, Duration::from_secs(20)).expect("a tool and a prompt");
        assert_eq!(offered.prompts, [serde_json::json!({"name": "p", "y": 2})]);
    }

    #[test]
    fn a_cursor_that_repeats_is_an_error() {
        let script = server(r#"*'"tools/list"'*) page a ',"nextCursor":"2"' ;;"#);
        let error = pull_script(&script, Duration::from_secs(20)).expect_err("a circle");
        assert_eq!(error, "the server's pages go in a circle");
    }

    #[test]
    fn a_server_that_exits_is_told_with_its_last_words() {
        let error = pull_script("echo 'a\tb' >&2; exit 3", Duration::from_secs(20));
        let expected = "the server exited (status 3) before it answered; \
                        the end of its standard error:\n  a\\tb";
        assert_eq!(error, Err(expected.to_owned()));
    }

    #[test]
    fn a_server_that_hangs_is_ended_with_what_it_started() {
        let start = Instant::now();
        let error = pull_script("sleep 60 & echo $! >&2; sleep 60", Duration::from_millis(300))
            .expect_err("no answer");
        assert!(error.starts_with("the server did not answer within 0.3 s"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10));
        let started = error.lines().last().map(str::trim).unwrap_or_default();
        // A signal is delivered when the system gets to it.
        let patience = Instant::now();
        while !is_gone(started) {
            assert!(patience.elapsed() < Duration::from_secs(20), "process {started} is left");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether a process is gone, or dead and waits for its new parent to notice.
    fn is_gone(id: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{id}/stat"))
            .map_or(true, |stat| stat.contains(") Z"))
    }

    #[test]
    fn a_command_that_does_not_exist_is_told() {
        let source = Source::Command { program: "no-such-command".to_owned(), arguments: vec![] };
        let error = pull(&source, Duration::from_secs(5), &mut |_| {}).expect_err("no command");
        assert!(error.to_string().starts_with("the command `no-such-command` cannot be started"));
    }
}
