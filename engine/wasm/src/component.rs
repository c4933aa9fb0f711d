//! The functions of the interface.

use placet_engine::bundle::{EDITION, FORMAT, TrustedKeys};
use placet_engine::{
    Call, ConsentRequest, Digest, Engine, Limits, ProtectedResource, Record, RegistrationRequest,
    parse_json,
};

use serde::Serialize;

use crate::judge::{self, CallError, Guest, GuestEngine, LoadError};
use crate::questions::unreadable;
use crate::{answers, decision, questions};

/// What the interface is implemented for.
pub(crate) struct Component;

/// A loaded bundle.
pub(crate) struct Loaded(Engine);

fn loaded(engine: Engine) -> judge::Engine {
    judge::Engine::new(Loaded(engine))
}

fn call_from(json: &str) -> Result<Call, CallError> {
    Call::from_json(json.as_bytes(), &Limits::default()).map_err(questions::call_error)
}

fn json(answer: &impl Serialize) -> Result<String, CallError> {
    serde_json::to_string(answer).map_err(unreadable)
}

impl Guest for Component {
    type Engine = Loaded;

    fn challenge(
        server: judge::ProtectedResource,
        decision: judge::Decision,
    ) -> Result<Option<judge::HttpChallenge>, String> {
        let resource = ProtectedResource::new(&server.metadata)
            .and_then(|resource| resource.with_realm(server.realm.as_deref().unwrap_or_default()))
            .and_then(|resource| resource.with_scopes(server.scopes.into_iter().collect()))
            .map_err(|error| error.to_string())?;
        let decision = decision::read(decision)?;
        let challenge = resource.challenge(&decision).map_err(|error| error.to_string())?;
        Ok(challenge.map(|challenge| judge::HttpChallenge {
            status: challenge.status,
            www_authenticate: challenge.www_authenticate,
        }))
    }

    fn record(
        call: judge::Call,
        decision: judge::Decision,
        correlation: Option<String>,
        pointers: Vec<String>,
    ) -> Result<String, CallError> {
        let call = questions::call(call)?;
        let decision = decision::read(decision).map_err(unreadable)?;
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let record = Record::new(&call, &decision).with_arguments(&call, &pointers);
        let record = match &correlation {
            Some(correlation) => record.with_correlation(correlation),
            None => record,
        };
        json(&record)
    }

    fn tool_digest(definition: String) -> Result<String, String> {
        let definition = parse_json(definition.as_bytes()).map_err(|error| error.to_string())?;
        let digest = Digest::of_tool(&definition).map_err(|error| error.to_string())?;
        Ok(digest.to_string())
    }

    fn version() -> judge::Versions {
        judge::Versions {
            engine: String::from(env!("CARGO_PKG_VERSION")),
            bundle_format: FORMAT,
            edition: EDITION,
        }
    }
}

impl GuestEngine for Loaded {
    fn load(bundle: Vec<u8>) -> Result<judge::Engine, LoadError> {
        Engine::load(&bundle, &Limits::default()).map(loaded).map_err(answers::load_error)
    }

    fn load_signed(
        bundle: Vec<u8>,
        keys: Vec<judge::TrustedKey>,
        at_least: u64,
    ) -> Result<judge::Engine, LoadError> {
        let mut trusted = TrustedKeys::default().at_least(at_least);
        for key in keys {
            trusted = trusted.with_pem(&key.id, &key.pem).map_err(answers::key_error)?;
        }
        Engine::load_signed(&bundle, &trusted, &Limits::default())
            .map(loaded)
            .map_err(answers::load_error)
    }

    fn policy(&self) -> String {
        self.0.digest().to_string()
    }

    fn decide(&self, call: judge::Call) -> Result<judge::Decision, CallError> {
        Ok(answers::decision(self.0.decide(&questions::call(call)?)))
    }

    fn decide_json(&self, call: String) -> Result<String, CallError> {
        json(&self.0.decide(&call_from(&call)?))
    }

    fn decide_registration_json(&self, request: String) -> Result<String, CallError> {
        let request = RegistrationRequest::from_json(request.as_bytes(), &Limits::default());
        json(&self.0.decide_registration(&request.map_err(questions::call_error)?))
    }

    fn decide_consent_json(&self, request: String) -> Result<String, CallError> {
        let request = ConsentRequest::from_json(request.as_bytes(), &Limits::default());
        json(&self.0.decide_consent(&request.map_err(questions::call_error)?))
    }

    fn decide_registration(
        &self,
        request: judge::RegistrationRequest,
    ) -> Result<judge::RegistrationDecision, CallError> {
        let request = questions::registration_request(request)?;
        Ok(answers::registration_decision(self.0.decide_registration(&request)))
    }

    fn decide_consent(
        &self,
        request: judge::ConsentRequest,
    ) -> Result<judge::ConsentDecision, CallError> {
        let request = questions::consent_request(request)?;
        Ok(answers::consent_decision(self.0.decide_consent(&request)))
    }

    fn visible_tools(&self, caller: judge::Call) -> Result<Vec<judge::ToolVisibility>, CallError> {
        let tools = self.0.visible_tools(&questions::call(caller)?);
        tools.into_iter().map(answers::tool_visibility).collect()
    }

    fn visible_tools_json(&self, caller: String) -> Result<String, CallError> {
        json(&self.0.visible_tools(&call_from(&caller)?))
    }

    fn explain(&self, call: judge::Call) -> Result<judge::Explanation, CallError> {
        Ok(answers::explanation(self.0.explain(&questions::call(call)?)))
    }

    fn explain_json(&self, call: String) -> Result<String, CallError> {
        json(&self.0.explain(&call_from(&call)?))
    }

    fn facts_needed(&self, call: judge::Call) -> Result<Vec<judge::NeededFact>, CallError> {
        let needed = self.0.facts_needed(&questions::call(call)?).into_iter();
        Ok(needed.map(answers::needed_fact).collect())
    }

    fn facts_needed_json(&self, call: String) -> Result<String, CallError> {
        json(&self.0.facts_needed(&call_from(&call)?))
    }

    fn operation_digest(&self, call: judge::Call) -> Result<String, CallError> {
        let digest = self.0.operation_digest(&questions::call(call)?);
        digest.map(|digest| digest.to_string()).map_err(unreadable)
    }
}
