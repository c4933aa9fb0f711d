//! What a decision costs: one scenario, put to the engine and to what one might use instead.

pub mod peers;
pub mod scenario;
