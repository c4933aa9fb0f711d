//! Signed bundles: any bytes are refused or loaded, a signed bundle that was altered is refused, and
//! what a trusted key signed is loaded only if it is a bundle.

#![no_main]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use placet_engine::bundle::{SigningKey, TrustedKeys, sign};
use placet_engine::{Call, Digest, Engine, Limits};

struct Good {
    bytes: Vec<u8>,
    key: SigningKey,
    keys: TrustedKeys,
    call: Call,
}

fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let files = BTreeMap::from([
            (
                String::from("policy.placet"),
                include_str!("../../policies/filesystem/filesystem.placet").to_owned(),
            ),
            (
                String::from("catalogue.json"),
                include_str!("../../policies/filesystem/catalogue.json").to_owned(),
            ),
        ]);
        let policy = placet_language::check(&files, &placet_language::Limits::default()).policy;
        let bundle = placet_language::compile(&policy.expect("it checks")).expect("it compiles");
        let key = include_str!("../../tests/keys/one.pem");
        let key = SigningKey::from_pem("one", key).expect("it is a key");
        let keys = TrustedKeys::default()
            .with_pem("one", include_str!("../../tests/keys/one.pub.pem"))
            .expect("it is a key");
        let call = include_bytes!("../../policies/filesystem/calls/inside.json");
        let call = Call::from_json(call, &Limits::default()).expect("it is a call");
        Good { bytes: sign(&bundle, &key, 7).expect("it is not signed"), key, keys, call }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let good = good();
    let limits = Limits::default();
    if let Ok(engine) = Engine::load_signed(bytes, &good.keys, &limits) {
        assert!(engine.signed_by().is_some());
    }
    // Edits of a signed bundle: two bytes say where, one what it becomes.
    let mut altered = good.bytes.clone();
    for edit in bytes.chunks_exact(3).take(8) {
        let at = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        let length = altered.len();
        altered[at % length] = edit[2];
    }
    let loaded = Engine::load_signed(&altered, &good.keys, &limits);
    assert_eq!(loaded.is_ok(), altered == good.bytes);
    // Whatever was signed, under a digest of its own: its Cedar is not validated again.
    let Some(start) = bytes.windows(10).position(|one| one == b"\"content\":") else { return };
    let Some(content) = bytes.get(start + 10..bytes.len().saturating_sub(2)) else { return };
    let digest = Digest::of_bytes(content);
    let mut bundle = format!("{{\"format\":1,\"digest\":\"{digest}\",\"content\":").into_bytes();
    bundle.extend_from_slice(content);
    bundle.extend_from_slice(b"}\n");
    let signed = sign(&bundle, &good.key, 7).expect("it is not signed");
    if let Ok(engine) = Engine::load_signed(&signed, &good.keys, &limits) {
        let _ = engine.decide(&good.call);
    }
});
