//! Signed bundles: the key that signs one, and the keys whose signatures are trusted.

use std::path::{Path, PathBuf};

use placet_engine::bundle::{self, SigningKey, TrustedKeys};
use placet_engine::{BundleError, Engine, Limits};

use crate::disk;
use crate::exit::Failure;

/// Bytes that a file with a key may have.
const KEY_BYTES: usize = 16 << 10;

/// With what a bundle is signed.
#[derive(clap::Args)]
pub(crate) struct Sign {
    /// Sign the bundle with this Ed25519 private key, in PEM as `openssl genpkey` writes it
    #[arg(long, value_name = "FILE", requires_all = ["output", "key_id", "serial"])]
    sign: Option<PathBuf>,
    /// The name by which hosts know the key
    #[arg(long, value_name = "ID", requires = "sign")]
    key_id: Option<String>,
    /// The bundle's number, higher than that of every bundle before it
    #[arg(long, value_name = "NUMBER", requires = "sign")]
    serial: Option<u64>,
}

impl Sign {
    /// The bundle, signed if that is asked for.
    pub(crate) fn apply(&self, bundle: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let (Some(file), Some(id), Some(serial)) = (&self.sign, &self.key_id, self.serial) else {
            return Ok(bundle);
        };
        let key = SigningKey::from_pem(id, &key_text(file)?)
            .map_err(|error| unusable(file, &error.to_string()))?;
        bundle::sign(&bundle, &key, serial)
            .map_err(|error| Failure::new(format_args!("cannot sign the bundle: {error}")))
    }
}

/// Whose signature a bundle must bear.
#[derive(clap::Args)]
pub(crate) struct Trust {
    /// Take only a bundle signed with this key: its id, and its public half in PEM, as `openssl pkey
    /// -pubout` writes it; may be repeated
    #[arg(long, value_name = "ID=FILE", requires = "policy")]
    trust: Vec<String>,
    /// Refuse a signed bundle with a lower number
    #[arg(long, value_name = "NUMBER", requires = "trust")]
    at_least: Option<u64>,
}

impl Trust {
    /// Whether a signature is demanded.
    pub(crate) fn is_demanded(&self) -> bool {
        !self.trust.is_empty()
    }

    /// Loads a bundle, with a signature where one is demanded.
    pub(crate) fn load(
        &self,
        bundle: &[u8],
        limits: &Limits,
        cannot: impl Fn(String) -> Failure,
    ) -> Result<Engine, Failure> {
        let loaded = match self.is_demanded() {
            true => Engine::load_signed(bundle, &self.keys()?, limits),
            false => Engine::load(bundle, limits),
        };
        loaded.map_err(|error| {
            let failure = cannot(error.to_string());
            match error {
                BundleError::Signed | BundleError::UnknownKey { .. } => {
                    failure.help("name the key that it must be signed with: `--trust ID=FILE`")
                }
                BundleError::Unsigned => failure
                    .help("`placet compile --sign` signs one; without `--trust` none is asked for"),
                _ => failure,
            }
        })
    }

    /// The lowest number that is not refused.
    #[cfg(feature = "wasm")]
    pub(crate) fn at_least(&self) -> u64 {
        self.at_least.unwrap_or_default()
    }

    /// The trusted keys, each with its id and its text.
    #[cfg(feature = "wasm")]
    pub(crate) fn texts(&self) -> Result<Vec<(&str, String)>, Failure> {
        self.files().map(|key| key.and_then(|(id, file)| Ok((id, key_text(file)?)))).collect()
    }

    fn keys(&self) -> Result<TrustedKeys, Failure> {
        let mut keys = TrustedKeys::default().at_least(self.at_least.unwrap_or_default());
        for key in self.files() {
            let (id, file) = key?;
            keys = keys
                .with_pem(id, &key_text(file)?)
                .map_err(|error| unusable(file, &error.to_string()))?;
        }
        Ok(keys)
    }

    /// The ids of the trusted keys, and their files.
    fn files(&self) -> impl Iterator<Item = Result<(&str, &Path), Failure>> {
        self.trust.iter().map(|key| {
            let (id, file) = key.split_once('=').ok_or_else(|| {
                Failure::new(format_args!("`--trust {key}` names no file"))
                    .help("write `--trust ID=FILE`, with the key's id and its public half in PEM")
            })?;
            Ok((id, Path::new(file)))
        })
    }
}

fn key_text(file: &Path) -> Result<String, Failure> {
    let bytes = disk::read(file, KEY_BYTES).map_err(|why| unusable(file, &why))?;
    String::from_utf8(bytes).map_err(|_| unusable(file, "it is not text"))
}

fn unusable(file: &Path, why: &str) -> Failure {
    Failure::new(format_args!("cannot use the key `{}`: {why}", file.display()))
}
