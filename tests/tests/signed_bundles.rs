//! Signed bundles: nothing but just what was signed, by a key that is trusted, is loaded.

#![expect(
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeMap;

use ed25519_dalek::pkcs8::DecodePublicKey as _;
use ed25519_dalek::{Signature, VerifyingKey};
use placet_engine::bundle::{self, KeyError, SignedBy, SigningKey, TrustedKeys};
use placet_engine::{BundleError, Digest, Engine, Limits};
use placet_tests::calls::{decide, good_call, world};
use placet_tests::reference::Reference;
use placet_tests::worlds::Caller;

const ONE: [&str; 2] = [include_str!("../keys/one.pem"), include_str!("../keys/one.pub.pem")];
const TWO: [&str; 2] = [include_str!("../keys/two.pem"), include_str!("../keys/two.pub.pem")];

fn key(id: &str, [private, _]: [&str; 2]) -> SigningKey {
    SigningKey::from_pem(id, private).unwrap()
}

fn trusting(id: &str, [_, public]: [&str; 2]) -> TrustedKeys {
    TrustedKeys::default().with_pem(id, public).unwrap()
}

fn load(bytes: &[u8], keys: &TrustedKeys) -> Result<Engine, BundleError> {
    Engine::load_signed(bytes, keys, &Limits::default())
}

#[track_caller]
fn refused(bytes: &[u8], keys: &TrustedKeys) -> BundleError {
    match load(bytes, keys) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error
        }
        Ok(_) => panic!("loaded"),
    }
}

/// A bundle of almost nothing, so that every byte of it can be tried.
fn small() -> Vec<u8> {
    let text = "edition 2026\n\nserver fs {\n    local \"fs\"\n    credentials local for read because \
                \"own\"\n    catalogue \"c.json\"\n}\n\ncapability look \"Look\" on fs {\n    tools \
                look\n    access read\n}\n\nclient it \"https://it.example/c.json\"\n\nallow looking \
                anyone via it to look without consent because \"own\"\n";
    let catalogue = r#"{"tools":[{"name":"look","inputSchema":{"type":"object"}}]}"#;
    let files = BTreeMap::from([
        (String::from("p.placet"), text.to_owned()),
        (String::from("c.json"), catalogue.to_owned()),
    ]);
    let checked = placet_language::check(&files, &placet_language::Limits::default());
    let policy = checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    placet_language::compile(&policy).unwrap()
}

#[test]
fn a_signed_bundle_decides_as_the_unsigned_one() {
    let world = world();
    let bundle = bundle::write(&world.content).unwrap();
    let signed = bundle::sign(&bundle, &key("one", ONE), 7).unwrap();
    let engine = load(&signed, &trusting("one", ONE)).unwrap();
    let by = SignedBy { key: String::from("one"), serial: 7 };
    assert_eq!(engine.signed_by(), Some(&by));
    assert_eq!(world.engine.signed_by(), None);
    assert_eq!(engine.digest(), world.engine.digest());
    let reference = Reference::new(&world.policy, &world.content).unwrap();
    let mut caller = Caller::new(&world, &reference, 31);
    for _ in 0..300 {
        let call = caller.call();
        assert_eq!(decide(&engine, &call), decide(&world.engine, &call));
    }
    assert!(decide(&engine, &good_call(&world)).is_allow());
    // The same key, serial and bundle give the same bytes.
    assert_eq!(bundle::sign(&bundle, &key("one", ONE), 7).unwrap(), signed);
}

#[test]
fn nothing_fails_open() {
    let bundle = small();
    let signed = bundle::sign(&bundle, &key("one", ONE), 7).unwrap();
    // Without keys a signed bundle is refused, and with keys one without a signature.
    let error = Engine::load(&signed, &Limits::default()).map(|_| ());
    assert_eq!(error, Err(BundleError::Signed));
    assert_eq!(refused(&bundle, &trusting("one", ONE)), BundleError::Unsigned);
    assert_eq!(bundle::sign(&signed, &key("one", ONE), 8), Err(BundleError::Signed));

    let unknown = BundleError::UnknownKey { key: String::from("one") };
    assert_eq!(refused(&signed, &TrustedKeys::default()), unknown);
    assert_eq!(refused(&signed, &trusting("two", TWO)), unknown);
    assert_eq!(refused(&signed, &trusting("uno", ONE)), unknown);
    let bad = BundleError::BadSignature { key: String::from("one") };
    assert_eq!(refused(&signed, &trusting("one", TWO)), bad);
    // The key that the bundle names counts, and no other that is trusted too.
    let both = trusting("one", ONE).with_pem("two", TWO[1]).unwrap();
    assert!(load(&signed, &both).is_ok());
    let renamed = String::from_utf8(signed.clone()).unwrap().replacen("\"one\"", "\"two\"", 1);
    let bad_two = BundleError::BadSignature { key: String::from("two") };
    assert_eq!(refused(renamed.as_bytes(), &both), bad_two);
    // A bundle under the line of another.
    let start = signed.iter().position(|byte| *byte == b'\n').unwrap();
    let mut other = signed[..=start].to_vec();
    other.extend_from_slice(&bundle::write(&world().content).unwrap());
    assert_eq!(refused(&other, &both), bad);
}

