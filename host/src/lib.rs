//! Runs the WebAssembly component of the Placet engine in wasmtime, within limits.
//!
//! ```no_run
//! use placet_host::{Component, HostError, HostLimits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once: compiled, and refused if it imports anything.
//! let component = Component::new(&std::fs::read("placet.wasm")?, HostLimits::default())?;
//!
//! // An instance with a bundle. It takes one call at a time: load one for each thread.
//! let mut instance = component.load(&std::fs::read("policy.bundle")?)?;
//!
//! let call = std::fs::read_to_string("call.json")?;
//! match instance.decide_json(&call) {
//!     Ok(decision) => println!("{decision}"),
//!     // Nothing that goes wrong in there allows a call.
//!     Err(HostError::Call(error)) => println!("no call: {}", error.message),
//!     Err(error) => {
//!         println!("{error}");
//!         instance = component.load(&std::fs::read("policy.bundle")?)?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What a service written in Rust wants is the crate `placet-engine`, which is the same engine without
//! the wall around it. This crate is for hosts that want the wall, or that want to hold the two to the
//! same answers: [`verify`]. And for hosts that compute facts: [`Plugins`] runs the components that a
//! policy names for them.

#![cfg(feature = "wasmtime")]

#[expect(missing_docs, reason = "generated; the interface is documented in WIT")]
mod bindings {
    wasmtime::component::bindgen!({ world: "placet", path: "../engine/wasm/wit" });
}

mod plugin {
    wasmtime::component::bindgen!({ world: "plugin", path: "../spec/facts.wit" });
}

mod call;
mod component;
mod corpus;
#[path = "../../engine/wasm/src/decision.rs"]
mod decision;
mod error;
mod instance;
mod limits;
mod plugins;
mod store;
mod verify;

/// The records of the interface, as `wit/placet.wit` describes them.
pub use bindings::exports::placet::engine::judge;

pub use call::{call, call_from_json};
pub use component::Component;
pub use corpus::calls;
pub use error::HostError;
pub use instance::Instance;
pub use limits::HostLimits;
pub use plugins::{FactError, FailedFact, PluginLimits, Plugins};
pub use verify::{Difference, Verified, VerifyError, verify};
