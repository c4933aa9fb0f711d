//! Ed25519 for jsonwebtoken, by ring.
//!
//! Not to be copied: a service takes jsonwebtoken's feature `aws_lc_rs` or `rust_crypto`, which know all
//! algorithms. Either takes longer to build than the rest of these examples.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this what jsonwebtoken signs and verifies with, unless something else is already.
pub fn install() {
    // An error says that there is a provider.
    let _ = PROVIDER.install_default();
}

struct Private(Ed25519KeyPair);

struct Public(UnparsedPublicKey<Vec<u8>>);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes());
    match (algorithm, pair) {
        (Algorithm::EdDSA, Ok(pair)) => Ok(Box::new(Private(pair))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::EdDSA => {
            let key = key.try_get_as_bytes()?.to_vec();
            Ok(Box::new(Public(UnparsedPublicKey::new(&ED25519, key))))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

impl Signer<Vec<u8>> for Private {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Private {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