#[test]
fn an_older_bundle_is_refused_where_a_newer_is_asked_for() {
    let signed = bundle::sign(&small(), &key("one", ONE), 7).unwrap();
    for at_least in [0, 6, 7] {
        assert!(load(&signed, &trusting("one", ONE).at_least(at_least)).is_ok());
    }
    for at_least in [8, u64::MAX] {
        let error = refused(&signed, &trusting("one", ONE).at_least(at_least));
        assert_eq!(error, BundleError::OldSerial { serial: 7, at_least });
    }
    let last = bundle::sign(&small(), &key("one", ONE), u64::MAX).unwrap();
    assert!(load(&last, &trusting("one", ONE).at_least(u64::MAX)).is_ok());
    // Nor can the serial be written higher by who has no key.
    let raised = String::from_utf8(signed).unwrap().replacen("\"serial\":7", "\"serial\":9", 1);
    let bad = BundleError::BadSignature { key: String::from("one") };
    assert_eq!(refused(raised.as_bytes(), &trusting("one", ONE)), bad);
}

#[test]
fn every_byte_counts() {
    let keys = trusting("one", ONE);
    let signed = bundle::sign(&small(), &key("one", ONE), 7).unwrap();
    assert!(load(&signed, &keys).is_ok());
    let mut altered = signed.clone();
    for at in 0..signed.len() {
        for flip in [1, 0x20, 0x80] {
            altered[at] = signed[at] ^ flip;
            refused(&altered, &keys);
        }
        altered[at] = signed[at];
    }
    assert_eq!(altered, signed);
    for length in 0..signed.len() {
        assert_eq!(refused(&signed[..length], &keys), BundleError::Truncated, "{length} bytes");
    }
    for more in ["\n", " ", "}", "}\n"] {
        refused(&[&signed, more.as_bytes()].concat(), &keys);
    }
}

#[test]
fn the_first_line_has_one_form() {
    let keys = trusting("one", ONE);
    let signed = bundle::sign(&small(), &key("one", ONE), 7).unwrap();
    let text = String::from_utf8(signed).unwrap();
    let (line, bundle) = text.split_once('\n').unwrap();
    let forms = [
        format!(" {line}"),
        format!("\u{feff}{line}"),
        format!("{line} "),
        format!("{line}\r"),
        line.replacen("\"serial\":7", "\"serial\": 7", 1),
        line.replacen("\"serial\":7", "\"serial\":7.0", 1),
        line.replacen("\"serial\":7", "\"serial\":07", 1),
        line.replacen("\"serial\":7", "\"serial\":-7", 1),
        line.replacen("\"serial\":7", "\"serial\":18446744073709551616", 1),
        line.replacen("\"serial\":7", "\"serial\":7,\"serial\":7", 1),
        line.replacen("\"serial\":7", "\"serial\":7,\"more\":7", 1),
        line.replacen("\"serial\":7,", "", 1),
        line.replacen("\"one\"", "\"\\u006fne\"", 1),
        line.replacen("\"one\"", "\"\"", 1),
        line.replacen("\"one\"", &format!("\"{}\"", "x".repeat(400)), 1),
        line.replacen("\"signed\":1", "\"signed\":0", 1),
        line.replacen("\"signed\":1", "\"signed\":01", 1),
        line.replacen("\"signed\":1", "\"signed\":true", 1),
        line.replacen("\"key\":\"one\",\"serial\":7", "\"serial\":7,\"key\":\"one\"", 1),
        line.to_uppercase(),
    ];
    for form in forms {
        assert_ne!(form, line);
        let error = refused(format!("{form}\n{bundle}").as_bytes(), &keys);
        let fitting = matches!(error, BundleError::Unreadable(_) | BundleError::NotCanonical);
        assert!(fitting, "{form}: {error:?}");
    }
    for format in [2, u64::from(u32::MAX) + 2] {
        let newer = line.replacen("\"signed\":1", &format!("\"signed\":{format}"), 1);
        let error = refused(format!("{newer}\n{bundle}").as_bytes(), &keys);
        assert_eq!(error, BundleError::NewerFormat { format });
    }
    // A later format may look quite different.
    let error = refused(format!("{{\"signed\":2,{}", "x".repeat(500)).as_bytes(), &keys);
    assert_eq!(error, BundleError::NewerFormat { format: 2 });
}

