//! How large a policy may be.

/// Bounds on what a policy may hold. Hitting one is an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one policy file.
    pub source_bytes: usize,
    /// Bytes of one catalogue.
    pub catalogue_bytes: usize,
    /// Bytes of one component that computes facts.
    pub component_bytes: usize,
    /// Bytes of the lock.
    pub lock_bytes: usize,
    /// Files of one policy.
    pub files: usize,
    /// Nesting of parentheses, brackets, braces and `not`.
    pub nesting: usize,
    /// Statements of one policy.
    pub statements: usize,
    /// Ways in which the resource patterns of one server overlap.
    pub resource_sets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes: 8 << 20,
            catalogue_bytes: 64 << 20,
            component_bytes: 64 << 20,
            lock_bytes: 64 << 20,
            files: 1_000,
            nesting: 24,
            statements: 100_000,
            resource_sets: 1_000,
        }
    }
}
