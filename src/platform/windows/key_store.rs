//! The agent's key in a file that Windows encrypts for the user (DPAPI): it opens for this user on this computer, asks
//! nothing, and does not roam, as what is in Credential Manager may.

use crate::{private, resident::credential::KeepsSecrets};
use std::{
    io,
    path::{Path, PathBuf},
    ptr, slice,
};
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::Cryptography::{
        CRYPT_INTEGER_BLOB, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData, CryptUnprotectData,
    },
};

/// The encrypted file.
pub(crate) struct KeyStore(PathBuf);

impl KeyStore {
    /// Beside the file that is not encrypted.
    pub(crate) fn new(file: &Path) -> Self {
        Self(file.with_extension("dpapi"))
    }
}

impl KeepsSecrets for KeyStore {
    fn is_used(&self) -> bool {
        true
    }

    fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let encrypted = private::read(&self.0).map_err(io::Error::other)?;
        encrypted.map(|encrypted| converted(&encrypted, Direction::Decrypt)).transpose()
    }

    fn put(&self, secret: &[u8]) -> io::Result<()> {
        private::write(&self.0, &converted(secret, Direction::Encrypt)?).map_err(io::Error::other)
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Encrypt,
    Decrypt,
}

fn converted(bytes: &[u8], direction: Direction) -> io::Result<Vec<u8>> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    let given = CRYPT_INTEGER_BLOB { cbData: length, pbData: bytes.as_ptr().cast_mut() };
    let mut made = CRYPT_INTEGER_BLOB { cbData: 0, pbData: ptr::null_mut() };
    // SAFETY: `given` describes `bytes`, which outlives the call and is only read; what is optional is null; `made` is
    // written to where the call succeeds.
    let done = unsafe {
        match direction {
            Direction::Encrypt => CryptProtectData(
                &given,
                ptr::null(),
                ptr::null(),
                ptr::null(),
                ptr::null(),
                CRYPTPROTECT_UI_FORBIDDEN,
                &mut made,
            ),
            Direction::Decrypt => CryptUnprotectData(
                &given,
                ptr::null_mut(),
                ptr::null(),
                ptr::null(),
                ptr::null(),
                CRYPTPROTECT_UI_FORBIDDEN,
                &mut made,
            ),
        }
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so `made` describes memory that it allocated and that is this function's.
    let result = unsafe { slice::from_raw_parts(made.pbData, made.cbData as usize) }.to_vec();
    // SAFETY: as above; nothing refers to it any more.
    unsafe { LocalFree(made.pbData.cast()) };
    Ok(result)
}