/// A signature says whose a bundle is, and not that it is one.
#[test]
fn what_is_signed_must_still_be_a_bundle() {
    let keys = trusting("one", ONE);
    let sign = |bytes: &[u8]| bundle::sign(bytes, &key("one", ONE), 7).unwrap();
    for nonsense in ["", "\n", "{}\n", "null", "{\"format\":1}\n"] {
        refused(&sign(nonsense.as_bytes()), &keys);
    }
    let mut content = world().content;
    content.cedar.policies.insert(String::from("zz"), String::from("permit"));
    let error = refused(&sign(&bundle::write(&content).unwrap()), &keys);
    assert!(matches!(error, BundleError::Cedar(_)), "{error:?}");
    let mut content = world().content;
    content.terms.clear();
    let error = refused(&sign(&bundle::write(&content).unwrap()), &keys);
    assert!(matches!(error, BundleError::Inconsistent(_)), "{error:?}");
    let small = small();
    let limits = Limits { bundle_bytes: small.len(), ..Limits::default() };
    let error = Engine::load_signed(&sign(&small), &keys, &limits).map(|_| ());
    assert!(matches!(error, Err(BundleError::TooLarge { .. })), "{error:?}");
}

#[test]
fn keys_that_are_none_are_refused() {
    let from_pem = |id: &str, pem: &str| SigningKey::from_pem(id, pem).map(|_| ());
    for pem in ["", "x", ONE[1], &ONE[0].replacen("MC4C", "MC4D", 1)] {
        assert_eq!(from_pem("one", pem), Err(KeyError::Private));
    }
    for id in ["", "a b", "a\nb", "é", "a\"", &"x".repeat(65)] {
        assert_eq!(from_pem(id, ONE[0]), Err(KeyError::Id), "{id}");
        let trusted = TrustedKeys::default().with_pem(id, ONE[1]).map(|_| ());
        assert_eq!(trusted, Err(KeyError::Id), "{id}");
    }
    let longest = "x".repeat(64);
    let signed = bundle::sign(&small(), &key(&longest, ONE), u64::MAX).unwrap();
    assert!(load(&signed, &trusting(&longest, ONE)).is_ok());
    for pem in ["", "x", ONE[0]] {
        let trusted = TrustedKeys::default().with_pem("one", pem).map(|_| ());
        assert_eq!(trusted, Err(KeyError::Public));
    }
    let twice = trusting("one", ONE).with_pem("one", TWO[1]).map(|_| ());
    assert_eq!(twice, Err(KeyError::Twice(String::from("one"))));
    // The neutral point: every message has a signature for it.
    let weak = "-----BEGIN PUBLIC KEY-----\n\
                MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
                -----END PUBLIC KEY-----\n";
    assert_eq!(TrustedKeys::default().with_pem("weak", weak).map(|_| ()), Err(KeyError::Weak));
}

/// The signature can be verified without Placet, from what the page says.
#[test]
fn the_page_says_what_is_signed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("spec/bundle.md")).unwrap();
    let shown = page.split("```text\nplacet signed bundle").nth(1).unwrap();
    let shown = format!("placet signed bundle{}", shown.split("```").next().unwrap());
    let signed = bundle::sign(&small(), &key("release-2026", ONE), 7).unwrap();
    let text = String::from_utf8(signed).unwrap();
    let (line, bundle) = text.split_once('\n').unwrap();
    let signature = line.rsplit('"').nth(1).unwrap();
    assert!(page.contains(&format!("{}\n{{\"format\"", line.replace(signature, "…"))));
    let digest = Digest::of_bytes(bundle.as_bytes());
    let message = shown.replacen("sha256-…", digest.as_str(), 1);
    let bytes: Vec<u8> =
        (0..64).map(|at| u8::from_str_radix(&signature[2 * at..2 * at + 2], 16).unwrap()).collect();
    let public = VerifyingKey::from_public_key_pem(ONE[1]).unwrap();
    let signature = Signature::from_slice(&bytes).unwrap();
    public.verify_strict(message.as_bytes(), &signature).unwrap();
}
