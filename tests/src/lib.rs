//! What the tests of Placet as a whole share: a reference to compare the engine with, and
//! generators of policies and calls.

pub mod calls;
pub mod reference;
pub mod worlds;
