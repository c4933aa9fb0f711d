//! How much the engine reads before it refuses.

/// Bounds on untrusted input. Hitting one is an error, or a denial, that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a bundle file.
    pub bundle_bytes: usize,
    /// Entries in each table of a bundle: policies, tools, rules and so on.
    pub bundle_entries: usize,
    /// Nesting of `and` and `or` in a condition of a bundle.
    pub condition_depth: usize,
    /// Bytes of a call as JSON.
    pub call_bytes: usize,
    /// Bytes of a call's arguments as JSON; more is `operation.invalid-arguments`.
    pub argument_bytes: usize,
    /// Nesting of arrays and objects in a call's arguments; more is `operation.invalid-arguments`.
    pub argument_depth: usize,
    /// Receipts that one call may bring.
    pub receipts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bundle_bytes: 256 << 20,
            bundle_entries: 1_000_000,
            condition_depth: 48,
            call_bytes: 16 << 20,
            argument_bytes: 1 << 20,
            argument_depth: 64,
            receipts: 10_000,
        }
    }
}
