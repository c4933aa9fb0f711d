//! Plug-ins: components that compute facts, each in an instance of its own that lives for one fact.

use std::collections::HashMap;
use std::fmt;

use placet_engine::call::Fact;
use placet_engine::{Call, Digest, Engine as Policy, NeededFact};
use serde_json::Value;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::error::HostError;
use crate::plugin::PluginPre;
use crate::plugin::exports::placet::facts::compute;
use crate::store::Held;

/// Bounds on what one fact may cost. Hitting one means no value, which counts against the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginLimits {
    /// Bytes of an instance's memory, of which it has one. Its tables may have 20,000 entries each.
    pub memory_bytes: usize,
    /// Units of fuel for one fact, the start of its instance included; an instruction of WebAssembly
    /// takes about one.
    pub fuel: u64,
    /// Bytes of an argument as JSON.
    pub argument_bytes: usize,
    /// Bytes of each text that comes out. The engine takes no longer one by default
    /// ([`Limits::text_bytes`](placet_engine::Limits::text_bytes)).
    pub text_bytes: usize,
    /// Texts that come out together.
    pub texts: usize,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            fuel: 1_000_000_000,
            argument_bytes: 1 << 20,
            text_bytes: 16 << 10,
            texts: 1_000,
        }
    }
}

/// The components by which a host computes facts.
///
/// ```no_run
/// use placet_engine::{Call, Decision, Engine};
/// use placet_host::{PluginLimits, Plugins};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Once: compiled, and refused if it imports anything.
/// let mut plugins = Plugins::new(PluginLimits::default())?;
/// plugins.add(&std::fs::read("facts/sql.wasm")?)?;
///
/// fn judge(engine: &Engine, plugins: &Plugins, call: &mut Call) -> Decision {
///     for failed in plugins.compute(engine, call) {
///         eprintln!("{failed}");
///     }
///     engine.decide(call)
/// }
/// # Ok(())
/// # }
/// ```
pub struct Plugins {
    engine: Engine,
    components: HashMap<Digest, PluginPre<Held>>,
    limits: PluginLimits,
}

impl Plugins {
    /// None yet.
    ///
    /// # Errors
    ///
    /// [`HostError::Component`]: wasmtime cannot be set up so on this machine.
    pub fn new(limits: PluginLimits) -> Result<Self, HostError> {
        let mut config = Config::new();
        config.consume_fuel(true);
        // The same bits of a NaN on every machine: a fact follows from its argument alone.
        config.cranelift_nan_canonicalization(true);
        config.relaxed_simd_deterministic(true);
        let engine = Engine::new(&config).map_err(|error| unusable(&error))?;
        Ok(Self { engine, components: HashMap::new(), limits })
    }

    /// Compiles a component, and knows it by its digest from then on. This takes a while.
    ///
    /// # Errors
    ///
    /// [`HostError::Component`]: it is none, has another interface than `spec/facts.wit`, or imports
    /// something.
    pub fn add(&mut self, component: &[u8]) -> Result<Digest, HostError> {
        let digest = Digest::of_bytes(component);
        let compiled =
            Component::from_binary(&self.engine, component).map_err(|error| unusable(&error))?;
        // With nothing in the linker, whatever the component imports is an error.
        let prepared = Linker::new(&self.engine).instantiate_pre(&compiled);
        let prepared = prepared.and_then(PluginPre::new).map_err(|error| unusable(&error))?;
        self.components.insert(digest.clone(), prepared);
        Ok(digest)
    }

    /// Computes every fact that a policy wants of a call and puts it into the call. What could not be
    /// computed stays out, so that it is no value, and is told for the host's log.
    ///
    /// What the call brings of these components is computed anew: it may be of other arguments.
    pub fn compute(&self, policy: &Policy, call: &mut Call) -> Vec<FailedFact> {
        let mut failed = Vec::new();
        call.facts.retain(|fact| !self.components.contains_key(&fact.function.component));
        for needed in policy.facts_needed(call) {
            match self.fact(&needed) {
                Ok(Some(fact)) => call.facts.push(fact),
                Ok(None) => {}
                Err(error) => failed.push(FailedFact { needed, error }),
            }
        }
        failed
    }

