//! The compiled component, from which instances are made.

use wasmtime::component::Linker;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::bindings::PlacetPre;
use crate::error::HostError;
use crate::instance::Instance;
use crate::judge::{TrustedKey, Versions};
use crate::limits::HostLimits;
use crate::store::Held;

/// A compiled component, everything about it prepared but its memory. A clone shares it.
#[derive(Clone)]
pub struct Component {
    engine: Engine,
    prepared: PlacetPre<Held>,
    limits: HostLimits,
}

/// Core instances in a component: the engine, and what joins it to the interface.
const CORE_INSTANCES: u32 = 8;

impl Component {
    /// Compiles a component. This takes seconds.
    ///
    /// # Errors
    ///
    /// [`HostError::Component`]: it is none, has another interface, or imports something.
    pub fn new(component: &[u8], limits: HostLimits) -> Result<Self, HostError> {
        let unusable = |error: wasmtime::Error| HostError::Component(format!("{error:#}"));
        let engine = Engine::new(&config(&limits)).map_err(unusable)?;
        let compiled = wasmtime::component::Component::new(&engine, component).map_err(unusable)?;
        // With nothing in the linker, whatever the component imports is an error.
        let prepared = Linker::new(&engine).instantiate_pre(&compiled).map_err(unusable)?;
        let prepared = PlacetPre::new(prepared).map_err(unusable)?;
        Ok(Self { engine, prepared, limits })
    }

    /// An instance with a bundle that is not signed.
    ///
    /// # Errors
    ///
    /// [`HostError`]: there is no instance to be had, or the bundle was not loaded.
    pub fn load(&self, bundle: &[u8]) -> Result<Instance, HostError> {
        let (store, placet) = self.instantiate()?;
        Instance::load(store, placet, &self.limits, |judge, store| {
            judge.engine().call_load(store, bundle)
        })
    }

    /// An instance with a bundle that one of these keys signed, of at least this serial.
    ///
    /// # Errors
    ///
    /// As [`Component::load`].
    pub fn load_signed(
        &self,
        bundle: &[u8],
        keys: &[TrustedKey],
        at_least: u64,
    ) -> Result<Instance, HostError> {
        let (store, placet) = self.instantiate()?;
        Instance::load(store, placet, &self.limits, |judge, store| {
            judge.engine().call_load_signed(store, bundle, keys, at_least)
        })
    }

    /// What the component says that it is.
    ///
    /// # Errors
    ///
    /// [`HostError`]: there is no instance to be had, or it traps.
    pub fn version(&self) -> Result<Versions, HostError> {
        let (mut store, placet) = self.instantiate()?;
        let version = placet.placet_engine_judge().call_version(&mut store);
        version.map_err(|error| HostError::of_trap(&error, store.data().wanted_more))
    }

    /// An instance without a bundle.
    pub(crate) fn instantiate(&self) -> Result<(Store<Held>, crate::bindings::Placet), HostError> {
        let held = Held { memory_bytes: self.limits.memory_bytes, wanted_more: false };
        let mut store = Store::new(&self.engine, held);
        store.limiter(|held| held);
        let none = |error: wasmtime::Error| HostError::NoInstance(format!("{error:#}"));
        store.set_fuel(self.limits.load_fuel).map_err(none)?;
        let placet = self.prepared.instantiate(&mut store).map_err(none)?;
        Ok((store, placet))
    }
}

fn config(limits: &HostLimits) -> Config {
    let mut pool = PoolingAllocationConfig::default();
    let core_instances = limits.instances.saturating_mul(CORE_INSTANCES);
    pool.total_component_instances(limits.instances);
    pool.total_core_instances(core_instances);
    pool.total_memories(limits.instances);
    pool.total_tables(core_instances);
    pool.max_memories_per_component(1);
    pool.max_core_instances_per_component(CORE_INSTANCES);
    pool.max_tables_per_component(CORE_INSTANCES);
    pool.max_memory_size(limits.memory_bytes);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config.consume_fuel(true);
    config
}
