//! The formatter: any text is formatted or left alone, never altered in meaning, and formatting twice
//! is formatting once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_language::Limits;
use placet_language::format::{Untouched, format};

fuzz_target!(|text: &str| {
    let limits = Limits::default();
    let once = format("policy.placet", text, &limits);
    // The formatter reads its own output and compares it with what it was given.
    assert!(!matches!(once.untouched, Some(Untouched::Defect)), "the meaning changed");
    if once.untouched.is_some() {
        assert_eq!(once.text, text);
        return;
    }
    let twice = format("policy.placet", &once.text, &limits);
    assert_eq!(once.text, twice.text);
});
