//! Ed25519 keys and what takes their place, JWS, fingerprints and proof of work, as agent and service use them.
//!
//! Binary values travel as base64url without padding. Everything is over `ring`; nothing here opens a file or a socket.

mod jws;
mod key;
mod proof_of_work;
mod succession;

pub use jws::{VerifyError, peek, sign, verify};
pub use key::{InvalidKey, KeyPair, PublicKey};
pub use proof_of_work::{solve, solves};
pub use succession::{Successions, Successor, successors};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use std::io;

/// base64url of the SHA-256 of `bytes`: 43 characters. What tokens and receipts are remembered by.
pub fn hash(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}

/// As [`hash`], of everything that can be read from `source`, a piece at a time.
pub fn hash_of(mut source: impl io::Read) -> io::Result<String> {
    let (mut context, mut piece) = (digest::Context::new(&digest::SHA256), vec![0; 64 * 1024]);
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(BASE64_URL_SAFE_NO_PAD.encode(context.finish())),
            Ok(length) => context.update(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// `N` bytes from the operating system's random source.
///
/// # Panics
///
/// When the operating system has no randomness to give; there is nothing safe to go on with.
#[expect(
    clippy::expect_used,
    reason = "without randomness no key or token is safe, so there is nothing to go on with"
)]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A fresh token of 256 bits, base64url: 43 characters.
pub fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// A fresh identifier of 128 bits, base64url: 22 characters.
pub fn random_id() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<16>())
}
