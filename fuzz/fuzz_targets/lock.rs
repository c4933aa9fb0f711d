//! The lock's reader: any text gives a lock or errors; what is written of it is read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_language::lock;

fuzz_target!(|text: &str| {
    if let Ok(read) = lock::read(text) {
        assert_eq!(lock::read(&lock::write(&read)), Ok(read));
    }
});
