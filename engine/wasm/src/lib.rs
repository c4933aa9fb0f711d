//! The engine of Placet as a WebAssembly component.
//!
//! `wit/placet.wit` is what it offers, and all of it is the library's: a loaded bundle is an
//! [`Engine`](placet_engine::Engine), and each function hands its records over to the method of the
//! same name. The component imports nothing, so that a host can see that it reads no clock and no
//! file and tells nobody anything.

#[expect(
    unsafe_code,
    reason = "generated: memory is handed over by address, and the interface is documented in WIT"
)]
mod bindings {
    wit_bindgen::generate!({ world: "placet", path: "wit" });

    export!(Component with_types_in self);

    use crate::component::Component;
}

mod answers;
mod component;
mod decision;
mod questions;

use bindings::exports::placet::engine::judge;
