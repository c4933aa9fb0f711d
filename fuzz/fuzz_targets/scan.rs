//! The scan of clients' configuration: any text gives findings, and no finding shows a secret whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_language::scan::scan;

fuzz_target!(|text: &str| {
    for name in ["mcp.json", "config.toml"] {
        for diagnostic in scan(name, text, None).diagnostics {
            assert!(!diagnostic.message.is_empty());
            let _ = (diagnostic.underlined(), diagnostic.position(), diagnostic.longest_line());
        }
    }
});
