//! What the tests of Placet as a whole share: a reference to compare the engine with, generators of
//! policies and calls, and the conformance cases.

pub mod calls;
pub mod conformance;
pub mod reference;
pub mod worlds;
