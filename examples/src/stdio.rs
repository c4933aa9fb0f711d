//! A gateway over stdio: a client starts it in place of an MCP server, and it starts the server.
//!
//! It passes lines on, and judges `tools/call`, `resources/read` and `prompts/get` on the way to the
//! server. It does not shorten `tools/list`; `http` shows how.

use std::io::{self, Error};
use std::process::Stdio;

use futures::TryStreamExt;
use placet_engine::{Engine, Record};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio_util::codec::{FramedRead, LinesCodec};

use crate::message::{Asked, Caller, LIMIT, Message};

/// What the gateway needs to know.
pub struct Gateway {
    /// The policy.
    pub engine: Engine,
    /// The server's identity: `local:` and its name.
    pub server: String,
    /// Who started the gateway: its client, the user at the machine, a local credential.
    pub caller: Caller,
    /// Where records go. Standard output belongs to the client.
    pub log: fn(&Record),
}

impl Gateway {
    /// Stands between a client and a server until the client closes its input.
    ///
    /// # Errors
    ///
    /// The server cannot be started, or a line is too long, no UTF-8, or cannot be passed on.
    pub async fn run(
        &self,
        mut server: Command,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let server = server.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut server = server.spawn()?;
        let (Some(mut to_server), Some(from_server)) = (server.stdin.take(), server.stdout.take())
        else {
            return Err(Error::other("the server has no standard input and output"));
        };
        let to_client = &Mutex::new(output);
        let up = async {
            let mut lines = lines(input);
            while let Some(line) = lines.try_next().await.map_err(Error::other)? {
                match self.answer(&line) {
                    None => write_line(&mut to_server, &line).await?,
                    Some(answer) => write_line(&mut *to_client.lock().await, &answer).await?,
                }
            }
            drop(to_server);
            Ok(())
        };
        let down = async {
            let mut lines = lines(from_server);
            while let Some(line) = lines.try_next().await.map_err(Error::other)? {
                write_line(&mut *to_client.lock().await, &line).await?;
            }
            Ok(())
        };
        tokio::try_join!(up, down).map(|_| ())
    }

    /// What to answer a line of the client's; `None` to pass it on.
    fn answer(&self, line: &str) -> Option<String> {
        let error = |id, code: i32, message: &str| {
            let error = json!({ "code": code, "message": message });
            Some(json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string())
        };
        // Some servers end a line at a carriage return, and would read two messages where one was
        // judged.
        let read = Message::read(line.as_bytes()).ok().filter(|_| !line.contains('\r'));
        let Some(message) = read else { return error(None, -32600, "not one JSON-RPC message") };
        let operation = match (&message.method, message.asked()) {
            // A response, to something that the server asked of the client.
            (None, _) | (_, Ok(Asked::Nothing)) => return None,
            (_, Ok(Asked::Operation(operation))) => operation,
            (_, Err(_)) => return error(message.id, -32602, "the parameters cannot be read"),
        };
        let call = self.caller.call(&self.server, &operation);
        let decision = self.engine.decide(&call);
        (self.log)(&Record::new(&call, &decision));
        if decision.is_allow() {
            return None;
        }
        let reason = decision.reason.map(|reason| format!("denied: {reason}")).unwrap_or_default();
        error(message.id, -32000, &reason)
    }
}

fn lines<R: AsyncRead>(reader: R) -> FramedRead<R, LinesCodec> {
    FramedRead::new(reader, LinesCodec::new_with_max_length(LIMIT))
}

async fn write_line(to: &mut (impl AsyncWrite + Unpin), line: &str) -> io::Result<()> {
    to.write_all(line.as_bytes()).await?;
    to.write_all(b"\n").await?;
    to.flush().await
}
