//! How much an instance may use.

/// Bounds on what one instance uses. Hitting one is an error that names it, and ends the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLimits {
    /// Instances that may be alive at once. Each has room for its memory set aside in the address
    /// space, not in the machine's memory.
    pub instances: u32,
    /// Bytes of an instance's memory.
    pub memory_bytes: usize,
    /// Units of fuel for loading a bundle; an instruction of WebAssembly takes about one.
    pub load_fuel: u64,
    /// Units of fuel for every other call.
    pub call_fuel: u64,
}

impl Default for HostLimits {
    fn default() -> Self {
        Self {
            instances: 32,
            memory_bytes: 1 << 30,
            load_fuel: 200_000_000_000,
            call_fuel: 2_000_000_000,
        }
    }
}
