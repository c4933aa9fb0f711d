//! An instance with a bundle, which answers.

use placet_engine::Decision;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::Placet;
use crate::decision;
use crate::error::HostError;
use crate::judge::{
    self, Call, CallError, ConsentDecision, ConsentRequest, Explanation, Guest, HttpChallenge,
    LoadError, NeededFact, ProtectedResource, RegistrationDecision, RegistrationRequest,
    ToolVisibility,
};
use crate::limits::HostLimits;
use crate::store::Held;

/// A loaded bundle in an instance of its own. It takes one call at a time.
///
/// A call that traps, or runs out of fuel or memory, is an error and ends the instance: every later
/// one is [`HostError::Spent`].
pub struct Instance {
    store: Store<Held>,
    placet: Placet,
    engine: ResourceAny,
    call_fuel: u64,
    spent: bool,
}

impl Instance {
    pub(crate) fn load(
        mut store: Store<Held>,
        placet: Placet,
        limits: &HostLimits,
        load: impl FnOnce(&Guest, &mut Store<Held>) -> wasmtime::Result<Result<ResourceAny, LoadError>>,
    ) -> Result<Self, HostError> {
        let engine = match load(placet.placet_engine_judge(), &mut store) {
            Ok(loaded) => loaded.map_err(HostError::Load)?,
            Err(error) => return Err(HostError::of_trap(&error, store.data().wanted_more)),
        };
        Ok(Self { store, placet, engine, call_fuel: limits.call_fuel, spent: false })
    }

    /// The bundle's digest.
    ///
    /// # Errors
    ///
    /// [`HostError`]: no answer.
    pub fn policy(&mut self) -> Result<String, HostError> {
        self.ask(|judge, store, engine| judge.engine().call_policy(store, engine))
    }

    /// Judges a call.
    ///
    /// # Errors
    ///
    /// [`HostError`]: the call cannot be judged, or there is no answer.
    pub fn decide(&mut self, call: &Call) -> Result<judge::Decision, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_decide(store, engine, call))
    }

    /// Judges a call, and gives the decision as the library does.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn decision(&mut self, call: &Call) -> Result<Decision, HostError> {
        decision::read(self.decide(call)?).map_err(HostError::Answer)
    }

    /// Judges a call from its JSON form, and gives the decision in its JSON form.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn decide_json(&mut self, call: &str) -> Result<String, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_decide_json(store, engine, call))
    }

    /// Judges a client's registration from its JSON form, and gives the decision in its JSON form.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn decide_registration_json(&mut self, request: &str) -> Result<String, HostError> {
        self.judge(|judge, store, engine| {
            judge.engine().call_decide_registration_json(store, engine, request)
        })
    }

    /// Judges from JSON whether a user may give a consent, and gives the decision in its JSON form.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn decide_consent_json(&mut self, request: &str) -> Result<String, HostError> {
        self.judge(|judge, store, engine| {
            judge.engine().call_decide_consent_json(store, engine, request)
        })
    }

    /// Judges a client's registration.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn decide_registration(
        &mut self,
        request: &RegistrationRequest,
    ) -> Result<RegistrationDecision, HostError> {
        self.judge(|judge, store, engine| {
            judge.engine().call_decide_registration(store, engine, request)
        })
    }

    /// Judges whether a user may give a consent.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn decide_consent(
        &mut self,
        request: &ConsentRequest,
    ) -> Result<ConsentDecision, HostError> {
        self.judge(|judge, store, engine| {
            judge.engine().call_decide_consent(store, engine, request)
        })
    }

    /// Whether a caller can use the tools of a server.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn visible_tools(&mut self, caller: &Call) -> Result<Vec<ToolVisibility>, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_visible_tools(store, engine, caller))
    }

    /// Whether a caller can use the tools of a server, from JSON to JSON.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn visible_tools_json(&mut self, caller: &str) -> Result<String, HostError> {
        self.judge(|judge, store, engine| {
            judge.engine().call_visible_tools_json(store, engine, caller)
        })
    }

    /// Judges a call and tells everything that led to the decision.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn explain(&mut self, call: &Call) -> Result<Explanation, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_explain(store, engine, call))
    }

    /// Judges a call from its JSON form and tells in JSON everything that led to the decision.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn explain_json(&mut self, call: &str) -> Result<String, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_explain_json(store, engine, call))
    }

    /// The facts that some rule reads of a call and that it does not bring yet.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn facts_needed(&mut self, call: &Call) -> Result<Vec<NeededFact>, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_facts_needed(store, engine, call))
    }

    /// The same from JSON to JSON.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn facts_needed_json(&mut self, call: &str) -> Result<String, HostError> {
        self.judge(|judge, store, engine| {
            judge.engine().call_facts_needed_json(store, engine, call)
        })
    }

    /// The digest of a call's operation, which a confirmation of it carries.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn operation_digest(&mut self, call: &Call) -> Result<String, HostError> {
        self.judge(|judge, store, engine| judge.engine().call_operation_digest(store, engine, call))
    }

    /// What an HTTP host answers where another token would mend a denial.
    ///
    /// # Errors
    ///
    /// [`HostError::Answer`]: the policy asks for something that the header cannot say; or no answer.
    pub fn challenge(
        &mut self,
        server: &ProtectedResource,
        decision: &judge::Decision,
    ) -> Result<Option<HttpChallenge>, HostError> {
        let challenge = self.ask(|judge, store, _| judge.call_challenge(store, server, decision));
        challenge?.map_err(HostError::Answer)
    }

    /// The audit event of a decision, as one line of JSON.
    ///
    /// # Errors
    ///
    /// As [`Instance::decide`].
    pub fn record(
        &mut self,
        call: &Call,
        decision: &judge::Decision,
        correlation: Option<&str>,
        pointers: &[String],
    ) -> Result<String, HostError> {
        self.judge(|judge, store, _| {
            judge.call_record(store, call, decision, correlation, pointers)
        })
    }

    /// Asks something that may be no question.
    fn judge<T>(
        &mut self,
        ask: impl FnOnce(
            &Guest,
            &mut Store<Held>,
            ResourceAny,
        ) -> wasmtime::Result<Result<T, CallError>>,
    ) -> Result<T, HostError> {
        self.ask(ask)?.map_err(HostError::Call)
    }

    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&Guest, &mut Store<Held>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T, HostError> {
        if self.spent {
            return Err(HostError::Spent);
        }
        let unfuelled = |error: wasmtime::Error| HostError::Trapped(error.to_string());
        self.store.set_fuel(self.call_fuel).map_err(unfuelled)?;
        let answer = ask(self.placet.placet_engine_judge(), &mut self.store, self.engine);
        answer.map_err(|error| {
            self.spent = true;
            HostError::of_trap(&error, self.store.data().wanted_more)
        })
    }
}
