//! How a client proves its right: tokens, API keys, the right of whoever runs a local server.

use std::collections::BTreeSet;

use placet_engine::bundle::{ApiKeys, Credentials};
use placet_language::model::{Capability, Server};
use serde_json::{Value, json};

use crate::worlds::caller::Caller;
use crate::worlds::values::*;

impl Caller<'_> {
    pub(super) fn credential(
        &mut self,
        call: &mut Value,
        issuer: &str,
        server: &Server,
        capability: &Capability,
    ) {
        match &server.credentials {
            Credentials::Local { .. } => call["credential"] = json!({"kind": "local"}),
            Credentials::Oauth { issuers, api_keys: Some(keys) }
                if issuers.is_empty() || self.random.chance(40) =>
            {
                self.key(call, keys, server, capability);
            }
            Credentials::Oauth { .. } => self.token(call, issuer, server, capability),
        }
    }

    /// Scopes that a capability needs, or others that imply them.
    fn scopes(&mut self, server: &Server, capability: &Capability) -> BTreeSet<String> {
        let mut scopes = self.random.of(&capability.needs).cloned().unwrap_or_default();
        for scope in scopes.clone() {
            let above = server.scopes.iter().filter(|(_, one)| one.contains(&scope));
            if let Some((above, _)) = self.random.of(above)
                && self.random.chance(30)
            {
                scopes.remove(&scope);
                scopes.insert(above.clone());
            }
        }
        if self.random.chance(20) {
            scopes.insert(String::from("unknown-scope"));
        }
        scopes
    }

    fn token(&mut self, call: &mut Value, issuer: &str, server: &Server, capability: &Capability) {
        let scopes = self.scopes(server, capability);
        let age = *self.random.pick(&[0, 10, 89, 90, 300, 3_000]);
        let subject = match &call["user"] {
            Value::Null => &call["client"]["id"],
            user => &user["subject"],
        };
        let mut token = json!({
            "kind": "oauth", "issuer": issuer, "audience": [call["server"]],
            "subject": subject, "client_id": call["client"]["id"],
            "scopes": scopes, "issued_at": NOW - age, "expires_at": NOW + 1 + age,
        });
        if self.random.chance(70) {
            token["auth_time"] = json!(NOW - self.random.pick(&[0, 90, 299, 300, 3_599, 90_000]));
        }
        if self.random.chance(60) {
            token["acr"] = json!(self.random.pick(&["phr", "mfa", "pwd"]));
        }
        call["credential"] = token;
    }

    fn key(&mut self, call: &mut Value, keys: &ApiKeys, server: &Server, capability: &Capability) {
        let scopes = self.scopes(server, capability);
        let mut key = json!({"kind": "api_key", "id": "k-1", "scopes": scopes});
        if keys.lasts.is_some() || self.random.chance(60) {
            key["issued_at"] = json!(NOW - self.random.pick(&[0, 10, 89]));
        }
        if self.random.chance(40) {
            key["expires_at"] = json!(NOW + self.random.pick(&[1, 600]));
        }
        if let Some(network) = self.random.of(&keys.networks) {
            call["address"] = json!(network.to_string().split('/').next());
        }
        call["credential"] = key;
    }
}
