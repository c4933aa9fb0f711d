//! Who calls: users in the groups that a rule names, machines, and clients of every kind.

use std::collections::BTreeSet;

use placet_engine::bundle::Who;
use placet_engine::call::Registration;
use placet_language::model::{Rule, Via};
use serde_json::{Value, json};

use crate::worlds::caller::Caller;
use crate::worlds::values::*;

impl Caller<'_> {
    /// Sets the user, or none for a machine, and says at which issuer they are known.
    pub(super) fn user(
        &mut self,
        call: &mut Value,
        rule: &Rule,
        issuers: &BTreeSet<String>,
    ) -> String {
        let mut issuer = self.random.of(issuers).cloned().unwrap_or_default();
        let mut subject = (*self.random.pick(&SUBJECTS)).to_owned();
        let mut claims = json!({});
        if self.random.chance(30) {
            let path = self.random.pick(&CLAIMS);
            let value = json!([self.random.pick(&VALUES), 7]);
            set_claim(&mut claims, path, value);
        }
        match self.random.of(&rule.who) {
            Some(Who::Machine) => {
                call["user"] = Value::Null;
                return issuer;
            }
            Some(Who::User { issuer: of, subject: named }) => {
                issuer.clone_from(of);
                subject.clone_from(named);
            }
            Some(Who::Group(name)) => self.join(name, 6, &mut claims, &mut issuer),
            _ => {}
        }
        call["user"] = json!({"issuer": issuer, "subject": subject, "claims": claims});
        issuer
    }

    /// Gives a user the claims that make a member, directly or through a group within.
    fn join(&mut self, name: &str, depth: usize, claims: &mut Value, issuer: &mut String) {
        let groups = &self.world.policy.groups;
        let within: Vec<&String> = groups
            .iter()
            .filter(|(_, group)| group.within.contains(name))
            .map(|(name, _)| name)
            .collect();
        let name = match within.is_empty() || depth < 4 || self.random.chance(60) {
            true => name.to_owned(),
            false => (*self.random.pick(&within)).clone(),
        };
        let Some(group) = groups.get(&name) else { return };
        issuer.clone_from(&group.issuer);
        let path: Vec<&str> = group.claim.iter().map(String::as_str).collect();
        let mut held = &*claims;
        for part in &path {
            held = held.get(part).unwrap_or(&Value::Null);
        }
        let value = match held {
            Value::Array(items) => {
                let mut items = items.clone();
                items.push(json!(group.has));
                json!(items)
            }
            Value::String(text) => json!([text, group.has]),
            _ if self.random.chance(30) => json!(group.has),
            _ => json!([group.has]),
        };
        set_claim(claims, &path, value);
        if let Some(depth) = depth.checked_sub(1) {
            for other in &group.and_in {
                self.join(other, depth, claims, issuer);
            }
        }
    }

    /// Sets a client that the rule and its consent speak of, if there is one at the issuer.
    pub(super) fn client(
        &mut self,
        call: &mut Value,
        issuer: &str,
        via: [Option<&BTreeSet<Via>>; 2],
    ) {
        let mut clients = self.named_clients();
        clients.extend(self.unnamed_clients(issuer));
        self.random.shuffle(&mut clients);
        for client in clients {
            call["client"] = client;
            let here = call["client"]["issuer"].as_str().is_none_or(|of| of == issuer);
            if here && via.into_iter().all(|via| self.reference.speaks_of(via, call)) {
                return;
            }
        }
    }

    fn named_clients(&mut self) -> Vec<Value> {
        let mut clients = Vec::new();
        for client in self.world.policy.clients.values() {
            let registration = match client.issuer {
                None => "metadata_document",
                Some(_) => "preregistered",
            };
            let digest = client.metadata_digest.as_ref().filter(|_| self.random.chance(80));
            clients.push(json!({
                "id": client.id, "issuer": client.issuer, "registration": registration,
                "status": "approved", "metadata_digest": digest,
            }));
        }
        clients
    }

    /// Clients that `register` lines admit.
    fn unnamed_clients(&mut self, issuer: &str) -> Vec<Value> {
        let mut clients = Vec::new();
        for rule in &self.world.policy.registrations {
            let (id, at) = match (rule.kind, self.random.of(&rule.domains)) {
                (Registration::MetadataDocument, Some(domain)) => {
                    let port = *self.random.pick(&["", ":8443", "/x"]);
                    (format!("https://{domain}{port}/client.json"), None)
                }
                _ => {
                    let id = *self.random.pick(&["dyn-1", "dyn#2"]);
                    (
                        id.to_owned(),
                        Some(rule.issuers.first().cloned().unwrap_or_else(|| issuer.to_owned())),
                    )
                }
            };
            clients.push(json!({
                "id": id, "issuer": at, "registration": rule.kind.as_str(),
                "status": "approved", "metadata_digest": null,
            }));
        }
        clients
    }
}

pub(super) fn set_claim(claims: &mut Value, path: &[&str], value: Value) {
    match path.split_first() {
        None => *claims = value,
        Some((first, rest)) => {
            if !claims.is_object() {
                *claims = json!({});
            }
            set_claim(&mut claims[*first], rest, value);
        }
    }
}
