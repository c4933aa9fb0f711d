//! Plug-ins: components that compute the facts of a call, in builds with the feature `wasm`.

use std::path::PathBuf;

use placet_engine::{Call, Engine};

use crate::exit::Failure;

/// Which components compute facts.
#[derive(clap::Args)]
pub(crate) struct Plugins {
    /// A component that computes facts, anew where the call brings some; may be given several times
    #[arg(long = "plugin", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Plugins {
    /// Whether there are any.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Computes what rules read, and says on standard error what could not be computed.
    ///
    /// # Errors
    ///
    /// A component that cannot be used.
    #[cfg(feature = "wasm")]
    pub(crate) fn compute(&self, engine: &Engine, call: &mut Call) -> Result<(), Failure> {
        use crate::component::BYTES;
        use crate::{disk, output};

        if self.is_empty() {
            return Ok(());
        }
        let limits = placet_host::PluginLimits::default();
        let mut plugins = placet_host::Plugins::new(limits).map_err(Failure::new)?;
        for file in &self.files {
            let unusable = |why: String| {
                Failure::new(format_args!("cannot use the plug-in `{}`: {why}", file.display()))
            };
            let bytes = disk::read(file, BYTES).map_err(unusable)?;
            plugins.add(&bytes).map_err(|error| unusable(error.to_string()))?;
        }
        for failed in plugins.compute(engine, call) {
            // What a component says of a failure is somebody else's text.
            output::note(output::printable(&failed.to_string()));
        }
        Ok(())
    }

    /// # Errors
    ///
    /// If there are any: this build runs no component.
    #[cfg(not(feature = "wasm"))]
    pub(crate) fn compute(&self, _: &Engine, _: &mut Call) -> Result<(), Failure> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(crate::component::runs_none("")),
        }
    }
}
