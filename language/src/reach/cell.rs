//! Cells: the calls of one principal through some clients at one feature, whatever else they say.

use std::collections::BTreeSet;
use std::rc::Rc;

use placet_engine::bundle::Feature;
use placet_engine::call::{Call, Client, Credential};
use placet_engine::resource::Pattern;
use serde_json::{Value, json};

use crate::reach::client::ClientClass;
use crate::reach::context::Proof;
use crate::reach::expression::Claim;
use crate::reach::names::Names;
use crate::reach::slice::Whom;
use crate::reach::witness::{concerns, has_claim};

/// The calls of one principal through some clients.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) names: Rc<Names>,
    pub(crate) server: String,
    pub(crate) feature: Feature,
    /// Of resources, the patterns of both versions that they fit, and all patterns of both.
    pub(crate) patterns: Option<(BTreeSet<Pattern>, Rc<BTreeSet<Pattern>>)>,
    pub(crate) whom: Whom,
    /// What the side that allows the calls names the group that `whom` is.
    pub(crate) group: Option<String>,
    /// Claims that the user must have besides.
    pub(crate) claims: BTreeSet<Claim>,
    pub(crate) proof: Proof,
    pub(crate) clients: Vec<ClientClass>,
}

impl Cell {
    pub(crate) fn holds(&self, call: &Call) -> bool {
        let target = call.target.as_str();
        let is_feature = match &self.feature {
            Feature::Tool(name) => call.operation == "tools/call" && name == target,
            Feature::Prompt(name) => call.operation == "prompts/get" && name == target,
            Feature::Resources(_) => {
                call.operation == "resources/read"
                    && self.patterns.as_ref().is_some_and(|(fitting, all)| {
                        all.iter().filter(|one| one.matches(target)).eq(fitting)
                    })
            }
        };
        is_feature
            && call.server == self.server
            && concerns(&self.whom, call, &self.names)
            && self.claims.iter().all(|claim| has_claim(call, claim))
            && is_proved_by(call, &self.proof)
            && self.clients.iter().any(|class| is_like(&call.client, class))
    }

    /// The clients by what they are.
    pub(crate) fn clients(&self) -> BTreeSet<String> {
        self.clients.iter().map(|class| meant(class).to_string()).collect()
    }
}

fn is_proved_by(call: &Call, proof: &Proof) -> bool {
    match (&call.credential, proof) {
        (Some(Credential::Oauth(token)), Proof::Token { issuer }) => token.issuer == *issuer,
        (Some(Credential::ApiKey(_)), Proof::ApiKey) => true,
        (Some(Credential::Local {}), Proof::Local) => true,
        _ => false,
    }
}

/// Whether a client is one that a class stands for.
fn is_like(client: &Client, class: &ClientClass) -> bool {
    let of_class = &class.client;
    let own = ClientClass { client: client.clone(), is_named: class.is_named };
    client.registration == of_class.registration
        && client.issuer == of_class.issuer
        && match class.is_named {
            true => client.id == of_class.id,
            false => own.domain() == class.domain(),
        }
}

/// A client without the name that an author gave it.
fn meant(class: &ClientClass) -> Value {
    let client = &class.client;
    let id = class.is_named.then_some(&client.id);
    json!([id, client.issuer, client.registration.as_str(), class.domain()])
}
