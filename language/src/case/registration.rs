//! PLACE FOR THE ENGINE'S `Engine::decide_registration`: what becomes of a client that registers.

use placet_engine::Engine;

use crate::case::step::{Registered, Registers};

/// What the engine says of a registration, or why it says nothing.
///
/// With `Engine::decide_registration`: make the request of `id`, `issuer`, `registration`, `scopes` and
/// `redirects`, and give back what was decided. Until then such a step is an error, never a silent
/// pass.
pub(super) fn decide(_engine: &Engine, _registers: &Registers) -> Result<Registered, String> {
    Err(String::from("this version cannot judge registrations"))
}
