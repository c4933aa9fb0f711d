//! What came over the wire, kept as it was before the protocol library read it.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::sync::Notify;

use super::{BYTES, Limit, PullError};
// The one place to swap: `use placet_engine::parse_json;`
use placet_engine::parse_json;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The answers that a server sent, each whole, and the first failure seen below the protocol.
///
/// Clones share the same record.
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Shared>);

#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    failed: Notify,
}

#[derive(Default)]
struct Record {
    line: Vec<u8>,
    bytes: usize,
    answers: Vec<Answer>,
    rubbish: Option<String>,
    failure: Option<PullError>,
}

struct Answer {
    id: String,
    result: Value,
}

impl Wire {
    /// Takes a piece of a stream whose messages are lines; false once the byte limit is passed.
    pub(super) fn piece(&self, piece: &[u8]) -> bool {
        if !self.count(piece.len()) {
            return false;
        }
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let mut record = self.record();
            record.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = mem::take(&mut record.line);
                drop(record);
                self.read(&line);
            }
        }
        true
    }

    /// Takes one whole message; false once the byte limit is passed.
    pub(super) fn message(&self, message: &[u8]) -> bool {
        let counted = self.count(message.len());
        if counted {
            self.read(message);
        }
        counted
    }

    /// Records a failure, of which the first is told by [`Wire::failure`].
    pub(super) fn fail(&self, error: PullError) {
        self.record().failure.get_or_insert(error);
        self.0.failed.notify_one();
    }

    /// Waits for a failure.
    pub(super) async fn failure(&self) -> PullError {
        loop {
            if let Some(error) = self.failed() {
                return error;
            }
            self.0.failed.notified().await;
        }
    }

    /// The failure, if there is one.
    pub(super) fn failed(&self) -> Option<PullError> {
        self.record().failure.take()
    }

    /// The result of the request with this id, which must have been answered once.
    pub(super) fn take(&self, id: &str) -> Result<Value, PullError> {
        let mut record = self.record();
        let mut results = record.answers.extract_if(.., |answer| answer.id == id);
        match (results.next(), results.next()) {
            (Some(answer), None) => Ok(answer.result),
            (None, _) => Err(PullError::NotMcp("no answer has the request's id".to_owned())),
            (Some(_), Some(_)) => Err(PullError::NotMcp("a request was answered twice".to_owned())),
        }
    }

    /// The first line that was not JSON, if any was.
    pub(super) fn rubbish(&self) -> Option<String> {
        self.record().rubbish.clone()
    }

    fn count(&self, more: usize) -> bool {
        let mut record = self.record();
        record.bytes = record.bytes.saturating_add(more);
        let fits = record.bytes <= BYTES;
        drop(record);
        if !fits {
            self.fail(PullError::TooMuch(Limit::Bytes));
        }
        fits
    }

    fn read(&self, message: &[u8]) {
        let message = message.strip_prefix(BYTE_ORDER_MARK).unwrap_or(message).trim_ascii();
        if message.is_empty() {
            return;
        }
        match parse_json(message) {
            Ok(value) => self.record().answers.extend(answer(value)),
            // A key that stands twice says two things, of which a reader picks one.
            Err(error) if error.is_data() || is_meant_as_message(message) => {
                self.fail(PullError::NotMcp(error.to_string()));
            }
            // Some servers greet the person who starts them.
            Err(_) => {
                let mut record = self.record();
                let line = || String::from_utf8_lossy(message).into_owned();
                record.rubbish.get_or_insert_with(line);
            }
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id and the result of a message, if it is an answer and not a request or an error.
fn answer(mut message: Value) -> Option<Answer> {
    let id = match message.get("id")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let result = message.get_mut("result")?.take();
    Some(Answer { id, result })
}

/// Whether a text that is not JSON was to be a message, which nobody would wait for in vain.
fn is_meant_as_message(text: &[u8]) -> bool {
    const MEMBER: &[u8] = b"\"jsonrpc\"";
    text.windows(MEMBER.len()).any(|part| part == MEMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pieces: &[&[u8]]) -> Wire {
        let wire = Wire::default();
        assert!(pieces.iter().all(|piece| wire.piece(piece)));
        wire
    }

    #[test]
    fn a_line_is_read_however_it_is_cut() {
        let wire = after(&[b"hello\n\xEF\xBB\xBF{\"id\":", b"1,\"result\"", b":{\"a\":1.0}}\r\n{"]);
        assert_eq!(wire.take("1").expect("an answer").to_string(), r#"{"a":1.0}"#);
        assert_eq!(wire.rubbish().as_deref(), Some("hello"));
        assert!(wire.failed().is_none());
        assert!(wire.take("1").is_err(), "an answer is taken once");
    }

    #[test]
    fn an_id_that_is_answered_twice_is_refused() {
        let wire = after(&[b"{\"id\":1,\"result\":{}}\n{\"id\":\"1\",\"result\":{}}\n"]);
        assert!(wire.take("1").is_err());
    }

    #[test]
    fn a_repeated_key_and_a_broken_message_are_failures() {
        assert!(after(&[b"{\"id\":1,\"result\":{\"a\":1,\"a\":1}}\n"]).failed().is_some());
        assert!(after(&[b"{\"jsonrpc\":\"2.0\",\"id\":1,\n"]).failed().is_some());
        assert!(after(&[b"{ level: 1 }\n"]).failed().is_none());
    }

    #[test]
    fn the_byte_limit_is_a_failure() {
        let wire = Wire::default();
        assert!(wire.piece(&vec![b' '; BYTES]));
        assert!(!wire.piece(b" "));
        assert!(matches!(wire.failed(), Some(PullError::TooMuch(Limit::Bytes))));
    }
}
