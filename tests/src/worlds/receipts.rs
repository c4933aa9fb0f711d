//! Receipts and confirmations, good ones and others.

use serde_json::{Value, json};

use crate::worlds::caller::Caller;
use crate::worlds::values::*;

impl Caller<'_> {
    /// Adds a receipt: a good one for some terms, or one that is wrong in some way.
    pub(super) fn receipt(&mut self, call: &mut Value, terms: Option<&String>) {
        let good = terms.is_some();
        let names: Vec<&String> = self.world.content.terms.keys().collect();
        let Some(name) = terms.or_else(|| self.random.of(names)) else { return };
        let Some(known) = self.world.content.terms.get(name) else { return };
        let now = call["now"].as_i64().unwrap_or(NOW);
        let given = now - *self.random.pick(&[0, 1, 60, 80, 89]);
        let id = format!("r-{}", self.random.below(5));
        // One that a receipt before it was given for, if it will do.
        let stated = call["purpose"].as_str().filter(|one| known.purposes.contains(*one));
        let purpose = match stated {
            Some(stated) => Some(stated.to_owned()),
            None => self.random.of(&known.purposes).cloned(),
        };
        let version = match self.random.chance(50) {
            true => self.random.of(&known.versions),
            false => known.versions.get_key_value(&known.digest),
        };
        let (digest, name) = version.map_or((&known.digest, name), |(one, old)| (one, &old.name));
        let mut receipt = json!({
            "id": id, "terms": name, "digest": digest,
            "user": {"issuer": call["user"]["issuer"], "subject": call["user"]["subject"]},
            "client": {"id": call["client"]["id"], "issuer": call["client"]["issuer"]},
            "server": call["server"], "purpose": purpose, "given_at": given,
            "expires_at": null, "withdrawn_at": null,
        });
        if !call["user"].is_object() {
            receipt["user"] = json!({"issuer": FIRST, "subject": "alice"});
        }
        if good {
            if self.random.chance(50) {
                receipt["expires_at"] = json!(now + 1 + *self.random.pick(&[0, 100, 1_000_000]));
            }
            if purpose.is_some() && (known.purpose_required || self.random.chance(50)) {
                call["purpose"] = json!(purpose);
            }
        } else {
            for _ in 0..(1 + self.random.below(2)) {
                self.spoil(&mut receipt, now);
            }
        }
        if let Some(receipts) = call["receipts"].as_array_mut() {
            receipts.push(receipt);
        }
    }

    /// Confirms a call that some requirement wants confirmed, or does so in some wrong way.
    pub(super) fn confirm(&mut self, call: &mut Value, good: bool) {
        let zeros = format!("sha256-{}", "0".repeat(64));
        let digest = match self.reference.to_confirm(call) {
            Some(digest) => digest,
            None if good => return,
            None => zeros.clone(),
        };
        let now = call["now"].as_i64().unwrap_or(NOW);
        let mut confirmation = json!({
            "id": format!("c-{}", self.random.below(3)), "operation": digest,
            "user": {"issuer": call["user"]["issuer"], "subject": call["user"]["subject"]},
            "given_at": now.saturating_sub(*self.random.pick(&[0, 10, 59])),
        });
        if !call["user"].is_object() {
            confirmation["user"] = json!({"issuer": FIRST, "subject": "alice"});
        }
        if !good {
            match self.random.below(6) {
                0 => confirmation["operation"] = json!(zeros),
                1 => confirmation["user"]["subject"] = json!("mallory"),
                2 => confirmation["user"]["issuer"] = json!("https://evil.example"),
                3 => confirmation["given_at"] = json!(now.saturating_add(1)),
                4 => confirmation["given_at"] = json!(*self.random.pick(&[i64::MIN, i64::MAX])),
                _ => {
                    let age = *self.random.pick(&[60, 119, 120, 600, 601]);
                    confirmation["given_at"] = json!(now.saturating_sub(age));
                }
            }
        }
        call["confirmation"] = confirmation;
    }

    pub(super) fn spoil(&mut self, receipt: &mut Value, now: i64) {
        match self.random.below(13) {
            0 => receipt["expires_at"] = json!(now),
            1 => receipt["expires_at"] = json!(now.saturating_sub(5)),
            2 => receipt["given_at"] = json!(now.saturating_sub(10_000_000)),
            3 => receipt["given_at"] = json!(now.saturating_add(1)),
            4 => receipt["withdrawn_at"] = json!(now),
            5 => {
                let given = receipt["given_at"].as_i64().unwrap_or_default();
                receipt["withdrawn_at"] =
                    json!(given.saturating_add(*self.random.pick(&[-1, 0, 1])));
            }
            6 => receipt["digest"] = json!(format!("sha256-{}", "0".repeat(64))),
            7 => receipt["user"]["subject"] = json!("mallory"),
            8 => receipt["client"]["issuer"] = json!("https://elsewhere.example"),
            9 => receipt["server"] = json!("https://mcp.example.com/gamma"),
            11 => receipt["purpose"] = json!(self.random.pick(&["theft", "release", "triage"])),
            10 => receipt["given_at"] = json!(*self.random.pick(&[i64::MIN, i64::MAX])),
            _ => receipt["given_at"] = json!(now.saturating_sub(*self.random.pick(&[60, 89, 90]))),
        }
    }
}
