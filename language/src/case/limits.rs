//! How large files of cases may be.

/// Bounds on what files of cases may hold. Hitting one is an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLimits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Cases and steps of one file.
    pub cases: usize,
    /// Nesting of arrays and objects in arguments and claims.
    pub json_depth: usize,
}

impl Default for CaseLimits {
    fn default() -> Self {
        Self { file_bytes: 8 << 20, cases: 10_000, json_depth: 64 }
    }
}
