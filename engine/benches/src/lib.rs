//! What a decision costs: one scenario, put to the engine and to what one might use instead.

#![cfg(feature = "peers")]

pub mod peers;
pub mod scenario;