    /// Computes one fact; `None` where the component has no value for the argument.
    ///
    /// # Errors
    ///
    /// [`FactError`]: why there is none.
    pub fn fact(&self, needed: &NeededFact) -> Result<Option<Fact>, FactError> {
        let limits = &self.limits;
        let plugin = self.components.get(&needed.component).ok_or(FactError::Unknown)?;
        if needed.input.len() > limits.argument_bytes {
            return Err(FactError::TooLong { limit: limits.argument_bytes });
        }
        let held = Held { memory_bytes: limits.memory_bytes, wanted_more: false };
        let mut store = Store::new(&self.engine, held);
        store.limiter(|held| held);
        let computed = store.set_fuel(limits.fuel).and_then(|()| {
            let instance = plugin.instantiate(&mut store)?;
            instance.placet_facts_compute().call_compute(
                &mut store,
                &needed.function,
                &needed.input,
            )
        });
        let computed = computed.map_err(|error| {
            FactError::Ended(HostError::of_trap(&error, store.data().wanted_more))
        })?;
        let value = computed.map_err(|why| match why.len() > limits.text_bytes {
            true => FactError::TooLong { limit: limits.text_bytes },
            false => FactError::Refused(why),
        })?;
        let Some(value) = value else { return Ok(None) };
        let value = self.value(value)?;
        let (function, argument) = (needed.function(), needed.argument.clone());
        Ok(Some(Fact { function, argument, value }))
    }

    fn value(&self, value: compute::Value) -> Result<Value, FactError> {
        let limits = &self.limits;
        let text = |text: String| match text.len() > limits.text_bytes {
            true => Err(FactError::TooLong { limit: limits.text_bytes }),
            false => Ok(Value::from(text)),
        };
        match value {
            compute::Value::Text(one) => text(one),
            compute::Value::Boolean(value) => Ok(Value::from(value)),
            compute::Value::Integer(value) => Ok(Value::from(value)),
            compute::Value::Strings(all) if all.len() > limits.texts => {
                Err(FactError::TooMany { limit: limits.texts })
            }
            compute::Value::Strings(all) => {
                all.into_iter().map(text).collect::<Result<_, _>>().map(Value::Array)
            }
        }
    }
}

fn unusable(error: &wasmtime::Error) -> HostError {
    HostError::Component(format!("{error:#}"))
}

/// A fact that was wanted and could not be computed.
#[derive(Debug)]
pub struct FailedFact {
    /// The fact.
    pub needed: NeededFact,
    /// Why there is none.
    pub error: FactError,
}

/// Why a fact has no value.
#[derive(Debug)]
pub enum FactError {
    /// There is no component with this digest among the plug-ins.
    Unknown,
    /// The component says that it cannot compute it.
    Refused(String),
    /// The component trapped, or used up its fuel or its memory.
    Ended(HostError),
    /// The argument, or a text that came out, is longer than so many bytes.
    TooLong {
        /// How many there may be.
        limit: usize,
    },
    /// More texts came out than so many.
    TooMany {
        /// How many there may be.
        limit: usize,
    },
}

impl fmt::Display for FailedFact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no `{}`: {}", self.needed, self.error)
    }
}

impl fmt::Display for FactError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => formatter.write_str("there is no such component here"),
            Self::Refused(why) => formatter.write_str(why),
            Self::Ended(error) => error.fmt(formatter),
            Self::TooLong { limit } => {
                write!(formatter, "a text is longer than the limit of {limit} bytes")
            }
            Self::TooMany { limit } => {
                write!(formatter, "more texts came out than the limit of {limit}")
            }
        }
    }
}

impl std::error::Error for FactError {}
