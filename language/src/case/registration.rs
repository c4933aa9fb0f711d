//! Registrations: what becomes of a client that registers.

use placet_engine::{Engine, Reason, RegistrationRequest, RegistrationVerdict};

use crate::case::step::{Registered, Registers};

/// What the engine says of a registration.
pub(super) fn decide(engine: &Engine, registers: &Registers) -> Registered {
    let decision = engine.decide_registration(&RegistrationRequest {
        id: registers.id.clone(),
        issuer: registers.issuer.clone(),
        registration: registers.registration,
        scopes: registers.scopes.clone(),
        redirect_uris: registers.redirects.clone(),
    });
    match decision.decision {
        RegistrationVerdict::Approved => Registered::Approved,
        RegistrationVerdict::Pending => Registered::Pending,
        RegistrationVerdict::Refused => {
            Registered::Refused(decision.reason.unwrap_or(Reason::EvaluationError))
        }
    }
}
