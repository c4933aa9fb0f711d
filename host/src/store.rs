//! What wasmtime keeps for an instance.

use wasmtime::ResourceLimiter;

/// Holds an instance to its memory, and remembers whether it wanted more.
pub(crate) struct Held {
    pub(crate) memory_bytes: usize,
    pub(crate) wanted_more: bool,
}

/// Entries of a table. The engine's component has one, of its own functions, which does not grow.
const TABLE: usize = 20_000;
/// Tables: that of the component's functions, and those of what links its modules.
const TABLES: usize = 8;

impl ResourceLimiter for Held {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= self.memory_bytes;
        self.wanted_more |= !fits;
        Ok(fits)
    }

    /// One, so that what is said of a memory holds of the instance.
    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE)
    }
}
