//! What has happened so far: the clock, receipts, reviews and changed tools of a scenario.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::call::{Call, ClientId, Receipt, Registration, Status};

/// What has happened so far.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The time.
    pub(crate) now: i64,
    pub(crate) receipts: Vec<Receipt>,
    clients: BTreeMap<(Option<String>, String), Known>,
    changed: BTreeSet<(String, String)>,
}

/// What became of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// How it registered, if it did.
    pub(crate) registration: Option<Registration>,
    pub(crate) status: Status,
}

impl State {
    /// Nothing has happened yet.
    pub(crate) fn new(now: i64) -> Self {
        Self { now, receipts: Vec::new(), clients: BTreeMap::new(), changed: BTreeSet::new() }
    }

    /// Every receipt of the call's user for its client, as hosts pass them.
    pub(crate) fn receipts_for(&self, call: &Call) -> Vec<Receipt> {
        let Some(user) = &call.user else { return Vec::new() };
        let fits = |receipt: &&Receipt| {
            receipt.user.issuer == user.issuer
                && receipt.user.subject == user.subject
                && receipt.client.id == call.client.id
                && receipt.client.issuer == call.client.issuer
        };
        self.receipts.iter().filter(fits).cloned().collect()
    }

    pub(crate) fn client(&self, id: &ClientId) -> Option<Known> {
        self.clients.get(&(id.issuer.clone(), id.id.clone())).copied()
    }

    pub(crate) fn set_client(&mut self, id: ClientId, known: Known) {
        self.clients.insert((id.issuer, id.id), known);
    }

    /// Whether a tool's definition is no longer the one that the policy was compiled with.
    pub(crate) fn has_changed(&self, server: &str, tool: &str) -> bool {
        self.changed.contains(&(server.to_owned(), tool.to_owned()))
    }

    pub(crate) fn change(&mut self, server: &str, tool: &str) {
        self.changed.insert((server.to_owned(), tool.to_owned()));
    }
}
