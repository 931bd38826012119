//! Making the database file private before anything is written to it.

use std::{fs::OpenOptions, io, path::Path};

/// Makes `path` if it does not exist, readable and writable by its owner only; SQLite gives its side files the same
/// rights.
#[cfg(unix)]
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Makes `path` if it does not exist; who may read it follows from its folder on this system.
#[cfg(not(unix))]
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path).map(drop)
}
