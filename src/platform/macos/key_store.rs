//! The agent's key in the user's login keychain, which macOS unlocks at log-in and opens for this program alone.

use crate::resident::credential::KeepsSecrets;
use security_framework::{
    base::Error,
    os::macos::keychain::SecKeychain,
    passwords::{get_generic_password, set_generic_password},
};
use std::{io, path::Path};

/// How the keychain names the program.
const SERVICE: &str = "ondemand-agent";
/// How it names the key.
const ACCOUNT: &str = "agent-key";
/// `errSecItemNotFound`.
const NOT_FOUND: i32 = -25300;

/// The login keychain.
pub(crate) struct KeyStore;

impl KeyStore {
    /// A user has one login keychain, wherever the agent's files are.
    pub(crate) fn new(_file: &Path) -> Self {
        Self
    }
}

impl KeepsSecrets for KeyStore {
    fn is_used(&self) -> bool {
        true
    }

    fn get(&self) -> io::Result<Option<Vec<u8>>> {
        // An agent that starts at log-in asks for no password; a locked keychain is an error.
        let _silent = SecKeychain::disable_user_interaction().map_err(io::Error::other)?;
        match get_generic_password(SERVICE, ACCOUNT) {
            Ok(secret) => Ok(Some(secret)),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn put(&self, secret: &[u8]) -> io::Result<()> {
        let _silent = SecKeychain::disable_user_interaction().map_err(io::Error::other)?;
        set_generic_password(SERVICE, ACCOUNT, secret).map_err(io::Error::other)
    }
}

fn is_not_found(error: &Error) -> bool {
    error.code() == NOT_FOUND
}
