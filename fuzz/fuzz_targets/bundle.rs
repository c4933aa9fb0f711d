//! The bundle loader: any bytes are refused or loaded, and what is loaded is written as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_engine::{Digest, Engine, Limits};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let _ = Engine::load(bytes, &limits);
    // The digest keeps mutations out, so what follows it is also tried under a digest of its own.
    let Some(start) = bytes.windows(10).position(|one| one == b"\"content\":") else { return };
    let Some(content) = bytes.get(start + 10..bytes.len().saturating_sub(2)) else { return };
    let mut whole =
        format!("{{\"format\":1,\"digest\":\"{}\",\"content\":", Digest::of_bytes(content)).into_bytes();
    whole.extend_from_slice(content);
    whole.extend_from_slice(b"}\n");
    if let Ok(engine) = Engine::load(&whole, &limits) {
        let again = placet_engine::bundle::write(engine.content()).expect("it has a JSON form");
        assert_eq!(again, whole);
    }
});
