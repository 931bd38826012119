//! Linux: no key store. What desktops offer may ask for a password at log-in, or not be there; docs/adr/0029 says more.
//! The agent's key is in a private file.

use crate::resident::credential::KeepsSecrets;
use std::{io, path::Path};

/// No key store.
pub(crate) struct KeyStore;

impl KeyStore {
    /// Where the file would be is of no account.
    pub(crate) fn new(_file: &Path) -> Self {
        Self
    }
}

impl KeepsSecrets for KeyStore {
    fn is_used(&self) -> bool {
        false
    }

    fn get(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn put(&self, _secret: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
