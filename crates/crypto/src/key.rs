//! Ed25519 keys.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use std::fmt;

/// A text or file that is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 key")]
pub struct InvalidKey;

/// An Ed25519 public key: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// base64url of the SHA-256 of the 32 bytes.
    pub fn fingerprint(&self) -> String {
        crate::hash(&self.0)
    }

    /// Whether `signature` over `message` was made with this key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl std::str::FromStr for PublicKey {
    type Err = InvalidKey;
    /// Reads base64url without padding.
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An Ed25519 key pair.
pub struct KeyPair(Ed25519KeyPair);

impl KeyPair {
    /// Makes a key and its PKCS #8 form (RFC 8410), which is what is kept on disk.
    #[expect(clippy::missing_panics_doc, reason = "a document that ring made can be read by ring")]
    #[expect(clippy::expect_used, reason = "without randomness there is no key; see `random_bytes`")]
    pub fn generate() -> (Self, Vec<u8>) {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .expect("the operating system gives random bytes");
        let pair = Self::from_pkcs8(document.as_ref()).expect("a fresh key can be read");
        (pair, document.as_ref().to_vec())
    }

    /// Reads what [`KeyPair::generate`] gave.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, InvalidKey> {
        Ed25519KeyPair::from_pkcs8(document).map(Self).map_err(|_| InvalidKey)
    }

    /// The public half.
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "ring's Ed25519 public keys have 32 bytes"
    )]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes"))
    }

    /// 64 bytes.
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public())
    }
}
