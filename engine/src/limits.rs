//! How much the engine reads before it refuses.

/// Bounds on untrusted input. Hitting one is an error, or a denial, that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a bundle file.
    pub bundle_bytes: usize,
    /// Entries in each table of a bundle: policies, tools, rules and so on.
    pub bundle_entries: usize,
    /// Policies of a bundle, each counted once for each tool that it concerns.
    pub slice_entries: usize,
    /// Nesting of `and` and `or` in a condition of a bundle.
    pub condition_depth: usize,
    /// Bytes of a call as JSON.
    pub call_bytes: usize,
    /// Bytes of a call's arguments as JSON; more is `operation.invalid-arguments`.
    pub argument_bytes: usize,
    /// Nesting of arrays and objects in a call's arguments; more is `operation.invalid-arguments`.
    pub argument_depth: usize,
    /// Facts that one call may bring.
    pub facts: usize,
    /// Values that these may hold together, each element of an array counted.
    pub fact_values: usize,
    /// Receipts that one call may bring.
    pub receipts: usize,
    /// Scopes that one credential may carry, or a client ask for.
    pub scopes: usize,
    /// Audiences that one token may have.
    pub audiences: usize,
    /// Values that a user's claims may hold, at all depths together.
    pub claims: usize,
    /// Nesting of arrays and objects in a user's claims.
    pub claim_depth: usize,
    /// Redirect URIs that a client may want to register.
    pub redirect_uris: usize,
    /// Bytes of each text of a call outside its arguments: ids, names, URIs, scopes, purposes, and the
    /// texts in claims and in facts.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bundle_bytes: 256 << 20,
            bundle_entries: 1_000_000,
            slice_entries: 10_000_000,
            condition_depth: 48,
            call_bytes: 16 << 20,
            argument_bytes: 1 << 20,
            argument_depth: 64,
            facts: 1_000,
            fact_values: 10_000,
            receipts: 10_000,
            scopes: 1_000,
            audiences: 1_000,
            claims: 10_000,
            claim_depth: 32,
            redirect_uris: 100,
            text_bytes: 16 << 10,
        }
    }
}
