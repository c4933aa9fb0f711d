//! The servers that a file configures.

use std::ops::Range;

use crate::diagnostic::Code;
use crate::scan::document::{Node, Value};
use crate::scan::finding::Finding;

/// What clients keep their servers under, wherever it stands.
const KEYS: &[&str] = &["mcpServers", "mcp_servers", "mcp.servers"];

#[derive(Debug)]
pub(super) struct Server<'d> {
    pub(super) name: &'d str,
    pub(super) entry: &'d Node,
}

/// A text somewhere in a server's entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'d> {
    /// What it is called: the nearest name above it.
    pub(super) key: &'d str,
    /// The part of the entry that it stands in.
    part: &'d str,
    pub(super) value: &'d str,
    pub(super) node: &'d Node,
}

impl Leaf<'_> {
    /// Whether it is the command or one of its arguments.
    pub(super) fn is_command(&self) -> bool {
        matches!(self.part, "command" | "args")
    }

    /// Whether it is handed to the server, and may be secret without looking so.
    pub(super) fn is_handed_over(&self) -> bool {
        matches!(self.part, "env" | "headers" | "http_headers")
    }

    /// Where a part of it is written: all of it, where escapes hide the part.
    pub(super) fn place(&self, text: &str, part: Range<usize>) -> Range<usize> {
        let span = &self.node.span;
        let written = text.get(span.clone()).unwrap_or_default();
        match written.find(self.value) {
            Some(at) => {
                let start = span.start.saturating_add(at);
                start.saturating_add(part.start)..start.saturating_add(part.end)
            }
            None => span.clone(),
        }
    }
}

impl<'d> Server<'d> {
    /// Every text of its entry, in order.
    pub(super) fn leaves(&self) -> Vec<Leaf<'d>> {
        let mut leaves = Vec::new();
        for (key, node) in self.entry.table().unwrap_or_default() {
            // Arguments follow their command, wherever a file has them.
            let mut own = Vec::new();
            collect(key, key, node, &mut own);
            match key.as_str() {
                "command" => drop(leaves.splice(0..0, own)),
                _ => leaves.extend(own),
            }
        }
        leaves
    }
}

fn collect<'d>(key: &'d str, part: &'d str, node: &'d Node, leaves: &mut Vec<Leaf<'d>>) {
    match &node.value {
        Value::Nothing => {}
        Value::Scalar(value) => leaves.push(Leaf { key, part, value, node }),
        Value::List(nodes) => {
            nodes.iter().for_each(|node| collect(key, part, node, leaves));
        }
        Value::Table(members) => {
            members.iter().for_each(|(key, node)| collect(key, part, node, leaves));
        }
    }
}

/// The servers of a file, and what stands where one is expected.
pub(super) fn servers(document: &Node) -> (Vec<Server<'_>>, Vec<Finding>) {
    let mut servers = Vec::new();
    let mut malformed = Vec::new();
    search(document, Some(""), &mut servers, &mut malformed);
    (servers, malformed)
}

/// `above` is the name that a node stands under: empty for the whole file.
fn search<'d>(
    node: &'d Node,
    above: Option<&str>,
    servers: &mut Vec<Server<'d>>,
    malformed: &mut Vec<Finding>,
) {
    match &node.value {
        Value::Nothing | Value::Scalar(_) => {}
        Value::List(nodes) => {
            nodes.iter().for_each(|node| search(node, None, servers, malformed));
        }
        Value::Table(members) => {
            for (key, node) in members {
                let is_plain = key == "servers" && matches!(above, Some("" | "mcp"));
                if is_plain || KEYS.contains(&key.as_str()) {
                    take(key, node, servers, malformed);
                } else {
                    search(node, Some(key), servers, malformed);
                }
            }
        }
    }
}

fn take<'d>(
    key: &str,
    node: &'d Node,
    servers: &mut Vec<Server<'d>>,
    malformed: &mut Vec<Finding>,
) {
    let no_table = |what: String, node: &Node| {
        Finding::new(
            Code::ScanUnreadable,
            node.span.clone(),
            format!("{what} is not read"),
            "not an object",
            "write an object here, or take it out: only tokens of known forms were looked for in it",
        )
    };
    let Some(members) = node.table() else {
        malformed.push(no_table(format!("`{key}`"), node));
        return;
    };
    for (name, entry) in members {
        match entry.table() {
            Some(_) => servers.push(Server { name, entry }),
            None => malformed.push(no_table(format!("server `{name}`"), entry)),
        }
    }
}
