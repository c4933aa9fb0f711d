//! The engine as a WebAssembly component, in builds with the feature `wasm`.

use std::path::{Path, PathBuf};

#[cfg(feature = "wasm")]
pub(crate) use with::{BYTES, Loaded, load};
#[cfg(not(feature = "wasm"))]
pub(crate) use without::{Loaded, load, runs_none};

/// Which build of the engine answers.
#[derive(clap::Args)]
pub(crate) struct Build {
    /// Which build of the engine answers
    #[arg(long, value_enum, default_value_t = Engine::Native)]
    engine: Engine,
    #[command(flatten)]
    file: File,
}

/// Where the component is.
#[derive(clap::Args)]
pub(crate) struct File {
    /// The component, as `engine/wasm/build` makes it
    #[arg(long, value_name = "FILE", default_value = "target/wasm/placet.wasm")]
    component: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    /// The library that is part of this program
    Native,
    /// The WebAssembly component
    Wasm,
}

impl Build {
    /// The component's file, if it is to answer.
    pub(crate) fn component(&self) -> Option<&Path> {
        (self.engine == Engine::Wasm).then(|| self.file.path())
    }
}

impl File {
    pub(crate) fn path(&self) -> &Path {
        &self.component
    }
}

#[cfg(feature = "wasm")]
mod with {
    use std::path::Path;

    use placet_engine::{Call, Decision, Engine, Limits};
    use placet_host::judge::TrustedKey;
    use placet_host::{Component, HostError, HostLimits, Instance, Verified, VerifyError};

    use crate::commands::signing::Trust;
    use crate::disk;
    use crate::exit::Failure;

    /// Bytes that a component may have.
    pub(crate) const BYTES: usize = 64 << 20;

    /// A component with a bundle.
    pub(crate) struct Loaded(Instance);

    /// Loads a bundle into a component.
    ///
    /// # Errors
    ///
    /// Where there is no component, or it does not take the bundle.
    pub(crate) fn load(file: &Path, bundle: &[u8], trust: &Trust) -> Result<Loaded, Failure> {
        let cannot = |why: String| {
            Failure::new(format_args!("cannot use the component `{}`: {why}", file.display()))
        };
        let component = disk::read(file, BYTES).map_err(|why| {
            cannot(why).help("`engine/wasm/build` makes it; `--component` says where it is")
        })?;
        let component = Component::new(&component, HostLimits::default())
            .map_err(|error| cannot(error.to_string()))?;
        let instance = if trust.is_demanded() {
            let key = |(id, pem): (&str, String)| TrustedKey { id: id.to_owned(), pem };
            let keys: Vec<TrustedKey> = trust.texts()?.into_iter().map(key).collect();
            component.load_signed(bundle, &keys, trust.at_least())
        } else {
            component.load(bundle)
        };
        instance.map(Loaded).map_err(|error| cannot(error.to_string()))
    }

    impl Loaded {
        /// Judges a call, which was read from this text if there is one.
        pub(crate) fn decide(
            &mut self,
            call: &Call,
            text: Option<&[u8]>,
        ) -> Result<Decision, Failure> {
            let record = match text {
                Some(text) => {
                    placet_host::call_from_json(text, &Limits::default()).map_err(Failure::new)?
                }
                None => placet_host::call(call).map_err(Failure::new)?,
            };
            self.0.decision(&record).map_err(no_answer)
        }

        /// Compares its answers with the library's.
        pub(crate) fn verify(
            &mut self,
            engine: &Engine,
            at_most: usize,
        ) -> Result<Result<Verified, Box<placet_host::Difference>>, Failure> {
            let calls = placet_host::calls(engine, at_most);
            match placet_host::verify(engine, &mut self.0, &calls) {
                Ok(verified) => Ok(Ok(verified)),
                Err(VerifyError::Differs(difference)) => Ok(Err(difference)),
                Err(VerifyError::Host(error)) => Err(no_answer(error)),
            }
        }
    }

    fn no_answer(error: HostError) -> Failure {
        Failure::new(format_args!("the component gives no answer: {error}"))
    }
}

#[cfg(not(feature = "wasm"))]
mod without {
    use std::path::Path;

    use placet_engine::{Call, Decision};

    use crate::commands::signing::Trust;
    use crate::exit::Failure;

    /// What a build without the feature never has.
    pub(crate) enum Loaded {}

    /// # Errors
    ///
    /// Always: this build runs no component.
    pub(crate) fn load(_: &Path, _: &[u8], _: &Trust) -> Result<Loaded, Failure> {
        Err(runs_none(", and make the component with `engine/wasm/build`"))
    }

    /// What to say where a component was to be run; `besides` is what else it takes.
    pub(crate) fn runs_none(besides: &str) -> Failure {
        Failure::new("this build of `placet` runs no WebAssembly component").help(format!(
            "build it with the feature `wasm`, `cargo install --path cli --features wasm`{besides}"
        ))
    }

    impl Loaded {
        pub(crate) fn decide(&mut self, _: &Call, _: Option<&[u8]>) -> Result<Decision, Failure> {
            match *self {}
        }
    }
}
